"""NumberRow: a row of numbers under keys that were logged together before. Most rows are that, and cost least so."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from medialog.runtime.trees import Path
from medialog.runtime.watch import KeyWatch

if TYPE_CHECKING:
    from medialog.runtime.writer import Writer

_WIDE = 2**63
_MOST, _WIDEST = 256, 1000  # sets of keys that are remembered, and keys in one


class Shape:
    """Keys that were logged together and passed every check; with these kinds of values nothing new can be said."""

    __slots__ = ("integers", "kinds", "paths", "rows")

    def __init__(self, paths: tuple[Path, ...], kinds: tuple[type, ...]) -> None:
        self.paths, self.kinds = paths, kinds
        self.integers = tuple(index for index, kind in enumerate(kinds) if kind is int)
        self.rows = 0  # that the watch was not told of

    def fits(self, values: tuple[Any, ...]) -> bool:
        """Say whether values are of these kinds, finite, and whole numbers of 64 bits."""
        if tuple(map(type, values)) != self.kinds:
            return False
        for index in self.integers:
            if not -_WIDE <= values[index] < _WIDE:
                return False
        return isfinite(sum(values))  # a NaN or an infinity stays one; a sum that overflows goes the longer way


class Shapes:
    """The shapes of a run. What `KeyWatch` has to know of their rows it is told before it looks at another row."""

    def __init__(self, watch: KeyWatch) -> None:
        self._watch = watch
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self._rows_left: float = 0  # until there may be something to say of their number

    def find(self, keys: tuple[str, ...]) -> Shape | None:
        """Return the shape of rows with these keys, in this order, while there is nothing to say of their number."""
        return self._shapes.get(keys) if self._rows_left > 0 else None

    def count(self, shape: Shape) -> None:
        """Count a row that the watch does not look at."""
        shape.rows += 1
        self._rows_left -= 1

    def learn(self, row: dict[str, Any]) -> None:
        """Remember the keys of a row that was written and looked at, if it holds nothing but numbers."""
        self._rows_left -= 1
        if self._rows_left <= 0:
            self._rows_left = self._watch.rows_left()
        kinds = tuple(map(type, row.values()))
        if not 0 < len(row) <= _WIDEST or not _KINDS.issuperset(kinds):
            return
        if len(self._shapes) >= _MOST:
            self._shapes.clear()
        self._shapes[tuple(row)] = Shape(tuple((key,) for key in row), kinds)

    def tell(self) -> None:
        """Tell the watch how many rows of each shape went by."""
        for shape in self._shapes.values():
            if shape.rows:
                self._watch.count(shape.paths, shape.rows)
                shape.rows = 0


_KINDS = frozenset((float, int, bool))


class NumberRow:
    """What such a row does once it is in the file."""

    __slots__ = ("_run", "call", "paths", "rank", "step", "step_after", "values")

    def __init__(self, run: Writer, paths: tuple[Path, ...], values: tuple[Any, ...], step: int, rank: int) -> None:
        self._run, self.paths, self.values, self.step, self.rank = run, paths, values, step, rank
        self.step_after = step + 1
        self.call = None

    def __call__(self) -> None:
        """Take the row: it was not open, so there is only the step to move."""
        run = self._run
        run._fold.add_numbers(self)
        run._row.step = self.step_after
        run._files.is_stale = True
