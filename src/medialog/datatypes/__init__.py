"""What can be logged: one module per type, found by name.

Importing this package imports no type; `medialog.datatypes.Image` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.audio import Audio as Audio
    from medialog.datatypes.base import DataType as DataType
    from medialog.datatypes.base import MediaList as MediaList
    from medialog.datatypes.figure import Figure as Figure
    from medialog.datatypes.files import DirectorySink as DirectorySink
    from medialog.datatypes.files import DirectorySource as DirectorySource
    from medialog.datatypes.files import MemorySink as MemorySink
    from medialog.datatypes.files import Sink as Sink
    from medialog.datatypes.files import Source as Source
    from medialog.datatypes.histogram import Histogram as Histogram
    from medialog.datatypes.html import Html as Html
    from medialog.datatypes.image import Image as Image
    from medialog.datatypes.molecule import Molecule as Molecule
    from medialog.datatypes.object3d import Object3D as Object3D
    from medialog.datatypes.overlays import BoundingBoxes2D as BoundingBoxes2D
    from medialog.datatypes.overlays import Classes as Classes
    from medialog.datatypes.overlays import ImageMask as ImageMask
    from medialog.datatypes.plot.chart import Chart as Chart
    from medialog.datatypes.plotly_figure import Plotly as Plotly
    from medialog.datatypes.scene import box3d as box3d
    from medialog.datatypes.table import Table as Table
    from medialog.datatypes.table_increment import TableIncrement as TableIncrement
    from medialog.datatypes.tensor import Tensor as Tensor
    from medialog.datatypes.text import Text as Text
    from medialog.datatypes.vega_figure import VegaLite as VegaLite
    from medialog.datatypes.video import Video as Video

_HOMES = {
    "Audio": "audio",
    "BoundingBoxes2D": "overlays",
    "Chart": "plot.chart",
    "Classes": "overlays",
    "DataType": "base",
    "DirectorySink": "files",
    "DirectorySource": "files",
    "Figure": "figure",
    "Histogram": "histogram",
    "Html": "html",
    "Image": "image",
    "ImageMask": "overlays",
    "MediaList": "base",
    "MemorySink": "files",
    "Molecule": "molecule",
    "Object3D": "object3d",
    "Plotly": "plotly_figure",
    "Sink": "files",
    "Source": "files",
    "Table": "table",
    "TableIncrement": "table_increment",
    "Tensor": "tensor",
    "Text": "text",
    "VegaLite": "vega_figure",
    "Video": "video",
    "box3d": "scene",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of the table's names


if not TYPE_CHECKING:  # a type checker that saw a module `__getattr__` would accept every misspelt name

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"medialog.datatypes.{_HOMES[name]}"), name)
