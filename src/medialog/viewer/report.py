"""`medialog.report`: a run as one HTML file, or as a folder without scripts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.validators.errors import StorageError
from medialog.viewer.contents import Contents, read_contents
from medialog.viewer.document import Document, Facts, write_file
from medialog.viewer.options import DEFAULT_ROWS, DEFAULT_SIZE, ReportOptions, read_options, show_size
from medialog.viewer.posters.cache import PosterCache

if TYPE_CHECKING:
    from medialog.runtime.events import Problem
    from medialog.runtime.reader import RunReader
    from medialog.runtime.run import Run


@dataclass(frozen=True)
class Report:
    """A report that was written: where, how large, and what is wrong with the run or was left out of it."""

    path: Path
    size: int
    problems: list[dict[str, str]]
    left_out: dict[str, Any] | None

    def __str__(self) -> str:
        text = f"{self.path} ({show_size(self.size)})"
        if self.left_out is not None:
            text += f", left out by {self.left_out['reason']}: {left_out_text(self.left_out)}"
        return text


def report(
    run: str | os.PathLike[str] | RunReader | Run,
    path: str | os.PathLike[str] = "report.html",
    *,
    steps: str = "all",
    keys: str | Sequence[str] | None = None,
    max_size: str | int = DEFAULT_SIZE,
    table_rows: int = DEFAULT_ROWS,
    html_eval: bool = False,
    made_at: str | None = None,
) -> Report:
    """Write a run as one self-contained HTML file that opens without a network: `medialog.report("runs/abc")`.

    `steps`: the media of "all" steps, of each key's "last", or of "every:N" (numbers are always whole); `keys`: globs
    of dotted keys; `max_size`: bytes or text like "50MB"; `table_rows`: rows of a table that are shown; `html_eval`:
    allow `eval` to pages that were logged as html. What is left out is stated in the file. `made_at` fixes the time of
    making (ISO 8601): then the same run gives the same bytes.

    Raises `RunError` for what is no run, `InvalidInput` for wrong options, `StorageError` when it cannot be written.
    Damaged and missing files are no errors; the page shows them as such.
    """
    options = read_options(steps, keys, max_size, table_rows, html_eval=html_eval, made_at=made_at)
    reader = open_reader(run)
    document = make_document(reader, options)
    try:
        index = write_file(path, document)
    except OSError as error:
        raise StorageError(f"{os.fspath(path)}: {error.strerror or error}") from error
    return Report(Path(path), os.path.getsize(path), index["problems"], index["left_out"])


def open_reader(run: str | os.PathLike[str] | RunReader | Run) -> RunReader:
    """Return a reader that keeps rows whose files are missing, so that they can be shown as missing."""
    from medialog.runtime.reader import RunReader, open_run

    if isinstance(run, (str, os.PathLike)):
        return open_run(run, recovery="salvage")
    if isinstance(run, RunReader):
        return RunReader(run.storage, recovery="salvage")
    return RunReader(run.reader().storage, recovery="salvage")


def make_document(reader: RunReader, options: ReportOptions) -> Document:
    """Return the document of a run."""
    contents = read_contents(reader)
    return Document(reader.storage, contents, read_facts(reader, contents), options, PosterCache(reader.storage))


def read_facts(reader: RunReader, contents: Contents) -> Facts:
    """Return what a report says of a run besides its values."""
    info = dict(reader.info)
    run = {**info, "finished": reader.finished, "writers": len(reader.writers)}
    problems = [
        {"place": each.place, "message": each.message, "kind": _kind_of_problem(each)} for each in reader.problems
    ]
    return Facts(
        run=run,
        config=reader.config.as_json(),
        summary=[{"key": trees.dotted(path), "value": value} for path, value in trees.leaves(reader.stored_summary)],
        metrics=[metric.to_json() for metric in reader.metrics],
        problems=[*problems, *_mixed_types(contents), *_clashes(contents)],
    )


def _kind_of_problem(problem: Problem) -> str:
    if problem.message.startswith("an unfinished line"):
        return "torn"
    return "missing" if " bytes is missing" in problem.message else "damage"


def _mixed_types(contents: Contents) -> list[dict[str, str]]:
    found = []
    for path, item in contents.items.items():
        kinds = item.kinds + (["number"] if path in contents.series else [])
        kinds = [
            kind for kind in kinds if kind != "json-value" or any(entry.value is not None for entry in item.entries)
        ]
        if len(kinds) > 1:
            message = f"values of several types: {', '.join(kinds)}"[:300]
            found.append({"place": item.key, "message": message, "kind": "type"})
    return found


def _clashes(contents: Contents) -> list[dict[str, str]]:
    groups: dict[str, dict[str, None]] = {}
    for path in [*contents.series, *contents.items]:
        key = trees.dotted(path)
        groups.setdefault(key.casefold(), {})[key] = None
    return [
        {"place": keys[0], "message": f"names that differ only in case: {', '.join(keys)}"[:300], "kind": "clash"}
        for keys in map(list, groups.values())
        if len(keys) > 1
    ]


def left_out_text(left: dict[str, Any]) -> str:
    """Return in words what a report leaves out."""
    parts = []
    if left["steps"]:
        parts.append(f"{left['steps']:,} value{'s' * (left['steps'] != 1)} of media")
    if left["keys"]:
        parts.append(f"{len(left['keys']):,} key{'s' * (len(left['keys']) != 1)}")
    return " and ".join(parts) or "nothing"
