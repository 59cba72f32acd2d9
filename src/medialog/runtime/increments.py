"""Increments: how much of an incremental value was logged under each key of a run.

A value that grows (a Table with `log_mode="INCREMENTAL"`) is pure: it does not know what was logged. The run keeps a
cursor for each key, and moves it when the row that holds the increment is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from medialog.datatypes.base import DataType
from medialog.datatypes.files import Sink
from medialog.runtime.summary import SummaryFold
from medialog.runtime.trees import KIND, Path


class Cursor(NamedTuple):
    """The value, how many of its rows are in `descriptor` and those before it, and that descriptor."""

    value: DataType
    rows: int
    descriptor: dict[str, Any]


class Increments:
    """The cursors of a run: those that are committed, and those of rows that are not written yet."""

    def __init__(self) -> None:
        self._committed: dict[Path, Cursor] = {}
        self._encoded: dict[Path, Cursor] = {}

    def encode(self, path: Path, value: Any, sink: Sink, fold: SummaryFold) -> Any:
        """Encode a value: whole, or what was added since the increment that was committed last under `path`."""
        if not getattr(value, "is_incremental", False):
            return value.encode_into(sink)
        cursor = self._committed.get(path)
        previous: dict[str, Any] | None
        origin = getattr(value, "origin", value)  # of rows that were handed over earlier: their table
        if cursor is not None and cursor.value is origin:
            start, previous = cursor.rows, cursor.descriptor
        else:  # another object: after a resume, or a new one under the same key
            start, previous = 0, cursor.descriptor if cursor is not None else _last(fold, path, value)
        descriptor = value.encode_rows(sink, start, previous)
        rows = start if descriptor == previous else start + int(descriptor["nrows"])
        self._encoded[path] = Cursor(origin, rows, descriptor)
        return descriptor

    def forget(self) -> None:
        """Begin anew, as a forked child does: the rows of before are its parent's."""
        self._committed.clear()
        self._encoded.clear()

    def rows_committed(self, path: Path, value: DataType) -> int:
        """Return how many rows of `value` the rows of the run hold under `path`."""
        cursor = self._committed.get(path)
        return cursor.rows if cursor is not None and cursor.value is value else 0

    def expected(self, leaves: Iterable[tuple[Path, Any]]) -> dict[Path, Cursor]:
        """Return the cursors to move when a row with these leaves is written."""
        if not self._encoded:
            return {}
        return {
            path: self._encoded[path]
            for path, leaf in leaves
            if path in self._encoded and self._encoded[path].descriptor == leaf
        }

    def commit(self, expected: dict[Path, Cursor]) -> None:
        """Move the cursors of the row that was written."""
        self._committed.update(expected)
        for path in expected:
            self._encoded.pop(path, None)


def _last(fold: SummaryFold, path: Path, value: DataType) -> dict[str, Any] | None:
    """Return the last increment that the history has under `path`, if it is one."""
    last = fold.latest_value(path)
    return last if isinstance(last, dict) and last.get(KIND) == value.increment_kind else None
