"""Background: values are encoded and rows are written by threads, in order, while the caller goes on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from medialog.runtime import trees
from medialog.runtime.call import Call
from medialog.runtime.weight import LEAST, weigh
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, StorageError, Violation

if TYPE_CHECKING:
    from medialog.datatypes.table import Table

MIB = 2**20
FEW = 256  # rows of plain values: they are written in the time of a switch between threads,
MOMENT = 0.005  # which is so many seconds; when the disk takes longer, rows are queued
PLAIN = frozenset((float, int, bool, str))


@dataclass(frozen=True)
class Background:
    """How a run works in the background: `medialog.init(background=Background(workers=4))`; `True` means the defaults.

    `workers`: threads that encode media. `queue_bytes`: how many bytes of values may wait; a single larger value waits
    alone. `when_full`: `"block"` makes `log` wait for room, `"drop"` drops that row whole, warns once and counts it in
    `run.stats` and in the run's end.
    """

    workers: int = 2
    queue_bytes: int = 32 * MIB
    when_full: Literal["block", "drop"] = "block"

    def __post_init__(self) -> None:
        rule = "init.argument"
        wrong = [checks.one_of(self.when_full, ("block", "drop"), "Background.when_full", rule)]
        for name in ("workers", "queue_bytes"):
            number = checks.whole_number(getattr(self, name))
            if number is None or number < 1:
                got = checks.show(getattr(self, name))
                wrong.append(Violation(f"Background.{name}", rule, "a whole number >= 1", got))
        checks.refuse(wrong)


class Worker:
    """The queue of a run and the threads that empty it.

    `encode(call)` makes files of the values of a call and runs in any thread; `write(call)` brings the call to the run
    and runs in one thread, in the order of the calls. When `write` or `encode` raises a `StorageError` the call stays
    at the head, and the work goes on when the caller has seen the error. Any other exception drops that call whole, and
    `on_drop()` is called.
    """

    def __init__(
        self,
        options: Background,
        encode: Callable[[Call], None],
        write: Callable[[Call], None],
        on_drop: Callable[[], None],
    ) -> None:
        self.options = options
        self._on_drop = on_drop
        self.dropped = 0
        self.bytes = 0
        self._encode, self._write = encode, write
        self._calls: deque[Call] = deque()
        self._to_encode: deque[Call] = deque()
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._encodable = threading.Condition(lock)  # what the threads that encode wait for
        self._errors: list[Exception] = []
        self._paused = self._closed = False
        self._threads: list[threading.Thread] = []
        self.writer: int | None = None  # the identity of the thread that writes

    @property
    def is_idle(self) -> bool:
        """Say whether no call waits, and no error to be raised."""
        return not self._calls and not self._errors

    def catch_up(self) -> bool:
        """Wait a moment for a few rows of plain values, if nothing else is queued; say whether it is idle then."""
        with self._changed:
            if len(self._calls) <= FEW and not self._paused and all(call.is_plain for call in self._calls):
                self._changed.wait_for(lambda: not self._calls or self._paused, MOMENT)
            return self.is_idle

    # --- the caller's side ---

    def submit(self, call: Call) -> bool:
        """Put a call into the queue; False when it was dropped. Raises what has gone wrong since the last call."""
        call.is_plain = PLAIN.issuperset(map(type, call.prepared.values()))
        call.weight = max(LEAST, weigh(call.prepared))
        with self._changed:
            self.raise_error()
            while self.bytes and self.bytes + call.weight > self.options.queue_bytes:
                if self.options.when_full == "drop":
                    self.dropped += 1
                    self._on_drop()
                    return False
                self._start()
                self._changed.wait()
                self.raise_error()
            self.bytes += call.weight
            if call.is_plain:
                call.is_encoded = True
            else:
                self._to_encode.append(call)
            self._calls.append(call)  # from here on the call is made
            self._start()
            self._wake()
        return True

    def raise_error(self) -> None:
        """Raise what has gone wrong and was not raised yet. A disk that refused is tried again first."""
        with self._changed:
            if self._errors:
                raise self._errors.pop(0)
            if self._paused:
                self._try_again()

    def _try_again(self) -> None:
        for call in self._calls:
            if isinstance(call.error, StorageError):
                call.error = None
                self._to_encode.append(call)
        head, self._paused = self._calls[0], False
        self._wake()
        while self._calls and self._calls[0] is head and not self._errors:
            self._changed.wait()
        if self._errors:
            raise self._errors.pop(0)

    def flush(self) -> None:
        """Return when every call is written. Raises what has gone wrong."""
        with self._changed:
            self.raise_error()
            self._wake()  # a call that was interrupted (Ctrl-C) may have left it out
            while self._calls:
                self._start()
                self._changed.wait()
                self.raise_error()

    def close(self) -> None:
        """End the threads; calls that are still in the queue are not written."""
        with self._changed:
            self._closed = True
            self._wake()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def queued(self) -> list[Call]:
        """Return the calls that are not written yet."""
        with self._changed:
            return [call for call in self._calls if not call.taken]

    def _wake(self) -> None:
        """Wake the threads for what there is to do."""
        if self._to_encode or self._closed:
            self._encodable.notify_all()
        self._changed.notify_all()

    def _start(self) -> None:
        if self._threads or self._closed:
            return
        names = ["write", *(f"encode-{number}" for number in range(self.options.workers))]
        for name in names:
            target = self._write_calls if name == "write" else self._encode_calls
            thread = threading.Thread(target=target, name=f"medialog-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    # --- the threads ---

    def _encode_calls(self) -> None:
        while True:
            with self._changed:
                while not self._to_encode and not self._closed:
                    self._encodable.wait()
                if self._closed:
                    return
                call = self._to_encode.popleft()
            error: Exception | None = None
            try:
                self._encode(call)
            except Exception as caught:  # noqa: BLE001 - whatever it is, the caller gets it
                error = caught
            with self._changed:
                call.error, call.is_encoded = error, error is None
                if error is None:  # the values are files now
                    self._release(call)
                self._changed.notify_all()

    def _write_calls(self) -> None:
        self.writer = threading.get_ident()
        while True:
            with self._changed:
                while not self._has_work() and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                call = self._calls[0]
            error = call.error
            if error is None:
                try:
                    self._write(call)
                except Exception as caught:  # noqa: BLE001
                    error = caught
            with self._changed:
                if error is not None:
                    self._errors.append(error)
                if isinstance(error, StorageError) and not call.taken:
                    self._paused = True
                else:
                    if error is not None and not call.taken:
                        call.discard()
                        self._on_drop()
                    self._calls.popleft()
                    self._release(call)
                self._changed.notify_all()

    def _has_work(self) -> bool:
        return (
            bool(self._calls) and not self._paused and (self._calls[0].is_encoded or self._calls[0].error is not None)
        )

    def _release(self, call: Call) -> None:
        self.bytes -= call.weight
        call.weight = 0


class Handover:
    """Makes snapshots of the values of a call that can still change, as it is put into the queue."""

    def __init__(self, increments: Callable[[trees.Path, Any], int]) -> None:
        self._committed = increments
        self._handed: dict[trees.Path, tuple[Any, int]] = {}

    def freeze(self, path: trees.Path, value: Any) -> Any:
        """Return a value as it is now; of an INCREMENTAL table, the rows that were not handed over yet."""
        if not getattr(value, "is_incremental", False):
            return value.frozen()
        known = self._handed.get(path)
        start = known[1] if known is not None and known[0] is value else self._committed(path, value)
        self._handed[path] = value, len(value)
        return TableRows(value, start)

    def forget(self) -> None:
        """Begin again from what the run holds: after a call was dropped, its rows are handed over once more."""
        self._handed = {}


class TableRows:
    """The rows that were added to an INCREMENTAL table since it was handed over last, as they were then.

    The run's cursor is of the table itself (`origin`), so that increments follow each other.
    """

    is_incremental = True

    def __init__(self, origin: Table, start: int) -> None:
        self.origin, self.start = origin, start
        self.rows = origin.snapshot(start)
        self.increment_kind = origin.increment_kind
        self.notices = origin.notices

    def encode_into(self, sink: Any) -> dict[str, Any]:
        """Encode the rows as a first increment."""
        return self.encode_rows(sink)

    def encode_rows(self, sink: Any, start: int = 0, previous: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Encode the rows as the increment that follows `previous`. `InvalidInput` when one before them was dropped."""
        if start != self.start:
            expected = f"the rows from {start:,} on, because an increment before was dropped"
            raise InvalidInput(Violation("Table", "table.increment", expected, f"those from {self.start:,}"))
        return self.rows.encode_rows(sink, 0, previous)
