"""What one `log` of five numbers costs, against one JSON line written by hand in the same run.

python benchmarks/scalars.py [steps]
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

import medialog

ROW = {"loss": 0.123456789, "acc": 0.5, "lr": 1e-3, "epoch": 3, "grad/norm": 12.5}


def by_hand(steps: int, folder: Path) -> float:
    handle = os.open(folder / "rows.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started = time.perf_counter()
    for step in range(steps):
        os.write(handle, (json.dumps({"step": step, "t": time.time(), "d": ROW}) + "\n").encode())
    seconds = time.perf_counter() - started
    os.close(handle)
    return seconds


def logged(steps: int, folder: Path) -> float:
    with medialog.init(dir=folder, limits={"metric.points_advice": steps + 1}) as run:
        started = time.perf_counter()
        for _ in range(steps):
            run.log(ROW)
        return time.perf_counter() - started


def main(steps: int = 5000) -> None:
    warnings.simplefilter("error")
    ratios, ours, theirs = [], [], []
    for _ in range(7):
        with tempfile.TemporaryDirectory() as name:
            hand, log = by_hand(steps, Path(name)), logged(steps, Path(name))
        ratios.append(log / hand)
        ours.append(log / steps * 1e6)
        theirs.append(hand / steps * 1e6)
    print(f"log()             {statistics.median(ours):6.1f} us a row")
    print(f"json + os.write   {statistics.median(theirs):6.1f} us a row")
    print(f"ratio             {statistics.median(ratios):6.2f} (median of {len(ratios)})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
