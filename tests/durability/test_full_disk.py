"""Disk full, quota, read-only, too many files: a named error at once, and the run goes on when there is room."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from durability import disks, scripts
from medialog.validators import is_note
from medialog.validators.errors import DurabilityLost, StorageError, StorageFull, StorageReadOnly

LONGEST = 1.0  # seconds until the disk's refusal is said


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with disks.in_memory(tmp_path / "disk", "512k") as found:
        yield found


def numbers(step: int) -> dict[str, Any]:
    return {"step": step, "text": "x" * 900}


def pictures(step: int) -> dict[str, Any]:
    pixels = np.random.default_rng(step).integers(0, 256, (60, 60, 3), np.uint8)
    return {"step": step, "picture": medialog.Image(pixels), "half": medialog.Image(pixels[:30])}


CONTENTS = pytest.mark.parametrize("content", [numbers, pictures])


def begin(folder: Path, **options: Any) -> medialog.Run:
    """Begin a run that has logged once: everything that is imported on the way is."""
    run = medialog.init(dir=folder, id="run", quiet=True, **options)
    run.log(pictures(0))
    return run


def fill(run: medialog.Run, content: Any) -> tuple[int, StorageError]:
    """Log until the disk refuses; return how many rows there are, and the error."""
    for step in range(1, 10_000):
        values = content(step)
        started = time.monotonic()
        try:
            run.log(values)
        except StorageError as error:
            assert time.monotonic() - started < LONGEST
            return step, error
    raise AssertionError("the disk was never full")


def steps(run: medialog.Run) -> list[int]:
    """Return the numbers of the rows that are in the files; each has its files. A part of a line may be more."""
    reader = run.reader()
    assert [str(each) for each in reader.problems if "unfinished line" not in str(each)] == []
    rows = [tree for _, tree in reader.rows()]
    for tree in rows:
        for key in ("picture", "half"):
            if key in tree:
                expected = pictures(tree["step"])[key].to_numpy()
                assert np.array_equal(reader.decode(tree[key]).to_numpy(), expected)
    return [tree["step"] for tree in rows]


def assert_finished(run: medialog.Run, rows: int) -> None:
    assert steps(run) == list(range(rows))
    assert run.reader().problems == []
    assert run.reader().finished
    assert [str(each) for each in medialog.validate_run(str(run.dir)) if not is_note(each)] == []
    assert os.listdir(f"{run.dir}/tmp") == []


@CONTENTS
def test_what_returned_is_there_and_it_goes_on(content: Any, disk: Path) -> None:
    filler = disk / "of somebody else"
    filler.write_bytes(bytes(150_000))
    run = begin(disk)

    rows, error = fill(run, content)

    assert type(error) is StorageFull
    assert error.errno == errno.ENOSPC
    assert error.kept
    assert steps(run) == list(range(rows))  # acknowledged == read
    with pytest.raises(StorageFull):
        run.log(content(rows + 1))
    assert steps(run) == list(range(rows))
    filler.unlink()
    run.log(content(rows + 2))
    assert steps(run) == list(range(rows + 3))  # what was refused was kept
    run.finish()
    assert_finished(run, rows + 3)


@CONTENTS
def test_a_full_disk_can_be_finished(content: Any, disk: Path) -> None:
    """The reserve has room for the row that was refused, the summary and the end."""
    run = begin(disk)
    rows, _ = fill(run, content)
    started = time.monotonic()

    run.finish()

    assert time.monotonic() - started < LONGEST
    assert_finished(run, rows + 1)


def test_a_disk_that_others_filled_can_be_finished(disk: Path) -> None:
    """Not one byte is left."""
    run = begin(disk)
    free = os.statvfs(disk)
    (disk / "of somebody else").write_bytes(bytes(free.f_bavail * free.f_bsize))

    rows, _ = fill(run, numbers)  # the page that the events end in has room for a few lines

    run.finish()

    assert_finished(run, rows + 1)


def test_sync_on_a_full_disk(disk: Path) -> None:
    """`sync` says that it could not, or it could."""
    run = begin(disk)
    rows, _ = fill(run, numbers)

    with pytest.raises(StorageFull):
        run.sync()
    assert steps(run) == list(range(rows))
    run.finish()
    assert_finished(run, rows + 1)


def test_no_room_to_begin(disk: Path) -> None:
    (disk / "of somebody else").write_bytes(bytes(480_000))
    started = time.monotonic()

    with pytest.raises(StorageFull):
        medialog.init(dir=disk, id="run", quiet=True)

    assert time.monotonic() - started < LONGEST


def test_the_process_fails(disk: Path) -> None:
    """A training that does not catch the error ends with it, and its run has an end."""
    code = f"""
import medialog
run = medialog.init(dir={str(disk)!r}, id="run", quiet=True)
for step in range(10_000):
    run.log({{"step": step, "text": "x" * 900}})
"""
    process = subprocess.run(
        [sys.executable, "-c", code], env=scripts.environment(), capture_output=True, timeout=60, text=True, check=False
    )

    assert process.returncode == 1
    assert "StorageFull" in process.stderr
    run = medialog.open_run(disk / "run")
    assert run.finished
    assert [tree["step"] for _, tree in run.rows()] == list(range(len(run.steps)))


def test_a_disk_that_cannot_be_written(disk: Path) -> None:
    run = begin(disk)
    run.finish()
    disks.remount(disk, "ro")

    for options in ({"id": "other"}, {"id": "run", "resume": True}):
        with pytest.raises(StorageReadOnly):
            medialog.init(dir=disk, quiet=True, **options)
    assert medialog.open_run(disk / "run").problems == []

    disks.remount(disk, "rw")
    with medialog.init(dir=disk, id="run", resume=True, quiet=True) as run:
        run.log(pictures(1))
    assert_finished(run, 2)


@CONTENTS
def test_a_disk_that_becomes_read_only(content: Any, tmp_path: Path) -> None:
    """As ext4 does after an error."""
    disks.make_ext4(tmp_path / "image", 4 * 2**20)
    with disks.ext4(tmp_path / "image", tmp_path / "disk") as disk:
        run = begin(disk)
        run.log(content(1))
        run.sync()
        disks.remount(disk, "abort")

        step, error = fill(run, lambda step: content(step + 1))

        assert type(error) in (StorageReadOnly, StorageError)
        assert error.errno in (errno.EROFS, errno.EIO)
        assert step == 1
        with pytest.raises(StorageError):
            run.sync()
        with pytest.raises(StorageError):
            run.finish()
        assert steps(run) == [0, 1]
        run.abandon()


def test_a_directory_that_is_removed(tmp_path: Path) -> None:
    """It is not made anew. Lines go to a file without a name until something needs the directory."""
    run = begin(tmp_path)
    shutil.rmtree(tmp_path / "run")

    with pytest.raises(StorageError) as error:
        run.log(pictures(1))
    assert error.value.errno == errno.ENOENT
    with pytest.raises(StorageError):
        run.sync()
    with pytest.raises(StorageError):
        run.finish()
    assert list(tmp_path.iterdir()) == []
    run.abandon()


def test_a_sync_in_a_removed_directory(tmp_path: Path) -> None:
    run = begin(tmp_path)
    shutil.rmtree(tmp_path / "run")

    run.log(numbers(1))
    with pytest.raises(DurabilityLost):
        run.sync()
    run.abandon()


@contextmanager
def limited(kind: int, amount: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (amount, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    run = begin(tmp_path)

    with limited(resource.RLIMIT_FSIZE, 100_000):
        rows, error = fill(run, numbers)
        with pytest.raises(StorageFull):  # the end is a line of the same file
            run.finish()

    assert type(error) is StorageFull
    assert error.errno == errno.EFBIG
    assert rows > 50
    run.finish()
    assert_finished(run, rows + 1)


def test_a_limit_on_open_files(tmp_path: Path) -> None:
    """Numbers need no further file; a picture waits for one."""
    run = begin(tmp_path)
    free = os.open(tmp_path, os.O_RDONLY)
    os.close(free)

    with limited(resource.RLIMIT_NOFILE, free):
        run.log(numbers(1))
        with pytest.raises(StorageError) as error:
            run.log(pictures(2))

    assert error.value.errno == errno.EMFILE
    assert error.value.kept
    run.log(numbers(3))
    run.finish()
    assert_finished(run, 4)
