"""What is known of a checked 3D file, and the checks that every format shares."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules

Bounds = tuple[tuple[float, float, float], tuple[float, float, float]]

MESH_RULES = {
    "object3d.bytes": "counts, offsets and lengths inside a 3D file stay within its bytes",
    "object3d.external": "a 3D file is self-contained: it refers to no other file and no address",
    "object3d.extension": "a glTF requires no extension that the viewer cannot read",
    "object3d.finite": "coordinates are finite",
    "object3d.graph": "the nodes of a glTF form trees",
    "object3d.index": "an index inside a 3D file names something that is there",
    "object3d.json": "the JSON of a glTF has at most `object3d.json` bytes",
    "object3d.line": "a line of a text file has at most `object3d.line` bytes",
    "object3d.materials": "an OBJ's material file is not stored with it (a warning)",
    "object3d.nodes": "a glTF has at most `object3d.nodes` nodes",
    "object3d.version": "a glTF is of version 2",
}


@dataclass(frozen=True)
class MeshFacts:
    """What a 3D file holds. `faces` are polygons as stored; `bounds` is None where there is nothing to bound."""

    vertices: int
    faces: int
    bounds: Bounds | None
    # (rule, sentence) of what is stored as given but looks wrong.
    advice: tuple[tuple[str, str], ...] = ()


def broken(at: str, expected: str, got: str, rule: str = "file.content") -> InvalidInput:
    """Return the error of a file that is not what its format says."""
    return InvalidInput(Violation(at, rule, expected, got))


def lines(data: bytes, rules: Rules) -> Iterator[tuple[int, bytes]]:
    """Yield `(number, line)` of a text, from 1; `InvalidInput` for a line above `object3d.line`."""
    most = rules.limit("object3d.line")
    for number, line in enumerate(io.BytesIO(data), 1):
        if len(line) > most:
            checks.refuse([checks.at_most(len(line), "object3d.line", f"line {number:,}", rules, "bytes in a line")])
        yield number, line


def bound(positions: np.ndarray, at: str) -> Bounds | None:
    """Return the smallest and largest x, y and z of n x 3 `positions`; `InvalidInput` where one is not finite."""
    import numpy as np

    if not len(positions):
        return None
    # A column at a time, without a temporary; NaN and infinities come through min and max.
    low = tuple(float(positions[:, axis].min()) for axis in range(3))
    high = tuple(float(positions[:, axis].max()) for axis in range(3))
    if not np.isfinite((low, high)).all():
        bad = ~np.isfinite(positions)
        row, axis = np.unravel_index(int(bad.argmax()), bad.shape)
        count = f" ({int(bad.sum()):,} such coordinates)" if bad.sum() > 1 else ""
        raise broken(f"{at}[{row}, {axis}]", "a finite coordinate", f"{positions[row, axis]}{count}", "object3d.finite")
    return low, high  # type: ignore[return-value]


def join(boxes: list[Bounds]) -> Bounds | None:
    """Return the bounds of several bounds."""
    if not boxes:
        return None
    low = tuple(min(box[0][axis] for box in boxes) for axis in range(3))
    high = tuple(max(box[1][axis] for box in boxes) for axis in range(3))
    return low, high  # type: ignore[return-value]
