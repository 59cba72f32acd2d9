"""Journal: the lines of one writer, in the file that it appends to and that nobody else ever writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from medialog.runtime import layout
from medialog.runtime.clock import Clock
from medialog.runtime.layout import EVENTS, SegmentName
from medialog.validators.errors import (
    DurabilityLost,
    InvalidInput,
    StorageError,
    Violation,
    name_storage_error,
    storage_errors,
)
from medialog.wire import line
from medialog.wire.storage import Storage

Effect = Callable[[], object]
WRITING = "writing a line of events"
MOST_UNSYNCED = 8 * 2**20  # bytes of lines that are kept for a disk that loses them; then the run syncs
_CLOSED = -1  # instead of a handle


# A line that is on its way: its number, its bytes, and what to do once it is in the file.
_Pending = tuple[int, bytes, Effect | None]
# The open file: its handle, its name, how much of it is ours, and the number of the next line. Both are replaced as a
# whole, so that they are never half of two states; plain tuples, because one is made for every row.
_File = tuple[int, SegmentName, int, int]


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

    def __init__(self, storage: Storage, clock: Clock, started: float, writer: str, rank: int, longest: int) -> None:
        self.writer, self.rank = writer, rank
        self._storage, self._clock, self._started, self._longest = storage, clock, started, longest
        self._file: _File | None = None
        self._first: bytes = b""  # the meta line
        self._unsynced: list[bytes] = []
        self._unsynced_size = 0
        self._suspect = False
        self._closed_bytes = 0
        self._pending: _Pending | None = None

    def open(self, meta: dict[str, Any]) -> None:
        """Create the file and write the first line."""
        with storage_errors("creating the events file"):
            self._storage.make_directory(EVENTS)
            self._file = self._create(0)
        self.append("meta", meta, effect=self._remember_first)

    def _remember_first(self) -> None:
        assert self._pending is not None
        self._first = self._pending[1]

    @property
    def is_open(self) -> bool:
        """Say whether there is a file."""
        return self._file is not None

    @property
    def unsynced_size(self) -> int:
        """Return how many bytes of lines are not yet known to be on the disk."""
        return self._unsynced_size

    @property
    def has_much_unsynced(self) -> bool:
        """Say whether it is time for a sync, whatever the clock says."""
        return self._unsynced_size > MOST_UNSYNCED

    @property
    def line_bytes(self) -> int:
        """Return how many bytes of lines this writer has written, over all its files."""
        return self._closed_bytes + (0 if self._file is None else self._file[2])

    @property
    def is_unsettled(self) -> bool:
        """Say whether `settle` has something to do."""
        return self._suspect or self._pending is not None

    @property
    def expected(self) -> Effect | None:
        """Return the effect of the line that is on its way, if there is one."""
        pending = self._pending
        return None if pending is None else pending[2]

    def _create(self, next_seq: int) -> _File:
        while True:
            name = SegmentName(layout.next_number(self._storage), self.writer, self.rank)
            with suppress(FileExistsError):  # left by an attempt that failed
                return self._storage.create(name.path), name, 0, next_seq

    def append(self, kind: str, data: dict[str, Any], step: int | None = None, effect: Effect | None = None) -> None:
        """Add a line. A `StorageError` leaves it pending: `settle` writes it."""
        self.settle()
        assert self._file is not None
        seq = self._file[3]
        sealed = line.encode(line.Line(seq, kind, self._time(), self._elapsed(self._clock.monotonic()), data, step))
        self._check_size(kind, len(sealed))
        self._pending = seq, sealed, effect
        self._bring(written=0)

    def _check_size(self, kind: str, size: int) -> None:
        if size > self._longest:
            expected = f"at most {self._longest:,} bytes in a line of events (media and Tables go into files)"
            raise InvalidInput(Violation(kind, "line.size", expected, f"{size:,}"))

    def _time(self) -> float:
        """Return unix time in whole milliseconds."""
        return int(self._clock.time() * 1e3 + 0.5) / 1e3

    def _elapsed(self, now: float) -> float:
        """Return whole microseconds since the run began, in seconds."""
        return int((now - self._started) * 1e6 + 0.5) / 1e6

    def append_row(self, numbers: dict[str, Any], step: int, now: float, effect: Effect) -> bool:
        """Add a row of finite numbers under checked keys; `now` is the monotonic time. See `append`.

        False, and nothing is done, when there is something to do before: to open, to settle, to sync.
        """
        if self._pending is not None or self._suspect or self._file is None or self._unsynced_size > MOST_UNSYNCED:
            return False
        handle, name, offset, seq = self._file
        # `_time` and `_elapsed`, without the calls: this is what every row does.
        t, m = int(self._clock.time() * 1e3 + 0.5) / 1e3, int((now - self._started) * 1e6 + 0.5) / 1e6
        sealed = line.encode_row(seq, step, t, m, numbers)
        size = len(sealed)
        if size > self._longest:
            self._check_size("row", size)
        self._pending = seq, sealed, effect
        try:
            written = self._storage.write(handle, sealed)
        except OSError as error:
            raise name_storage_error(error, WRITING) from error
        if written != size:
            self._bring(written=None)
            return True
        self._unsynced.append(sealed)
        self._unsynced_size += size
        self._file = handle, name, offset + size, seq + 1
        effect()
        self._pending = None
        return True

    def settle(self) -> None:
        """Bring the pending line, if any, to the file."""
        if self._suspect:
            self._reopen()
        if self._pending is not None:
            self._bring(written=None)

    def _bring(self, written: int | None) -> None:
        """Write the pending line; `written`: how much of it is in the file, None when the file has to be asked."""
        assert self._pending is not None
        assert self._file is not None
        seq, sealed, effect = self._pending
        handle, name, offset, next_seq = self._file
        if seq == next_seq:
            with storage_errors(WRITING):
                if written is None:
                    written = self._storage.handle_size(handle) - offset
                    if written < 0:  # another program cut the file: what it took is gone, what comes is not
                        self._suspect = True
                        handle, name, offset, _ = self._reopen()
                        written = 0
                if written != len(sealed):
                    if written:
                        self._storage.truncate(handle, offset)
                    layout.write_all(self._storage, handle, sealed)
            self._unsynced.append(sealed)
            self._unsynced_size += len(sealed)
            self._file = handle, name, offset + len(sealed), seq + 1
        if effect is not None:
            effect()
        self._pending = None

    def sync(self) -> None:
        """Return only when every line is on the disk. `DurabilityLost`: they are in a new file, not yet synced."""
        self.settle()
        assert self._file is not None
        try:
            self._storage.fsync(self._file[0])
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
            handle, name, _, next_seq = self._create(self._file[3])
            lines = b"".join(dict.fromkeys((self._first, *self._unsynced)))
            try:
                layout.write_all(self._storage, handle, lines)
            except BaseException:
                layout.discard(self._storage, handle, name.path)
                raise
        old = self._file
        self._closed_bytes += old[2] - len(lines)  # what stands in both counts once
        self._file = handle, name, len(lines), next_seq
        self._suspect = False
        if old[0] != _CLOSED:
            with suppress(OSError):
                self._storage.close(old[0])
        return self._file

    def close(self) -> None:
        """Close the file. Called after `sync`: what an error could say of its bytes is known already."""
        file = self._file
        if file is not None and file[0] != _CLOSED:
            self._suspect = True  # whatever comes after all goes into a further file
            self._file = _CLOSED, *file[1:]  # the next file that anybody opens may get its number
            with suppress(OSError):
                self._storage.close(file[0])
