"""Every fault at every call that reaches the storage, in a run's life with everything in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import medialog
from durability.faulty_storage import (
    CHANGING,
    OF_ANY_CALL,
    OF_WRITE,
    TAKING_ROOM,
    FaultyStorage,
    Stop,
    StorageCall,
    at,
    during,
)
from durability.oracle import is_sound, tell
from durability.runs import WIDER, Process, picture
from durability.scenario import AFTER, BEFORE, Expected, Other, Row, statistics
from medialog.datatypes.files import StorageSink
from medialog.runtime import convert as conversion
from medialog.runtime.reader import RunReader
from medialog.validators.errors import DurabilityLost, RunError, StorageError, StorageFull, StorageReadOnly
from medialog.wire.storage import LocalStorage, MemoryStorage

NewProcess = Callable[..., Process]
NAMED = (StorageFull, StorageReadOnly, StorageError, DurabilityLost)
MOST_TRIES = 60
pytestmark = pytest.mark.filterwarnings("ignore::medialog.validators.errors.Advice")  # late rows, logged on purpose


class Life:
    """Lives the scenario over a faulty storage, doing what the documentation tells a caller to do after an error."""

    def __init__(self, process: Process, storage: FaultyStorage) -> None:
        self.process, self.storage = process, storage
        self.expected = Expected()
        self.acknowledged: dict[int, dict[str, Any]] = {}  # rows whose `log` returned
        self.errors: list[StorageError] = []
        self.died = False
        self.sync_returned = False

    def live(self) -> None:
        run = self.begin(resume=False)
        run = self.perform(run, BEFORE)
        run = self.finish(run)
        run = self.begin(resume=True)
        self.perform_after(run)

    def perform_after(self, run: medialog.Run) -> None:
        run = self.perform(run, AFTER)
        self.finish(run)

    def begin(self, *, resume: bool) -> medialog.Run:
        run = self._try(lambda: self.process.begin(resume=resume))
        for _ in range(5):  # the directory is there already, or may be
            if run is None or run is _DEAD:
                run = self._try(lambda: self.process.begin(resume=True))
        assert isinstance(run, medialog.Run)
        self.expected.step = run.step
        return run

    def perform(self, run: medialog.Run, calls: list[Row | Other]) -> medialog.Run:
        for call in calls:
            if isinstance(call, Row):
                run = self._log(run, call)
            elif self._try(partial(call, run)) is _DEAD:
                run = self._after_death()
        return run

    def finish(self, run: medialog.Run) -> medialog.Run:
        if self._try(run.finish) is _DEAD:
            committed = self.expected.open is None or self.expected.step in tell(self.files).rows
            if committed:
                self.expected.close()
            run = self._after_death()
            assert self._try(run.finish) is None
        self.expected.close()
        self.acknowledged = self.expected.history
        return run

    def _log(self, run: medialog.Run, call: Row) -> medialog.Run:
        try:
            call(run)
        except NAMED as error:
            self._note(error)
            if not error.kept:
                return self._log(run, call)
        except Stop:
            before = len(self.expected.written)
            follows = Expected({s: list(v) for s, v in self.expected.rows.items()}, list(self.expected.written))
            follows.open, follows.step = self.expected.open, self.expected.step
            follows.take(call)
            found = tell(self.files).rows
            for step, _ in follows.written[before:]:  # each row of the call is there as a whole, or is not
                if found.get(step) == follows.rows[step][-1]:
                    self.expected.rows[step] = follows.rows[step]
                    self.expected.written.append(next(w for w in follows.written[before:] if w[0] == step))
            return self._after_death(follows)
        else:
            self.expected.take(call)
            self.acknowledged = self.expected.history
            self.check()
            return run
        self.expected.take(call)  # kept: it will be there, later
        return run

    def _after_death(self, follows: Expected | None = None) -> medialog.Run:
        """Go on in another process; `follows` is what the interrupted call would have made of the run."""
        self.died = True
        self.acknowledged = self.expected.history
        self.check()
        before = self.expected.open, self.expected.step
        run = self.begin(resume=True)
        opened = run.open_tree() if run._row.is_open else None
        if opened is None:  # what was collected is a row by now, or nothing was
            assert before[0] is None or before[1] in tell(self.files).rows, (
                f"what step {before[1]} had collected is gone"
            )
        else:
            possible = [before] if follows is None else [before, (follows.open, follows.step)]
            assert (opened, run.step) in possible
        self.expected.open = opened
        return run

    def _try(self, do: Callable[[], Any]) -> Any:
        for _ in range(MOST_TRIES):
            try:
                return do()
            except NAMED as error:
                self._note(error)
            except RunError:
                return None
            except Stop:
                return _DEAD
        raise AssertionError(f"still refused after {MOST_TRIES} tries: {self.errors[-1]!r}")

    def _note(self, error: StorageError) -> None:
        assert type(error) in NAMED, f"{type(error).__name__} is not one of the named errors"
        assert len(self.errors) < MOST_TRIES, f"refused for ever: {error!r}"
        self.errors.append(error)

    @property
    def files(self) -> dict[str, bytes]:
        return contents(self.storage.inner)

    def check(self) -> None:
        """Rows whose `log` returned are there, every row that is there is one that was asked for, none is damaged."""
        told = tell(self.files)
        for step, tree in self.acknowledged.items():
            assert told.rows.get(step) == tree, f"step {step} was acknowledged"
        for step, tree in told.rows.items():
            assert tree in self.expected.rows.get(step, []), f"step {step} is not one that was asked for"
        assert not [problem for problem in told.problems if "damaged" in problem and "line" not in problem]


_DEAD = object()


def contents(storage: Any) -> dict[str, bytes]:
    if isinstance(storage, MemoryStorage):
        return {path: bytes(content) for path, content in storage.files.items()}
    root = storage.root
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def live(process: NewProcess, storage: FaultyStorage) -> Life:
    life = Life(process(storage), storage)
    life.live()
    storage.fault = lambda call: None
    check_the_end(life)
    return life


def check_the_end(life: Life) -> None:
    told = tell(life.files)
    assert told.rows == life.expected.history
    assert told.finished
    ordered = [(line["step"], line["d"]) for line in told.lines]
    assert ordered == life.expected.written, "a row stands twice, or not where it was logged"
    reader = RunReader(life.storage)
    assert reader.steps == sorted(life.expected.rows)
    assert dict(reader.rows()) == life.expected.history
    check_the_summary(life, reader)
    for path in [path for path in life.files if path.startswith("media/")]:
        assert is_sound(path, life.files[path])


def check_the_summary(life: Life, reader: RunReader) -> None:
    if life.died:  # a call that does not log a row may have died with the process
        return
    assert reader.summary["loss"] == pytest.approx(statistics(life.expected.written, "loss"))
    assert reader.summary["best"] == 0.5
    assert reader.config["rate"] == 0.1
    assert "cover" in reader.summary


def calls_of_a_life(process: NewProcess) -> list[StorageCall]:
    storage = FaultyStorage(MemoryStorage())
    life = live(process, storage)
    assert not life.errors
    assert not life.died
    return storage.calls


def points(process: NewProcess) -> list[tuple[StorageCall, str]]:
    return [
        (call, fault)
        for call in calls_of_a_life(process)
        for fault in (*OF_ANY_CALL, *(OF_WRITE if call.method == "write" else ()))
    ]


def violations_of(process: NewProcess, cases: list[tuple[str, Callable[[StorageCall], str | None]]]) -> list[str]:
    """Live a life for each case; return what went wrong."""
    found = []
    for name, fault in cases:
        try:
            live(process, FaultyStorage(MemoryStorage(), fault))
        except Exception as error:  # noqa: BLE001 - every finding is to be listed
            found.append(f"{name}: {type(error).__name__}: {error}")
    return found


def test_every_fault_at_every_call(process: NewProcess) -> None:
    cases = [(f"{fault} at {call}", at(call.number, fault)) for call, fault in points(process)]
    assert len(cases) > 2000

    chosen = cases if WIDER > 1 else cases[::2]

    assert violations_of(process, chosen) == []


@pytest.mark.parametrize("fault", ["ENOSPC", "EDQUOT", "EROFS"])
def test_a_disk_that_stays_full(process: NewProcess, fault: str) -> None:
    calls = [call for call in calls_of_a_life(process) if call.method in TAKING_ROOM]
    chosen = calls if WIDER > 1 else calls[::2]
    cases = [
        (f"{fault} for {count} calls from {call}", during(call.number, count, fault, TAKING_ROOM))
        for call in chosen
        for count in (2, 7)
    ]

    assert violations_of(process, cases) == []


def test_a_disk_with_nothing_but_errors_for_a_while(process: NewProcess) -> None:
    calls = [call for call in calls_of_a_life(process) if call.method in CHANGING]
    cases = [(f"EIO for 5 calls from {call}", during(call.number, 5, "EIO", CHANGING)) for call in calls]

    assert violations_of(process, cases[:: 1 if WIDER > 1 else 2]) == []


def test_in_a_directory(process: NewProcess, tmp_path: Path) -> None:
    stride = 7 if WIDER > 1 else 61
    for number, (call, fault) in enumerate(points(process)[::stride]):
        live(process, FaultyStorage(LocalStorage(tmp_path / str(number)), at(call.number, fault)))


def test_convert(monkeypatch: pytest.MonkeyPatch) -> None:
    value, storage = [picture(1), picture(2)], FaultyStorage(MemoryStorage())

    def convert() -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(conversion, "DirectorySink", lambda path: StorageSink(storage))
            return medialog.convert(value, "out", name="pictures")

    descriptor, calls, whole = convert(), storage.calls, contents(storage.inner)
    for call in calls:
        for fault in (*OF_ANY_CALL, *(OF_WRITE if call.method == "write" else ())):
            storage = FaultyStorage(MemoryStorage(), at(call.number, fault))
            try:
                convert()
            except (*NAMED, Stop):
                left = {path: data for path, data in contents(storage.inner).items() if not path.startswith("tmp/")}
                assert left.items() <= whole.items(), f"{fault} at {call} leaves a part"
            storage.fault = lambda call: None
            assert convert() == descriptor
            assert whole.items() <= contents(storage.inner).items()
