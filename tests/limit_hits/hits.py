"""How a limit is hit exactly: the last value that passes, and the first that does not.

Each area has a module of cases beside this one. `tests/validators/test_limit_exactness.py` proves what they claim, and
holds that no limit is missing among the very cases that it proves.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from medialog.datatypes.base import DataType, MediaList
from medialog.datatypes.files import MemorySink
from medialog.validators import validate
from medialog.validators.errors import InvalidInput
from medialog.validators.limits import LIMITS, LimitValue
from medialog.validators.rules import Rules

Limits = dict[str, Any]


def is_within(value: Any, limit: LimitValue) -> bool:
    """Say whether a limit names `value`: its number, an end of its range, one of its words, or text of its pattern."""
    if isinstance(limit, tuple):
        return value == limit or value in limit
    return re.fullmatch(limit, value) is not None if isinstance(limit, str) else value == limit


@dataclass(frozen=True)
class Edge:
    """Where a limit ends: `at` passes, by default the limit's number, and `over` does not, by default one more.

    `step` is from the one to the other: -1 at the lower end of a range, more than 1 where a size grows by more.
    """

    id: str
    make: Callable[[Any, Limits], Any]
    at: Any = None
    step: float = 1
    past: Any = None
    lowered: LimitValue | None = None
    also: Mapping[str, Any] = field(default_factory=dict)

    @property
    def limit(self) -> LimitValue:
        return LIMITS[self.id].value if self.lowered is None else self.lowered

    @property
    def last(self) -> Any:
        return self.limit if self.at is None else self.at

    @property
    def over(self) -> Any:
        return self.last + self.step if self.past is None else self.past

    @property
    def limits(self) -> Limits:
        return {**self.also, **({} if self.lowered is None else {self.id: self.lowered})}

    def check_numbers(self) -> None:
        """Hold the case itself against the limit: it stands where the limit says, or set it lower."""
        assert self.lowered is None or LIMITS[self.id].settable
        assert is_within(self.last, self.limit), f"{self.last!r} is not where {self.id} ends: {self.limit!r}"
        if isinstance(self.last, str):
            assert not is_within(self.over, self.limit)


class InputHit(Edge, ABC):
    """A limit of what is given: `make(n, limits)` gives something of size n."""

    @abstractmethod
    def prove(self) -> None:
        """Show what happens at the limit, and one over."""


class Refused(InputHit):
    """At the limit it passes; one over is an `InvalidInput` of that id alone, which names the number.

    Where the limit can be set, one over passes under one that is raised by it.
    """

    def prove(self) -> None:
        self.make(self.last, self.limits)
        with pytest.raises(InvalidInput) as caught:
            self.make(self.over, self.limits)
        assert {self.rule} == {violation.rule for violation in caught.value.violations}
        if isinstance(self.last, int):
            assert re.search(rf"\b({self.last}|{self.last:,})\b", str(caught.value))
        if LIMITS[self.id].settable:
            self.make(self.over, {**self.limits, self.id: self.over})

    @property
    def rule(self) -> str:
        return self.id


@dataclass(frozen=True)
class RefusedByName(Refused):
    """A set of words. The argument or file that has another is refused under a rule of its own."""

    name: str = ""

    @property
    def rule(self) -> str:
        return self.name


class Noticed(InputHit):
    """At the limit nothing is said; one over its id, once. `make` returns the ids of the notices."""

    def prove(self) -> None:
        assert self.id not in self.make(self.last, self.limits)
        assert 1 == list(self.make(self.over, self.limits)).count(self.id)


@dataclass(frozen=True)
class Converted(InputHit):
    """One over becomes another form. `make` returns what shows the form."""

    kept: Any = None
    becomes: Any = None

    def prove(self) -> None:
        assert self.kept != self.becomes
        assert self.kept == self.make(self.last, self.limits)
        assert self.becomes == self.make(self.over, self.limits)


@dataclass(frozen=True)
class Default(InputHit):
    """A number that holds where none is given: `make(None, limits)` returns it."""

    def prove(self) -> None:
        assert self.last == self.make(None, self.limits)


@dataclass(frozen=True)
class Shown:
    """A limit of what a descriptor shows: `describe(n)` returns a descriptor that is sound but for its n.

    `rule` where the schema names the keyword that is broken instead of the limit: the sets of words.
    """

    id: str
    describe: Callable[[Any], Any]
    at: Any = None
    step: float = 1
    past: Any = None
    also: Mapping[str, Any] = field(default_factory=dict)
    rule: str | None = None

    def prove(self) -> None:
        limit = LIMITS[self.id]
        last: Any = limit.value if self.at is None else self.at
        over = last + self.step if self.past is None else self.past
        assert is_within(last, limit.value)
        assert not is_within(over, limit.value)

        assert [] == validate(self.describe(last), Rules(dict(self.also)))
        assert {self.rule or self.id} == broken(self.describe(over), self.also)
        if limit.settable and not isinstance(limit.value, tuple):
            assert {self.id} == broken(self.describe(last), {**self.also, self.id: last - self.step})
            assert [] == validate(self.describe(over), Rules({**self.also, self.id: over}))


def broken(descriptor: Any, limits: Mapping[str, Any]) -> set[str]:
    return {violation.rule for violation in validate(descriptor, Rules(dict(limits)))}


# --- what the modules of cases make their values with ---


def described(value: DataType | MediaList) -> Any:
    """Return the descriptor of a value, its files written to memory."""
    return value.encode_into(MemorySink())


def noticed(value: DataType | MediaList) -> Collection[str]:
    """Return the ids of everything that there is to warn about."""
    return [id for _, id, _ in value.notices()]


def changed(value: DataType) -> Collection[str]:
    """Return the ids of the recorded conversions."""
    return [change.id for change in value._all_changes()]
