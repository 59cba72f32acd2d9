"""Effects: what a line of events does to its run once it is in the file. Each may be made twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medialog.runtime import trees
from medialog.runtime.call import Call
from medialog.runtime.increments import Cursor
from medialog.runtime.number_row import NumberRow
from medialog.runtime.open_row import OpenRow

if TYPE_CHECKING:
    from medialog.runtime.writer import Writer


class RowWritten:
    """What a row does once it is in the file."""

    __slots__ = ("_increments", "_leaves", "_next_row", "_run", "_step", "_token", "call", "numbers", "step_after")

    def __init__(
        self,
        run: Writer,
        call: Call | None,
        step: int,
        leaves: list[tuple[trees.Path, Any]],
        increments: dict[trees.Path, Cursor],
        next_row: OpenRow | None,
    ) -> None:
        self._run, self.call, self._step = run, call, step
        self._leaves, self._increments, self._next_row = leaves, increments, next_row
        self._token = object()
        self.numbers: NumberRow | None = None  # for the summary, when it is nothing but numbers, and not late
        self.step_after = (next_row or run._row).step

    def __call__(self) -> None:
        """Take the row: into the summary and the cursors of increments, and begin the next."""
        run = self._run
        if self.numbers is None:
            run._fold.add_row(self._leaves, self._step, run._rank, self._token)
        else:
            run._fold.add_numbers(self.numbers)
        run._increments.commit(self._increments)
        if self._next_row is not None:
            run._row = self._next_row
        if self.call is not None:
            self.call.take()
        run._files.is_stale = True


class PartWritten:
    """What a part of the open row does once it is in the file."""

    __slots__ = ("_run", "_tree", "call", "step_after")

    def __init__(self, run: Writer, call: Call, step: int, tree: dict[str, Any]) -> None:
        self._run, self.call, self.step_after, self._tree = run, call, step, tree

    def __call__(self) -> None:
        """Merge the values into the open row."""
        run = self._run
        row = run._row if run._row.step == self.step_after else OpenRow(self.step_after)
        row.collect(self._tree)
        run._row = row
        self.call.take()
