"""What is in a run, as the page needs it: columns of numbers, and every other value by key and row."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.runtime.row_batch import RowBatch, is_mixed
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef, iter_descriptors, iter_file_refs

if TYPE_CHECKING:
    from medialog.runtime.reader import RunReader

LIST_KINDS = {
    "images/separated": "image-file",
    "videos": "video-file",
    "audio": "audio-file",
    "html": "html-file",
    "molecule": "molecule-file",
    "object3D": "object3D-file",
}
TEXT, JSON = "text-value", "json-value"
# What is looked at after everything else: it says how a run went rather than what came of it.
LAST_KINDS = frozenset(("histogram", TEXT, JSON))


@dataclass
class Series:
    """The numbers of a key: their rows, their values, and whether they are numbers or booleans."""

    path: trees.Path
    rows: array[int] = field(default_factory=lambda: array("I"))
    values: array[float] = field(default_factory=lambda: array("d"))
    kinds: dict[str, None] = field(default_factory=dict)


@dataclass
class Entry:
    """A value that is no number, in its row."""

    row: int
    value: Any

    @property
    def kind(self) -> str:
        """Return what kind of value it is."""
        return kind_of(self.value)


@dataclass
class Item:
    """All values of a key that are no numbers, by row."""

    path: trees.Path
    entries: list[Entry] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return the dotted key."""
        return trees.dotted(self.path)

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of its values, that of the last one first."""
        found = dict.fromkeys(entry.kind for entry in reversed(self.entries))
        return list(found)


@dataclass
class Contents:
    """The rows of a run, column by column."""

    steps: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    runtimes: array[float] = field(default_factory=lambda: array("d"))
    series: dict[trees.Path, Series] = field(default_factory=dict)
    items: dict[trees.Path, Item] = field(default_factory=dict)

    def add_row(self, step: int, time: float, runtime: float, tree: dict[str, Any]) -> None:
        """Take a row."""
        row = len(self.steps)
        self.steps.append(_as_float(step))
        self.times.append(_as_float(time))
        self.runtimes.append(_as_float(runtime))
        for path, value in trees.leaves(tree):
            self._add_value(path, row, value)

    def add_batch(self, batch: RowBatch) -> None:
        """Take the rows of a batch."""
        import numpy as np

        if any(map(is_mixed, batch.cells.values())):  # one by one, for the order in which keys have numbers first
            for each in batch.rows():
                self.add_row(each.step, each.t, each.m, each.tree)
            return
        first = len(self.steps)
        for facts, array_of in ((batch.steps, self.steps), (batch.times, self.times), (batch.runtimes, self.runtimes)):
            array_of.frombytes(facts.astype("d").tobytes())
        rows = range(first, first + batch.size)
        for path, cells in batch.cells.items():
            present = cells.present
            if cells.values.dtype.kind == "O":
                values = cells.values.tolist()
                for row, value in zip(rows, values, strict=True):
                    if present is None or present[row - first]:
                        self._add_value(path, row, value)
                continue
            column = self._series(path)
            places = np.arange(rows.start, rows.stop, dtype="I")
            column.rows.frombytes((places if present is None else places[present]).tobytes())
            numbers = cells.values if present is None else cells.values[present]
            column.values.frombytes(numbers.astype("d").tobytes())
            column.kinds["boolean" if numbers.dtype.kind == "b" else "number"] = None

    def _add_value(self, path: trees.Path, row: int, value: Any) -> None:
        number = as_number(value)
        if number is None:
            if path not in self.items:
                self.items[path] = Item(path)
            self.items[path].entries.append(Entry(row, value))
            return
        column = self._series(path)
        column.rows.append(row)
        column.values.append(number)
        column.kinds["boolean" if type(value) is bool else "number"] = None

    def _series(self, path: trees.Path) -> Series:
        column = self.series.get(path)
        if column is None:
            column = self.series[path] = Series(path)
        return column


def read_contents(run: RunReader) -> Contents:
    """Return what is in all rows of a run."""
    contents = Contents()
    for rows in run.stored_rows():
        if isinstance(rows, RowBatch):
            contents.add_batch(rows)
        else:
            contents.add_row(rows.step, rows.t, rows.m, rows.tree)
    return contents


def as_number(value: Any) -> float | None:
    """Return a stored number as a float, a boolean as 0 or 1; None for anything else."""
    kind = type(value)
    if kind is float:
        return float(value)
    if kind is int or kind is bool:
        return _as_float(value)
    if kind is dict and value.get(trees.KIND) == jsontext.NUMBER_KIND:
        try:
            return _as_float(jsontext.decode_number(value))
        except ValueError:
            return None
    return None


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf if value > 0 else -math.inf


def kind_of(value: Any) -> str:
    """Return the kind of one value of a list form, of a plain list of descriptors, of a text or of other JSON."""
    if isinstance(value, str):
        return TEXT
    if isinstance(value, list) and value and all(isinstance(item, dict) and trees.KIND in item for item in value):
        value = value[0]
    if isinstance(value, dict):
        kind = value.get(trees.KIND)
        if isinstance(kind, str) and kind != jsontext.NUMBER_KIND:
            return LIST_KINDS.get(kind, kind)
    return JSON


def singles(value: Any) -> list[dict[str, Any]]:
    """Return the descriptors of single values in a value: those of a list form, of a list, or the one."""
    found: list[dict[str, Any]] = []
    for descriptor in iter_descriptors(value):
        items = descriptor.get("items") if descriptor.get(trees.KIND) in LIST_KINDS else None
        if isinstance(items, list):
            found += [item for item in items if isinstance(item, dict)]
        else:
            found.append(descriptor)
    return found


def references(value: Any) -> Iterator[FileRef]:
    """Yield every file that a value's descriptors name, without what refs files list."""
    for descriptor in iter_descriptors(value):
        yield from iter_file_refs(descriptor)
