"""A copy of a live run, taken file by file while it is written: each step with all its keys and files, or not there."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import medialog
from medialog.validators import is_note


def write(run: medialog.Run, step: int) -> None:
    run.log({"step": step, "part": -step}, commit=False)
    run.log({"image": medialog.Image(np.full((2, 2), step, np.uint8)), "both": [step, step]})
    if step % 4 == 3:
        run.sync()


def copy(source: Path, target: Path, chance: random.Random) -> Iterator[None]:
    """Copy as `cp -r` does, folder by folder in an order of its own; something may happen before each file."""
    target.mkdir()
    found = list(source.iterdir())
    chance.shuffle(found)
    for entry in found:
        yield
        if entry.is_dir():
            yield from copy(entry, target / entry.name, chance)
        elif entry.exists():  # it may be a temporary file that has its name by now
            shutil.copy(entry, target / entry.name)


@pytest.mark.parametrize("seed", range(40))
def test_a_copy_of_a_live_run(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    run = medialog.init(dir=tmp_path, id="live", strict="record")
    source, target = Path(str(run.dir)), tmp_path / "copy"
    step = 0
    for _ in range(chance.randrange(6)):
        write(run, step)
        step += 1
    at_first = step
    for _ in copy(source, target, chance):
        for _ in range(chance.choice((0, 0, 1, 3))):
            write(run, step)
            step += 1
    if chance.random() < 0.5:  # as if it had been read in the middle of a write
        segment = next(target.glob("events/*"))
        segment.write_bytes(segment.read_bytes()[: -chance.randrange(1, 60)])

    reader = medialog.open_run(target)
    rows = reader.history()
    for row in rows:
        at = row["_step"]
        assert (at, -at, [at, at]) == (row["step"], row["part"], row["both"])
        assert at == reader.media("image", step=at).to_numpy()[0, 0]
    lost = [problem for problem in reader.problems if "left out" in problem.message]
    assert len(rows) + len(lost) <= step
    assert set(reader.steps) | set(range(at_first, step)) >= set(range(max(at_first - 1, 0)))
    assert not reader.finished
    assert {"run.media_missing", "run.torn"} >= {
        each.rule for each in medialog.validate_run(target) if not is_note(each)
    }
    run.finish()

    shutil.rmtree(target)
    shutil.copytree(source, target)
    again = medialog.open_run(target)
    assert list(range(step)) == reader.steps == again.steps
    assert again.finished
    assert [] == reader.problems == again.problems
