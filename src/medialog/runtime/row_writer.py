"""RowWriter: the rows of a run, from `log` to the line of events."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from medialog.datatypes import plain
from medialog.datatypes.files import StagedSink
from medialog.runtime import trees
from medialog.runtime.background import PLAIN, Worker
from medialog.runtime.call import Call
from medialog.runtime.effects import PartWritten, RowWritten
from medialog.runtime.number_row import NumberRow, shape_of
from medialog.runtime.open_row import OpenRow, check_step
from medialog.runtime.writer import Writer
from medialog.validators import checks
from medialog.validators.errors import (
    Advice,
    MedialogWarning,
    RunClosed,
    StorageError,
    Violation,
    WrongType,
)
from medialog.validators.notice import warn

MOST_WAITING = 100  # rows that are kept for a disk that refuses them
FILES_EVERY = 1.0  # seconds between two writings of config.json and summary.json
KEPT = "The row is kept: the next call writes it first. Do not log it again."


class RowWriter(Writer):
    """What becomes of a `log`: checked, encoded, merged into the open row, written."""

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
        if type(data) is dict and (commit or (commit is None and step is None)) and self._log_numbers(data, step):
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

    def _log_numbers(self, data: dict[str, Any], step: int | None) -> bool:
        """Log a row of numbers under keys that are known, when there is nothing else to do; else False, and nothing.

        With a background too, when nothing waits in it: it is over sooner than another thread could be woken. What
        takes longer than a line, that other thread does.
        """
        worker = self._worker
        if worker is not None and (self._postponed or not (worker.is_idle or self._catches_up(worker))):
            return False
        row = data.copy()
        found = self._shapes.find(row)
        if found is None:
            return False
        shape, values = found
        try:
            with self._lock:
                if self._is_at_work:
                    return False
                try:
                    self._is_at_work = True
                    now, collecting = self._clock.monotonic(), self._row
                    at = collecting.step
                    if (
                        self._closed
                        or self._is_child
                        or self._waiting
                        or collecting.is_open
                        or not (step is None or step == at)
                        or self._fold.has_step_metrics
                        or now - self._last_sync >= self._sync_every
                        or (worker is not None and now - self._last_files >= FILES_EVERY)
                        or not self._journal.append_row(row, at, now, NumberRow(self, shape, values, at))
                    ):
                        return False
                    if self._waiting:
                        self._take_waiting()
                    if now - self._last_files >= FILES_EVERY:
                        self._refresh_files()
                finally:
                    self._is_at_work = False
        except StorageError as error:
            if worker is not None:
                return True  # the row is on its way: the next call brings it there first, or raises
            error.kept = True
            error.add_note(KEPT)
            raise
        return True

    def _catches_up(self, worker: Worker) -> bool:
        """Wait for the background to write a few rows of numbers: it would take longer to queue behind them."""
        return threading.get_ident() != worker.writer and not self._is_inside() and worker.catch_up()

    def _submit(self, worker: Worker, call: Call) -> None:
        """Put a call into the queue of the background. What went wrong there before is raised here."""
        self._warn_postponed()
        try:
            worker.raise_error()
            self._settle_idle(worker)
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
        with self._lock:
            try:
                self._is_at_work = True
                self._enter("log")
                if not call.taken:
                    self._take_now(call)
            finally:
                self._is_at_work = False

    def flush(self) -> None:
        """Return when every row that was logged is in the files; only with `background` is there anything to wait for.

        Raises what went wrong in the background: a `StorageError` (the rows are kept, and tried again by the next
        call), or the error of a value that could not be encoded (its call was dropped whole).
        """
        if self._worker is not None and threading.get_ident() != self._worker.writer and not self._is_inside():
            self._worker.flush()
            self._warn_postponed()
            self._settle_idle(self._worker)

    def _settle_idle(self, worker: Worker) -> None:
        """Bring a row that `log` itself could not write to the file, before anything else is put into the queue."""
        if worker.is_idle and self._journal.is_unsettled and not self._closed:
            self._call("log", lambda: None)

    def _is_inside(self) -> bool:
        """Say whether this thread is in the midst of a call of this run: in a signal handler, or in a `__del__`."""
        if not self._lock.acquire(blocking=False):
            return False  # another thread is
        try:
            return self._is_at_work
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
            elif len(self._waiting) + isinstance(self._journal.expected, NumberRow) < MOST_WAITING:
                self._waiting.append(call)
                error.kept = True
            if error.kept:
                error.add_note(KEPT)
            else:
                error.add_note(f"The row is not kept: {MOST_WAITING} rows wait already.")

    def _prepare(self, data: Any) -> dict[str, Any]:
        """Check a row; its media stand in it as objects."""
        if not isinstance(data, Mapping):
            got = f"{checks.type_name(data)} {checks.show(data)}"
            raise WrongType(Violation("log", "log.row", 'a mapping, log({"loss": 0.2})', got))
        if type(data) is dict and PLAIN.issuperset(map(type, data.values())):
            return plain.prepare_mapping(data, "", self._rules)  # no value of it asks which rules are in use
        with self._rules.use():
            return plain.prepare_mapping(data, "", self._rules)

    def _encode(self, prepared: dict[str, Any]) -> dict[str, Any]:
        """Write the media of a checked row; return it as JSON."""
        if PLAIN.issuperset(map(type, prepared.values())):
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
            self._append("part", tree, step, PartWritten(self, call, step, tree))

    def _commit_open(self, next_step: int) -> None:
        """Write the open row as one line."""
        self._write_row(self._row.step, self._row.merged({}), OpenRow(next_step), None)

    def _write_row(self, step: int, tree: dict[str, Any], next_row: OpenRow | None, call: Call | None) -> None:
        if next_row is not None:
            self._add_step_metrics(tree)
        leaves = list(trees.leaves(tree))
        self._shapes.tell()
        for rule, sentence in self._watch.see(leaves):
            self._warn_once(sentence.partition(":")[0], rule, sentence, Advice)
        increments = self._increments.expected(leaves)
        shape = shape_of(tree, leaves)
        effect = RowWritten(self, call, step, leaves, increments, next_row)
        if shape is not None and next_row is not None:  # not a late row
            effect.numbers = NumberRow(self, shape, tuple(tree.values()), step)
        if shape is None or not self._journal.append_row(tree, step, self._clock.monotonic(), effect):
            self._append("row", tree, step, effect)
        self._shapes.learn(tree, shape)

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
