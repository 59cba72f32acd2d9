"""What a run does at its own bounds and refusals: the numbers are hit, and every sentence is seen."""

from __future__ import annotations

import errno
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.runtime import journal, number_row, row_writer, session
from medialog.runtime.call import Call
from medialog.validators.errors import DurabilityLost, InvalidInput, RunError, StorageError, StorageFull
from medialog.wire.storage import LocalStorage

Start = Callable[..., medialog.Run]


class Disk(LocalStorage):
    """A disk that refuses to write, or to sync one path, while it is told to."""

    full = False
    fails_to_sync = ""

    def write(self, handle: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(handle, data)

    def fsync_path(self, path: str) -> None:
        if self.fails_to_sync and path.startswith(self.fails_to_sync):
            raise OSError(errno.EIO, "Input/output error")
        super().fsync_path(path)


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> type[Disk]:
    monkeypatch.setattr(session, "LocalStorage", Disk)
    monkeypatch.setattr(Disk, "full", False)
    monkeypatch.setattr(Disk, "fails_to_sync", "")
    return Disk


def segments(run: medialog.Run) -> list[Path]:
    return sorted((Path(str(run.dir)) / "events").iterdir(), key=lambda path: int(path.stem.rpartition("-")[2]))


def test_as_many_rows_wait_as_the_documents_say_and_no_more(start: Start, disk: type[Disk]) -> None:
    run = start()
    run.log({"a": -1})
    disk.full = True
    for i in range(row_writer.MOST_WAITING):
        with pytest.raises(StorageFull) as kept:
            run.log({"a": i})
        assert kept.value.kept
        assert row_writer.KEPT in kept.value.__notes__
    with pytest.raises(StorageFull) as refused:
        run.log({"a": 1000})
    assert not refused.value.kept
    assert ["The row is not kept: 100 rows wait already."] == refused.value.__notes__
    assert run.step == 1 + row_writer.MOST_WAITING
    disk.full = False
    run.finish()

    assert [row["a"] for row in run.reader().history()] == [-1, *range(row_writer.MOST_WAITING)]


def test_lines_that_could_be_lost_are_synced_once_they_are_more_than_is_kept(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal.MOST_UNSYNCED == 8 * 2**20
    run = start()
    monkeypatch.setattr(journal, "MOST_UNSYNCED", run.stats.unsynced_bytes)
    run.log({"a": 1})
    assert run.stats.syncs == 0
    run.log({"a": 2})
    assert run.stats.syncs == 1


def test_a_run_that_cannot_be_finished_makes_room_for_the_next(
    start: Start, disk: type[Disk], caplog: pytest.LogCaptureFixture
) -> None:
    first = start(id="first")
    first.log({"a": 1})
    disk.fails_to_sync = "events"
    with caplog.at_level("ERROR", "medialog"), pytest.raises(StorageError):
        first.finish()
    was_open = not first.is_finished

    second = start(id="second")
    disk.fails_to_sync = ""
    assert "run first could not be finished" in caplog.text
    second.log({"b": 1})
    second.finish()
    assert was_open
    assert first.is_finished
    assert second.reader().finished
    assert [row["a"] for row in first.reader().history()] == [1]


def test_a_run_is_not_sent_to_another_process(start: Start) -> None:
    run = start(id="here")
    with pytest.raises(RunError, match=r"belongs to this process: in the other one call .*id='here', resume=True"):
        pickle.dumps(run)


def test_a_call_that_had_to_wait_and_cannot_be_made_says_whose_error_it_is(start: Start) -> None:
    run = start()
    late = Call({"bad": object()}, None, None)
    late.prepared = {"text": "\ud800"}  # what cannot be written, seen only when its turn comes
    run._waiting.append(late)
    with pytest.raises(ValueError, match="surrogate") as caught:
        run.log({"a": 1})
    assert "This is of an earlier call that had to wait. The present call stored nothing." in caught.value.__notes__
    run.log({"a": 2})
    run.finish()
    assert [row["a"] for row in run.reader().history()] == [2]


def test_in_the_background_the_call_that_raises_is_the_callers_to_repeat(start: Start, disk: type[Disk]) -> None:
    run = start(background=True)
    run.log({"a": 1})
    run.flush()
    disk.full = True
    run.log({"a": 2})
    with pytest.raises(StorageFull):
        run.flush()
    with pytest.raises(StorageFull) as caught:
        run.log({"a": 3})
    assert not caught.value.kept
    assert "This one is not: log it again." in caught.value.__notes__[-1]
    disk.full = False
    run.log({"a": 3})
    run.finish()
    assert [row["a"] for row in run.reader().history()] == [1, 2, 3]


def test_media_whose_bytes_the_disk_lost_are_named(start: Start, disk: type[Disk]) -> None:
    run = start()
    run.log({"image": medialog.Image(np.zeros((2, 2), np.uint8))})
    disk.fails_to_sync = "media/"
    with pytest.raises(DurabilityLost, match="syncing media/"):
        run.sync()
    disk.fails_to_sync = ""
    (file,) = (Path(str(run.dir)) / "media").rglob("*.png")
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(DurabilityLost, match=r"media/.*\.png: the disk lost its bytes"):
        run.sync()
    run.sync()
    run.log({"image": medialog.Image(np.zeros((2, 2), np.uint8))})
    run.finish()
    assert run.reader().media("image").width == 2


def test_an_events_file_that_another_program_cut_is_left_for_a_new_one(start: Start, disk: type[Disk]) -> None:
    run = start()
    run.log({"a": 1})
    disk.full = True
    with pytest.raises(StorageFull):
        run.log({"a": 2})
    disk.full = False
    (file,) = segments(run)
    file.write_bytes(b"")
    run.log({"a": 3})
    run.finish()

    assert len(segments(run)) == 2
    assert [row["a"] for row in run.reader().history()] == [1, 2, 3]


def test_a_rank_that_has_written_is_not_begun_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    start(id="ranks").finish()
    with pytest.raises(RunError, match="'ranks' has a writer of rank 2: resume=True goes on with it"):
        start(id="ranks")


@pytest.mark.parametrize(("keys", "known"), [(1000, True), (1001, False)])
def test_rows_of_many_keys_go_the_longer_way(start: Start, keys: int, known: bool) -> None:
    run = start(mode="memory", limits={"metric.columns_advice": 10_000})
    row = {f"k{i}": i for i in range(keys)}
    run.log(row)
    assert (run._shapes.find(row) is not None) == known


def test_a_bounded_number_of_sets_of_keys_is_remembered(start: Start) -> None:
    run = start(mode="memory", limits={"metric.columns_advice": 10_000})
    for i in range(number_row._MOST):
        run.log({f"k{i}": i})
    assert run._shapes.find({"k0": 0}) is not None
    run.log({"one more": 1})
    assert run._shapes.find({"k0": 0}) is None
    assert run._shapes.find({"one more": 1}) is not None
    assert json.loads(json.dumps(run.summary.to_dict()))["k0"] == 0


def test_a_bad_reader_argument_is_named(start: Start) -> None:
    run = start()
    run.log({"a": 1})
    bad: Any = "some"
    with pytest.raises(InvalidInput, match=r"read\.ranks"):
        run.reader().history(ranks=bad)
