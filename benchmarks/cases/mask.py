"""A segmentation mask, checked and stored."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import inputs
from case import Case, Goal, Values, Work, faster
from logging_values import COLUMNS, subjects, written
from measure import Watch, size_on_disk

SIDE = 1024
LABELS = {number: f"class {number}" for number in range(inputs.CLASSES)}


def _masks(count: int) -> Any:
    return inputs.masks(count, SIDE)


def _each(work: Work, store: Any) -> Values:
    """Store masks by themselves: `log` of a whole picture would be the picture's cost."""
    given, seconds = _masks(work.size), []
    before = size_on_disk(work.home)
    with Watch() as watch:
        for ids in given:
            started = time.perf_counter()
            store({"mask_data": ids, "class_labels": LABELS})
            seconds.append(time.perf_counter() - started)
    kept = (size_on_disk(work.home) - before) / work.size / 1e3
    return {
        "ms": median(seconds) * 1e3,
        "total_ms": watch.seconds / work.size * 1e3,
        "kb": kept,
        "peak_mb": watch.peak_mb,
    }


def _medialog(work: Work) -> Values:
    import medialog

    sink = medialog.DirectorySink(work.folder)
    return _each(work, lambda value: medialog.ImageMask(value).encode(sink))


def _wandb(work: Work) -> Values:
    import wandb

    return _each(work, lambda value: wandb.data_types.ImageMask(value, "mask"))


CASES = [
    Case(
        name="mask",
        what=f"A mask of {SIDE} x {SIDE} with {inputs.CLASSES} classes and their names: made, checked, on the disk.",
        columns=COLUMNS,
        subjects={
            "medialog": _medialog,
            "wandb": _wandb,
            **subjects(("rerun",), lambda logger, ids: logger.mask(ids), _masks),
            "limit: raw ids, hashed": written(lambda ids: ids.tobytes(), _masks),
        },
        sizes={"full": 20, "small": 5, "smoke": 1},
        unit_of_size="masks",
        goals=(Goal("ms", 3), faster(3, "wandb", "ms")),
        notes="wandb stores any ids unchecked. trackio and tensorboardX have no masks.",
    )
]
