"""A training: numbers, photos, a histogram at each step, a table now and then."""

from __future__ import annotations

import time
from functools import partial
from statistics import median
from typing import Any

import inputs
from case import Case, Column, Goal, Values, Work, faster
from loggers import LOGGERS
from measure import Watch, size_on_disk

PHOTOS, SAMPLES, TABLES, TABLE_ROWS = 4, 100_000, 10, 100
WITH_TABLES = ("medialog", "medialog, background", "wandb", "trackio")


def _row(logger: Any, step: int, steps: int, scalars: dict[str, float], tables: bool) -> dict[str, Any]:
    """Return what is logged at a step; no photo and no array is that of another step."""
    row: dict[str, Any] = dict(scalars)
    for number in range(PHOTOS):
        pixels = inputs.photos(16, 256)[(step * PHOTOS + number) % 16].copy()
        pixels[0, :4, 0] = list(step.to_bytes(4, "little"))
        row[f"photo/{number}"] = logger.image(pixels)
    samples = inputs.normals(SAMPLES, step % 8)
    row["weights"] = logger.histogram(samples)
    if tables and step % max(1, steps // TABLES) == 0:
        row["examples"] = logger.table(inputs.cells(TABLE_ROWS))
    return row


def _train(name: str, work: Work) -> Values:
    scalars, logger, seconds = inputs.scalars(work.size), LOGGERS[name](), []
    inputs.photos(16, 256), inputs.cells(TABLE_ROWS), [inputs.normals(SAMPLES, seed) for seed in range(8)]
    with Watch() as watch:
        before = size_on_disk(work.home)
        logger.start(work.folder)
        begun = time.perf_counter()
        for step in range(work.size):
            started = time.perf_counter()
            logger.log(step, _row(logger, step, work.size, scalars[step], name in WITH_TABLES))
            seconds.append(time.perf_counter() - started)
        logger.finish()
        total = time.perf_counter() - begun
    return {
        "total_s": total,
        "ms": median(seconds) * 1e3,
        "longest_ms": max(seconds) * 1e3,
        "mb": (size_on_disk(work.home) - before) / 1e6,
        "peak_mb": watch.peak_mb,
    }


NAMES = (*WITH_TABLES, "tensorboardX", "rerun")

CASES = [
    Case(
        name="training",
        what=f"Each step logs five numbers, {PHOTOS} photos of 256 x 256 and a histogram of {SAMPLES:,} numbers,"
        f" and {TABLES} times a table of {TABLE_ROWS} rows.",
        columns=(
            Column("total_s", "in all, s"),
            Column("ms", "a step, ms"),
            Column("longest_ms", "longest step, ms", 1),
            Column("mb", "MB on disk", 1),
            Column("peak_mb", "memory, MB", 1),
        ),
        subjects={name: partial(_train, name) for name in NAMES},
        sizes={"full": 1_000, "small": 50, "smoke": 2},
        unit_of_size="steps",
        goals=(
            Goal("total_s", 4),
            faster(12, "wandb", "total_s"),
            Goal("peak_mb", 100),
            Goal("total_s", 2.5, of="medialog, background"),
            Goal("peak_mb", 100, of="medialog, background"),
        ),
        notes="The memory is that of the process and its helpers over Python with numpy and the inputs, libraries"
        " included. tensorboardX and rerun have no tables and log none; rerun stores raw pixels.",
        rounds=3,
        timeout=400,
        fresh=True,
    )
]
