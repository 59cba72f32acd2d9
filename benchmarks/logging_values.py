"""What most cases do: values made from inputs and logged, one a step."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from case import Column, Subject, Values, Work
from loggers import LOGGERS
from measure import Watch, size_on_disk

COLUMNS = (
    Column("ms", "log, ms"),
    Column("total_ms", "with finish, ms"),
    Column("kb", "kB on disk", 1),
    Column("peak_mb", "memory, MB", 1),
)


def log_values(logger: Any, work: Work, make: Callable[[Any, Any], Any], inputs: Iterable[Any]) -> Values:
    """Log one value per step; `make(logger, input)` is part of what is timed. Numbers are per value."""
    inputs = list(inputs)
    before = size_on_disk(work.home)
    logger.start(work.folder)
    seconds = []
    with Watch() as watch:
        for step, given in enumerate(inputs):
            started = time.perf_counter()
            logger.log(step, {"value": make(logger, given)})
            seconds.append(time.perf_counter() - started)
        logger.finish()
    return {
        "ms": median(seconds) * 1e3,
        "total_ms": watch.seconds / len(inputs) * 1e3,
        "kb": (size_on_disk(work.home) - before) / len(inputs) / 1e3,
        "peak_mb": watch.peak_mb,
    }


def subjects(
    names: Sequence[str], make: Callable[[Any, Any], Any], inputs: Callable[[int], Sequence[Any]]
) -> dict[str, Subject]:
    """Return a subject per logger."""

    def subject(name: str) -> Subject:
        return lambda work: log_values(LOGGERS[name](), work, make, inputs(work.size))

    return {name: subject(name) for name in names}


class Written:
    """A logger of what is bytes already: each value a file, hashed. What no logger that does so can be faster than."""

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix

    def start(self, folder: Path) -> None:
        self.place = folder

    def log(self, step: int, row: dict[str, Any]) -> None:
        for data in row.values():
            (self.place / (hashlib.sha256(data).hexdigest() + self.suffix)).write_bytes(data)

    def finish(self) -> None:
        """Nothing waits."""


def written(make: Callable[[Any], Any], inputs: Callable[[int], Sequence[Any]]) -> Subject:
    """Return the subject that hashes and writes what `make(input)` encodes."""
    return lambda work: log_values(Written(), work, lambda _, given: make(given), inputs(work.size))
