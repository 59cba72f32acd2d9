"""The numbers of a writer's lines: which were taken, which come again, which no file has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Place = TypeVar("Place")


class Gap(Generic[Place]):
    """Numbers that were passed over before `place`. `damaged` lines stood there, whose numbers nobody can tell."""

    __slots__ = ("damaged", "missing", "place")

    def __init__(self, missing: range, damaged: int, place: Place) -> None:
        self.missing = [missing]
        self.damaged = damaged
        self.place = place

    def fill(self, seq: int) -> bool:
        """Take a number out of the gap; say whether it was in it."""
        for index, numbers in enumerate(self.missing):
            if seq in numbers:
                parts = range(numbers.start, seq), range(seq + 1, numbers.stop)
                self.missing[index : index + 1] = [part for part in parts if part]
                return True
        return False


class Sequence(Generic[Place]):
    """The numbers of one writer's lines, over all its files, in the order in which they are read.

    A number that was taken is not taken again: a write was retried, or the writer went on in a further file and wrote
    there again what might not have reached the disk. What is lacking may so still come, and is missing only when no
    file has it.
    """

    def __init__(self) -> None:
        self.expected = 0
        self._damaged = 0
        self._gaps: list[Gap[Place]] = []

    def take(self, seq: int, place: Place) -> bool:
        """Take the number of a sound line; say whether it is new."""
        if seq == self.expected:
            self.advance()
            return True
        if seq > self.expected:
            self._gaps.append(Gap(range(self.expected, seq), self._damaged, place))
            self.expected = seq + 1
            self._damaged = 0
            return True
        return any(gap.fill(seq) for gap in self._gaps)

    def advance(self, count: int = 1) -> None:
        """Take the number that is expected, or `count` of them from it on."""
        self.expected += count
        self._damaged = 0

    def damaged(self) -> None:
        """Note a line that says no number."""
        self._damaged += 1

    def missing(self) -> Iterator[tuple[Place, int, int]]:
        """Yield `(place of the line after it, its first number, how many)` of each gap that damage does not explain."""
        for gap in self._gaps:
            # `len` of a range ends at the largest index of the machine, and a damaged number may be anything.
            count = sum(numbers.stop - numbers.start for numbers in gap.missing) - gap.damaged
            if count > 0:
                yield gap.place, gap.missing[0].start, count
