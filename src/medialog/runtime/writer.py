"""Writer: what a run keeps while it is written; how a call is entered, settled and synced."""

from __future__ import annotations

import errno
import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from medialog.runtime import layout
from medialog.runtime.background import Background, Handover, Worker
from medialog.runtime.call import Call
from medialog.runtime.clock import Clock, Identifiers
from medialog.runtime.config import Config
from medialog.runtime.effects import PartWritten, RowWritten
from medialog.runtime.increments import Increments
from medialog.runtime.journal import Journal
from medialog.runtime.media_files import MediaFiles
from medialog.runtime.number_row import NumberRow, Shapes
from medialog.runtime.open_row import OpenRow
from medialog.runtime.run_facts import RunFacts
from medialog.runtime.state_files import StateFiles
from medialog.runtime.summary import SummaryFold
from medialog.runtime.watch import KeyWatch
from medialog.validators.errors import (
    DurabilityLost,
    MedialogWarning,
    RunClosed,
    StorageError,
    storage_errors,
)
from medialog.validators.rules import Rules
from medialog.wire.storage import Storage

logger = logging.getLogger("medialog")
T = TypeVar("T")

_live: weakref.WeakSet[Writer] = weakref.WeakSet()


class Writer(RunFacts):
    """One process's part of a run: the file of events it appends to, the state that follows from its lines."""

    def __init__(
        self,
        storage: Storage,
        info: Mapping[str, Any],
        *,
        config: dict[str, Any],
        known_config: dict[str, Any] | None = None,
        rules: Rules,
        clock: Clock,
        identifiers: Identifiers,
        sync_every: float = 30.0,
        disabled: bool = False,
        fold: SummaryFold | None = None,
        first_step: int = 0,
        open_row: Mapping[str, Any] | None = None,
        unsynced: Iterable[str] = (),
        start: str = "new",
        run_json: str | None = None,
        reserve: int = 0,
        background: Background | None = None,
        on_finish: Callable[[], None] | None = None,
    ) -> None:
        self._storage, self._info, self._rules = storage, dict(info), rules
        self._clock, self._identifiers, self._sync_every = clock, identifiers, sync_every
        self._disabled = disabled
        self._on_finish = on_finish
        self._closed = False
        self._started = clock.monotonic()
        self._fold = fold or SummaryFold()
        self._row = OpenRow(first_step, open_row)
        self._watch = KeyWatch(rules)
        self._shapes = Shapes(self._watch)
        self._warned: set[tuple[str, str]] = set()
        self._increments = Increments()
        self._media = MediaFiles(storage)
        with storage_errors("looking at what an earlier writer left"):
            self._media.adopt(unsynced)
        self._counts = dict.fromkeys(("media_files", "media_bytes", "syncs"), 0)
        self._encode_seconds = 0.0
        self._waiting: list[Call] = []
        self._background_options = background
        self._make_locks()
        self._config = Config({**(known_config or {}), **config}, self._change_config, rules)
        self._begin_writer(start)
        self._files = StateFiles(storage, self._journal.writer, is_owner=self._rank == 0 and start != "edit")
        if disabled:
            return
        self._open_journal(run_json, reserve)
        if config:
            self._append("config", config)
        if self._files.is_owner:
            self._files.write(self._config.as_json(), self._fold.to_json())
        self._last_sync = self._last_files = self._started
        _live.add(self)

    def _begin_writer(self, start: str) -> None:
        """Be a writer of our own: at the start, and in a forked child."""
        self._is_child, self._start = False, start
        self._rank = layout.rank_of_process()
        writer = layout.writer_name(self._rank, self._identifiers.writer())
        longest = int(self._rules.limit("line.size"))
        self._journal = Journal(self._storage, self._clock, self._started, writer, self._rank, longest)

    def _open_journal(self, run_json: str | None = None, reserve: int = 0) -> None:
        sealed = {} if run_json is None else {"run_json": run_json}
        facts = {"format_version": layout.FORMAT_VERSION, "run": self.id, "writer": self._journal.writer}
        with storage_errors("creating the reserve"):
            layout.make_reserve(self._storage, self._journal.writer, reserve)
        self._journal.open({**facts, "start": self._start, **sealed})

    def _make_locks(self) -> None:
        # `_lock` keeps threads apart; `_is_at_work` while a call is, so that one made in the midst of it by the same
        # thread (a signal handler, a `__del__`) is recognised and waits for its end. Between the op codes that set it
        # back Python handles no signal, as little as between those that leave a lock, and it is cheaper than one.
        self._lock = threading.RLock()
        self._is_at_work = False
        self._make_worker()

    def _make_worker(self) -> None:
        """Make the queue for the background; its threads begin with the first call in it."""
        self._worker: Worker | None = None
        self._postponed: list[tuple[str, type[MedialogWarning]]] = []
        if self._background_options is not None and not self._disabled:
            self._handover = Handover(self._increments.rows_committed)
            steps = self._encode_ahead, self._write_queued, self._handover.forget
            self._worker = Worker(self._background_options, *steps)

    @property
    def step(self) -> int:
        """Return the step that the next `log` collects into."""
        with self._lock:
            expected, step, call = self._journal.expected, self._row.step, None
            if isinstance(expected, (RowWritten, PartWritten, NumberRow)):
                step, call = expected.step_after, expected.call
            for waiting in self._waiting:
                if waiting.action is None and not waiting.taken and waiting is not call:
                    step = waiting.step_after(step)
            for queued in self._worker.queued() if self._worker is not None else ():
                if queued is not call:
                    step = queued.step_after(step)
            return step

    @property
    def is_finished(self) -> bool:
        """Say whether `finish` was called."""
        return self._closed

    @property
    def disabled(self) -> bool:
        """Say whether the run accepts everything and keeps nothing."""
        return self._disabled

    # --- entering a call ---

    def _call(self, doing: str, action: Callable[[], T], call: Call | None = None) -> T | None:
        """Do `action` when no other call is at work; one that comes in the midst of another waits for its end."""
        with self._lock:
            if self._is_at_work:
                self._waiting.append(call or Call.of(action))
                return None
            try:
                self._is_at_work = True
                self._enter(doing)
                result = action()
                if self._waiting:
                    self._take_waiting()
                return result
            finally:
                self._is_at_work = False

    def _enter(self, doing: str) -> float:
        """Check that the run is open, settle what an interrupted call left, and sync when it is time.

        Returns the monotonic time.
        """
        if self._closed:
            raise RunClosed(f"run {self.id} is finished: {doing} came after finish()")
        if self._is_child:
            self._begin_in_child()
        if self._journal.is_unsettled:
            self._journal.settle()
        if self._waiting:
            self._take_waiting()
        now = self._clock.monotonic()
        if doing in ("sync", "finish") or self._disabled:
            return now
        if self._journal.has_much_unsynced or now - self._last_sync >= self._sync_every:
            self._sync()
        return now

    def _begin_in_child(self) -> None:
        """Be a writer of our own in a forked child: the parent's file, open row and unsynced files stay its own."""
        self._row = OpenRow(self._row.step)
        self._waiting = []
        self._media.forget()
        self._increments.forget()
        self._counts = dict.fromkeys(self._counts, 0)
        self._shapes.tell()
        self._shapes = Shapes(self._watch)
        self._begin_writer("fork")
        self._files.is_owner = False

    def _take_waiting(self) -> None:
        while self._waiting:
            call = self._waiting[0]
            try:
                if call.action is not None:
                    call.action()
                elif not call.taken:
                    self._take(call)
            except StorageError:
                raise  # it goes on waiting
            except Exception as error:
                del self._waiting[0]
                error.add_note("This is of an earlier call that had to wait. The present call stored nothing.")
                raise
            del self._waiting[0]

    def _append(
        self, kind: str, data: dict[str, Any], step: int | None = None, effect: Callable[[], object] | None = None
    ) -> None:
        """Write a line; `effect` is made once it is there, and may be made twice."""
        if not self._journal.is_open:
            self._open_journal()  # a forked child that logs
        self._journal.append(kind, data, step, effect)

    # --- the disk ---

    def _refresh_files(self) -> None:
        """Bring config.json and summary.json up to date. They can be made again, so a refusal is no reason to raise."""
        self._last_files = self._clock.monotonic()
        if self._files.is_owner:
            try:
                self._files.write(self._config.as_json(), self._fold.to_json())
            except StorageError as error:
                logger.warning("medialog: run %s: %s (tried again later)", self.id, error)

    def _sync(self) -> None:
        self._last_sync = self._clock.monotonic()
        if not self._journal.is_open:
            return  # a forked child that has logged nothing
        self._media.sync()
        self._journal.sync()
        if self._files.is_owner:
            self._write_files(self._config.as_json(), self._fold.to_json())
        self._sync_folder("")
        self._append("sync", {})
        self._counts["syncs"] += 1

    def _write_files(self, config: dict[str, Any], summary: dict[str, Any]) -> None:
        try:
            self._files.write(config, summary, durable=True)
        except StorageError as error:
            if error.errno == errno.EIO:
                raise DurabilityLost(errno.EIO, str(error.strerror)) from error
            raise
        self._last_files = self._clock.monotonic()

    def _sync_folder(self, path: str) -> None:
        try:
            self._storage.fsync_path(path)
        except OSError as error:
            raise DurabilityLost(error.errno or 0, f"syncing the run directory: {error.strerror or error}") from error

    def abandon(self) -> None:
        """Close a run that cannot be finished; what is on the disk stays as it is."""
        self._close()

    def _close(self) -> None:
        self._closed = True
        _live.discard(self)
        if self._worker is not None:
            self._worker.close()
        if self._on_finish is not None:
            self._on_finish()

    # --- what a run adds ---

    def _change_config(self, tree: dict[str, Any]) -> None:
        raise NotImplementedError

    def _take(self, call: Call) -> None:
        raise NotImplementedError

    def _encode_ahead(self, call: Call) -> None:
        raise NotImplementedError

    def _write_queued(self, call: Call) -> None:
        raise NotImplementedError


def _make_locks_in_child() -> None:
    for run in list(_live):
        run._is_child = True
        run._make_locks()  # another thread of the parent may have held them


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_make_locks_in_child)
