"""Segment: the one file that a writer appends its lines to."""

from __future__ import annotations

from typing import Any

from medialog.runtime.clock import Clock
from medialog.runtime.layout import EVENTS, SegmentName
from medialog.validators.errors import DurabilityLost, storage_errors
from medialog.wire import line
from medialog.wire.storage import Storage


class Segment:
    """An append-only file of sealed lines, created exclusively; nobody else ever writes to it.

    `append` keeps the line until the file's size proves that it is there. When a call is interrupted at any point, by
    an exception, a signal or a full disk, the next one settles it first: nothing was written - write again; all of it
    - accept; a part - cut it off and write again.
    """

    def __init__(self, storage: Storage, name: SegmentName, clock: Clock, started: float) -> None:
        self.name = name
        self._storage = storage
        self._clock = clock
        self._started = started
        self._offset = 0
        self._seq = 0
        self._pending: bytes | None = None
        with storage_errors("creating the events file"):
            storage.make_directory(EVENTS)
            self._handle = storage.create(name.path)

    def elapsed(self) -> float:
        """Return monotonic seconds since the run began."""
        return round(self._clock.monotonic() - self._started, 6)

    def append(self, kind: str, data: dict[str, Any], step: int | None = None) -> None:
        """Add a line. A `StorageError` leaves the line pending: `settle` writes it, and so does the next `append`."""
        self.settle()
        stamp = round(self._clock.time(), 3)
        self._pending = line.encode(line.Line(self._seq, kind, stamp, self.elapsed(), data, step))
        self.settle()

    def settle(self) -> None:
        """Bring the pending line, if any, to the file."""
        if self._pending is None:
            return
        with storage_errors("writing a line of events"):
            there = self._storage.handle_size(self._handle) - self._offset
            if there != len(self._pending):
                if there:
                    self._storage.truncate(self._handle, self._offset)
                self._write(self._pending)
        self._offset += len(self._pending)
        self._seq += 1
        self._pending = None

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._storage.write(self._handle, data) :]

    @property
    def next_seq(self) -> int:
        """Return the sequence number of the next line: it has grown when the last one is in the file."""
        return self._seq

    def sync(self) -> None:
        """Return only when every line is on the disk."""
        self.settle()
        try:
            self._storage.fsync(self._handle)
            self._storage.fsync_path(EVENTS)
        except OSError as error:
            raise DurabilityLost(error.errno or 0, f"syncing the events: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file."""
        self._storage.close(self._handle)
