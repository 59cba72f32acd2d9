"""Api: finished runs by their path, as the guides use it. Everything is local: there is no account and no server.

api = medialog.Api()
run = api.run("user/project/run_id")
run.summary["tensor"] = np.random.random(1000)
run.summary.update()
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from medialog.runtime import layout, trees
from medialog.runtime.clock import Clock, Identifiers
from medialog.runtime.config import Config
from medialog.runtime.events import read_events
from medialog.runtime.reader import RunReader, open_run
from medialog.runtime.run import Run
from medialog.runtime.summary import Summary, SummaryKeeper
from medialog.validators import checks
from medialog.validators.errors import InvalidName, RunError, Violation
from medialog.wire import names
from medialog.wire.storage import LocalStorage


class Api:
    """The runs below `dir`."""

    def __init__(self, dir: str | os.PathLike[str] = "runs") -> None:
        self._dir = Path(dir)

    def run(self, path: str) -> StoredRun:
        """Return a run by `"id"`, `"project/id"` or `"user/project/id"`.

        The last part is the id; a project is compared with the run's own, when it has one; the user is ignored. Raises
        `InvalidName`, or `RunError` when there is no such run.
        """
        parts = path.strip("/").split("/") if isinstance(path, str) else []
        if not 1 <= len(parts) <= 3:
            raise InvalidName(Violation("path", "name.pattern", "'user/project/id'", checks.show(path)))
        problem = names.problem_with_name(parts[-1])
        if problem is not None:
            raise InvalidName(Violation("path", "name.pattern", problem, checks.show(parts[-1])))
        run = StoredRun(self._dir / parts[-1])
        project = parts[-2] if len(parts) > 1 else None
        if project is not None and run.project is not None and project != run.project:
            raise RunError(f"run {parts[-1]!r} belongs to project {run.project!r}, not to {project!r}")
        return run

    def runs(self, path: str | None = None) -> list[StoredRun]:
        """Return the runs, by id; with `"project"` or `"user/project"`, those of that project."""
        project = None if path is None else path.strip("/").rpartition("/")[2]
        found = [StoredRun(folder) for folder in sorted(self._dir.glob("*")) if (folder / layout.RUN).is_file()]
        return [run for run in found if project in (None, run.project)]


class StoredRun(SummaryKeeper):
    """A run that was written before: its history and config to read, its summary to read and set.

    What is set in the summary is written at once, through a new writer of the run; `summary.update()` finds it there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = open_run(path)

    @property
    def id(self) -> str:
        """Return the run's id."""
        return self._reader.id

    @property
    def name(self) -> str:
        """Return the run's name; its id when it has none."""
        return self._reader.name

    @property
    def project(self) -> str | None:
        """Return the run's project."""
        return self._reader.project

    @property
    def config(self) -> Config:
        """Return the config, to read."""
        return self._reader.config

    @property
    def tags(self) -> list[str]:
        """Return the run's tags."""
        return list(self._reader.info.get("tags") or ())

    @property
    def state(self) -> str:
        """Return "finished", or "running" for a run that is being written or was not finished."""
        return "finished" if self._reader.finished else "running"

    def history(self, keys: Iterable[str] | str | None = None) -> list[dict[str, Any]]:
        """Return the rows; see `RunReader.history`."""
        return self._reader.history(keys)

    def scan_history(self, keys: Iterable[str] | str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows that `history` returns."""
        return iter(self._reader.history(keys))

    def reader(self) -> RunReader:
        """Return the reader behind this run."""
        return self._reader

    @property
    def summary(self) -> Summary:
        """Return the summary, to read and set."""
        return Summary(self)

    def summary_tree(self) -> dict[str, Any]:
        """Return the stored summary."""
        return read_events(LocalStorage(self._path)).summary.to_json()

    def set_summary(self, path: trees.Path, values: Mapping[str, Any]) -> None:
        """Write summary values through a new writer."""
        with self._writer() as writer:
            writer.set_summary(path, values)

    def delete_summary(self, path: trees.Path) -> None:
        """Delete a summary key."""
        with self._writer() as writer:
            writer.delete_summary(path)

    def _writer(self) -> Run:
        storage = LocalStorage(self._path)
        events = read_events(storage)
        return Run(
            storage,
            self._reader.info,
            config={},
            known_config=events.config,
            rules=self._reader.rules,
            clock=Clock(),
            identifiers=Identifiers(),
            fold=events.summary,
            first_step=events.last_step + 1,
            start="edit",
        )
