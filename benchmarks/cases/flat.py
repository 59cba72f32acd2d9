"""Nothing becomes slower as a run grows: the cost of a step at a tenth, at half and at the end."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import inputs
import numpy as np
from case import Case, Column, Goal, Subject, Values, Work
from loggers import COLUMNS as NAMES
from loggers import LIMITS, LOGGERS
from measure import Watch

PARTS = 200  # in which the work is timed
WINDOW = 10  # parts that are one place: a tenth of them before it, and so on
COLUMNS = (
    Column("tenth_us", "at 1/10, us"),
    Column("half_us", "at 1/2, us"),
    Column("end_us", "at the end, us"),
    Column("end_to_tenth", "end : 1/10"),
    Column("finish_ms", "finish, ms", 1),
    Column("peak_mb", "memory, MB", 1),
)
GOALS = (Goal("end_to_tenth", 1.25),)


def _grow(work: Work, logger: Any, step: Callable[[Any, int], None], per_step: int = 1) -> Values:
    """Call `step(logger, number)` until `size` units are logged, `per_step` of them at a time; times are per unit."""
    steps = work.size // per_step
    ends = [steps * part // PARTS for part in range(1, PARTS + 1)]
    logger.start(work.folder)
    times, number = [], 0
    with Watch() as watch:
        for end in ends:
            first, started = number, time.perf_counter()
            while number < end:
                step(logger, number)
                number += 1
            if number > first:
                times.append((time.perf_counter() - started) / (number - first) / per_step * 1e6)
        started = time.perf_counter()
        logger.finish()
        finish = time.perf_counter() - started
    places = {"tenth_us": _at(times, 0.1), "half_us": _at(times, 0.5), "end_us": _at(times, 1.0)}
    return {
        **places,
        "end_to_tenth": places["end_us"] / places["tenth_us"],
        "finish_ms": finish * 1e3,
        "peak_mb": watch.peak_mb,
    }


def _at(times: Sequence[float], where: float) -> float:
    """Return the median of the parts up to a place."""
    last = max(1, round(len(times) * where))
    return median(times[max(0, last - WINDOW) : last])


def _numbers(name: str) -> Subject:
    rows = inputs.scalars(1_000)
    return lambda work: _grow(work, LOGGERS[name](), lambda logger, number: logger.log(number, rows[number % 1_000]))


def _keys(name: str) -> Subject:
    rows = inputs.scalars(1_000)

    def step(logger: Any, number: int) -> None:
        logger.log(number, {**rows[number % 1_000], f"layer/{number}": number / 7})

    return lambda work: _grow(work, LOGGERS[name](), step)


PICTURES = 10  # a step


def _pictures(work: Work) -> Values:
    def step(logger: Any, number: int) -> None:
        pictures = np.zeros((PICTURES, 8, 8, 3), np.uint8)
        pictures[:, 0, 0] = number // 65536, number // 256 % 256, number % 256
        pictures[:, 0, 1, 0] = range(PICTURES)
        logger.log(number, {"pictures": [logger.image(each) for each in pictures]})

    return _grow(work, LOGGERS["medialog"](), step, PICTURES)


class Files:
    """Files of the same names and about the size, written beside and renamed, and nothing else."""

    def start(self, folder: Path) -> None:
        self._folder = str(folder)
        os.mkdir(f"{self._folder}/tmp")
        for first in range(256):
            os.mkdir(f"{self._folder}/{first:02x}")

    def write(self, content: bytes) -> None:
        name = hashlib.sha256(content).hexdigest()
        with open(f"{self._folder}/tmp/{name}", "xb", buffering=0) as file:
            file.write(content)
        os.rename(f"{self._folder}/tmp/{name}", f"{self._folder}/{name[:2]}/{name}")

    def finish(self) -> None:
        """Leave the files to the system."""


def _files(work: Work) -> Values:
    def step(files: Files, number: int) -> None:
        for each in range(PICTURES):
            files.write(b"%0100d" % (number * PICTURES + each))

    return _grow(work, Files(), step, PICTURES)


def _table(work: Work) -> Values:
    """Add rows one by one and log the table each time a PARTS-th of them is there."""
    import medialog

    table = medialog.Table(columns=NAMES, log_mode="INCREMENTAL", limits=LIMITS)
    every = max(1, work.size // PARTS)
    rows = inputs.cells(1_000)

    def step(logger: Any, number: int) -> None:
        table.add_data(*rows[number % 1_000])
        if (number + 1) % every == 0:
            logger.log(number, {"table": table})

    return _grow(work, LOGGERS["medialog"](), step)


def _case(name: str, what: str, subjects: dict[str, Subject], full: int, unit: str, notes: str) -> Case:
    return Case(
        name=f"flat_{name}",
        what=what,
        columns=COLUMNS,
        subjects=subjects,
        sizes={"full": full, "small": full // 20, "smoke": 200},
        unit_of_size=unit,
        goals=GOALS,
        notes=notes,
        rounds=3,
        timeout=900,
        fresh=True,
    )


PLACES = "Each place is the median of the ten two-hundredths before it."

CASES = [
    _case(
        "steps",
        "`log` of five numbers, a million times.",
        {name: _numbers(name) for name in ("medialog", "trackio")},
        10**6,
        "steps",
        PLACES,
    ),
    _case(
        "keys",
        "`log` of five numbers and one under a new key each step.",
        {name: _keys(name) for name in ("medialog", "trackio")},
        10**5,
        "keys",
        f"{PLACES} The memory is that of the summary, which has every key.",
    ),
    _case(
        "table",
        "An INCREMENTAL table grown row by row and logged 200 times; the time of a row has its part of the logging.",
        {"medialog": _table},
        10**6,
        "rows",
        PLACES,
    ),
    _case(
        "media",
        "Ten small pictures a step, each a file of its own.",
        {"medialog": _pictures, "limit: the files alone": _files},
        10**5,
        "files",
        f"{PLACES} What the system does with new files, and when it brings them to the disk, is in both rows.",
    ),
]
