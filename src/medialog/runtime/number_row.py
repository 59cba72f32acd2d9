"""NumberRow: a row of numbers under keys that were logged together before. Most rows are that, and cost least so."""

from __future__ import annotations

from math import isfinite
from typing import Any, ClassVar

import msgspec

from medialog.runtime.trees import Path
from medialog.runtime.watch import KeyWatch

_WIDE = 2**63
_MOST, _WIDEST = 256, 1000  # sets of keys that are remembered, and keys in one


class Shape:
    """Keys that were logged together and passed every check; with these kinds of values nothing new can be said."""

    __slots__ = ("integers", "kinds", "paths", "rows")

    def __init__(self, paths: tuple[Path, ...], kinds: list[type]) -> None:
        self.paths, self.kinds = paths, kinds
        self.integers = tuple(index for index, kind in enumerate(kinds) if kind is int)
        self.rows = 0  # that the watch was not told of


def shape_of(row: dict[str, Any], leaves: list[tuple[Path, Any]]) -> Shape | None:
    """Return the shape of a row that was prepared, if it holds nothing but numbers; `leaves` are its own."""
    kinds = [*map(type, row.values())]
    if not row or not _KINDS.issuperset(kinds):
        return None
    return Shape(tuple([path for path, _ in leaves]), kinds)


class Shapes:
    """The shapes of a run. What `KeyWatch` has to know of their rows it is told before it looks at another row."""

    def __init__(self, watch: KeyWatch) -> None:
        self._watch = watch
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self.rows = 0  # of any kind that were written
        self._looked_at = 0  # of these, those that the watch saw or was told of
        self._until: float = 0  # so many, and there may be something to say of their number

    def find(self, row: dict[str, Any]) -> tuple[Shape, tuple[Any, ...]] | None:
        """Return the shape of a row and its values, if there is nothing new to say of it.

        Its keys, in this order, are known; its values are of the same kinds as then, finite, and integers of 64 bits.
        """
        shape = self._shapes.get(tuple(row))
        if shape is None or self.rows >= self._until:
            return None
        values = tuple(row.values())
        # A NaN or an infinity stays one; a sum that overflows goes the longer way.
        if [*map(type, values)] != shape.kinds or not isfinite(sum(values)):
            return None
        for index in shape.integers:
            if not -_WIDE <= values[index] < _WIDE:
                return None
        return shape, values

    def learn(self, row: dict[str, Any], shape: Shape | None) -> None:
        """Count a row that was written and looked at; remember its keys if it has a shape."""
        self.rows += 1
        self._looked_at += 1
        if self.rows >= self._until:
            self._until = self.rows + self._watch.rows_left()
        if shape is None or len(row) > _WIDEST:
            return
        if len(self._shapes) >= _MOST:
            self._shapes.clear()
        self._shapes[tuple(row)] = shape

    def tell(self) -> None:
        """Tell the watch how many rows of each shape went by."""
        if self._looked_at == self.rows:
            return
        self._looked_at = self.rows
        for shape in self._shapes.values():
            if shape.rows:
                self._watch.count(shape.paths, shape.rows)
                shape.rows = 0


_KINDS = frozenset((float, int, bool))


class NumberRow(msgspec.Struct, eq=False):
    """What such a row does once it is in the file. A Struct, because that is made without a call."""

    run: Any  # the writer
    shape: Shape
    values: tuple[Any, ...]
    step: int
    call: ClassVar[None] = None

    @property
    def rank(self) -> int:
        """Return the rank of the writer."""
        rank: int = self.run._rank
        return rank

    @property
    def step_after(self) -> int:
        """Return the step that the next row collects for."""
        return self.step + 1

    def __call__(self) -> None:
        """Take the row: it was not open, so there is only the step to move."""
        run = self.run
        if run._fold.add_numbers(self):
            self.shape.rows += 1
            run._shapes.rows += 1
        run._row.step = self.step + 1
        run._files.is_stale = True
