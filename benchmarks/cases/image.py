"""A photo, from the array to the file."""

from __future__ import annotations

import io
from typing import Any

import inputs
from case import Case, Goal, SizeName, faster
from logging_values import COLUMNS, subjects, written

PEERS = ("medialog", "wandb", "trackio", "tensorboardX", "rerun")


def _pillow(pixels: Any) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def _case(side: int, sizes: dict[SizeName, int], goals: tuple[Goal, ...]) -> Case:
    def photos(count: int) -> Any:
        return inputs.photos(count, side)

    return Case(
        name=f"image_{side}",
        what=f"An RGB photo of {side} x {side}, uint8: an image made of it, logged, as a file on the disk.",
        columns=COLUMNS,
        subjects={
            **subjects(PEERS, lambda logger, pixels: logger.image(pixels), photos),
            "Pillow's default PNG, hashed": written(_pillow, photos),
            "limit: raw pixels, hashed": written(lambda pixels: pixels.tobytes(), photos),
        },
        sizes=sizes,
        unit_of_size="photos",
        goals=(*goals, Goal("kb", 1.05, "Pillow's default PNG, hashed")),
        notes="rerun stores raw pixels and writes them in a thread.",
    )


CASES = [
    _case(1024, {"full": 5, "small": 2, "smoke": 1}, (Goal("ms", 12), faster(13, "wandb", "ms"))),
    _case(256, {"full": 40, "small": 10, "smoke": 2}, (Goal("ms", 0.8), faster(10, "wandb", "ms"))),
]
