"""Kills writers with SIGKILL at random moments and reads what they left. Arguments: directory, kills, seed.

A writer begins a run, logs numbers, images, tables, long text and open rows, syncs, and finishes; it tells each call
that has returned, and in the background what it has flushed. Prints what was found, as JSON.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import medialog
from durability import children, workload
from durability.children import Tell

STEPS = 24


def write(folder: Path, background: bool, tell: Tell) -> None:
    tell("init")
    run = medialog.init(dir=folder, id="run", quiet=True, background=background)
    for step in range(STEPS):
        if step % 6 == 4:
            run.log({"nested": {"number": step}}, commit=False)
        values = workload.row(step)
        tell("text" if step == 12 else "log")
        run.log(values)
        if not background:
            tell(step)
        elif step % 3 == 2:
            tell("flush")
            run.flush()
            tell(f"{step - 2} {step - 1} {step}")
        if step == 15:
            tell("sync")
            run.sync()
    tell("finish")
    run.finish()
    tell("end")
    signal.pause()


def resume(folder: Path, tell: Tell) -> None:
    run = medialog.init(dir=folder, id="run", resume=True, quiet=True)
    tell(run.step)
    run.log(workload.row(run.step))
    run.finish()


def read(folder: Path, acknowledged: list[int]) -> tuple[list[int], list[str]]:
    """Return the steps that are there, and everything that is not as promised."""
    try:
        reader = medialog.open_run(folder / "run")
        steps, wrong = workload.faults(reader)
        problems = [str(problem) for problem in reader.problems if "unfinished line" not in str(problem)]
    except medialog.Error as error:
        return [], [f"unreadable: {error!r}"] if acknowledged else []
    lost = [f"lost: {step}" for step in acknowledged if step not in steps]
    if steps != list(range(len(steps))):
        wrong.append(f"steps {steps}")
    return steps, lost + wrong + problems


def duration(folder: Path) -> float:
    """Return how long a writer takes that nobody kills."""
    started = time.monotonic()
    child = children.fork(lambda tell: write(folder, False, tell))
    while "end" not in child.words() and child.listen():
        pass
    length = time.monotonic() - started
    child.kill()
    return length


def wait_for_growth(events: Path) -> None:
    """Return when the file of events becomes longer: in the midst of the write of a long line."""
    (path,) = events.iterdir()
    size, latest = path.stat().st_size, time.monotonic() + 5
    while path.stat().st_size == size and time.monotonic() < latest:
        pass


def main(root: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    moments: Counter[str] = Counter()
    wrong: list[str] = []
    acknowledged = torn = 0
    duration(root / "first")
    workload.faults(medialog.open_run(root / "first" / "run"))  # all that is imported on the way is imported now
    length = min(duration(root / "whole" / str(number)) for number in range(3))
    for number in range(kills):
        folder = root / str(number)
        child = children.fork(partial(write, folder, number % 5 == 3))
        if number % 3:
            time.sleep(draw.uniform(0, length))
        else:  # at a call that was drawn, and a little later
            word = draw.choice(["init", "log", "text", "text", "sync", "finish"])
            count = draw.randrange(1, STEPS) if word == "log" else 1
            while child.words().count(word) < count and "end" not in child.words() and child.listen():
                pass
            if word == "text":
                wait_for_growth(folder / "run" / "events")
            else:
                time.sleep(draw.expovariate(2000))
        child.kill()
        told = child.words()
        steps = [int(word) for word in told if word.isdigit()]
        moments[next((word for word in reversed(told) if not word.isdigit()), "before")] += 1
        acknowledged += len(steps)
        there, found = read(folder, steps)
        files = (folder / "run" / "events").glob("*.jsonl")
        torn += any(not path.read_bytes().endswith(b"\n") for path in files if path.stat().st_size)
        if not found and there and number % 5 == 0:  # what was killed goes on
            child = children.fork(partial(resume, folder))
            if child.wait():
                found.append("no resume")
            there, found = read(folder, [*there, int(child.words()[0])])
            if not found and not medialog.open_run(folder / "run").finished:
                found.append("not finished after a resume")
        wrong += [f"kill {number}: {each}" for each in found]
        if not found:
            shutil.rmtree(folder, ignore_errors=True)
    print(
        json.dumps(
            {"kills": kills, "acknowledged": acknowledged, "torn": torn, "moments": dict(moments), "wrong": wrong}
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
