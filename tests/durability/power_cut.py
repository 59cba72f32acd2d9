"""Writes runs one after the other until it is stopped. Arguments: directory, seed.

Says "<run> <steps>" when a `sync` has returned after so many rows, and "<run> <steps> finished" for `finish`.
"""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import medialog
from durability import workload

KEPT = 12  # runs that the disk has room for
LONG = 12  # the row whose line is too long for a small disk


def main(folder: Path, seed: int) -> None:
    draw = random.Random(seed)
    for number in range(1_000_000):
        run = medialog.init(dir=folder, id=f"run{number}", quiet=True, sync_every=draw.choice([0.02, 1000]))
        for step in range(draw.randrange(5, 60)):
            if step == LONG:
                run.log({"loss": 0.5})
            else:
                run.log(workload.row(step))
            if draw.random() < 0.1:
                run.sync()
                print(number, step + 1, flush=True)
        run.finish()
        print(number, step + 1, "finished", flush=True)
        if number >= KEPT:
            shutil.rmtree(folder / f"run{number - KEPT}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
