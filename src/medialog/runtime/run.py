"""Run: a run that is being written, as its user sees it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from medialog.runtime import console, description, layout, trees
from medialog.runtime import metric as metrics
from medialog.runtime.config import Config
from medialog.runtime.events import read_events
from medialog.runtime.history import History
from medialog.runtime.metric import Metric
from medialog.runtime.reader import RunReader
from medialog.runtime.row_writer import RowWriter
from medialog.runtime.stats import RunStats
from medialog.runtime.summary import Summary, SummaryKeeper
from medialog.runtime.summary_values import with_tensors
from medialog.validators.errors import RunError, StorageError, storage_errors
from medialog.wire import display

logger = logging.getLogger("medialog")


class Run(RowWriter, SummaryKeeper):
    """A run that is being written. `medialog.init` makes one; it is also a context manager that finishes itself.

    All methods may be called from any thread. A call that raises has stored nothing of its own, and the run goes on. A
    call that was interrupted (Ctrl-C) was made or was not made, as a whole: `step` tells.
    """

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
                rows=self._shapes.rows,
                line_bytes=self._journal.line_bytes,
                queued_rows=len(worker.queued()) if worker is not None else 0,
                queued_bytes=worker.bytes if worker is not None else 0,
                dropped_rows=worker.dropped if worker is not None else 0,
                encode_seconds=self._encode_seconds,
                unsynced_bytes=self._journal.unsynced_size,
                unsynced_files=self._media.unsynced,
            )

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

    def sync(self) -> None:
        """Return only when everything logged before is on the disk: rows, media and the directories that hold them.

        Raises `DurabilityLost` when the disk cannot promise it. Nothing is lost by that as long as the process lives:
        what is not known to be on the disk is written anew, and the next `sync` can succeed.
        """
        if not self._disabled:
            self.flush()
            self._call("sync", self._sync)

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Write the open row, bring everything to the disk and close the run. Calling it again does nothing.

        `exit_code` is recorded; `quiet=True` leaves out the line that says so. When it raises, the run is still open,
        and `finish` can be called again.
        """
        if self._closed:
            return
        if not self._disabled and not self._is_child:
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
                with storage_errors("reading what other writers logged"):
                    everything = read_events(self._storage)
                self._write_files(everything.config, everything.summary.to_json())
                self._files.is_owner = False
            self._sync()
            self._append("end", self._ending(exit_code))
            self._journal.sync()
            self._journal.close()
        self._close()
        if not quiet and self.dir is not None and self._rank == 0 and self._start in ("new", "resume"):
            size = self._journal.line_bytes + self._counts["media_bytes"]
            console.finished(self.id, self.dir, self._shapes.rows, self._counts["media_files"], size)
        if self._watch.bad_names:
            names = ", ".join(self._watch.bad_names[:10])
            logger.info("run %s: names that some tools cannot query [metric.name]: %s", self.id, names)

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
