from __future__ import annotations

import decimal
import enum
import fractions
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foreign import Tensor
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules


class Three(enum.IntEnum):
    VALUE = 3


class Shouting:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3), np.array(3, ">u2"), Three.VALUE])
def test_whole_numbers(value: Any) -> None:
    found = checks.whole_number(value)

    assert (3, int) == (found, type(found))
    assert 3 == checks.real_number(value)


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.bool_(True),
        np.array(True),
        3.0,
        np.float32(3),
        np.array(3.0),
        "3",
        b"3",
        None,
        [3],
        np.array([3, 4]),
        np.array("3"),
        3j,
        math.nan,
    ],
)
def test_what_is_no_whole_number(value: Any) -> None:
    assert checks.whole_number(value) is None


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        np.float16(0.5),
        np.float64(0.5),
        np.longdouble(0.5),
        np.array(0.5),
        decimal.Decimal("0.5"),
        fractions.Fraction(1, 2),
    ],
)
def test_real_numbers(value: Any) -> None:
    found = checks.real_number(value)

    assert (0.5, float) == (found, type(found))


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.bool_(False),
        np.array(True),
        "0.5",
        b"1",
        np.array("0.5"),
        np.complex64(1),
        None,
        [0.5],
        np.array([0.5]),
        1j,
        10**400,
        -(10**400),
    ],
)
def test_what_is_no_real_number(value: Any) -> None:
    assert checks.real_number(value) is None
    assert checks.positive_number(value, "fps", "r") is not None


@pytest.mark.parametrize(
    ("value", "good"), [(1, True), (0.1, True), (0, False), (-1, False), (math.nan, False), (math.inf, False)]
)
def test_positive_numbers(value: Any, good: bool) -> None:
    assert good == (checks.positive_number(value, "fps", "r") is None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r"'a\nb'"),
        ("a" * 100, "'" + "a" * 56 + "..."),
        (np.zeros((2, 3)), "ndarray of shape (2, 3)"),
        ("\ud800", r"'\ud800'"),
        (["\x1b[31m"], r"['\x1b[31m']"),
        (None, "None"),
    ],
)
def test_values_are_shown_short_and_on_one_line(value: Any, shown: str) -> None:
    assert shown == checks.show(value)


@given(st.text() | st.binary() | st.lists(st.text()) | st.floats())
def test_showing_never_fails(value: Any) -> None:
    shown = checks.show(value)

    assert len(shown) <= 60
    assert shown.isprintable()
    shown.encode()


def test_a_broken_repr_does_not_hide_the_message() -> None:
    assert "Shouting object" in checks.show(Shouting())
    assert "int" in checks.show(10**5000)
    broken = type("Odd", (), {"shape": 5})()
    assert "Odd object" in checks.show(broken)


def test_types_are_named_with_their_module() -> None:
    names = [checks.type_name(value) for value in (1, None, np.int8(1), Tensor(1), decimal.Decimal(1))]

    assert ["int", "NoneType", "numpy.int8", "torch.Tensor", "decimal.Decimal"] == names


@pytest.mark.parametrize("text", ["", "a", "猫 🐈", "a\tb\nc\r", "a\u2028b", "\u00a0", "<b>"])
def test_text(text: str) -> None:
    assert checks.text(text, "here") is None


@pytest.mark.parametrize("text", ["\0", "a\x1b", "\x7f", "\x0b", "\ud800", "a\udfff", 5, None, b"a", ["a"]])
def test_what_is_no_text(text: Any) -> None:
    violation = checks.text(text, "here", "r")
    assert violation is not None
    assert ("here", "r") == (violation.at, violation.rule)
    assert str(violation).isprintable()


def test_refuse_raises_everything_that_was_found() -> None:
    bad = Violation("a", "b", "c", "d")
    checks.refuse([])
    checks.refuse([None, None])
    with pytest.raises(InvalidInput) as caught:
        checks.refuse(violation for violation in (None, bad, None, bad))
    assert (bad, bad) == caught.value.violations


@pytest.mark.parametrize(
    ("value", "good"), [("a", True), (1, True), (True, False), (1.0, False), ("A", False), (None, False), ([], False)]
)
def test_one_of_compares_types_too(value: Any, good: bool) -> None:
    assert good == (checks.one_of(value, ("a", 1), "here", "r") is None)


def test_at_most_names_the_limit_and_its_number() -> None:
    rules = Rules({"table.rows": 1000})

    assert checks.at_most(1000, "table.rows", "here", rules, "rows") is None
    assert "here: at most 1,000 rows, got 1,001 [table.rows]" == str(
        checks.at_most(1001, "table.rows", "here", rules, "rows")
    )


# --- arrays ---

arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.floats())


def first(bad: np.ndarray) -> str:
    return "[" + ", ".join(str(int(i)) for i in np.argwhere(bad)[0]) + "]"


@given(arrays)
def test_finite_finds_the_first(values: np.ndarray) -> None:
    bad = ~np.isfinite(values)
    violation = checks.finite(values, "a", "r")

    assert (violation is None) == (not bad.any())
    if violation is not None:
        assert f"a{first(bad)}" == violation.at
        assert (f"({bad.sum():,} such elements)" in violation.got) == (bad.sum() > 1)


@given(arrays)
def test_within_finds_the_first_and_nan(values: np.ndarray) -> None:
    bad = ~((values >= -1) & (values <= 2))
    violation = checks.within(values, -1, 2, "a", "r")

    assert (violation is None) == (not bad.any())
    if violation is not None:
        assert f"a{first(bad)}" == violation.at
        assert violation.got.startswith(str(values[bad][0].item()))


@given(arrays)
def test_whole_finds_the_first(values: np.ndarray) -> None:
    bad = ~np.array([math.isinf(v) or float(v).is_integer() for v in values.flat]).reshape(values.shape)
    violation = checks.whole(values, "a", "r")

    assert (violation is None) == (not bad.any())
    if violation is not None:
        assert f"a{first(bad)}" == violation.at


@pytest.mark.parametrize("dtype", ["i1", "u8", "?", "f2", "f8"])
def test_nothing_is_wrong_with_nothing(dtype: str) -> None:
    empty = np.zeros((0, 3), dtype)

    assert [None] * 3 == [
        checks.finite(empty, "a", "r"),
        checks.within(empty, 0, 1, "a", "r"),
        checks.whole(empty, "a", "r"),
    ]


@pytest.mark.parametrize("dtype", ["i1", "u1", "i8", "u8", "?"])
def test_integers_are_finite_and_whole(dtype: str) -> None:
    values = np.ones(3, dtype)

    assert checks.finite(values, "a", "r") is checks.whole(values, "a", "r") is None
    assert checks.within(values, 0, 1, "a", "r") is None
    assert checks.within(values, 2, 3, "a", "r") is not None
    assert checks.within(np.array([2**64 - 1], "u8"), 0, 255, "a", "r") is not None


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g"])
def test_large_and_special_values_warn_of_nothing(dtype: str) -> None:
    values = np.array([np.inf, -np.inf, np.nan, np.finfo(dtype).max], dtype)

    for check in (
        checks.finite(values, "a", "r"),
        checks.within(values, 0, 1, "a", "r"),
        checks.whole(values, "a", "r"),
    ):
        assert check is not None
