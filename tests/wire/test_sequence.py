"""The numbers of lines: each taken once, and missing only when no file has it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medialog.wire.sequence import Sequence


@given(st.lists(st.integers(0, 30)))
def test_each_number_is_taken_once_and_the_rest_is_missing(numbers: list[int]) -> None:
    sequence: Sequence[int] = Sequence()
    taken: set[int] = set()
    for place, number in enumerate(numbers):
        assert (number not in taken) == sequence.take(number, place)
        taken.add(number)

    missing = sum(count for _, _, count in sequence.missing())
    assert max(taken, default=-1) + 1 - len(taken) == missing
    assert max(taken, default=-1) + 1 == sequence.expected


def test_a_gap_says_where_it_is() -> None:
    sequence: Sequence[str] = Sequence()
    for number, place in ((0, "a"), (4, "b"), (2, "c")):
        sequence.take(number, place)

    assert [("b", 1, 2)] == list(sequence.missing())
    assert sequence.take(1, "d")
    assert sequence.take(3, "e")
    assert [] == list(sequence.missing())


def test_damaged_lines_explain_a_gap() -> None:
    sequence: Sequence[str] = Sequence()
    sequence.take(0, "a")
    sequence.damaged()
    sequence.take(3, "b")  # one line was damaged, one is lost
    assert [("b", 1, 1)] == list(sequence.missing())

    sequence.damaged()
    sequence.damaged()  # one line, broken in two
    sequence.take(5, "c")
    assert [("b", 1, 1)] == list(sequence.missing())


def test_a_number_that_nobody_counts_to() -> None:
    sequence: Sequence[str] = Sequence()
    sequence.take(2**60, "far")

    assert sequence.take(0, "near")
    assert [("far", 1, 2**60 - 1)] == list(sequence.missing())
