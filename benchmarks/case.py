"""Case: what is measured, by whom, how large, and what is aimed at. `Work` is one repetition of one subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SizeName = Literal["full", "small", "smoke"]
Values = dict[str, float]


@dataclass(frozen=True)
class Work:
    """One repetition: `size` is the case's own unit, `folder` is empty and new, `home` lives as long as the process."""

    size: int
    folder: Path
    home: Path


Subject = Callable[[Work], Values]


@dataclass(frozen=True)
class Column:
    """A number that a subject gives. `peak_mb` is summed up by its largest value, all others by the median."""

    key: str
    heading: str
    digits: int = 2


@dataclass(frozen=True)
class Goal:
    """`of`'s number is at most `at_most`, or at most `at_most` times the number of `against` in the same round."""

    key: str
    at_most: float
    against: str | None = None
    of: str = "medialog"


def faster(times: float, than: str, key: str, of: str = "medialog") -> Goal:
    """Return the goal of being `times` faster."""
    return Goal(key, 1 / times, than, of)


@dataclass(frozen=True)
class Case:
    """A row of the table of performance; its subjects run interleaved, each in a process of its own."""

    name: str
    what: str
    columns: tuple[Column, ...]  # the first one is what the others are compared by
    subjects: Mapping[str, Subject]
    sizes: Mapping[SizeName, int]
    unit_of_size: str
    goals: tuple[Goal, ...] = ()
    notes: str = ""
    rounds: int = 5
    timeout: float = 300.0  # seconds for a repetition
    fresh: bool = False  # a new process for each repetition: where imports or the memory of a process count
