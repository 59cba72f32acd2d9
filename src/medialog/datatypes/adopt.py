"""Foreign objects in `log()`: a figure, a DataFrame, a Pillow image -> the DataType that stores them.

Recognised by the class paths of their classes, so that nothing is imported to recognise anything: whoever holds such an
object has imported its library.

Other packages add rows through the entry-point group `medialog.adopters`, name = class path, value = "module:callable":

    [project.entry-points."medialog.adopters"]
    "networkx.classes.graph.Graph" = "medialog_graph:Graph"

The nearest base class decides; a class that two packages claim is an error that names both, when such an object is met.
"""

from __future__ import annotations

import types
from functools import cache, lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from medialog.datatypes.base import DataType
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, MissingDependency, Violation

ENTRY_POINT_GROUP = "medialog.adopters"

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


# Where the classes of plain values and of arrays live: nobody claims them, and rows of them never look for who does.
_OWN = ("builtins", "numpy")


def adopt(value: Any) -> DataType | None:
    """Return the DataType for a foreign object, or None when no library we know made it.

    Raises what its type raises; `InvalidInput` when two packages claim its class, or when what a package makes of it is
    nothing that can be logged; `MissingDependency` when the package's code cannot be loaded.
    """
    claim: tuple[str, tuple[str, ...]] | None
    if isinstance(value, types.ModuleType):
        claim = (value.__name__, (FOREIGN[value.__name__],)) if value.__name__ in FOREIGN else None
    else:
        claim = _claim_on(type(value))  # type: ignore[arg-type]
    if claim is None:
        return None
    path, locations = claim
    if len(locations) > 1:
        raise InvalidInput(
            Violation("", "adopt.claim", f"one package that stores {path}", f"{len(locations)}: {', '.join(locations)}")
        )
    adopted = _load(path, locations[0])(value)
    if not isinstance(adopted, DataType):
        expected = f"a medialog object from {locations[0]}, which stores {path}"
        raise InvalidInput(Violation("", "adopt.result", expected, f"{checks.type_name(adopted)}"))
    return adopted


def _load(path: str, location: str) -> Any:
    module, _, name = location.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise MissingDependency(f"{path} is stored by {location}, which cannot be loaded: {error}") from error


@lru_cache(maxsize=1024)
def _claim_on(cls: type) -> tuple[str, tuple[str, ...]] | None:
    """Return the class path of the nearest base that somebody stores, and who does."""
    if cls.__module__.partition(".")[0] in _OWN:
        return None
    for base in cls.__mro__:
        path = f"{base.__module__}.{base.__qualname__}"
        locations = third_party_adopters().get(path, ())
        if path in FOREIGN:
            locations = (FOREIGN[path], *locations)
        if locations:
            return path, locations
    return None


@cache
def third_party_adopters() -> dict[str, tuple[str, ...]]:
    """Return class path -> "module:callable" of everyone who claims it, as installed packages say; read once."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[str, ...]] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        known = found.get(entry.name, ())
        if entry.value not in known:  # a package that is found twice on the path claims once
            found[entry.name] = (*known, entry.value)
    return found
