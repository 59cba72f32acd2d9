"""Power loss: what `sync` or `finish` has returned from is on the disk.

The disk is an ext4 in a file. Its power is cut by copying that file, while it is mounted and the writer stands still:
what the kernel holds in memory is not in the copy. (Every state that a power cut may legally leave, on any file
system, is in test_crash_states.py; this holds the kernel to it.)
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import medialog
from durability import disks, power_cut, scripts, workload
from medialog.validators import is_note

SIZE = 16 * 2**20
KEPT = 5  # older runs are removed meanwhile
CUTS = workload.times(4, 30)
OPTIONS = [
    ("", ""),
    ("", "data=writeback,noauto_da_alloc,commit=1"),
    *workload.times([], [("", "data=journal"), ("", "noauto_da_alloc,commit=1,nodelalloc"), ("-O fast_commit", "")]),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory in memory where there is one: the disk in it is as fast as can be, and forgets as much as any."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=parent, prefix="medialog-") as folder:
        yield Path(folder)


class Writer:
    """A process that writes runs, and what it said of them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def stop(self) -> list[str]:
        """Let it stand still; return everything that it said before."""
        said = len(self.lines)  # what is said later may be on the disk too
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        return self.lines[:said]

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.process.kill()
        self._reader.join()
        self.process.communicate()


def assert_promised(folder: Path, said: list[str]) -> int:
    """Hold a disk after a power cut to what was said before it; return how many synced rows it has."""
    steps: dict[str, int] = {}
    for line in said:
        run, count, *_ = line.split()
        steps[run] = int(count)
    newest = max(map(int, steps), default=0)
    found = 0
    for run, synced in steps.items():
        if int(run) <= newest - KEPT:
            continue
        reader = medialog.open_run(folder / f"run{run}")
        rows = dict(reader.rows())
        rows.pop(power_cut.LONG, None)
        assert [fault for step, tree in rows.items() if (fault := workload.fault(reader, step, tree))] == []
        assert set(range(synced)) - {power_cut.LONG} <= rows.keys(), (run, synced, reader.problems)
        found += synced
        if f"{run} {synced} finished\n" in said:
            assert reader.finished
            assert reader.problems == []
            assert [
                str(each) for each in medialog.validate_run(folder / f"run{run}", deep=True) if not is_note(each)
            ] == []
    return found


@pytest.mark.parametrize(
    ("make", "mount"), OPTIONS, ids=[" ".join(filter(None, each)) or "default" for each in OPTIONS]
)
def test_synced_rows_survive(make: str, mount: str, place: Path) -> None:
    draw, found = random.Random(workload.SEED), []
    image, copy = place / "image", place / "copy"
    disks.make_ext4(image, SIZE, make.split())
    with disks.ext4(image, place / "disk", mount) as disk:
        writer = Writer(scripts.start("power_cut", disk, workload.SEED))
        try:
            time.sleep(1)
            for _ in range(CUTS):
                time.sleep(draw.uniform(0, 0.5))
                said = writer.stop()
                shutil.copyfile(image, copy)
                writer.go_on()
                with disks.ext4(copy, place / "after", mount) as after:
                    found.append(assert_promised(after, said))
            assert writer.process.poll() is None
        finally:
            writer.end()
    print("synced rows at each cut:", found)
    assert sum(found) > 50 * CUTS


def test_a_cut_takes_what_is_not_synced(place: Path) -> None:
    """The test has teeth: without a sync nothing is there."""
    disks.make_ext4(place / "image", SIZE)
    with disks.ext4(place / "image", place / "disk", "commit=100") as disk:
        run = medialog.init(dir=disk, id="run1", quiet=True)
        for step in range(10):
            run.log(workload.row(step))
        shutil.copyfile(place / "image", place / "before")
        run.sync()
        shutil.copyfile(place / "image", place / "after sync")
        run.finish()
    for name, expected in (("before", []), ("after sync", list(range(10)))):
        with disks.ext4(place / name, place / "disk") as disk:
            steps = medialog.open_run(disk / "run1").steps if (disk / "run1" / "run.json").exists() else []
            assert steps == expected
