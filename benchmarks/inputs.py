"""Seeded inputs: the same for every subject and every run."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from loggers import RATE

if TYPE_CHECKING:
    import pandas as pd

Pixels = npt.NDArray[np.uint8]
KEYS = ("loss", "acc", "lr", "epoch", "grad/norm")
CLASSES = 20


def scalars(steps: int) -> list[dict[str, float]]:
    """Return one row of five numbers per step."""
    values = np.random.default_rng(0).random((steps, len(KEYS))).tolist()
    return [dict(zip(KEYS, row, strict=True)) for row in values]


def _smooth(random: np.random.Generator, side: int, cells: int) -> npt.NDArray[np.float64]:
    """Return a side x side field in [0, 1] that varies over `cells` cells, linear between them."""
    grid = random.random((cells + 1, cells + 1))
    at = np.linspace(0, cells, side, endpoint=False)
    low, part = at.astype(int), at % 1
    rows = grid[low] * (1 - part)[:, None] + grid[low + 1] * part[:, None]
    smooth = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    return np.ascontiguousarray(smooth)  # in rows, as decoders and cameras give pictures


@cache
def photo(side: int, seed: int = 0) -> Pixels:
    """Return side x side RGB with what photographs have: gradients, shapes, texture and a sensor's noise."""
    random = np.random.default_rng(seed)
    shade = _smooth(random, side, 4) * 150 + _smooth(random, side, max(side // 16, 1)) * 60
    colours = np.stack([_smooth(random, side, 3) * 40 for _ in range(3)], axis=-1)
    noise = random.normal(0, 2.5, (side, side, 3))
    return np.clip(shade[..., None] + colours + noise, 0, 255).astype(np.uint8)


@cache
def photos(count: int, side: int) -> list[Pixels]:
    """Return different photos."""
    return [photo(side, seed) for seed in range(count)]


@cache
def masks(count: int, side: int) -> list[Pixels]:
    """Return label maps of 20 classes, in coherent regions."""
    found = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        field = _smooth(random, side, 6) + 0.02 * _smooth(random, side, side // 8)
        ranks = (field - field.min()) / (field.max() - field.min())
        found.append(np.minimum(ranks * CLASSES, CLASSES - 1).astype(np.uint8))
    return found


@cache
def normals(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return normally distributed float32."""
    return np.random.default_rng(seed).standard_normal(count, dtype=np.float32)


@cache
def clip(frames: int, side: int = 256) -> Pixels:
    """Return frames x 3 x side x side: a photo across which a disc and a grain move."""
    ground = photo(side).astype(np.int16)
    random = np.random.default_rng(1)
    grain = random.integers(-6, 7, (side, side, 3), dtype=np.int16)
    y, x = np.mgrid[:side, :side]
    pictures = np.empty((frames, side, side, 3), np.uint8)
    for number in range(frames):
        picture = np.roll(ground, 2 * number, axis=1) + np.roll(grain, 7 * number, axis=0)
        angle = 2 * np.pi * number / frames
        centre = side / 2 + side / 4 * np.array([np.sin(angle), np.cos(angle)])
        picture[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < (side / 8) ** 2] = (230, 60, 40)
        pictures[number] = np.clip(picture, 0, 255)
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))


@cache
def sound(seconds: int) -> npt.NDArray[np.float32]:
    """Return seconds of stereo at 44.1 kHz in [-1, 1]."""
    random = np.random.default_rng(0)
    time = np.arange(seconds * RATE, dtype=np.float32) / RATE
    tones = 0.4 * np.sin(2 * np.pi * np.outer(time, [440, 554.37]))
    return np.clip(tones + random.normal(0, 0.05, tones.shape), -1, 1).astype(np.float32)


@cache
def points(count: int) -> npt.NDArray[np.float32]:
    """Return x y z red green blue."""
    random = np.random.default_rng(0)
    places = random.normal(0, 10, (count, 3))
    return np.hstack([places, random.integers(0, 256, (count, 3))]).astype(np.float32)


@cache
def frame(rows: int) -> pd.DataFrame:
    """Return six columns of six kinds."""
    import pandas as pd

    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "loss": random.random(rows),
            "name": [f"row {i % 1000}" for i in range(rows)],
            "time": pd.date_range("2026-01-01", periods=rows, freq="s"),
            "ok": random.random(rows) > 0.5,
            "score": random.random(rows, dtype=np.float32),
        }
    )


@cache
def cells(rows: int) -> list[tuple[Any, ...]]:
    """Return rows of id, text, number, number, boolean."""
    random = np.random.default_rng(0)
    numbers = random.random((rows, 2)).tolist()
    return [(i, f"row {i % 1000}", a, b, a > b) for i, (a, b) in enumerate(numbers)]
