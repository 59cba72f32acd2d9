"""The events of a run, read back: lines checked and ordered, damage listed, state folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from medialog.runtime import trees
from medialog.runtime.layout import SegmentName, segments
from medialog.runtime.metric import Metric
from medialog.runtime.summary import SummaryFold
from medialog.validators.errors import DamagedRow, storage_errors
from medialog.wire import jsontext, line
from medialog.wire.fileref import iter_descriptors, iter_file_refs
from medialog.wire.storage import Storage

Recovery = Literal["strict", "recover", "salvage"]


@dataclass(frozen=True)
class Problem:
    """Something in the run directory that could not be read as written."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Row:
    """One row as a writer wrote it: its step, time, seconds since the run began, and the tree of its values."""

    step: int
    t: float
    m: float
    tree: dict[str, Any]
    segment: SegmentName


@dataclass
class Events:
    """Everything that the segments say, in folding order: by segment number, writer, line."""

    rows: list[Row] = field(default_factory=list)
    summary: SummaryFold = field(default_factory=SummaryFold)
    config: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    finished: bool = False
    last_step: int = -1
    last_row: Row | None = None

    def take(self, entry: line.Line, segment: SegmentName) -> None:
        """Fold one line. Kinds that are not known are passed over: a later version wrote them."""
        trees.check_numbers(entry.data)
        if entry.kind == "row" and entry.step is not None:
            row = Row(entry.step, entry.t, entry.m, entry.data, segment)
            self.rows.append(row)
            self.summary.add_row(trees.leaves(entry.data), entry.step)
            if entry.step >= self.last_step:
                self.last_step, self.last_row = entry.step, row
            self.finished = False
        elif entry.kind == "summary":
            for item in entry.data.get("delete", ()):
                self.summary.delete(tuple(item))
            for item in entry.data.get("set", ()):
                self.summary.set(tuple(item["key"]), item["value"])
        elif entry.kind == "metric":
            self.summary.define(Metric.from_json(entry.data))
        elif entry.kind == "config":
            self.config.update(entry.data)
        elif entry.kind == "info":
            self.info.update((key, entry.data[key]) for key in ("name", "notes", "tags") if key in entry.data)
        elif entry.kind == "end":
            self.finished = True


def read_events(storage: Storage, recovery: Recovery = "recover") -> Events:
    """Read every segment.

    `strict` raises `DamagedRow` at the first damage; `recover` leaves damaged lines and rows with missing media out and
    lists them in `problems`; `salvage` also keeps rows whose media are missing.
    """
    events = Events()
    sizes: dict[str, int | None] = {}
    for segment in segments(storage):
        for entry in _lines(storage, segment, events.problems):
            keep = recovery == "salvage"
            whole = entry.kind != "row" or _media_are_there(storage, entry, segment, sizes, events.problems, keep=keep)
            if not whole and not keep:
                continue
            try:
                events.take(entry, segment)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                place = f"{segment.path}, line {entry.seq + 1}"
                events.problems.append(Problem(place, f"not a {entry.kind} record: {type(error).__name__}: {error}"))
        if recovery == "strict" and events.problems:
            raise DamagedRow(str(events.problems[0]))
    return events


def _lines(storage: Storage, segment: SegmentName, problems: list[Problem]) -> Iterator[line.Line]:
    """Yield the sound lines of a segment, each sequence number once. A tail without a newline is being written."""
    with storage_errors("reading the events"), storage.open(segment.path) as file:
        raw_lines = file.read().split(b"\n")
    tail = raw_lines.pop()
    expected = 0
    for number, raw in enumerate(raw_lines, 1):
        entry = line.decode(raw)
        if isinstance(entry, line.Damage):
            problems.append(Problem(f"{segment.path}, line {number}", entry.reason))
            expected += 1
            continue
        if entry.seq < expected:
            continue  # a retried write: the line is there already
        if entry.seq > expected:
            problems.append(
                Problem(f"{segment.path}, line {number}", f"{entry.seq - expected} lines are missing before it")
            )
        expected = entry.seq + 1
        yield entry
    if tail:
        problems.append(
            Problem(f"{segment.path}, line {len(raw_lines) + 1}", "an unfinished line: its writer died, or is at it")
        )


def _media_are_there(
    storage: Storage,
    entry: line.Line,
    segment: SegmentName,
    sizes: dict[str, int | None],
    problems: list[Problem],
    *,
    keep: bool,
) -> bool:
    what = "kept" if keep else "left out"
    for reference in (found for each in iter_descriptors(entry.data) for found in iter_file_refs(each)):
        if reference.path not in sizes:
            sizes[reference.path] = storage.size(reference.path) if reference.path.startswith("media/") else None
        if sizes[reference.path] != reference.size:
            got = "missing" if sizes[reference.path] is None else f"{sizes[reference.path]} bytes"
            place = f"{segment.path}, step {entry.step}"
            problems.append(Problem(place, f"{reference.path} of {reference.size} bytes is {got}: the row is {what}"))
            return False
    return True


def read_json(storage: Storage, path: str) -> Any:
    """Return a JSON file of the run directory, read strictly; `FileNotFoundError` when it is not there."""
    with storage.open(path) as file:
        return jsontext.loads(file.read())
