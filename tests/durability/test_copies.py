"""A copy of a run directory that is being written opens, and shows whole rows only."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import medialog
from durability import live_copy, scripts, workload

COPIES = workload.times(8, 60)
SLOW_COPIES = workload.times(4, 20)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    """A run that another process is writing all the time."""
    with scripts.start("live_copy", tmp_path, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield tmp_path / "run"
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    run = medialog.open_run(tmp_path / "run")
    assert run.problems == []
    assert len(run.steps) == int(output)


def assert_whole_rows(copy: Path) -> int:
    """Return how many rows the copy has; each has all its keys and files."""
    run = medialog.open_run(copy)
    rows = list(run.rows())
    for step, tree in rows:
        assert tree.pop("number") == step
        number = live_copy.SHORT[step % len(live_copy.SHORT)]
        assert workload.fault(run, number, tree) is None
    steps = [step for step, _ in rows]
    missing = set(range(max(steps, default=-1) + 1)) - set(steps)
    assert len(run.problems) >= len(missing)  # a row is left out only where it is said
    return len(rows)


def test_cp(live: Path, tmp_path: Path) -> None:
    """`cp -r` complains about files that are renamed meanwhile, and copies everything else."""
    draw, rows = random.Random(workload.SEED), []
    for number in range(COPIES):
        time.sleep(draw.uniform(0, 0.15))
        copy = tmp_path / f"copy{number}"
        subprocess.run(["cp", "-r", live, copy], check=False, capture_output=True)
        rows.append(assert_whole_rows(copy))
        shutil.rmtree(copy)

    assert rows == sorted(rows)  # each has what the one before had
    assert rows[-1] > 10


@pytest.mark.parametrize("order", ["names", "media first", "events first", "random"])
def test_file_by_file(live: Path, tmp_path: Path, order: str) -> None:
    """Slow copies, in which each file is from another moment."""
    draw = random.Random(workload.SEED)
    keys: dict[str, Callable[[Path], Any]] = {
        "names": str,
        "media first": lambda path: (path.parts[0] != "media", str(path)),
        "events first": lambda path: (path.parts[0] != "events", str(path)),
        "random": lambda path: draw.random(),
    }
    for number in range(SLOW_COPIES):
        copy = tmp_path / f"copy{number}"
        time.sleep(0.1)
        paths = [path.relative_to(live) for path in live.rglob("*") if path.is_file()]
        paths.sort(key=keys[order])
        for path in paths:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(live / path, copy / path)
            except FileNotFoundError:
                assert path.parts[0] == "tmp"  # the only place where a file goes again
            time.sleep(draw.expovariate(2000))

        rows = assert_whole_rows(copy)
        if order == "events first":
            assert rows > 5


def test_pieces(live: Path, tmp_path: Path) -> None:
    """The file of events in pieces with time between them: the end of the copy is later than its beginning."""
    time.sleep(0.3)
    shutil.copytree(live / "media", tmp_path / "copy" / "media")
    (tmp_path / "copy" / "events").mkdir()
    shutil.copy(live / "run.json", tmp_path / "copy")
    (events,) = (live / "events").iterdir()
    with events.open("rb") as source, (tmp_path / "copy" / "events" / events.name).open("wb") as target:
        for _ in range(30):
            target.write(source.read(777))
            time.sleep(0.002)

    assert assert_whole_rows(tmp_path / "copy") > 0
