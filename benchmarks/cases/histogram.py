"""The histogram of a large array."""

from __future__ import annotations

import time
from typing import Any

import inputs
from case import Case, Column, Goal, Values, Work
from loggers import LOGGERS
from logging_values import log_values
from measure import Watch


def _log(name: str) -> Any:
    def subject(work: Work) -> Values:
        return log_values(LOGGERS[name](), work, lambda logger, x: logger.histogram(x), [inputs.normals(work.size)])

    return subject


def _numpy(work: Work) -> Values:
    import numpy as np

    samples = inputs.normals(work.size)
    with Watch() as watch:
        started = time.perf_counter()
        np.histogram(samples, 64)
        seconds = time.perf_counter() - started
    return {"ms": seconds * 1e3, "peak_mb": watch.peak_mb}


def _one_pass(work: Work) -> Values:
    samples = inputs.normals(work.size)
    with Watch() as watch:
        started = time.perf_counter()
        samples.min(), samples.max()
        seconds = time.perf_counter() - started
    return {"ms": seconds * 1e3, "peak_mb": watch.peak_mb}


CASES = [
    Case(
        name="histogram",
        what="The histogram of normal float32 in 64 bins, made and logged. medialog's counts equal numpy's.",
        columns=(Column("ms", "log, ms"), Column("total_ms", "with finish, ms"), Column("peak_mb", "memory, MB", 1)),
        subjects={
            "medialog": _log("medialog"),
            "np.histogram": _numpy,
            **{name: _log(name) for name in ("wandb", "trackio", "tensorboardX", "rerun")},
            "limit: min and max": _one_pass,
        },
        sizes={"full": 10_000_000, "small": 1_000_000, "smoke": 10_000},
        unit_of_size="samples",
        goals=(Goal("ms", 0.7, "np.histogram"),),
        notes="rerun has no histogram: numpy's counts as its bar chart.",
        rounds=9,
    )
]
