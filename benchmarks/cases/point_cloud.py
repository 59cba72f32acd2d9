"""A cloud of coloured points."""

from __future__ import annotations

from typing import Any

import inputs
from case import Case, Goal, faster
from logging_values import COLUMNS, subjects, written


def _points(count: int) -> Any:
    return [inputs.points(count)]


def _ply(points: Any) -> bytes:
    """Return binary PLY, unchecked."""
    import numpy as np

    rows = np.empty(len(points), [("xyz", "<f4", 3), ("rgb", "u1", 3)])
    rows["xyz"], rows["rgb"] = points[:, :3], points[:, 3:]
    names = "".join(f"property float {axis}\n" for axis in "xyz") + "".join(
        f"property uchar {colour}\n" for colour in ("red", "green", "blue")
    )
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n{names}end_header\n"
    return head.encode() + rows.tobytes()


CASES = [
    Case(
        name="point_cloud",
        what="Coloured points, n x 6 float32: made, checked for being finite and in range, hashed, on the disk.",
        columns=COLUMNS,
        subjects={
            **subjects(
                ("medialog", "wandb", "trackio", "rerun"), lambda logger, points: logger.points(points), _points
            ),
            "limit: binary PLY, hashed, unchecked": written(_ply, _points),
        },
        sizes={"full": 300_000, "small": 300_000, "smoke": 500},
        unit_of_size="points",
        goals=(Goal("ms", 25), Goal("kb", 4_600), faster(15, "wandb", "ms")),
        notes="wandb stores text and rerun raw values; neither looks at them.",
    )
]
