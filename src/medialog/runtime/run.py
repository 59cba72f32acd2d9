"""Run: a run that is being written. What a call does to the open row, the summary and the files, in which order."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from medialog.datatypes import plain
from medialog.datatypes.files import StagedSink
from medialog.runtime import console, description, layout, trees
from medialog.runtime import metric as metrics
from medialog.runtime.background import Background, Handover, Worker
from medialog.runtime.call import Call
from medialog.runtime.clock import Clock, Identifiers
from medialog.runtime.config import Config
from medialog.runtime.events import read_events
from medialog.runtime.history import History
from medialog.runtime.increments import Cursor, Increments
from medialog.runtime.journal import Journal
from medialog.runtime.media_files import MediaFiles
from medialog.runtime.metric import Metric
from medialog.runtime.open_row import OpenRow, check_step
from medialog.runtime.reader import RunReader
from medialog.runtime.run_facts import RunFacts
from medialog.runtime.state_files import StateFiles
from medialog.runtime.stats import RunStats
from medialog.runtime.summary import Summary, SummaryFold, SummaryKeeper
from medialog.runtime.summary_values import with_tensors
from medialog.runtime.watch import KeyWatch
from medialog.validators import checks
from medialog.validators.errors import (
    Advice,
    DurabilityLost,
    MedialogWarning,
    RunClosed,
    RunError,
    StorageError,
    Violation,
    WrongType,
    storage_errors,
)
from medialog.validators.notice import warn
from medialog.validators.rules import Rules
from medialog.wire import display
from medialog.wire.storage import Storage

logger = logging.getLogger("medialog")
MOST_WAITING = 100  # rows that are kept for a disk that refuses them
MOST_UNSYNCED = 8 * 2**20  # bytes of lines that are kept for a disk that loses them; then `log` syncs
T = TypeVar("T")

_live: weakref.WeakSet[Run] = weakref.WeakSet()


class Run(RunFacts, SummaryKeeper):
    """A run that is being written. `medialog.init` makes one; it is also a context manager that finishes itself.

    All methods may be called from any thread. A call that raises has stored nothing of its own, and the run goes on. A
    call that was interrupted (Ctrl-C) was made or was not made, as a whole: `step` tells.
    """

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
        self._warned: set[tuple[str, str]] = set()
        self._increments = Increments()
        self._media = MediaFiles(storage)
        self._counts = dict.fromkeys(("rows", "line_bytes", "media_files", "media_bytes", "syncs"), 0)
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
        self._pid, self._start = os.getpid(), start
        self._rank = layout.rank_of_process()
        writer = layout.writer_name(self._rank, self._identifiers.writer())
        self._journal = Journal(self._storage, self._clock, self._started, writer=writer, rank=self._rank)

    def _open_journal(self, run_json: str | None = None, reserve: int = 0) -> None:
        sealed = {} if run_json is None else {"run_json": run_json}
        facts = {"format_version": layout.FORMAT_VERSION, "run": self.id, "writer": self._journal.writer}
        with storage_errors("creating the reserve"):
            layout.make_reserve(self._storage, self._journal.writer, reserve)
        self._journal.open({**facts, "start": self._start, **sealed})

    def _make_locks(self) -> None:
        # `_lock` keeps threads apart; `_inside` is held by the call that is at work, so that one made in the midst of
        # it by the same thread (a signal handler, a `__del__`) is recognised and waits for its end.
        self._lock = threading.RLock()
        self._inside = threading.Lock()
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
            if isinstance(expected, (_RowWritten, _PartWritten)):
                step, call = expected.step_after, expected.call
            for waiting in self._waiting:
                if waiting.action is None and not waiting.taken and waiting is not call:
                    step = waiting.step_after(step)
            for queued in self._worker.queued() if self._worker is not None else ():
                if queued is not call:
                    step = queued.step_after(step)
            return step

    @property
    def summary(self) -> Summary:
        """Return the summary: a mapping that can be read and set."""
        return Summary(self)

    @summary.setter
    def summary(self, values: Mapping[str, Any]) -> None:
        self.summary.update(values)

    @property
    def config(self) -> Config:
        """Return the config: a mapping that can be read and set."""
        return self._config

    @property
    def history(self) -> History:
        """Return the open row (`history.row`) and how to write it (`history.add`)."""
        return History(self)

    @property
    def stats(self) -> RunStats:
        """Return what was written so far, and what still has to be."""
        worker = self._worker
        with self._lock:
            return RunStats(
                **self._counts,
                queued_rows=len(worker.queued()) if worker is not None else 0,
                queued_bytes=worker.bytes if worker is not None else 0,
                dropped_rows=worker.dropped if worker is not None else 0,
                encode_seconds=self._encode_seconds,
                unsynced_bytes=self._journal.unsynced_size,
                unsynced_files=self._media.unsynced,
            )

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
            if self._inside.locked():
                self._waiting.append(call or Call.of(action))
                return None
            with self._inside:
                self._enter(doing)
                result = action()
                if self._waiting:
                    self._take_waiting()
                return result

    def _enter(self, doing: str) -> None:
        """Check that the run is open, settle what an interrupted call left, and sync when it is time."""
        if self._closed:
            raise RunClosed(f"run {self.id} is finished: {doing} came after finish()")
        if os.getpid() != self._pid:
            self._begin_in_child()
        self._journal.settle()
        if self._waiting:
            self._take_waiting()
        if doing in ("sync", "finish") or self._disabled:
            return
        if self._journal.unsynced_size > MOST_UNSYNCED or self._clock.monotonic() - self._last_sync >= self._sync_every:
            self._sync()

    def _begin_in_child(self) -> None:
        """Be a writer of our own in a forked child: the parent's file, open row and unsynced files stay its own."""
        self._row = OpenRow(self._row.step)
        self._waiting = []
        self._media.forget()
        self._increments.forget()
        self._counts = dict.fromkeys(self._counts, 0)
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
        self._counts["line_bytes"] += self._journal.append(kind, data, step, effect)

    # --- log ---

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None
    ) -> None:
        """Log a row: `run.log({"loss": 0.2, "examples": [Image(...)]})`.

        Each call is a new step. `commit=False` collects into the open row, which the next committing call writes.
        `step=n` collects into row n; a larger n first writes the open row; a smaller one is stored as a late row of
        that step and merged when read. With `step`, `commit` is False unless given; `log({})` writes the open row.
        Two calls into one row merge mappings deeply; media are replaced whole. `sync` has no effect (deprecated).

        Raises `InvalidInput` (key, rule, expected, got) for a value or key that cannot be logged, `RunClosed` after
        `finish()`: nothing of such a call is stored. `StorageError` when the disk refuses: then the row is kept
        (`error.kept`) and the next call writes it before it does anything else, so do not log the same row again.
        """
        if sync is not None:
            warnings.warn("log(sync=...) has no effect", DeprecationWarning, stacklevel=2)
        if self._disabled:
            return
        if self._closed:
            raise RunClosed(f"run {self.id} is finished: log came after finish()")
        call = Call(self._prepare(data), check_step(step), commit)
        if self._worker is not None:
            self._submit(self._worker, call)
            return
        try:
            self._call("log", lambda: self._take_now(call), call)
        except StorageError as error:
            self._keep(call, error)
            raise

    def _submit(self, worker: Worker, call: Call) -> None:
        """Put a call into the queue of the background. What went wrong there before is raised here."""
        self._warn_postponed()
        try:
            worker.raise_error()
            self._warn_of(call.prepared)
            call.prepared = trees.encode(call.prepared, self._handover.freeze)
            is_queued = worker.submit(call)
        except StorageError as error:
            error.add_note("Rows that were logged before are kept. This one is not: log it again.")
            raise
        if not is_queued:
            sentence = (
                "the queue is full: a row was dropped, as Background(when_full='drop') says; run.stats counts them"
            )
            self._warn_once("log", "log.dropped", sentence, Advice)

    def _encode_ahead(self, call: Call) -> None:
        """Encode the values of a call, in any thread; those that depend on earlier rows wait for their turn."""
        if all(type(value) in _PLAIN for value in call.prepared.values()):
            return
        sink, started = self._media.sink(), time.perf_counter()

        def encode(_: trees.Path, value: Any) -> Any:
            return value if getattr(value, "is_incremental", False) else value.encode_into(sink)

        try:
            with self._rules.use():
                call.prepared = trees.encode(call.prepared, encode)
        except BaseException:
            sink.discard()
            raise
        call.sink = sink
        with self._lock:
            self._encode_seconds += time.perf_counter() - started

    def _write_queued(self, call: Call) -> None:
        """Bring a call of the queue to the file, in the thread that writes."""
        with self._lock, self._inside:
            self._enter("log")
            if not call.taken:
                self._take_now(call)

    def flush(self) -> None:
        """Return when every row that was logged is in the files; only with `background` is there anything to wait for.

        Raises what went wrong in the background: a `StorageError` (the rows are kept, and tried again by the next
        call), or the error of a value that could not be encoded (its call was dropped whole).
        """
        if self._worker is not None and threading.get_ident() != self._worker.writer and not self._is_inside():
            self._worker.flush()
            self._warn_postponed()

    def _is_inside(self) -> bool:
        """Say whether this thread is in the midst of a call of this run: in a signal handler, or in a `__del__`."""
        if not self._lock.acquire(blocking=False):
            return False  # another thread is
        try:
            return self._inside.locked()
        finally:
            self._lock.release()

    def _warn_postponed(self) -> None:
        while self._postponed:
            warn(*self._postponed.pop(0))

    def _keep(self, call: Call, error: StorageError) -> None:
        """Let a call that the disk refused wait for the next one."""
        with self._lock:
            if call.taken or call in self._waiting:
                error.kept = True
            elif len(self._waiting) < MOST_WAITING:
                self._waiting.append(call)
                error.kept = True
            if error.kept:
                error.add_note("The row is kept: the next call writes it first. Do not log it again.")
            else:
                error.add_note(f"The row is not kept: {MOST_WAITING} rows wait already.")

    def _prepare(self, data: Any) -> dict[str, Any]:
        """Check a row; its media stand in it as objects."""
        if not isinstance(data, Mapping):
            got = f"{checks.type_name(data)} {checks.show(data)}"
            raise WrongType(Violation("log", "log.row", 'a mapping, log({"loss": 0.2})', got))
        with self._rules.use():
            return plain.prepare_mapping(data, "", self._rules)

    def _encode(self, prepared: dict[str, Any]) -> dict[str, Any]:
        """Write the media of a checked row; return it as JSON."""
        if all(type(value) in _PLAIN for value in prepared.values()):
            return prepared
        objects = list(_objects(prepared, ()))
        if not objects:
            return prepared
        self._warn_of(prepared)
        sink = self._media.sink()
        started = time.perf_counter()

        def encode(path: trees.Path, value: Any) -> Any:
            return self._increments.encode(path, value, sink, self._fold)

        try:
            with self._rules.use():
                encoded: dict[str, Any] = trees.encode(prepared, encode)
            self._encode_seconds += time.perf_counter() - started
            self._publish(sink)
        finally:
            sink.discard()  # what a value that cannot be encoded leaves of those before it
        return encoded

    def _publish(self, sink: StagedSink) -> None:
        sink.publish()
        self._counts["media_files"] += sink.new_files
        self._counts["media_bytes"] += sink.new_bytes

    def _warn_of(self, prepared: dict[str, Any]) -> None:
        for path, value in _objects(prepared, ()):
            for category, rule, sentence in value.notices():
                self._warn_once(trees.dotted(path), rule, sentence, category)

    def _take_now(self, call: Call) -> None:
        self._take(call)
        if self._files.is_stale and self._clock.monotonic() - self._last_files >= FILES_EVERY:
            self._refresh_files()

    def _take(self, call: Call) -> None:
        """Bring a call to the file: as a row when it commits, else as a part of the open row."""
        tree = self._encode(call.prepared)
        if call.sink is not None:
            self._publish(call.sink)
            call.sink = None
        step = self._row.step if call.step is None else call.step
        if step < self._row.step:
            sentence = f"step {step} after step {self._row.step}: kept as a late row of its step"
            self._warn_once("log", "log.late", sentence, Advice)
            self._write_row(step, tree, None, call)
            return
        if step > self._row.step and self._row.is_open:
            self._commit_open(step)
        if call.commit:
            row = self._row.merged(tree) if step == self._row.step else tree
            self._write_row(step, row, OpenRow(call.step_after(step)), call)
        else:
            self._append("part", tree, step, _PartWritten(self, call, step, tree))

    def _commit_open(self, next_step: int) -> None:
        """Write the open row as one line."""
        self._write_row(self._row.step, self._row.merged({}), OpenRow(next_step), None)

    def _write_row(self, step: int, tree: dict[str, Any], next_row: OpenRow | None, call: Call | None) -> None:
        if next_row is not None:
            self._add_step_metrics(tree)
        leaves = list(trees.leaves(tree))
        for rule, sentence in self._watch.see(leaves):
            self._warn_once(sentence.partition(":")[0], rule, sentence, Advice)
        increments = self._increments.expected(leaves)
        self._append("row", tree, step, _RowWritten(self, call, step, leaves, increments, next_row))
        self._counts["rows"] += 1

    def _add_step_metrics(self, tree: dict[str, Any]) -> None:
        """Write the last value of a step metric into a row that has a metric over it and not the step metric itself."""
        if not self._fold.has_step_metrics:
            return
        row = dict(trees.leaves(tree))
        for path in list(row):
            metric = self._fold.definition_for(path)
            if metric is None or not metric.step_sync or metric.step_metric is None:
                continue
            over = trees.undotted(metric.step_metric)
            if over not in row and self._fold.has_value(over):
                row[over] = self._fold.last_value(over)
                trees.merge(tree, _nest(over, row[over]))

    def _warn_once(self, key: str, rule: str, sentence: str, category: type[MedialogWarning]) -> None:
        if self._rules.strict == "record" or (key, rule) in self._warned:
            return
        self._warned.add((key, rule))
        place = "" if sentence.startswith(key) else f"{key}: "
        if self._worker is not None and threading.get_ident() == self._worker.writer:
            self._postponed.append((f"{place}{sentence} [{rule}]", category))  # for a line of the caller's
        else:
            warn(f"{place}{sentence} [{rule}]", category)

    def open_tree(self) -> dict[str, Any]:
        """Return what the open row holds, as JSON."""
        self.flush()
        with self._lock:
            return dict(self._row.tree)

    def drop_from_row(self, key: str) -> None:
        """Take a key out of the open row; `KeyError` when it is not there."""

        def drop() -> None:
            row = self._row
            if key not in row.tree:
                raise KeyError(key)
            self._append("drop", {"key": [key]}, row.step, lambda: row.tree.pop(key, None))

        self.flush()
        self._call("history.row", drop)

    # --- name, config, summary, metrics ---

    def _change_info(self, key: str, value: Any) -> None:
        checked = description.check(**{key: value})

        def change() -> None:
            if self._disabled:
                self._info.update(checked)
            else:
                self._append("info", checked, effect=lambda: self._info.update(checked))

        self._call(key, change)

    def _change_config(self, tree: dict[str, Any]) -> None:
        def effect() -> None:
            self._config.take(tree)
            self._files.is_stale = True

        if self._disabled:
            self._config.take(tree)
        else:
            self._call("config", lambda: self._append("config", tree, effect=effect))

    def summary_tree(self) -> dict[str, Any]:
        """Return the summary as a JSON tree."""
        with self._lock:
            return self._fold.to_json()

    def set_summary(self, path: trees.Path, values: Mapping[str, Any]) -> None:
        """Set summary values below `path`; they stay as set until they are deleted."""
        if self._disabled:
            return
        with self._rules.use():
            prepared = self._prepare(with_tensors(values, self._rules))

        def change() -> None:
            tree = self._encode(prepared)
            entries = [{"key": [*path, key], "value": value} for key, value in tree.items()]

            def effect() -> None:
                for key, value in tree.items():
                    self._fold.set((*path, key), value)
                self._files.is_stale = True

            self._append("summary", {"set": entries}, effect=effect)

        self.flush()  # what is set now comes after what was logged before
        self._call("summary", change)

    def delete_summary(self, path: trees.Path) -> None:
        """Delete a summary key: `log` updates it again."""

        def effect() -> None:
            self._fold.delete(path)
            self._files.is_stale = True

        if not self._disabled:
            self.flush()
            self._call("summary", lambda: self._append("summary", {"delete": [list(path)]}, effect=effect))

    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """Say how a metric is summarised and over what it is drawn: `run.define_metric("val/*", summary="min,last")`.

        `name`: a key (dots separate nested keys) or its beginning and `*`. `summary`: any of min, max, mean, last,
        first, best, none, copy, joined by commas; the summary of the key is then a mapping, `{"min": 0.1}`. `goal`:
        `"minimize"` (default) or `"maximize"`, for best. NaN is counted and skipped. `step_metric`: the key to draw it
        over; `step_sync` (default: True with a step_metric) writes that key's last value into rows that lack it.
        `overwrite=True` replaces an earlier definition instead of adding to it. Holds for earlier rows too.
        """
        with self._lock:
            earlier = None if overwrite or not isinstance(name, str) else self._fold.definition(name)
        metric = metrics.define(name, step_metric, step_sync, hidden, summary, goal, earlier)

        def effect() -> None:
            self._fold.define(metric)
            self._files.is_stale = True

        if not self._disabled:
            self.flush()
            self._call("define_metric", lambda: self._append("metric", metric.to_json(), effect=effect))
        return metric

    # --- the disk ---

    def _refresh_files(self) -> None:
        """Bring config.json and summary.json up to date. They can be made again, so a refusal is no reason to raise."""
        self._last_files = self._clock.monotonic()
        if self._files.is_owner:
            try:
                self._files.write(self._config.as_json(), self._fold.to_json())
            except StorageError as error:
                logger.warning("medialog: run %s: %s (tried again later)", self.id, error)

    def sync(self) -> None:
        """Return only when everything logged before is on the disk: rows, media and the directories that hold them.

        Raises `DurabilityLost` when the disk cannot promise it. Nothing is lost by that as long as the process lives:
        what is not known to be on the disk is written anew, and the next `sync` can succeed.
        """
        if not self._disabled:
            self.flush()
            self._call("sync", self._sync)

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

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Write the open row, bring everything to the disk and close the run. Calling it again does nothing.

        `exit_code` is recorded; `quiet=True` leaves out the line that says so. When it raises, the run is still open,
        and `finish` can be called again.
        """
        if self._closed:
            return
        if not self._disabled and os.getpid() == self._pid:
            with storage_errors("freeing the reserve"):
                layout.free_reserve(self._storage, self._journal.writer)
        dropped = None
        while not self.is_finished:
            dropped = self._empty_queue() or dropped
            self._call("finish", lambda: self._finish(exit_code, quiet))
            if self._is_inside():
                return  # the call in whose midst this one came does it at its end
        if dropped is not None:
            raise dropped

    def _empty_queue(self) -> Exception | None:
        """Write what waits in the background; return the first error of a call that had to be dropped."""
        dropped: Exception | None = None
        while True:
            try:
                self.flush()
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a value of the caller's raised
                dropped = dropped or error
                continue
            return dropped

    def _finish(self, exit_code: int | None, quiet: bool | None) -> None:
        if self._closed or (self._worker is not None and self._worker.queued()):
            return
        if self._journal.is_open:
            if self._row.is_open:
                self._commit_open(self._row.step + 1)
            if not self._files.is_owner or self._files.others_wrote(self._journal.writer):
                self._media.sync()
                self._journal.sync()
                everything = read_events(self._storage)
                self._write_files(everything.config, everything.summary.to_json())
                self._files.is_owner = False
            self._sync()
            self._append("end", self._ending(exit_code))
            self._journal.sync()
            self._journal.close()
        self._close()
        if not quiet and self.dir is not None and self._rank == 0 and self._start in ("new", "resume"):
            size = self._counts["line_bytes"] + self._counts["media_bytes"]
            console.finished(self.id, self.dir, self._counts["rows"], self._counts["media_files"], size)
        if self._watch.bad_names:
            names = ", ".join(self._watch.bad_names[:10])
            logger.info("run %s: names that some tools cannot query [metric.name]: %s", self.id, names)

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

    def _ending(self, exit_code: int | None) -> dict[str, Any]:
        ending: dict[str, Any] = {"next_step": self._row.step}
        if exit_code is not None:
            ending["exit_code"] = int(exit_code)
        if self._worker is not None and self._worker.dropped:
            ending["dropped"] = self._worker.dropped
        if self._watch.bad_names:
            ending["metric.name"] = self._watch.bad_names
        return ending

    def reader(self) -> RunReader:
        """Return a reader of this run, as `open_run` gives one."""
        return RunReader(self._storage)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(exit_code=0 if kind is None else 1)

    def __reduce__(self) -> Any:
        """Refuse to be sent to another process."""
        message = (
            f"run {self.id} belongs to this process: in the other one call medialog.init(id={self.id!r}, resume=True)"
        )
        raise RunError(message)

    if not TYPE_CHECKING:  # a type checker that saw it would accept every misspelt name

        def __getattr__(self, name: str) -> Any:
            """Say what there is instead of a name that runs of W&B have."""
            from medialog.wandb_names import OF_RUN

            instead = f": {OF_RUN[name]}" if name in OF_RUN else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{instead}")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return what a notebook shows of the run."""
        return display.bundle(self, include, exclude)

    def __repr__(self) -> str:
        state = "disabled" if self._disabled else "finished" if self._closed else f"step {self.step}"
        return f"Run({self.id!r}, {state})"


class _RowWritten:
    """What a row does once it is in the file."""

    __slots__ = ("_increments", "_leaves", "_next_row", "_run", "_step", "call", "step_after")

    def __init__(
        self,
        run: Run,
        call: Call | None,
        step: int,
        leaves: list[tuple[trees.Path, Any]],
        increments: dict[trees.Path, Cursor],
        next_row: OpenRow | None,
    ) -> None:
        self._run, self.call, self._step = run, call, step
        self._leaves, self._increments, self._next_row = leaves, increments, next_row
        self.step_after = (next_row or run._row).step

    def __call__(self) -> None:
        run = self._run
        run._fold.add_row(self._leaves, self._step, run._rank, self)
        run._increments.commit(self._increments)
        if self._next_row is not None:
            run._row = self._next_row
        if self.call is not None:
            self.call.taken = True
        run._files.is_stale = True


class _PartWritten:
    """What a part of the open row does once it is in the file."""

    __slots__ = ("_run", "_tree", "call", "step_after")

    def __init__(self, run: Run, call: Call, step: int, tree: dict[str, Any]) -> None:
        self._run, self.call, self.step_after, self._tree = run, call, step, tree

    def __call__(self) -> None:
        run = self._run
        row = run._row if run._row.step == self.step_after else OpenRow(self.step_after)
        row.collect(self._tree)
        run._row = row
        self.call.taken = True


_PLAIN = frozenset((float, int, bool, str))
FILES_EVERY = 1.0


def _objects(node: Any, path: trees.Path) -> Iterator[tuple[trees.Path, Any]]:
    """Yield the values of a prepared tree that are to be encoded, each with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _objects(value, (*path, key))
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value, path)
    elif hasattr(node, "encode_into"):
        yield path, node


def _nest(path: trees.Path, value: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    trees.insert(tree, path, value)
    return tree


def _make_locks_in_child() -> None:
    for run in list(_live):
        run._make_locks()  # another thread of the parent may have held them


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_make_locks_in_child)
