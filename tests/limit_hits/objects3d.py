"""Limits of 3D files, point clouds and scenes."""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import Any

import numpy as np

from limit_hits.hits import Converted, Limits, Noticed, Refused, Shown, changed, described, noticed
from medialog.datatypes.object3d import Object3D

STL = b"solid a\nendsolid a\n"
PLY = b"ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
OBJ = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


def gltf(nodes: int = 0) -> bytes:
    document = {"asset": {"version": "2.0"}, "nodes": [{}] * nodes}
    return json.dumps(document if nodes else {"asset": {"version": "2.0"}}, separators=(",", ":")).encode()


def glb(text: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    chunk = len(text).to_bytes(4, "little") + b"JSON" + text
    return b"glTF\2\0\0\0" + (12 + len(chunk)).to_bytes(4, "little") + chunk


FILES = {"obj": OBJ, "gltf": gltf(), "glb": glb(gltf()), "stl": STL, "ply": PLY}


def padded(n: int) -> bytes:
    return gltf().ljust(n)


def cloud(column: int, value: Any, limits: Limits, strict: Any = "warn") -> Object3D:
    points = np.zeros((2, 6 if column == 4 else 4))
    points[:, 3:] = 1
    points[1, column] = value
    return Object3D(points, limits=limits, strict=strict)


CORNERS = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
DIAGONAL = float(np.sqrt(3))


def shifted_box(fraction: float, limits: Limits) -> Object3D:
    """A unit cube with two opposite corners moved inwards along x, by a fraction of the cube's diagonal.

    Two, so that the middle of the corners stays where it is, and inwards, so that the diagonal is that of the others.
    """
    corners = CORNERS.copy()
    corners[2, 0] += fraction * DIAGONAL
    corners[5, 0] -= fraction * DIAGONAL
    return Object3D({"type": "lidar/beta", "boxes": [{"corners": corners}]}, limits=limits)


LENGTH = len(gltf()) + 8

INPUT = [
    Noticed("object3d.points", lambda n, limits: noticed(Object3D(np.zeros((n, 3)), limits=limits))),
    Noticed("object3d.points", lambda n, limits: noticed(Object3D(np.zeros((n, 3)), limits=limits)), lowered=3),
    *(
        Refused("object3d.formats", lambda n, limits: Object3D(FILES.get(n, OBJ), file_type=n), at=name, past="fbx")
        for name in FILES
    ),
    Refused("object3d.category", lambda n, limits: cloud(3, n, limits), at=1, step=-1),
    Refused("object3d.category", lambda n, limits: cloud(3, n, limits), at=14),
    Refused("object3d.rgb", lambda n, limits: cloud(4, n, limits, "error"), at=0, step=-1),
    Refused("object3d.rgb", lambda n, limits: cloud(4, n, limits, "error"), at=255),
    Converted(
        "object3d.rgb",
        lambda n, limits: ("object3d.rgb" in changed(value := cloud(4, n, limits)), value.to_numpy()[1, 4]),
        at=255,
        kept=(False, 255),
        becomes=(True, 255),
    ),
    Refused("object3d.box_tolerance", shifted_box, step=1e-5),
    Refused("object3d.box_tolerance", shifted_box, lowered=0.05, step=1e-5),
    Refused("object3d.json", lambda n, limits: Object3D(padded(n), limits=limits), lowered=LENGTH),
    Refused(
        "object3d.json", lambda n, limits: Object3D(glb(padded(n)), limits=limits), lowered=LENGTH // 4 * 4, step=4
    ),
    Refused("object3d.line", lambda n, limits: Object3D(b"#" * (n - 1) + b"\n" + OBJ, file_type="obj", limits=limits)),
    Refused("object3d.line", lambda n, limits: Object3D(b"solid " + b"a" * (n - 7) + b"\nendsolid\n", limits=limits)),
    Refused(
        "object3d.line",
        lambda n, limits: Object3D(b"\\\n" * n + OBJ, file_type="obj", limits=limits),
        lowered=9,
    ),
    Refused("object3d.nodes", lambda n, limits: Object3D(gltf(n), limits=limits)),
    Refused("object3d.size", lambda n, limits: Object3D(padded(n), limits=limits), lowered=LENGTH),
]


@cache
def _object(format: str) -> dict[str, Any]:
    descriptor: dict[str, Any] = described(Object3D(FILES[format], file_type=format))
    return descriptor


def named(format: str) -> dict[str, Any]:
    base = _object(format if format in FILES else "obj")
    return {**base, "format": format, "path": base["path"].rpartition(".")[0] + f".{format}"}


DESCRIPTOR = [
    *(Shown("object3d.formats", named, at=name, past="fbx", rule="schema.enum") for name in FILES),
    Shown("object3d.size", lambda n: {**_object("obj"), "size": n}),
    Shown("object3d.json", lambda n: {**_object("gltf"), "size": n}),
]
NOT_SHOWN = {
    "object3d.box_tolerance": "corners are inside the file",
    "object3d.category": "categories are inside the file",
    "object3d.line": "lines are inside the file",
    "object3d.nodes": "nodes are inside the file",
    "object3d.points": "a piece of advice: more points are valid",
    "object3d.rgb": "colours are inside the file",
}
