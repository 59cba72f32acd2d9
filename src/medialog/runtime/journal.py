"""Journal: the lines of one writer, in the file that it appends to and that nobody else ever writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from medialog.runtime import layout
from medialog.runtime.clock import Clock
from medialog.runtime.layout import EVENTS, SegmentName
from medialog.validators.errors import DurabilityLost, InvalidInput, StorageError, Violation, storage_errors
from medialog.wire import line
from medialog.wire.storage import Storage

Effect = Callable[[], object]
_CLOSED = -1


class _Pending(NamedTuple):
    """A line that is on its way: its place among the writer's lines, and what to do once it is in the file."""

    seq: int
    line: bytes
    effect: Effect | None


class _File(NamedTuple):
    """The open file, and how much of it is ours: replaced as a whole, so that it is never half of two states."""

    handle: int
    name: SegmentName
    offset: int
    next_seq: int


class Journal:
    """An append-only file of sealed lines, created exclusively; a further one when the disk loses trust.

    `append` has happened from the moment the line is pending: its effect follows once the file's size proves that the
    line is there. A call that is interrupted at any point, by an exception, a signal or a full disk, is settled by the
    next one: nothing was written - write; all of it - accept; a part - cut it off and write again. So effects must
    bear to be made twice.

    What is not yet known to be on the disk is kept in memory. After a failed `fsync` the kernel may have dropped those
    pages, and trying again would report a success that is none: the writer goes on in a new file, which begins with
    these lines once more; readers know a line by its writer and number, and take it once.
    """

    def __init__(
        self, storage: Storage, clock: Clock, started: float, *, writer: str, rank: int, longest: int = 2**26
    ) -> None:
        self.writer, self.rank = writer, rank
        self._storage, self._clock, self._started, self._longest = storage, clock, started, longest
        self._file: _File | None = None
        self._first: bytes = b""  # the meta line
        self._unsynced: list[bytes] = []
        self._unsynced_size = 0
        self._suspect = False
        self._pending: _Pending | None = None

    def open(self, meta: dict[str, Any]) -> None:
        """Create the file and write the first line."""
        with storage_errors("creating the events file"):
            self._storage.make_directory(EVENTS)
            self._file = self._create(0)
        self.append("meta", meta, effect=self._remember_first)

    def _remember_first(self) -> None:
        assert self._pending is not None
        self._first = self._pending.line

    @property
    def is_open(self) -> bool:
        """Say whether there is a file."""
        return self._file is not None

    @property
    def unsynced_size(self) -> int:
        """Return how many bytes of lines are not yet known to be on the disk."""
        return self._unsynced_size

    @property
    def expected(self) -> Effect | None:
        """Return the effect of the line that is on its way, if there is one."""
        pending = self._pending
        return None if pending is None else pending.effect

    def _create(self, next_seq: int) -> _File:
        while True:
            name = SegmentName(layout.next_number(self._storage), self.writer, self.rank)
            with suppress(FileExistsError):  # left by an attempt that failed
                return _File(self._storage.create(name.path), name, 0, next_seq)

    def elapsed(self) -> float:
        """Return monotonic seconds since the run began."""
        return round(self._clock.monotonic() - self._started, 6)

    def append(self, kind: str, data: dict[str, Any], step: int | None = None, effect: Effect | None = None) -> int:
        """Add a line and return its length. A `StorageError` leaves it pending: `settle` writes it."""
        self.settle()
        assert self._file is not None
        seq = self._file.next_seq
        sealed = line.encode(line.Line(seq, kind, round(self._clock.time(), 3), self.elapsed(), data, step))
        if len(sealed) > self._longest:
            expected = f"at most {self._longest:,} bytes in a line of events (media and Tables go into files)"
            raise InvalidInput(Violation(kind, "line.size", expected, f"{len(sealed):,}"))
        self._pending = _Pending(seq, sealed, effect)
        self._bring(written=0)
        return len(sealed)

    def settle(self) -> None:
        """Bring the pending line, if any, to the file."""
        if self._suspect:
            self._reopen()
        if self._pending is not None:
            self._bring(written=None)

    def _bring(self, written: int | None) -> None:
        """Write the pending line; `written`: how much of it is in the file, None when the file has to be asked."""
        pending, file = self._pending, self._file
        assert pending is not None
        assert file is not None
        if pending.seq == file.next_seq:
            with storage_errors("writing a line of events"):
                if written is None:
                    written = self._storage.handle_size(file.handle) - file.offset
                    if written < 0:  # another program cut the file: what it took is gone, what comes is not
                        self._suspect = True
                        file, written = self._reopen(), 0
                if written != len(pending.line):
                    if written:
                        self._storage.truncate(file.handle, file.offset)
                    layout.write_all(self._storage, file.handle, pending.line)
            self._unsynced.append(pending.line)
            self._unsynced_size += len(pending.line)
            self._file = _File(file.handle, file.name, file.offset + len(pending.line), pending.seq + 1)
        if pending.effect is not None:
            pending.effect()
        self._pending = None

    def sync(self) -> None:
        """Return only when every line is on the disk. `DurabilityLost`: they are in a new file, not yet synced."""
        self.settle()
        assert self._file is not None
        try:
            self._storage.fsync(self._file.handle)
            self._storage.fsync_path(EVENTS)
        except OSError as error:
            self._suspect = True
            with suppress(StorageError):  # the next call tries again
                self._reopen()
            raise DurabilityLost(error.errno or 0, f"syncing the events: {error.strerror or error}") from error
        self._unsynced, self._unsynced_size = [], 0

    def _reopen(self) -> _File:
        """Go on in a new file that begins with every line not known to be on the disk."""
        assert self._file is not None
        with storage_errors("creating a further events file"):
            file = self._create(self._file.next_seq)
            lines = b"".join(dict.fromkeys((self._first, *self._unsynced)))
            try:
                layout.write_all(self._storage, file.handle, lines)
            except BaseException:
                layout.discard(self._storage, file.handle, file.name.path)
                raise
        old = self._file
        self._file = _File(file.handle, file.name, len(lines), file.next_seq)
        self._suspect = False
        if old.handle != _CLOSED:
            with suppress(OSError):
                self._storage.close(old.handle)
        return self._file

    def close(self) -> None:
        """Close the file. Called after `sync`: what an error could say of its bytes is known already."""
        file = self._file
        if file is not None and file.handle != _CLOSED:
            self._suspect = True  # whatever comes after all goes into a further file
            self._file = file._replace(handle=_CLOSED)  # the next file that anybody opens may get its number
            with suppress(OSError):
                self._storage.close(file.handle)
