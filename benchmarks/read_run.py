"""What it costs to read a run of plain rows: at first, again, and after each further row.

python benchmarks/read_run.py [steps]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import medialog


def seconds(started: float) -> float:
    return time.perf_counter() - started


def main(steps: int = 100_000) -> None:
    warnings.simplefilter("error")
    with (
        tempfile.TemporaryDirectory() as name,
        medialog.init(dir=name, limits={"metric.points_advice": 2 * steps}) as run,
    ):
        row = {"loss": 0.123456789, "acc": 0.5, "lr": 1e-3, "epoch": 3, "grad/norm": 12.5}
        for step in range(steps):
            run.log(row | {"epoch": step})
        path = Path(str(run.dir))
        first, again = [], []
        for _ in range(5):
            reader = medialog.open_run(path)
            started = time.perf_counter()
            assert not reader.problems
            first.append(seconds(started))
            started = time.perf_counter()
            assert len(reader.history()) == steps
            again.append(seconds(started))
        started = time.perf_counter()
        assert reader.summary["epoch"] == steps - 1
        summary = seconds(started)
        following = []
        for _ in range(100):
            run.log(row)
            started = time.perf_counter()
            assert reader.summary["epoch"] == 3
            following.append(seconds(started))
    print(f"lines, checked         {statistics.median(first) * 1e3:8.1f} ms for {steps:,} rows of 5 numbers")
    print(f"history() of them      {statistics.median(again) * 1e3:8.1f} ms")
    print(f"summary of them        {summary * 1e3:8.1f} ms")
    print(f"summary, one row more  {statistics.median(following) * 1e3:8.3f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
