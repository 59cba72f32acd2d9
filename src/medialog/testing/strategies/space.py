"""Strategies for objects in space."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medialog.datatypes.object3d import Object3D
from medialog.datatypes.scene import box3d
from medialog.testing.strategies.arrays import Draw, captions, shown_text

_COORDINATES = st.floats(-1_000, 1_000, width=32)


@st.composite
def _points(draw: Draw, max_points: int) -> Any:
    count = draw(st.integers(1, max_points))
    points = draw(hnp.arrays(np.float32, (count, 3), elements=_COORDINATES))
    extra = draw(st.sampled_from(["none", "category", "rgb"]))
    if extra == "category":
        return np.column_stack([points, draw(hnp.arrays(np.int8, (count, 1), elements=st.integers(1, 14)))])
    if extra == "rgb":
        return np.column_stack([points, draw(hnp.arrays(np.uint8, (count, 3)))])
    return points


@st.composite
def point_clouds(draw: Draw, max_points: int = 10) -> Object3D:
    """Draw 1 to `max_points` points, plain, with a category (1 to 14) or with a colour."""
    return Object3D(draw(_points(max_points)), caption=draw(captions()))


@st.composite
def scenes(draw: Draw, max_points: int = 10) -> Object3D:
    """Draw a scene: points, up to 2 labelled boxes and up to 2 vectors."""
    size, color = st.floats(0.125, 10, width=32), st.integers(0, 255)
    boxes = [
        box3d(
            center=[draw(_COORDINATES) for _ in range(3)],
            size=[draw(size) for _ in range(3)],
            orientation=[1, 0, 0, 0],
            color=(draw(color), draw(color), draw(color)),
            label=draw(shown_text(8)),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    vectors = [
        {"start": [draw(_COORDINATES) for _ in range(3)], "end": [draw(_COORDINATES) for _ in range(3)]}
        for _ in range(draw(st.integers(0, 2)))
    ]
    return Object3D.from_point_cloud(points=draw(_points(max_points)), boxes=boxes, vectors=vectors)


@st.composite
def meshes(draw: Draw) -> Object3D:
    """Draw an OBJ file of 1 to 3 triangles."""
    triangles = draw(st.integers(1, 3))
    lines = [
        f"v {draw(_COORDINATES):.3f} {draw(_COORDINATES):.3f} {draw(_COORDINATES):.3f}" for _ in range(3 * triangles)
    ]
    lines += [f"f {3 * i + 1} {3 * i + 2} {3 * i + 3}" for i in range(triangles)]
    return Object3D("\n".join([*lines, ""]).encode(), file_type="obj", caption=draw(captions()))


def objects3d() -> st.SearchStrategy[Object3D]:
    """Return a strategy for point clouds, scenes and meshes."""
    return point_clouds() | scenes() | meshes()
