"""What can be logged: one module per type, found by name.

Importing this package imports no type; `medialog.datatypes.Image` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.audio import Audio
    from medialog.datatypes.base import DataType, MediaList
    from medialog.datatypes.files import DirectorySink, DirectorySource, MemorySink, Sink, Source
    from medialog.datatypes.histogram import Histogram
    from medialog.datatypes.html import Html
    from medialog.datatypes.image import Image
    from medialog.datatypes.object3d import Object3D
    from medialog.datatypes.molecule import Molecule
    from medialog.datatypes.overlays import BoundingBoxes2D, Classes, ImageMask
    from medialog.datatypes.tensor import Tensor
    from medialog.datatypes.text import Text
    from medialog.datatypes.video import Video
    from medialog.datatypes.scene import box3d

_HOMES = {
    "Audio": "audio",
    "BoundingBoxes2D": "overlays",
    "Classes": "overlays",
    "DataType": "base",
    "DirectorySink": "files",
    "DirectorySource": "files",
    "Histogram": "histogram",
    "Html": "html",
    "Image": "image",
    "ImageMask": "overlays",
    "MediaList": "base",
    "MemorySink": "files",
    "Object3D": "object3d",
    "Molecule": "molecule",
    "Sink": "files",
    "Source": "files",
    "Tensor": "tensor",
    "Text": "text",
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
