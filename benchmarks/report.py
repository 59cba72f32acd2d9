"""How long a report takes and how large it is: 100 MB of pictures, and many numbers. Printed, not judged.

python benchmarks/report.py [STEPS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import medialog


def measure(name: str, run: Path) -> None:
    """Write a report twice: with the posters to draw, and with them drawn."""
    for which in ("first", "again"):
        started = time.perf_counter()
        written = medialog.report(run, run.with_suffix(".html"))
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:10} {which}: {seconds:6.2f} s, {written.size / 1e6:6.1f} MB, peak memory {peak:,.0f} MiB")


def main(steps: str = "20000") -> None:
    warnings.simplefilter("ignore", medialog.Advice)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        with medialog.init(dir=folder, id="pictures") as run:
            for _ in range(100):
                run.log({"picture": medialog.Image(random.integers(0, 255, (600, 580, 3), dtype=np.uint8))})
        measure("100 MB", Path(folder) / "pictures")
        with medialog.init(dir=folder, id="numbers") as run:
            for _ in range(int(steps)):
                run.log({f"metric/{index}": float(value) for index, value in enumerate(random.random(20))})
        measure(f"{int(steps):,} x 20", Path(folder) / "numbers")


if __name__ == "__main__":
    main(*sys.argv[1:2])
