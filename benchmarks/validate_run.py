"""What `validate_run` costs on a run with many small files, against reading and hashing the same files by hand.

    python benchmarks/validate_run.py [files]

Also descriptors per second of `validate`, and lines per second of a run of plain rows. Medians of interleaved rounds.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import medialog


def write(folder: Path, files: int) -> tuple[Path, dict[str, object]]:
    random = np.random.default_rng(0)
    with medialog.init(dir=folder, limits={"metric.points_advice": files + 1}, strict="record") as run:
        for step in range(files // 10):
            pixels = random.integers(0, 256, (10, 12, 12, 3), dtype=np.uint8)
            run.log({"loss": step / 10, "examples": [medialog.Image(each, caption="small") for each in pixels]})
    path = Path(str(run.dir))
    (row,) = [each for each in medialog.open_run(path).history() if each["_step"] == 0]
    return path, row["examples"]["items"][0]


def write_rows(folder: Path, rows: int) -> Path:
    with medialog.init(dir=folder, limits={"metric.points_advice": rows + 1}) as run:
        for step in range(rows):
            run.log({"loss": 1 / (step + 1), "acc": 0.5, "lr": 1e-3, "epoch": step // 100, "grad/norm": 12.5})
    return Path(str(run.dir))


def hash_all(path: Path) -> None:
    for file in path.glob("media/*/*"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name.partition(".")[0]


def check(path: Path, *, deep: bool = False) -> None:
    assert medialog.validate_run(path, deep=deep) == []


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(files: int = 10_000) -> None:
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        path, descriptor = write(Path(name), files)
        rows = write_rows(Path(name), 20_000)
        check(path)
        rounds = [(seconds(lambda: hash_all(path)), seconds(lambda: check(path))) for _ in range(5)]
        deep = seconds(lambda: check(path, deep=True))
        lines = statistics.median(seconds(lambda: check(rows)) for _ in range(3))
        each = statistics.median(
            seconds(lambda: [medialog.validate(descriptor) for _ in range(1000)]) for _ in range(5)
        )
    hashing, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"validate(descriptor)   {each * 1000:8.1f} us, {1000 / each:10,.0f} a second")
    print(f"validate_run           {ours:8.2f} s,  {files / ours:10,.0f} files a second ({files:,} small files)")
    print(f"  with deep=True       {deep:8.2f} s,  {files / deep:10,.0f} files a second")
    print(f"plain SHA-256          {hashing:8.2f} s,  {files / hashing:10,.0f} files a second")
    print(f"ratio                  {statistics.median(theirs / base for base, theirs in rounds):8.2f}")
    print(f"plain rows             {lines:8.2f} s,  {20_000 / lines:10,.0f} lines a second")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
