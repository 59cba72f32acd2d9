"""Foreign objects in `log()`: a figure, a DataFrame, a Pillow image -> the DataType that stores them.

Recognised by the class paths of their classes, so that nothing is imported to recognise anything: whoever holds such an
object has imported its library.
"""

from __future__ import annotations

import types
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from medialog.datatypes.base import DataType

# Class path -> "module:callable" that takes the object. Base classes match their subclasses.
FOREIGN = MappingProxyType(
    {
        "PIL.Image.Image": "medialog.datatypes.image:Image",
        "pandas.DataFrame": "medialog.datatypes.table:adopt_frame",
        "pandas.core.frame.DataFrame": "medialog.datatypes.table:adopt_frame",
        "polars.dataframe.frame.DataFrame": "medialog.datatypes.table:adopt_frame",
        "pyarrow.lib.RecordBatch": "medialog.datatypes.table:adopt_frame",
        "pyarrow.lib.Table": "medialog.datatypes.table:adopt_frame",
        "moviepy.video.VideoClip.VideoClip": "medialog.datatypes.video:Video",
        "trimesh.base.Trimesh": "medialog.datatypes.object3d:Object3D",
        "trimesh.points.PointCloud": "medialog.datatypes.object3d:Object3D",
        "trimesh.scene.scene.Scene": "medialog.datatypes.object3d:Object3D",
        "rdkit.Chem.rdchem.Mol": "medialog.datatypes.molecule:Molecule",
        "altair.vegalite.v5.api.TopLevelMixin": "medialog.datatypes.figure:Figure",
        "altair.vegalite.v6.api.TopLevelMixin": "medialog.datatypes.figure:Figure",
        "matplotlib.artist.Artist": "medialog.datatypes.figure:Figure",
        "matplotlib.figure.FigureBase": "medialog.datatypes.figure:Figure",
        "matplotlib.pyplot": "medialog.datatypes.figure:Figure",
        "plotly.basedatatypes.BaseFigure": "medialog.datatypes.plotly_figure:Plotly",
        "plotly.basedatatypes.BaseTraceType": "medialog.datatypes.plotly_figure:Plotly",
    }
)


def adopt(value: Any) -> DataType | None:
    """Return the DataType for a foreign object, or None when no library we know made it."""
    if isinstance(value, types.ModuleType):
        location = FOREIGN.get(value.__name__)
    else:
        location = _location_for(type(value))  # type: ignore[arg-type]
    if location is None:
        return None
    module, _, name = location.partition(":")
    adopted: DataType = getattr(import_module(module), name)(value)
    return adopted


@lru_cache(maxsize=1024)
def _location_for(cls: type) -> str | None:
    for base in cls.__mro__:
        location = FOREIGN.get(f"{base.__module__}.{base.__qualname__}")
        if location is not None:
            return location
    return None
