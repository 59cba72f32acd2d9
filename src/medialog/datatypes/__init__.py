"""What can be logged: one module per type, found by name.

Importing this package imports no type; `medialog.datatypes.Image` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.base import DataType, MediaList
    from medialog.datatypes.files import DirectorySink, DirectorySource, MemorySink, Sink, Source
    from medialog.datatypes.histogram import Histogram
    from medialog.datatypes.image import Image
    from medialog.datatypes.overlays import BoundingBoxes2D, Classes, ImageMask
    from medialog.datatypes.plot.chart import Chart
    from medialog.datatypes.table import Table
    from medialog.datatypes.table_increment import TableIncrement

_HOMES = {
    "BoundingBoxes2D": "overlays",
    "Chart": "plot.chart",
    "Classes": "overlays",
    "DataType": "base",
    "DirectorySink": "files",
    "DirectorySource": "files",
    "Histogram": "histogram",
    "Image": "image",
    "ImageMask": "overlays",
    "MediaList": "base",
    "MemorySink": "files",
    "Sink": "files",
    "Source": "files",
    "Table": "table",
    "TableIncrement": "table_increment",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of the table's names


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"medialog.datatypes.{_HOMES[name]}"), name)
