"""What a disk refuses, one case at a time: the named error, the row that waits, and going on."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import medialog
from durability.disk import RecordingDisk
from durability.faulty_storage import FaultyStorage, StorageCall
from durability.oracle import is_sound, tell
from durability.runs import CountedIdentifiers, Process, TickingClock, picture
from durability.scenario import as_json
from durability.test_faults import contents
from medialog.runtime import session
from medialog.validators.errors import DurabilityLost, StorageError, StorageFull, StorageReadOnly
from medialog.wire.storage import LocalStorage, MemoryStorage

NewProcess = Callable[..., Process]


def when(method: str, beginning: str, fault: str, times: int = 1) -> Callable[[StorageCall], str | None]:
    """Return what makes the next `times` calls of a method on these paths fail."""
    left = times

    def choose(call: StorageCall) -> str | None:
        nonlocal left
        if call.method != method or not call.path.startswith(beginning) or not left:
            return None
        left -= 1
        return fault

    return choose


SYNCED = {
    "a segment": ("fsync", "events/"),
    "events/": ("fsync_path", "events"),
    "a media file": ("fsync_path", "media/"),
    "the run directory": ("fsync_path", ""),
}


@pytest.mark.parametrize("what", SYNCED)
def test_an_fsync_that_fails_once(process: NewProcess, what: str) -> None:
    storage = FaultyStorage(MemoryStorage())
    run = process(storage).begin()
    rows: list[dict[str, Any]] = [{"a": 1, "picture": picture(1)}, {"a": 2}, {"a": 3}]
    run.log(rows[0])
    run.sync()
    run.log({"picture": picture(2)})
    run.log(rows[1])

    storage.fault = when(*SYNCED[what], "EIO")
    with pytest.raises(DurabilityLost):
        run.sync()

    told = tell(contents(storage.inner))
    segments = sorted(path for path in contents(storage.inner) if path.startswith("events/"))
    if "event" in what or "segment" in what:
        further = contents(storage.inner)[segments[-1]].decode()
        assert len(segments) == 2
        assert [f'"seq":{number},' in further for number in (0, 1, 3, 4)] == [True, False, True, True]
    else:
        assert len(segments) == 1
    assert list(told.rows) == [0, 1, 2]
    run.log(rows[2])
    run.sync()
    run.finish()
    told = tell(contents(storage.inner))
    assert [line["d"] for line in told.lines] == [as_json(row) for row in (rows[0], {"picture": picture(2)}, *rows[1:])]
    assert told.finished
    assert not told.problems


@pytest.mark.parametrize("folder", ["media/", "media"])
def test_an_fsync_of_a_media_directory_that_fails_once(process: NewProcess, folder: str) -> None:
    disk = RecordingDisk()
    run = process(disk).begin()
    run.log({"picture": picture(1)})
    failed = False

    def fails(what: str, path: str) -> int | None:
        nonlocal failed
        if (
            what == "fsync folder"
            and path.startswith(folder)
            and (path == "media" or folder == "media/")
            and not failed
        ):
            failed = True
            return errno.EIO
        return None

    disk.fails = fails
    with pytest.raises(DurabilityLost):
        run.sync()

    run.sync()
    run.finish()
    assert tell(contents(disk)).rows == {0: as_json({"picture": picture(1)})}


def test_a_media_file_that_the_disk_lost_is_stored_anew(process: NewProcess) -> None:
    storage = FaultyStorage(MemoryStorage())
    run = process(storage).begin()
    run.log({"picture": picture(1)})
    (path,) = [path for path in contents(storage.inner) if path.startswith("media/")]
    storage.fault = when("fsync_path", "media/", "EIO")
    with pytest.raises(DurabilityLost):
        run.sync()
    memory = storage.inner
    assert isinstance(memory, MemoryStorage)
    memory.files[path][:] = bytes(len(memory.files[path]))  # the kernel dropped the pages
    with pytest.raises(DurabilityLost, match="lost its bytes"):
        run.sync()

    run.log({"picture": picture(1)})
    run.finish()

    assert is_sound(path, memory.files[path])


def test_a_file_whose_closing_failed_is_closed_once(process: NewProcess) -> None:
    storage = FaultyStorage(MemoryStorage())
    run = process(storage).begin()
    storage.fault = when("close", "tmp/", "EIO")
    before = len(storage.calls)

    with pytest.raises(StorageError):
        run.log({"picture": picture(1)})
    run.finish()

    closed = [call.path for call in storage.calls[before:] if call.method == "close"]
    assert len(closed) == len(set(closed))


def test_finish_after_a_close_that_failed(process: NewProcess) -> None:
    storage = FaultyStorage(MemoryStorage())
    run = process(storage).begin()
    run.log({"a": 1})
    storage.fault = when("close", "events/", "EIO")

    run.finish()

    told = tell(contents(storage.inner))
    assert told.finished
    assert told.rows == {0: {"a": 1}}


def test_a_step_whose_media_are_damaged_is_not_given_twice(process: NewProcess) -> None:
    memory = MemoryStorage()
    place = process(memory)
    run = place.begin()
    run.log({"a": 1})
    run.log({"picture": picture(1)})
    place.die()
    (path,) = [path for path in memory.files if path.startswith("media/")]
    damaged = memory.files.pop(path)

    run = place.begin(resume=True)
    run.log({"other": picture(1)})  # the file comes back, and with it the row
    run.finish()

    assert memory.files[path] == damaged
    pictured = as_json(picture(1))
    assert tell(contents(memory)).rows == {0: {"a": 1}, 1: {"picture": pictured}, 2: {"other": pictured}}


REFUSED: dict[str, type[StorageError]] = {
    "ENOSPC": StorageFull,
    "EDQUOT": StorageFull,
    "EROFS": StorageReadOnly,
    "EACCES": StorageReadOnly,
    "EMFILE": StorageError,
    "EIO": StorageError,
}


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("data", [{"a": 1}, {"picture": picture(1)}], ids=["numbers", "media"])
def test_a_refused_row_is_kept(process: NewProcess, fault: str, data: dict[str, Any]) -> None:
    storage = FaultyStorage(MemoryStorage())
    run = process(storage).begin()
    run.log({"a": 0})
    storage.fault = lambda call: fault if call.method in ("write", "create") else None
    for number in range(3):
        with pytest.raises(REFUSED[fault]) as caught:
            run.log({**data, "number": number})
        assert type(caught.value) is REFUSED[fault]
        assert caught.value.kept
        assert run.step == 2 + number
    assert tell(contents(storage.inner)).rows == {0: {"a": 0}}

    storage.fault = lambda call: None
    run.log({"a": 5})
    run.finish()

    kept = [as_json({**data, "number": number}) for number in range(3)]
    assert [line["d"] for line in tell(contents(storage.inner)).lines] == [{"a": 0}, *kept, {"a": 5}]


def begin(folder: Path) -> medialog.Run:
    return medialog.init(dir=folder, id="gone", clock=TickingClock(), identifiers=CountedIdentifiers(), sync_every=1e9)


def test_the_name_of_a_new_run_directory_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, fsync = [], os.fsync

    def spy(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)

    LocalStorage(tmp_path / "runs" / "project" / "gone").make_directory("")

    above = [tmp_path, tmp_path / "runs", tmp_path / "runs" / "project"]
    assert synced == [path.stat().st_ino for path in above]


def test_a_removed_run_directory(tmp_path: Path) -> None:
    run = begin(tmp_path)
    run.log({"a": 1})
    shutil.rmtree(tmp_path / "gone")

    with pytest.raises(StorageError) as caught:
        run.log({"picture": picture(1)})
    with pytest.raises(StorageError):
        run.sync()

    assert caught.value.kept
    assert not (tmp_path / "gone").exists(), "a directory that somebody removed is not made anew"
    run.abandon()


def test_no_run_is_active_after_init_was_refused(process: NewProcess) -> None:
    place = process(FaultyStorage(MemoryStorage(), lambda call: "EROFS" if call.method == "create" else None))

    with pytest.raises(StorageReadOnly):
        place.begin()

    assert session.current_run() is None
