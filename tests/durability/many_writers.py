"""Sixteen processes into one run directory at once. Arguments: directory, "ranks", "resume" or "neither".

All wait for one another, then call `init` where no directory is yet. Prints how many
rows each has logged.
"""

from __future__ import annotations

import json
import os
import random
import sys
from functools import partial
from pathlib import Path

import numpy as np

import medialog
from durability import children, workload
from durability.children import Tell

WRITERS, ROWS = 16, 25


def write(folder: Path, how: str, number: int, gate: int, tell: Tell) -> None:
    draw = random.Random(number)
    os.read(gate, 1)  # nothing comes: it returns when the other end is closed, for all at once
    if how == "ranks":
        os.environ["RANK"] = str(number)
    try:
        run = medialog.init(dir=folder, id="run", resume=how == "resume", quiet=True, config={f"from{number}": number})
    except medialog.RunError:
        if how != "neither":
            raise
        return
    tell(f"writer{number}")
    for row in range(ROWS):
        shared = medialog.Image(np.full((8, 8), row, np.uint8))  # the same file for all writers
        run.log({f"w{number}": row, f"i{number}": medialog.Image(workload.pixels(number)), "shared": shared})
        tell(row)
        if draw.random() < 0.1:
            run.sync()
    run.summary[f"by hand {number}"] = number
    run.finish()
    tell("end")


def main(folder: Path, how: str) -> None:
    medialog.Image(workload.pixels(0)).encode(medialog.MemorySink())
    reading, writing = os.pipe()
    writers = []
    for number in range(WRITERS):
        writers.append(children.fork(partial(in_child, writing, partial(write, folder, how, number, reading))))
    os.close(writing)
    codes = [writer.wait() for writer in writers]
    told = [sum(word.isdigit() for word in writer.words()) for writer in writers]
    print(json.dumps({"codes": codes, "told": told}))


def in_child(writing: int, work: partial[None], tell: Tell) -> None:
    os.close(writing)
    work(tell)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
