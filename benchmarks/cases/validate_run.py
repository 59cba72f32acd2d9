"""A run with many small files, checked against itself."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from case import Case, Column, Goal, Values, Work
from loggers import LIMITS
from measure import Watch

PER_STEP = 10


def _run(work: Work) -> Path:
    """Return a run with that many pictures: written once in the life of this process."""
    import medialog

    place = work.home / str(work.size)
    if not place.exists():
        random = np.random.default_rng(0)
        with medialog.init(dir=place, id="run", quiet=True, limits=LIMITS, strict="record") as run:
            for step in range(work.size // PER_STEP):
                pixels = random.integers(0, 256, (PER_STEP, 12, 12, 3), dtype=np.uint8)
                run.log({"loss": step / 10, "examples": [medialog.Image(each, caption="small") for each in pixels]})
    return place / "run"


def _validate(work: Work, *, deep: bool) -> Values:
    import medialog

    def check(run: Path) -> None:
        assert medialog.validate_run(run, deep=deep) == []

    return _timed(work, check)


def _hash(work: Work) -> Values:
    def check(run: Path) -> None:
        for file in run.glob("media/*/*"):
            assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name.partition(".")[0]

    return _timed(work, check)


def _timed(work: Work, check: Callable[[Path], None]) -> Values:
    run = _run(work)
    with Watch() as watch:
        started = time.perf_counter()
        check(run)
        seconds = time.perf_counter() - started
    return {"us": seconds / work.size * 1e6, "peak_mb": watch.peak_mb}


CASES = [
    Case(
        name="validate_run",
        what="`validate_run` of a run with small pictures, ten a step: every line, descriptor and file checked.",
        columns=(Column("us", "a file, us", 1), Column("peak_mb", "memory, MB", 1)),
        subjects={
            "medialog": partial(_validate, deep=False),
            "medialog, deep": partial(_validate, deep=True),
            "limit: every file hashed": _hash,
        },
        sizes={"full": 10_000, "small": 1_000, "smoke": 20},
        unit_of_size="files",
        goals=(Goal("us", 3, "limit: every file hashed"),),
    )
]
