"""Run: the façade over the open row, the summary, the segment and the media sink."""

from __future__ import annotations

import logging
import math
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from medialog.datatypes import plain
from medialog.datatypes.arrays import is_array_like
from medialog.datatypes.base import find
from medialog.datatypes.files import StagedSink
from medialog.runtime import description, layout, trees
from medialog.runtime import metric as metrics
from medialog.runtime.clock import Clock, Identifiers
from medialog.runtime.config import Config
from medialog.runtime.history import History
from medialog.runtime.increments import Increments
from medialog.runtime.metric import Metric
from medialog.runtime.open_row import OpenRow, check_step
from medialog.runtime.reader import RunReader
from medialog.runtime.segment import Segment
from medialog.runtime.summary import Summary, SummaryFold, SummaryKeeper
from medialog.runtime.watch import KeyWatch
from medialog.validators import checks
from medialog.validators.errors import (
    Advice,
    DurabilityLost,
    Error,
    InvalidInput,
    MedialogWarning,
    RunClosed,
    Violation,
    WrongType,
    storage_errors,
)
from medialog.validators.notice import warn
from medialog.validators.rules import Rules
from medialog.wire.storage import LocalStorage, Storage

logger = logging.getLogger("medialog")
FILES_EVERY = 1.0


class Run(SummaryKeeper):
    """A run that is being written. `medialog.init` makes one; it is also a context manager that finishes itself.

    All methods may be called from any thread. A call that raises has stored nothing of its own, and the run goes on.
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
        owns_files: bool = True,
        start: str = "new",
        run_json: str | None = None,
        on_finish: Callable[[], None] | None = None,
    ) -> None:
        self._storage, self._info, self._rules = storage, dict(info), rules
        self._clock, self._identifiers, self._sync_every = clock, identifiers, sync_every
        self._disabled, self._owns_files = disabled, owns_files
        self._run_json = run_json
        self._on_finish = on_finish
        self._lock = threading.RLock()
        self._closed = False
        self._started = clock.monotonic()
        self._fold = fold or SummaryFold()
        self._row = OpenRow(first_step)
        self._watch = KeyWatch(rules)
        self._warned: set[tuple[str, str]] = set()
        self._increments = Increments()
        self._unsynced: dict[str, None] = {}
        self._unapplied: tuple[int, int, list[tuple[trees.Path, Any]], int | None] | None = None
        self._last_sync = self._last_files = self._started
        self._files_stale = True
        self._config = Config({**(known_config or {}), **config}, self._change_config, rules)
        self._open_segment(start)
        if config:
            self._segment.append("config", config)
        self._write_files()

    def _open_segment(self, start: str) -> None:
        """Begin a file of events of our own: at the start, and in a forked child."""
        self._pid = os.getpid()
        writer = layout.writer_name(layout.rank_of_process(), self._identifiers.writer())
        number = layout.next_number(self._storage)
        name = layout.SegmentName(number, writer, layout.rank_of_process())
        self._segment = Segment(self._storage, name, self._clock, self._started)
        sealed = {} if self._run_json is None else {"run_json": self._run_json}
        facts = {"format_version": layout.FORMAT_VERSION, "run": self.id, "writer": writer, "start": start}
        self._segment.append("meta", facts | sealed)

    # --- facts ---

    @property
    def id(self) -> str:
        """Return the run's id, which is the name of its directory."""
        return str(self._info["id"])

    @property
    def name(self) -> str:
        """Return the run's name; its id when none was given. It can be set."""
        return str(self._info.get("name") or self.id)

    @name.setter
    def name(self, name: str | None) -> None:
        self._change_info("name", name)

    @property
    def notes(self) -> str | None:
        """Return the notes, or None. They can be set."""
        return self._info.get("notes")

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._change_info("notes", notes)

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the tags. They can be set."""
        return tuple(self._info.get("tags") or ())

    @tags.setter
    def tags(self, tags: Sequence[str] | None) -> None:
        self._change_info("tags", tags)

    @property
    def project(self) -> str | None:
        """Return the project given to `init`, or None."""
        return self._info.get("project")

    @property
    def group(self) -> str | None:
        """Return the group given to `init`, or None."""
        return self._info.get("group")

    @property
    def job_type(self) -> str | None:
        """Return the job type given to `init`, or None."""
        return self._info.get("job_type")

    @property
    def entity(self) -> str | None:
        """Return the entity given to `init`, or None: there are no accounts."""
        return self._info.get("entity")

    @property
    def path(self) -> str:
        """Return `"entity/project/id"`, without what was not given: what `Api().run(path)` takes."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    @property
    def url(self) -> None:
        """Return None: there is no server. `dir` is where the run is."""

    @property
    def dir(self) -> str | None:
        """Return the run directory; None for a run that is kept in memory."""
        return str(self._storage.root) if isinstance(self._storage, LocalStorage) else None

    @property
    def step(self) -> int:
        """Return the step that the next `log` collects into."""
        return self._row.step

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
    def is_finished(self) -> bool:
        """Say whether `finish` was called."""
        return self._closed

    @property
    def disabled(self) -> bool:
        """Say whether the run accepts everything and keeps nothing."""
        return self._disabled

    # --- entering a call ---

    def _enter(self, doing: str) -> None:
        """Check that the run is open, and settle what an interrupted call left."""
        if self._closed:
            raise RunClosed(f"run {self.id} is finished: {doing} came after finish()")
        if os.getpid() != self._pid:
            # A forked child: the parent's file is the parent's, and so is the row that was open in it.
            self._row.close(self._row.step)
            self._unapplied, self._owns_files = None, False
            self._open_segment("fork")
        self._settle()

    def _settle(self) -> None:
        self._segment.settle()
        if self._unapplied is not None:
            seq, step, leaves, next_step = self._unapplied
            if self._segment.next_seq > seq:
                self._fold.add_row(leaves, step)
                self._increments.commit()
                if next_step is not None:
                    self._row.close(next_step)
                self._files_stale = True
            self._unapplied = None

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
        `finish()`, `StorageError` when the disk refuses. Nothing of a failing call is stored, unless the disk refused
        the final write: then the row stays pending, and the next call writes it first.
        """
        with self._lock:
            self._enter("log")
            if sync is not None:
                warnings.warn("log(sync=...) has no effect", DeprecationWarning, stacklevel=2)
            if self._disabled:
                return
            step = check_step(step)
            tree = self._encode(data)
            if step is not None and step < self._row.step:
                self._write_late(step, tree)
            else:
                if step is not None and step > self._row.step:
                    if self._row.is_open:
                        self._commit(step)
                    self._row.step = step
                self._row.collect(tree)
                if commit if commit is not None else step is None:
                    self._commit(self._row.step + 1)
            self._after_write()

    def _encode(self, data: Any) -> dict[str, Any]:
        """Check a row and write its media; return it as JSON."""
        if not isinstance(data, Mapping):
            got = f"{checks.type_name(data)} {checks.show(data)}"
            raise WrongType(Violation("log", "log.row", 'a mapping, log({"loss": 0.2})', got))
        with self._rules.use():
            prepared = plain.prepare_mapping(data, "", self._rules)
        if all(type(value) in _PLAIN for value in prepared.values()):
            return prepared
        objects = list(_objects(prepared, ()))
        if not objects:
            return prepared
        for path, value in objects:
            for category, rule, sentence in value.notices():
                self._warn_once(trees.dotted(path), rule, sentence, category)
        sink = StagedSink(self._storage, self._unsynced.setdefault)

        def encode(path: trees.Path, value: Any) -> Any:
            return self._increments.encode(path, value, sink, self._fold)

        try:
            encoded: dict[str, Any] = trees.encode(prepared, encode)
            sink.publish()
        finally:
            sink.discard()  # what a value that cannot be encoded leaves of those before it
        return encoded

    def _commit(self, next_step: int) -> None:
        """Write the open row as one line."""
        tree = self._row.tree
        self._add_step_metrics(tree)
        self._write(self._row.step, tree, next_step)

    def _write_late(self, step: int, tree: dict[str, Any]) -> None:
        sentence = f"step {step} after step {self._row.step}: kept as a late row of its step"
        self._warn_once("log", "log.late", sentence, Advice)
        self._write(step, tree, None)

    def _write(self, step: int, tree: dict[str, Any], next_step: int | None) -> None:
        leaves = list(trees.leaves(tree))
        self._increments.expect(leaves)
        self._unapplied = (self._segment.next_seq, step, leaves, next_step)
        self._segment.append("row", tree, step)
        self._settle()
        for rule, sentence in self._watch.see(leaves):
            self._warn_once(sentence.partition(":")[0], rule, sentence, Advice)

    def _add_step_metrics(self, tree: dict[str, Any]) -> None:
        """Write the last value of a step metric into a row that has a metric over it and not the step metric itself."""
        if not any(metric.step_sync for metric in self._fold.definitions):
            return
        row = dict(trees.leaves(tree))
        known = dict(self._fold.last_values())
        for path in list(row):
            metric = self._fold.definition_for(path)
            if metric is None or not metric.step_sync or metric.step_metric is None:
                continue
            over = trees.undotted(metric.step_metric)
            if over not in row and over in known:
                trees.merge(tree, _nest(over, known[over]))
                row[over] = known[over]

    def _warn_once(self, key: str, rule: str, sentence: str, category: type[MedialogWarning]) -> None:
        if self._rules.strict == "record" or (key, rule) in self._warned:
            return
        self._warned.add((key, rule))
        place = "" if sentence.startswith(key) else f"{key}: "
        warn(f"{place}{sentence} [{rule}]", category)

    def open_tree(self) -> dict[str, Any]:
        """Return what the open row holds, as JSON."""
        with self._lock:
            return dict(self._row.tree)

    def drop_from_row(self, key: str) -> None:
        """Take a key out of the open row; `KeyError` when it is not there."""
        with self._lock:
            self._enter("history.row")
            del self._row.tree[key]

    # --- name, config, summary, metrics ---

    def _change_info(self, key: str, value: Any) -> None:
        checked = description.check(**{key: value})
        with self._lock:
            self._enter(key)
            self._info.update(checked)
            if not self._disabled:
                self._segment.append("info", checked)

    def _change_config(self, tree: dict[str, Any]) -> None:
        with self._lock:
            self._enter("config")
            if not self._disabled:
                self._segment.append("config", tree)
                self._files_stale = True
                self._after_write()

    def summary_tree(self) -> dict[str, Any]:
        """Return the summary as a JSON tree."""
        with self._lock:
            return self._fold.to_json()

    def set_summary(self, path: trees.Path, values: Mapping[str, Any]) -> None:
        """Set summary values below `path`; they stay as set until they are deleted."""
        with self._lock:
            self._enter("summary")
            if self._disabled:
                return
            with self._rules.use():
                values = _with_tensors(values, "", self._rules)
            tree = self._encode(values)
            entries = [{"key": [*path, key], "value": value} for key, value in tree.items()]
            self._segment.append("summary", {"set": entries})
            for entry in entries:
                self._fold.set(tuple(entry["key"]), entry["value"])
            self._files_stale = True
            self._after_write()

    def delete_summary(self, path: trees.Path) -> None:
        """Delete a summary key: `log` updates it again."""
        with self._lock:
            self._enter("summary")
            self._segment.append("summary", {"delete": [list(path)]})
            self._fold.delete(path)
            self._files_stale = True
            self._after_write()

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
            self._enter("define_metric")
            earlier = None if overwrite or not isinstance(name, str) else self._fold.definition(name)
            metric = metrics.define(name, step_metric, step_sync, hidden, summary, goal, earlier)
            if not self._disabled:
                self._segment.append("metric", metric.to_json())
                self._fold.define(metric)
                self._files_stale = True
                self._after_write()
            return metric

    # --- the disk ---

    def _after_write(self) -> None:
        now = self._clock.monotonic()
        if now - self._last_sync >= self._sync_every:
            self.sync()
        elif self._files_stale and now - self._last_files >= FILES_EVERY:
            self._write_files()

    def _write_files(self, *, durable: bool = False) -> None:
        """Replace `config.json` and `summary.json`; only the writer that created the run does."""
        if self._disabled or not self._owns_files:
            return
        with storage_errors("writing config.json and summary.json"):
            layout.replace_json(self._storage, layout.CONFIG, self._config.as_json(), durable=durable)
            layout.replace_json(self._storage, layout.SUMMARY, self._fold.to_json(), durable=durable)
        self._last_files, self._files_stale = self._clock.monotonic(), False

    def sync(self) -> None:
        """Return only when everything logged before is on the disk: rows, media and the directories that hold them."""
        with self._lock:
            self._enter("sync")
            if self._disabled:
                return
            try:
                folders = dict.fromkeys(os.path.dirname(path) for path in self._unsynced)
                for path in (*self._unsynced, *folders):
                    self._storage.fsync_path(path)
                if folders:
                    self._storage.fsync_path("media")
            except OSError as error:
                raise DurabilityLost(error.errno or 0, f"syncing media: {error.strerror or error}") from error
            self._unsynced.clear()
            self._segment.sync()
            self._write_files(durable=True)
            with storage_errors("syncing the run directory"):
                self._storage.fsync_path("")
            self._segment.append("sync", {})
            self._last_sync = self._clock.monotonic()

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Write the open row, bring everything to the disk and close the run. Calling it again does nothing.

        `exit_code` is recorded; `quiet` is accepted and has nothing to silence.
        """
        del quiet
        with self._lock:
            if self._closed:
                return
            self._enter("finish")
            if self._row.is_open and not self._disabled:
                self._commit(self._row.step + 1)
            if not self._disabled:
                self._files_stale = True
                self.sync()
                self._segment.append("end", self._ending(exit_code))
                self._segment.sync()
            self._segment.close()
            self._closed = True
            if self._on_finish is not None:
                self._on_finish()
        if self._watch.bad_names:
            names = ", ".join(self._watch.bad_names[:10])
            logger.info("run %s: names that some tools cannot query [metric.name]: %s", self.id, names)

    def _ending(self, exit_code: int | None) -> dict[str, Any]:
        ending: dict[str, Any] = {"next_step": self._row.step}
        if exit_code is not None:
            ending["exit_code"] = int(exit_code)
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

    if not TYPE_CHECKING:  # a type checker that saw it would accept every misspelt name

        def __getattr__(self, name: str) -> Any:
            """Say what there is instead of a name that runs of W&B have."""
            from medialog.wandb_names import OF_RUN

            instead = f": {OF_RUN[name]}" if name in OF_RUN else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{instead}")

    def __repr__(self) -> str:
        state = "disabled" if self._disabled else "finished" if self._closed else f"step {self.step}"
        return f"Run({self.id!r}, {state})"


_PLAIN = frozenset((float, int, bool, str))


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


def _with_tensors(values: Mapping[str, Any], at: str, rules: Rules, depth: int = 1) -> Mapping[str, Any]:
    """Return summary values in which every large array is a Tensor."""
    if depth > rules.limit("json.depth"):
        return values  # `prepare` says so
    result: dict[str, Any] = {}
    for key, value in values.items():
        place = f"{at}[{checks.show(key)}]" if at else checks.show(key)
        try:
            result[key] = _with_tensor(value, place, rules, depth)
        except (Error, Warning):
            raise
        except Exception as error:  # a class of the caller's may raise anything when it is read
            raise checks.unreadable(value, place, error) from error
    return result


def _with_tensor(value: Any, at: str, rules: Rules, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _with_tensors(value, at, rules, depth + 1)
    if is_array_like(value) and _size(value) > rules.limit("tensor.inline"):
        try:
            return find("numpy.ndarray")(value)  # type: ignore[call-arg]
        except InvalidInput as error:
            raise error.within(at) from error
    return value


def _size(value: Any) -> int:
    """Return how many elements an array of any library has; 0 for one that cannot say, which is refused later."""
    try:
        return math.prod(int(length) for length in value.shape)
    except (AttributeError, TypeError, ValueError, RuntimeError):  # the last: torch's nested tensors
        return 0
