"""`background=True`: the caller goes on, and nothing else changes but the moment at which a row is there."""

from __future__ import annotations

import errno
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.datatypes.base import DataType
from medialog.runtime import session
from medialog.runtime.background import Background, Worker
from medialog.runtime.journal import Journal
from medialog.runtime.weight import weigh
from medialog.validators.errors import Advice, InvalidInput, StorageFull
from medialog.wire.storage import LocalStorage

Start = Callable[..., medialog.Run]


class Gate:
    """Holds the encoding of images back until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = threading.Event()
        self.encoded: list[int] = []
        build = medialog.Image.build

        def wait(image: medialog.Image, sink: Any) -> Any:
            assert self.opened.wait(20)
            self.encoded.append(image.width)
            return build(image, sink)

        monkeypatch.setattr(medialog.Image, "build", wait)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    yield gate
    gate.opened.set()


def picture(width: int = 2, value: int = 0) -> medialog.Image:
    return medialog.Image(np.full((2, width), value, np.uint8))


def rows(run: medialog.Run) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key[0] != "_"} for row in run.reader().history()]


def test_log_returns_before_the_value_is_encoded(start: Start, gate: Gate) -> None:
    run = start(background=True)
    run.log({"a": 1, "image": picture()})
    run.log({"a": 2})

    assert rows(run) == []
    assert (run.step, run.stats.queued_rows, run.stats.rows) == (2, 2, 0)
    gate.opened.set()
    run.flush()
    assert [row["a"] for row in rows(run)] == [1, 2]
    assert (run.stats.queued_rows, run.stats.queued_bytes, run.stats.rows, run.stats.media_files) == (0, 0, 2, 1)
    assert run.stats.encode_seconds > 0


def test_the_directory_is_that_of_a_run_without_it(start: Start, tmp_path: Path) -> None:
    """Everything that a run can do, in both ways: the same history, summary, config, media and files."""

    def work(run: medialog.Run) -> None:
        table = medialog.Table(columns=["i"], log_mode="INCREMENTAL")
        mutable = medialog.Table(columns=["i"], log_mode="MUTABLE")
        run.define_metric("val/*", summary="min,mean")
        for i in range(12):
            table.add_data(i)
            mutable.add_data(i)
            run.log({"loss": 1 / (i + 1), "val/x": i, "image": [picture(3, i), picture(4, i)], "table": table})
            run.log({"extra": i, "mutable": mutable}, commit=False)
            if i == 5:
                run.summary["best"] = 5
                run.log({"late": True}, step=2)
                run.log({"jump": i}, step=run.step + 10)
        run.config["x"] = 1
        run.history.row["by hand"] = 1
        del run.history.row["by hand"]
        run.log({"histogram": np.arange(100.0)})

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Advice)
        for name, background in (("plain", False), ("back", Background(workers=3))):
            with start(id=name, background=background) as run:
                work(run)
    plain, back = (medialog.open_run(tmp_path / "runs" / name) for name in ("plain", "back"))

    assert plain.problems == back.problems == []
    assert list(plain.rows()) == list(back.rows())
    assert plain.summary == back.summary
    assert dict(plain.config) == dict(back.config)
    assert len(back.media("table")) == len(back.media("mutable")) == 12
    media = [
        sorted(path.name for path in (tmp_path / "runs" / name / "media").rglob("*.*")) for name in ("plain", "back")
    ]
    assert media[0] == media[1]
    assert [] == medialog.validators.validate_run(tmp_path / "runs" / "back")


def test_values_are_those_of_the_moment_of_log(start: Start, gate: Gate) -> None:
    run = start(background=True)
    array, numbers = np.zeros((2, 2), np.uint8), [1, 2]
    table = medialog.Table(columns=["a"], data=[[1]], log_mode="MUTABLE")
    growing = medialog.Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
    run.log({"image": medialog.Image(array), "numbers": numbers, "table": table, "growing": growing})
    array[:] = 255
    numbers.append(3)
    table.add_data(2)
    growing.add_data(2)
    gate.opened.set()
    run.log({"growing": growing})
    run.flush()

    reader = run.reader()
    assert not reader.media("image").to_numpy().any()
    assert reader.history()[0]["numbers"] == [1, 2]
    assert reader.media("table").data == [[1]]
    assert [reader.media("growing", step).data for step in (0, 1)] == [[[1]], [[1], [2]]]


def test_rows_come_in_order_however_long_they_take(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(background=Background(workers=4))
    build = medialog.Image.build

    def slow_at_first(image: medialog.Image, sink: Any) -> Any:
        time.sleep(0.2 / image.width)
        return build(image, sink)

    monkeypatch.setattr(medialog.Image, "build", slow_at_first)
    for i in range(1, 21):
        run.log({"i": i, "image": picture(i)})
    run.finish()

    assert [row["i"] for row in run.reader().history()] == list(range(1, 21))
    seqs = [step for step, _ in run.reader().rows()]
    assert seqs == list(range(20))


def test_bad_input_is_refused_at_the_callers_line(start: Start) -> None:
    run = start(background=True)
    with pytest.raises(InvalidInput, match=r"\['bad'\]|'bad'"):
        run.log({"good": 1, "bad": object()})
    with pytest.raises(InvalidInput, match="step"):
        run.log({"good": 1}, step=-1)
    run.log({"good": 2})
    run.finish()

    assert rows(run) == [{"good": 2}]


class Failing(DataType):
    """A value that passes its checks and cannot be encoded."""

    def __init__(self) -> None:
        self._begin()

    def build(self, sink: Any) -> Any:
        raise ValueError("cannot be encoded")


def test_what_cannot_be_encoded_drops_its_call_whole_and_says_so_at_the_next(start: Start) -> None:
    run = start(background=True)
    table = medialog.Table(columns=["i"], data=[[0]], log_mode="INCREMENTAL")
    run.log({"a": 1, "table": table})
    run.flush()
    table.add_data(1)
    run.log({"a": 2, "value": Failing(), "table": table})
    with pytest.raises(ValueError, match="cannot be encoded"):
        run.flush()
    table.add_data(2)
    run.log({"a": 3, "table": table})
    run.log({"a": 4, "value": Failing()})
    with pytest.raises(ValueError, match="cannot be encoded"):
        run.finish()

    assert run.is_finished
    assert [row["a"] for row in rows(run)] == [1, 3]
    assert run.reader().media("table").data == [[0], [1], [2]]
    assert run.reader().finished
    assert list((Path(str(run.dir)) / "tmp").iterdir()) == []


class FullDisk(LocalStorage):
    """A disk that is full while `full` is set."""

    full = False

    def write(self, handle: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(handle, data)


@pytest.mark.parametrize("media", [False, True])
def test_a_full_disk_is_named_at_the_next_call_and_loses_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch, media: bool
) -> None:
    monkeypatch.setattr(session, "LocalStorage", FullDisk)
    run = start(background=True)
    extra = {"image": picture()} if media else {}
    run.log({"a": 1})
    run.flush()
    monkeypatch.setattr(FullDisk, "full", True)
    run.log({"a": 2, **extra})
    with pytest.raises(StorageFull):
        run.flush()
    with pytest.raises(StorageFull):
        run.flush()
    assert run.step == 2
    monkeypatch.setattr(FullDisk, "full", False)
    run.log({"a": 3})
    run.finish()

    assert [row["a"] for row in rows(run)] == [1, 2, 3]
    assert run.reader().problems == []


def test_the_queue_is_bounded_in_bytes(start: Start, gate: Gate) -> None:
    """`log` waits while the queue is full; a value larger than the queue waits alone."""
    image = medialog.Image(np.zeros((100, 100, 3), np.uint8))
    size = weigh({"image": image})
    assert 30_000 <= size < 31_000
    run = start(background=Background(queue_bytes=2 * size))
    done = threading.Event()

    def log() -> None:
        for i in range(4):
            run.log({"i": i, "image": image})
        done.set()

    thread = threading.Thread(target=log)
    thread.start()
    while run.stats.queued_rows < 2:
        time.sleep(0.005)
    assert not done.wait(0.1)
    assert run.stats.queued_rows == 2
    assert run.stats.queued_bytes == 2 * size
    gate.opened.set()
    thread.join()
    run.log({"i": 4, "image": medialog.Image(np.zeros((300, 300, 3), np.uint8))})
    run.finish()

    assert [row["i"] for row in run.reader().history()] == [0, 1, 2, 3, 4]


def test_a_full_queue_can_drop_and_counts(start: Start, gate: Gate) -> None:
    run = start(background=Background(queue_bytes=50_000, when_full="drop"))
    image = medialog.Image(np.zeros((100, 100, 3), np.uint8))
    run.log({"i": 0, "image": image})
    with pytest.warns(Advice, match=r"dropped.*\[log.dropped\]"):
        run.log({"i": 1, "image": image})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        for i in range(2, 5):
            run.log({"i": i, "image": image})
    assert run.stats.dropped_rows == 4
    gate.opened.set()
    run.finish()

    assert [row["i"] for row in run.reader().history()] == [0]
    last = next(Path(str(run.dir)).glob("events/*")).read_text().splitlines()[-1]
    assert '"dropped":4' in last


def test_threads_begin_with_the_first_call_and_end_with_the_run(start: Start) -> None:
    def ours() -> list[str]:
        return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("medialog"))

    run = start(background=Background(workers=2))
    assert ours() == []
    run.log({"a": 1})
    assert ours() == ["medialog-encode-0", "medialog-encode-1", "medialog-write"]
    run.finish()
    assert ours() == []


def test_advice_comes_at_a_line_of_the_caller(start: Start) -> None:
    run = start(background=True)
    run.log({"a": 1})
    run.log({"a": "text"})
    with pytest.warns(Advice, match=r"metric\.type") as caught:
        run.flush()
    assert caught[0].filename == __file__


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_has_a_queue_of_its_own(start: Start, gate: Gate) -> None:
    run = start(background=True)
    run.log({"parent": 1, "image": picture()})
    child = os.fork()
    if child == 0:
        status = 1
        try:
            gate.opened.set()
            run.log({"child": 1, "image": picture(5)})
            run.finish()
            status = 0
        finally:
            os._exit(status)
    gate.opened.set()
    assert os.waitpid(child, 0)[1] == 0
    run.log({"parent": 2})
    run.finish()

    logged = [value for row in run.reader().history() for key, value in row.items() if key in ("parent", "child")]
    assert sorted(logged) == [1, 1, 2]


@pytest.mark.parametrize(
    "background", [1, "yes", {"workers": 2}, None], ids=["a number", "text", "a mapping", "nothing"]
)
def test_bad_arguments(start: Start, background: Any) -> None:
    with pytest.raises(InvalidInput, match="background"):
        start(background=background)


@pytest.mark.parametrize(
    "options",
    [{"workers": 0}, {"queue_bytes": "much"}, {"when_full": "raise"}],
    ids=lambda options: next(iter(options)),
)
def test_bad_options(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(options))):
        Background(**options)


def lines_of(run: medialog.Run) -> list[bytes]:
    return [line for file in sorted(Path(str(run.dir), "events").iterdir()) for line in file.read_bytes().splitlines()]


def test_numbers_are_written_at_once_when_nothing_waits(start: Start) -> None:
    run = start(background=True)
    run.log({"a": 1})
    run.flush()
    for number in range(2, 6):
        run.log({"a": number})
        assert f'"d":{{"a":{number}}}'.encode() in lines_of(run)[-1]
    assert run.stats.queued_rows == 0


def test_what_may_wait_by_default() -> None:
    assert Background().queue_bytes == 32 * 2**20


def test_numbers_wait_for_the_media_before_them(start: Start, gate: Gate) -> None:
    run = start(background=True)
    run.log({"a": 1})
    run.flush()
    run.log({"image": picture()})
    run.log({"a": 2})
    assert run.stats.queued_rows == 2
    gate.opened.set()
    run.finish()

    assert [sorted(row) for row in rows(run)] == [["a"], ["image"], ["a"]]


def test_a_log_within_a_log_does_not_wait_for_the_rows_behind_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal handler's rows go through the queue, which cannot be emptied before the row that it came into."""
    run = start(background=True)
    run.log({"a": 0})
    run.flush()
    append_row, inner = Journal.append_row, [1, 2, 3]

    def interrupted(journal: Journal, *arguments: Any) -> bool:
        while inner:
            run.log({"a": inner.pop(0)})
        return append_row(journal, *arguments)

    monkeypatch.setattr(Journal, "append_row", interrupted)
    run.log({"a": 4})
    run.finish()

    assert [row["a"] for row in rows(run)] == [0, 4, 1, 2, 3]


def test_a_call_whose_threads_were_not_woken_is_not_waited_for_in_vain(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes after a call is in the queue and before the threads know it."""
    run = start(background=True)
    run.log({"a": 1, "image": picture()})
    run.flush()
    wake = Worker._wake

    def interrupted(worker: Worker) -> None:
        monkeypatch.setattr(Worker, "_wake", wake)
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "_wake", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.log({"a": 2, "image": picture()})
    assert run.step == 2
    flushing = threading.Thread(target=run.flush, daemon=True)
    flushing.start()
    flushing.join(20)

    assert not flushing.is_alive()
    assert [row["a"] for row in rows(run)] == [1, 2]
