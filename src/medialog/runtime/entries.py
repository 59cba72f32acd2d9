"""What a line of events says, checked: a row, a part of an open row, a key dropped from it, a change of something else.

Each is a small tuple. `parse` makes it of a decoded line, `fold` brings it into the summary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from medialog.runtime import trees
from medialog.runtime.layout import FORMAT_VERSION, SegmentName
from medialog.runtime.metric import Metric
from medialog.runtime.summary import SummaryFold
from medialog.runtime.trees import Path
from medialog.validators.errors import UnsupportedVersion
from medialog.wire import line
from medialog.wire.fileref import FileRef, iter_descriptors, iter_file_refs

TEXTS = ("name", "notes", "tags")


class Row(NamedTuple):
    """One row as a writer wrote it: its step, time, seconds since the run began, and the tree of its values."""

    step: int
    t: float
    m: float
    tree: dict[str, Any]
    segment: SegmentName
    seq: int


class Part(NamedTuple):
    """Values of a step whose row is not written yet."""

    step: int
    t: float
    m: float
    tree: dict[str, Any]
    segment: SegmentName
    seq: int


class Drop(NamedTuple):
    """A key that was taken out of a step whose row is not written yet."""

    step: int
    path: Path
    segment: SegmentName
    seq: int


class SummaryChange(NamedTuple):
    """What was deleted and set in the summary by hand, in this order."""

    deleted: tuple[Path, ...]
    set: tuple[tuple[Path, Any], ...]
    seq: int


class Definition(NamedTuple):
    """A `define_metric`."""

    metric: Metric
    seq: int


class Settings(NamedTuple):
    """Keys of the config, or of what the run says of itself (`info`)."""

    kind: str
    values: dict[str, Any]
    seq: int


class Meta(NamedTuple):
    """Who writes, and how the writer came to the run."""

    start: str
    seq: int


class Mark(NamedTuple):
    """A `sync`, an `end`, or a kind that is not known: a later version wrote it."""

    seq: int


Entry = Row | Part | Drop | SummaryChange | Definition | Settings | Meta | Mark


def parse(entry: line.Line, segment: SegmentName) -> Entry:
    """Return what a sound line says. Raises `KeyError`, `TypeError` or `ValueError` for a record that is none.

    `UnsupportedVersion` for the first line of a writer of a later major version of the format.
    """
    kind, data, seq = entry.kind, entry.data, entry.seq
    trees.check_numbers(data)
    if kind == "row":
        return Row(_step(entry), entry.t, entry.m, data, segment, seq)
    if kind == "part":
        return Part(_step(entry), entry.t, entry.m, data, segment, seq)
    if kind == "drop":
        return Drop(_step(entry), _path(data["key"]), segment, seq)
    if kind == "summary":
        deleted = tuple(_path(item) for item in _list(data.get("delete", [])))
        new = tuple((_path(item["key"]), item["value"]) for item in _list(data.get("set", [])))
        return SummaryChange(deleted, new, seq)
    if kind == "metric":
        return Definition(Metric.from_json(data), seq)
    if kind == "config":
        return Settings(kind, data, seq)
    if kind == "info":
        return Settings(kind, {key: data[key] for key in TEXTS if key in data}, seq)
    if kind == "meta":
        version = data.get("format_version")
        if type(version) is int and version > FORMAT_VERSION:
            raise UnsupportedVersion(
                f"{segment.path}: format version {version}; this medialog reads up to {FORMAT_VERSION}"
            )
        return Meta(str(data.get("start", "")), seq)
    return Mark(seq)


def _step(entry: line.Line) -> int:
    if entry.step is None:
        raise ValueError("no step")
    return entry.step


def _path(names: Any) -> Path:
    if type(names) is not list or not names or not all(type(name) is str for name in names):
        raise ValueError(f"not a list of names: {names!r:.80}")
    return tuple(names)


def _list(items: Any) -> list[Any]:
    if type(items) is not list:
        raise TypeError(f"not a list: {items!r:.80}")
    return items


def references(tree: dict[str, Any]) -> tuple[FileRef, ...]:
    """Return the files that a row refers to, each once."""
    return tuple(dict.fromkeys(_references(tree)))


def _references(tree: dict[str, Any]) -> Iterator[FileRef]:
    for descriptor in iter_descriptors(tree):
        yield from iter_file_refs(descriptor)


def fold(entry: Entry, summary: SummaryFold, rank: int) -> None:
    """Bring what a line says into the summary: rows, what was set by hand, and metrics."""
    if type(entry) is Row:
        summary.add_row(trees.leaves(entry.tree), entry.step, rank)
    elif type(entry) is SummaryChange:
        for path in entry.deleted:
            summary.delete(path)
        for path, value in entry.set:
            summary.set(path, value)
    elif type(entry) is Definition:
        summary.define(entry.metric)
