"""Leaf: what a summary knows of one key. A key that was logged once, as every key is at first, takes little."""

from __future__ import annotations

import math
from typing import Any

from medialog.runtime.trees import KIND
from medialog.wire import jsontext


class Column:
    """Finite numbers and booleans of one key, from rows whose steps increase; the first step and the last."""

    __slots__ = ("first", "has_booleans", "last", "values")

    def __init__(self, step: int) -> None:
        self.values: list[Any] = []
        self.first = self.last = step
        self.has_booleans = False


class Once:
    """A key that was logged once. It is never changed: `after` makes a `Leaf` of it, which takes its place at once."""

    __slots__ = ("first_step", "latest", "rank", "token")

    def __init__(self, value: Any, step: int, rank: int, token: object) -> None:
        self.latest, self.first_step, self.rank, self.token = value, step, rank, token

    @property
    def last(self) -> Any:
        """Return the value."""
        return self.latest

    @property
    def nan(self) -> int:
        """Return how many of the values were NaN."""
        return self._leaf().nan

    def _leaf(self) -> Leaf:
        return NOTHING_SEEN.after(self.latest, self.first_step, self.rank, self.token)

    def after(self, value: Any, step: int, rank: int = 0, token: object = None) -> Leaf:
        """Return what is known with one more value."""
        return self._leaf().after(value, step, rank, token)

    def after_numbers(self, column: Column, rank: int, token: object) -> Leaf:
        """Return what is known with the values of a column."""
        return self._leaf().after_numbers(column, rank, token)

    def statistic(self, name: str, goal: str) -> Any:
        """Return one of the summaries of `define_metric`; see `Leaf.statistic`."""
        return self._leaf().statistic(name, goal)


class Leaf:
    """The same of a key that was logged more often. It is never changed either."""

    __slots__ = (
        "count",
        "first",
        "first_step",
        "last",
        "last_rank",
        "last_step",
        "latest",
        "max",
        "min",
        "nan",
        "sum",
        "token",
    )

    def __init__(self) -> None:
        self.first: Any = None
        self.last: Any = None  # of the largest step, and there of the lowest rank
        self.latest: Any = None  # taken last, whatever its step
        self.first_step: int | None = None
        self.last_step = -1
        self.last_rank = 0
        self.min = math.inf
        self.max = -math.inf
        self.sum = 0.0
        self.count = 0
        self.nan = 0
        self.token: object = None  # the row it was taken from last

    def after(self, value: Any, step: int, rank: int = 0, token: object = None) -> Leaf:
        """Return what is known with one more value."""
        new = Leaf.__new__(Leaf)
        new.latest, new.token = value, token
        if step > self.last_step or (step == self.last_step and rank <= self.last_rank):
            new.last, new.last_step, new.last_rank = value, step, rank
        else:
            new.last, new.last_step, new.last_rank = self.last, self.last_step, self.last_rank
        if self.first_step is None or step < self.first_step:
            new.first, new.first_step = value, step
        else:
            new.first, new.first_step = self.first, self.first_step
        new.min, new.max, new.sum, new.count, new.nan = self.min, self.max, self.sum, self.count, self.nan
        kind = type(value)
        if kind is dict and value.get(KIND) == jsontext.NUMBER_KIND:
            value = jsontext.decode_number(value)
            kind = type(value)
        if kind is not float and kind is not int:
            return new
        if kind is float and math.isnan(value):
            new.nan += 1
            return new
        new.count += 1
        new.sum += _as_float(value)
        new.min = min(new.min, value)
        new.max = max(new.max, value)
        return new

    def after_numbers(self, column: Column, rank: int, token: object) -> Leaf:
        """Return what is known with the values of a column."""
        new = Leaf.__new__(Leaf)
        values = column.values
        new.latest, new.token = values[-1], token
        if column.last > self.last_step or (column.last == self.last_step and rank <= self.last_rank):
            new.last, new.last_step, new.last_rank = values[-1], column.last, rank
        else:
            new.last, new.last_step, new.last_rank = self.last, self.last_step, self.last_rank
        if self.first_step is None or column.first < self.first_step:
            new.first, new.first_step = values[0], column.first
        else:
            new.first, new.first_step = self.first, self.first_step
        numbers = [value for value in values if type(value) is not bool] if column.has_booleans else values
        new.nan, new.count = self.nan, self.count + len(numbers)
        total = self.sum
        for value in numbers:  # one after the other: the sum does not depend on how rows were gathered
            total += value
        new.sum = total
        new.min = min(self.min, min(numbers, default=math.inf))
        new.max = max(self.max, max(numbers, default=-math.inf))
        return new

    def statistic(self, name: str, goal: str) -> Any:
        """Return one of the summaries of `define_metric`; None when no number was seen."""
        if name == "last":
            return self.last
        if name == "first":
            return self.first
        if not self.count:
            return None
        if name == "best":
            name = "max" if goal == "maximize" else "min"
        value = {"min": self.min, "max": self.max, "mean": self.sum / self.count}[name]
        return jsontext.encode_number(value)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf if value > 0 else -math.inf


NOTHING_SEEN = Leaf()
