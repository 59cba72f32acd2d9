"""These suites have teeth: each promise of the writer is taken out in turn, and a suite has to see it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from durability.crashes import SCENARIOS, Life, examine, failing, resumed, two_writers, with_media
from durability.disk import RecordingDisk
from durability.faulty_storage import FaultyStorage, at
from durability.oracle import tell
from durability.runs import Process
from durability.test_faults import calls_of_a_life, live
from medialog.datatypes.files import StagedSink, StorageSink
from medialog.runtime import events, layout, session
from medialog.runtime.call import Call
from medialog.runtime.journal import Journal
from medialog.runtime.media_files import MediaFiles
from medialog.runtime.run import Run
from medialog.wire import line
from medialog.wire.storage import MemoryStorage

NewProcess = Callable[..., Process]
Patch = pytest.MonkeyPatch
pytestmark = pytest.mark.filterwarnings("ignore::medialog.validators.errors.Advice")

FORGOTTEN = {
    "a media file": ("fsync", r"media/../[^/]+"),
    "the directory of a media file": ("fsync folder", r"media/.."),
    "media/": ("fsync folder", r"media"),
    "events/": ("fsync folder", r"events"),
    "a segment": ("fsync", r"events/.*"),
    "the run directory": ("fsync folder", r""),
    "run.json": ("fsync", r"tmp/[0-9a-f]+"),
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_an_fsync_that_is_not_made(process: NewProcess, name: str) -> None:
    kind, pattern = FORGOTTEN[name]

    def prepare(disk: RecordingDisk) -> None:
        disk.leaves_out = lambda what, path: what == kind and re.fullmatch(pattern, path) is not None

    violations = [
        violation
        for scenario in SCENARIOS
        if scenario is not failing  # the fsync that is to fail would never be made
        for violation in examine(process, scenario, most=60, prepare=prepare, enough=1).violations
    ]

    assert violations, f"nobody saw that the fsync of {name} was gone"


def _size_only(patch: Patch) -> None:
    patch.setattr(StorageSink, "_holds", lambda self, it: self.storage.size(it.path) == it.size)


def _name_only(patch: Patch) -> None:
    patch.setattr(StorageSink, "_holds", lambda self, it: self.storage.size(it.path) is not None)


def _only_new_files_are_synced(patch: Patch) -> None:
    publish = StagedSink.publish

    def mutant(self: StagedSink) -> None:
        new = set(self._staged)
        self._references = [reference for reference in self._references if reference.path in new]
        publish(self)

    patch.setattr(StagedSink, "publish", mutant)


def _line_before_media(patch: Patch) -> None:
    publish, append = StagedSink.publish, Journal.append
    late: list[StagedSink] = []

    def mutant(self: Journal, *arguments: Any, **options: Any) -> None:
        append(self, *arguments, **options)
        while late:
            publish(late.pop())

    patch.setattr(StagedSink, "publish", lambda self: late.append(self))
    patch.setattr(StagedSink, "discard", lambda self: None)
    patch.setattr(Journal, "append", mutant)


def _no_further_file(patch: Patch) -> None:
    def mutant(self: Journal) -> Any:
        self._suspect = False
        return self._file

    patch.setattr(Journal, "_reopen", mutant)


def _further_file_without_the_unsynced(patch: Patch) -> None:
    reopen = Journal._reopen

    def mutant(self: Journal) -> Any:
        self._unsynced = []
        return reopen(self)

    patch.setattr(Journal, "_reopen", mutant)


def _further_file_without_the_first_line(patch: Patch) -> None:
    reopen = Journal._reopen

    def mutant(self: Journal) -> Any:
        self._first = b""
        return reopen(self)

    patch.setattr(Journal, "_reopen", mutant)


def _media_not_written_again(patch: Patch) -> None:
    patch.setattr(MediaFiles, "_write_again", lambda self, path: None)


def _sync_line_too_early(patch: Patch) -> None:
    sync = Run._sync

    def mutant(self: Run) -> None:
        self._append("sync", {})
        sync(self)

    patch.setattr(Run, "_sync", mutant)


def _step_of_a_damaged_row_taken_again(patch: Patch) -> None:
    read = events.read_events
    patch.setattr(session, "read_events", lambda storage, recovery="recover": read(storage))


CRASHES: dict[str, tuple[Any, Callable[[Patch], None]]] = {
    "a media file that is there is taken by its size": (with_media, _size_only),
    "a media file that is there is taken by its name": (with_media, _name_only),
    "a media file of another writer is not synced": (two_writers, _only_new_files_are_synced),
    "the line comes before its media": (with_media, _line_before_media),
    "a failed fsync is tried again": (failing, _no_further_file),
    "the further file begins empty": (failing, _further_file_without_the_unsynced),
    "media are not written again": (failing, _media_not_written_again),
    "the sync line comes first": (with_media, _sync_line_too_early),
    "a step is given twice": (resumed, _step_of_a_damaged_row_taken_again),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_mutant_of_the_writer_meets_a_power_cut(process: NewProcess, monkeypatch: Patch, name: str) -> None:
    scenario, mutate = CRASHES[name]
    mutate(monkeypatch)

    try:
        violations = examine(process, scenario, most=600, resume_every=7, enough=1).violations
    except AssertionError as error:
        violations = [str(error)]

    assert violations, f"nobody saw: {name}"


def test_the_first_line_of_a_further_file(process: NewProcess, monkeypatch: Patch) -> None:
    assert further_file_begins_with_the_first_line(process)
    _further_file_without_the_first_line(monkeypatch)

    assert not further_file_begins_with_the_first_line(process)


def further_file_begins_with_the_first_line(process: NewProcess) -> bool:
    disk = RecordingDisk()
    life = Life(process(disk), disk)
    failing(life)
    life.process.die()
    first = {path: bytes(content).split(b"\n")[0] for path, content in disk.files.items() if path.startswith("events")}
    return len(first) > 1 and len(set(first.values())) == 1


def _always_writes(patch: Patch) -> None:
    bring = Journal._bring
    patch.setattr(Journal, "_bring", lambda self, written: bring(self, 0))


def _always_accepts(patch: Patch) -> None:
    bring = Journal._bring

    def mutant(self: Journal, written: int | None) -> None:
        assert self._pending is not None
        bring(self, len(self._pending[1]) if written is None else written)

    patch.setattr(Journal, "_bring", mutant)


def _never_cuts(patch: Patch) -> None:
    patch.setattr(MemoryStorage, "truncate", lambda self, handle, size: None)


def _short_writes_are_whole(patch: Patch) -> None:
    patch.setattr(layout, "write_all", lambda storage, handle, data: storage.write(handle, data))


def _nothing_is_kept(patch: Patch) -> None:
    def mutant(self: Run, call: Any, error: Any) -> None:
        error.kept = True

    patch.setattr(Run, "_keep", mutant)


def _rows_are_taken_twice(patch: Patch) -> None:
    patch.setattr(Call, "taken", property(lambda self: False, lambda self, value: None), raising=False)


FAULTS: dict[str, Callable[[Patch], None]] = {
    "settle writes without asking for the size": _always_writes,
    "settle accepts without asking for the size": _always_accepts,
    "a part of a line is not cut off": _never_cuts,
    "a short write is taken for whole": _short_writes_are_whole,
    "a refused row is not kept": _nothing_is_kept,
    "a kept row is written twice": _rows_are_taken_twice,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_mutant_of_the_writer_meets_a_fault(process: NewProcess, monkeypatch: Patch, name: str) -> None:
    calls = calls_of_a_life(process)
    FAULTS[name](monkeypatch)

    assert any(findings(process, calls)), f"nobody saw: {name}"


def findings(process: NewProcess, calls: list[Any]) -> Iterator[bool]:
    for call in calls:
        if call.method in ("write", "rename"):
            for fault in ("short", "half then ENOSPC", "ENOSPC", "EIO afterwards"):
                try:
                    live(process, FaultyStorage(MemoryStorage(), at(call.number, fault)))
                except Exception:  # noqa: BLE001 - whatever it is, it was seen
                    yield True


def unseen_flips() -> int:
    """Flip every bit of a sealed line; count the flips that reading does not see."""
    sealed = line.encode(line.Line(3, "row", 1795177742.101, 31.0042, {"loss": 0.25, "name": "abc"}, 5))
    unseen = 0
    for place in range(len(sealed) - 1):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[place] ^= 1 << bit
            if flipped[place] != 0x0A:
                unseen += not isinstance(line.decode(bytes(flipped)), line.Damage)
    return unseen


def test_every_flipped_bit_is_seen(monkeypatch: Patch) -> None:
    assert unseen_flips() == 0

    decode = line.decode
    with monkeypatch.context() as patch:  # a reader that takes the checksum in capitals too
        patch.setattr(line, "decode", lambda raw: decode(raw[:-10] + raw[-10:].lower()))
        assert unseen_flips() > 0
    with monkeypatch.context() as patch:  # a reader that does not compare it
        patch.setattr(zlib, "crc32", lambda data: 0xA702FC6E)
        assert unseen_flips() > 0


def test_the_oracle_sees_a_doubled_row(process: NewProcess) -> None:
    storage = FaultyStorage(MemoryStorage())
    life = live(process, storage)
    path = next(path for path in life.files if path.startswith("events/"))
    rows = [raw for raw in life.files[path].split(b"\n") if b'"k":"row"' in raw]
    doubled = line.decode(rows[0])
    assert isinstance(doubled, line.Line)
    again = line.encode(line.Line(999, doubled.kind, doubled.t, doubled.m, doubled.data, doubled.step))

    told = tell({**life.files, path: life.files[path] + again})

    assert len(told.lines) == len(life.expected.written) + 1
