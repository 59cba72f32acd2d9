"""A coloured point cloud to a checked and hashed file on disk: medialog, a PLY by hand, JSON, and the raw limit.

    python benchmarks/point_cloud.py [--json]

300,000 points of x, y, z, red, green, blue; the goal is 25 ms and 4.6 MB. "by hand" checks nothing.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import Row, Way, measure, report

from medialog.datatypes.files import DirectorySink
from medialog.datatypes.object3d import Object3D

Array = np.ndarray[Any, Any]
POINTS = 300_000


def cloud(dtype: str) -> Array:
    """Return n x 6 coordinates and colours."""
    random = np.random.default_rng(0)
    positions = random.normal(0, 10, (POINTS, 3)).astype(np.float32)
    return np.column_stack([positions, random.integers(0, 256, (POINTS, 3))]).astype(dtype)


def hashed(data: bytes, folder: Path) -> int:
    (folder / hashlib.sha256(data).hexdigest()).write_bytes(data)
    return len(data)


def stored(points: Array, folder: Path) -> int:
    return int(Object3D(points, strict="record").encode_into(DirectorySink(folder))["size"])


def by_hand(points: Array, folder: Path) -> int:
    rows = np.empty(len(points), [("position", "<f4", 3), ("colour", "u1", 3)])
    rows["position"], rows["colour"] = points[:, :3], points[:, 3:]
    names = [*(f"float {axis}" for axis in "xyz"), *(f"uchar {name}" for name in ("red", "green", "blue"))]
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header = "\n".join([*lines, *(f"property {name}" for name in names), "end_header", ""])
    return hashed(header.encode() + rows.tobytes(), folder)


def by_json(points: Array, folder: Path) -> int:
    return hashed(json.dumps(points.tolist()).encode(), folder)


def raw(points: Array, folder: Path) -> int:
    return hashed(points.tobytes(), folder)


def ways(points: Array, *, with_json: bool) -> dict[str, Way]:
    found: dict[str, Way] = {
        "medialog": partial(partial, stored, points),
        "by hand (binary PLY)": partial(partial, by_hand, points),
        "limit: the raw numbers": partial(partial, raw, points),
    }
    if with_json:
        found["JSON"] = partial(partial, by_json, points)
    return found


def run() -> list[Row]:
    """Measure every case."""
    return [
        *measure("300,000 x 6 float32", ways(cloud("f4"), with_json=False), 15),
        *measure("300,000 x 6 float64", ways(cloud("f8"), with_json=False), 15),
        *measure("300,000 x 6 float64, JSON", ways(cloud("f8"), with_json=True), 1),
    ]


if __name__ == "__main__":
    report(run())
