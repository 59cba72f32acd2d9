"""The table of contents: every wire kind and the class that writes it.

One line per `_type`, list forms included. The class is named, not imported, so looking a kind up costs no import and
the bottom room stays free of the rooms above. Other packages add kinds through the entry-point group
`medialog.datatypes`; those are read only when a kind is not in this table.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

ENTRY_POINT_GROUP = "medialog.datatypes"

KINDS = MappingProxyType(
    {
        "audio": "medialog.datatypes.audio:Audio",
        "audio-file": "medialog.datatypes.audio:Audio",
        "boxes2D": "medialog.datatypes.overlays:BoundingBoxes2D",
        "chart": "medialog.datatypes.plot.chart:Chart",
        "classes": "medialog.datatypes.overlays:Classes",
        "figure": "medialog.datatypes.figure:Figure",
        "histogram": "medialog.datatypes.histogram:Histogram",
        "html": "medialog.datatypes.html:Html",
        "html-file": "medialog.datatypes.html:Html",
        "image-file": "medialog.datatypes.image:Image",
        "images/separated": "medialog.datatypes.image:Image",
        "incremental-table-file": "medialog.datatypes.table_increment:TableIncrement",
        "mask": "medialog.datatypes.overlays:ImageMask",
        "molecule": "medialog.datatypes.molecule:Molecule",
        "molecule-file": "medialog.datatypes.molecule:Molecule",
        "numpy.ndarray": "medialog.datatypes.tensor:Tensor",
        "object3D": "medialog.datatypes.object3d:Object3D",
        "object3D-file": "medialog.datatypes.object3d:Object3D",
        "plotly-file": "medialog.datatypes.plotly_figure:Plotly",
        "table-file": "medialog.datatypes.table:Table",
        "text-file": "medialog.datatypes.text:Text",
        "vega-file": "medialog.datatypes.vega_figure:VegaLite",
        "video-file": "medialog.datatypes.video:Video",
        "videos": "medialog.datatypes.video:Video",
    }
)


_claimed: dict[str, type] = {}


def claim(kind: str, cls: type) -> None:
    """Note that `cls` writes `kind`; `TypeError` when another class does. Called when a class is created."""
    location = f"{cls.__module__}:{cls.__qualname__}"
    holder = KINDS.get(kind) or (
        f"{_claimed[kind].__module__}:{_claimed[kind].__qualname__}" if kind in _claimed else None
    )
    if holder is not None and holder != location:
        raise TypeError(f"the kind {kind!r} is written by {holder}, not by {location}")
    _claimed[kind] = cls


def find_class(kind: str) -> Any:
    """Return the class that writes `kind`; `KeyError` when nobody does."""
    if kind in _claimed:
        return _claimed[kind]
    location = KINDS.get(kind) or third_party_kinds().get(kind)
    if location is None:
        raise KeyError(kind)
    module, _, name = location.partition(":")
    return getattr(import_module(module), name)


@cache
def third_party_kinds() -> dict[str, str]:
    """Return the kinds that installed packages add, read once; two packages claiming one kind is a `ValueError`."""
    from importlib.metadata import entry_points

    found: dict[str, str] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name in KINDS or entry.name in found:
            raise ValueError(
                f"the kind {entry.name!r} of {entry.value} is taken by {KINDS.get(entry.name) or found[entry.name]}"
            )
        found[entry.name] = entry.value
    return found


def known_kinds() -> list[str]:
    """Return every kind that can be read here, sorted."""
    return sorted({*KINDS, *_claimed, *third_party_kinds()})
