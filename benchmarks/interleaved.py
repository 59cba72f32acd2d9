"""Ways to do the same work, timed in turn: what loads the machine loads all of them alike.

A way is a function of a new, empty directory. It makes ready what a program has at hand anyway (an open sink) and
returns the work that is timed, which returns how many bytes it stored (or None). Of every round each way is run once,
in another order; the first round warms up and is not counted.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Work = Callable[[], int | None]
Way = Callable[[Path], Work]
Row = dict[str, Any]


def measure(case: str, ways: dict[str, Way], rounds: int) -> list[Row]:
    """Return a row for each way: case, who, median_ms, min_ms, rounds, bytes."""
    times: dict[str, list[float]] = {who: [] for who in ways}
    sizes: dict[str, int | None] = {}
    order = list(ways)
    shuffle = random.Random(0).shuffle
    for turn in range(rounds + 1):
        shuffle(order)
        for who in order:
            with tempfile.TemporaryDirectory() as name:
                work = ways[who](Path(name))
                started = time.perf_counter()
                sizes[who] = work()
                elapsed = (time.perf_counter() - started) * 1000
            if turn:
                times[who].append(elapsed)
    return [
        {
            "case": case,
            "who": who,
            "median_ms": round(statistics.median(times[who]), 3),
            "min_ms": round(min(times[who]), 3),
            "rounds": rounds,
            "bytes": sizes[who],
        }
        for who in ways
    ]


def report(rows: Iterable[Row]) -> None:
    """Print the rows; with `--json` as JSON lines."""
    rows = list(rows)
    if "--json" in sys.argv:
        print("\n".join(map(json.dumps, rows)))
        return
    for row in rows:
        size = "" if row["bytes"] is None else f"{row['bytes']:>10,} bytes"
        print(f"{row['case']:28} {row['who']:36} {row['median_ms']:9.3f} ms (min {row['min_ms']:.3f}) {size}")
