"""STL files, binary and text: triangles, each with its own three vertices."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from medialog.datatypes.mesh.facts import MeshFacts, bound, broken, lines

if TYPE_CHECKING:
    from medialog.validators.rules import Rules

HEADER = 84
TRIANGLE = 50

_FLOATS = rb"\s++(\S++)\s++(\S++)\s++(\S++)"
_FACET = re.compile(
    rb"\s*+facet\s++normal"
    + _FLOATS
    + rb"\s++outer\s++loop"
    + 3 * (rb"\s++vertex" + _FLOATS)
    + rb"\s++endloop\s++endfacet\b",
    re.IGNORECASE,
)
_SOLID = re.compile(rb"\s*+solid\b[^\n]*+(?:\n|$)", re.IGNORECASE)
_END = re.compile(rb"\s*+endsolid\b[^\n]*+(?:\n|$)", re.IGNORECASE)


def is_binary(data: bytes) -> bool:
    """Say whether the length is that of a binary STL with the count of triangles it states."""
    return len(data) >= HEADER and len(data) == HEADER + TRIANGLE * int.from_bytes(data[80:84], "little")


def check(data: bytes, rules: Rules) -> MeshFacts:
    """Return what an STL file holds. Binary files often begin with "solid" too, so the length decides."""
    if is_binary(data):
        return _check_binary(data)
    if _SOLID.match(data):
        return _check_text(data, rules)
    if len(data) < HEADER:
        raise broken("header", "84 bytes, or a text that begins with 'solid'", f"{len(data)} bytes")
    count = int.from_bytes(data[80:84], "little")
    expected = f"{HEADER + TRIANGLE * count:,} bytes for the {count:,} triangles it states"
    raise broken("count", expected, f"{len(data):,}", "object3d.bytes")


def _check_binary(data: bytes) -> MeshFacts:
    import numpy as np

    layout = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    triangles = np.frombuffer(data, layout, offset=HEADER)
    # Normals are not checked: exporters write NaN for triangles without area, and viewers compute their own.
    positions = triangles["corners"].reshape(-1, 3)
    return MeshFacts(len(positions), len(triangles), bound(positions, "vertices"))


def _check_text(data: bytes, rules: Rules) -> MeshFacts:
    import numpy as np

    for _ in lines(data, rules):
        pass
    place = 0
    numbers = array("d")
    end: re.Match[bytes] | None = None
    while solid := _SOLID.match(data, place):
        place = solid.end()
        while facet := _FACET.match(data, place):
            try:
                numbers.extend(map(float, facet.groups()))
            except ValueError as error:
                raise broken(_line(data, place), "numbers", str(error)[:80]) from None
            place = facet.end()
        end = _END.match(data, place)
        if end is None:
            raise broken(
                _line(data, place), "a whole facet, or endsolid", f"{data[place : place + 200].lstrip()[:40]!r}"
            )
        place = end.end()
    if data[place:].strip():
        raise broken(_line(data, place), "solid, or the end", f"{data[place : place + 200].lstrip()[:40]!r}")
    values = np.frombuffer(numbers, np.float64).reshape(-1, 4, 3)
    return MeshFacts(3 * len(values), len(values), bound(values[:, 1:].reshape(-1, 3), "vertices"))


def _line(data: bytes, place: int) -> str:
    """Return which line the next word after `place` stands on."""
    word = re.compile(rb"\s*+").match(data, place)
    number = data.count(b"\n", 0, word.end() if word else place) + 1
    return f"line {number:,}"
