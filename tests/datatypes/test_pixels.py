"""Pixel values against a second computation, one Python number at a time."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medialog.datatypes import pixels
from medialog.datatypes.base import ChangeLog
from medialog.validators.errors import InvalidInput
from medialog.validators.rules import Rules

FLOATS = (np.float16, np.float32, np.float64)
SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)
HUGE, TINY = float(np.float32(3e38)), float(np.float32(1e-44))
INTEGERS = tuple(np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8))


def convert(values: Any, strict: str = "warn", **options: Any) -> tuple[np.ndarray, list[str]]:
    log = ChangeLog(Rules(strict=strict), "Image")  # type: ignore[arg-type]
    stored = pixels.to_uint8(np.asarray(values), "Image", log, **options)
    return stored, [change.id for change in log.changes]


def refused(values: Any, **options: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        convert(values, **options)
    (violation,) = caught.value.violations
    return violation.rule


def one_by_one(values: np.ndarray, rule: str) -> np.ndarray:
    """The documented rule, applied with scalars: half precision in single, Python's own rounding (ties to even)."""
    number = np.float64 if values.dtype == np.float64 else np.float32
    formulas = {
        "pixels.unit": lambda x: min(max(x, number(0)), number(1)) * number(255),
        "pixels.signed": lambda x: (min(max(x, number(-1)), number(1)) + number(1)) * number(127.5),
        "pixels.round": lambda x: x,
    }
    flat = [round(float(formulas[rule](number(value)))) for value in values.reshape(-1)]
    return np.array(flat, np.uint8).reshape(values.shape)


def floats(low: float, high: float) -> st.SearchStrategy[np.ndarray]:
    def arrays_of(dtype: Any) -> st.SearchStrategy[np.ndarray]:
        width: Any = np.dtype(dtype).itemsize * 8
        return hnp.arrays(dtype, SHAPES, elements=st.floats(low, high, width=width))

    return st.sampled_from(FLOATS).flatmap(arrays_of)


@given(floats(0, 1))
def test_unit_floats(values: np.ndarray) -> None:
    stored, changes = convert(values)

    assert ["pixels.unit"] == changes
    np.testing.assert_array_equal(one_by_one(values, "pixels.unit"), stored)


@given(floats(-1, 1))
def test_signed_floats(values: np.ndarray) -> None:
    values.flat[0] = -0.5
    stored, changes = convert(values)

    assert ["pixels.signed"] == changes
    np.testing.assert_array_equal(one_by_one(values, "pixels.signed"), stored)


@given(floats(0, 255))
def test_floats_up_to_255(values: np.ndarray) -> None:
    values.flat[0] = 2.5
    stored, changes = convert(values)

    assert ["pixels.round"] == changes
    np.testing.assert_array_equal(one_by_one(values, "pixels.round"), stored)


@given(hnp.arrays(np.uint8, SHAPES))
def test_uint8_is_kept_and_copied(values: np.ndarray) -> None:
    stored, changes = convert(values)

    assert [] == changes
    np.testing.assert_array_equal(values, stored)
    assert not np.shares_memory(values, stored)


@given(hnp.arrays(np.bool_, SHAPES))
def test_booleans_are_black_and_white(values: np.ndarray) -> None:
    stored, changes = convert(values)

    assert ["pixels.bool"] == changes
    assert [255 if value else 0 for value in values.flat] == stored.reshape(-1).tolist()


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize("order", ["<", ">"])
def test_integers_are_kept_or_refused(dtype: np.dtype, order: Literal["<", ">"]) -> None:
    most = min(255, int(np.iinfo(dtype).max))
    stored, changes = convert(np.array([[0, 1, most]], dtype.newbyteorder(order)))

    assert ([], [[0, 1, most]]) == (changes, stored.tolist())
    if most == 255 and dtype.itemsize > 1:
        assert refused(np.array([[0, 256]], dtype)) == "pixels.integer"
    if dtype.kind == "i":
        assert refused(np.array([[0, -1]], dtype)) == "pixels.integer"


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_tolerance_reaches_to_a_thousandth_and_no_further(dtype: Any) -> None:
    low, one, high = (dtype(bound) for bound in (-0.001, 1, 1.001))
    below, above = np.nextafter(low, dtype(-1)), np.nextafter(high, dtype(2))

    stored, changes = convert(np.array([[low, one, high]], dtype))

    assert (["pixels.unit"], [[0, 255, 255]]) == (changes, stored.tolist())
    assert convert(np.array([[below, 1]], dtype))[1] == ["pixels.signed"]
    assert refused(np.array([[0, above]], dtype)) == "pixels.float"


def test_the_signed_tolerance_reaches_to_a_thousandth_and_no_further() -> None:
    stored, changes = convert(np.array([[-1.001, 0, 1.001]]))

    assert (["pixels.signed"], [[0, 128, 255]]) == (changes, stored.tolist())
    assert refused(np.array([[np.nextafter(-1.001, -2), 0]])) == "pixels.float"
    assert refused(np.array([[-1, np.nextafter(1.001, 2)]])) == "pixels.float"


def test_overshoot_is_said_in_the_detail() -> None:
    log = ChangeLog(Rules(), "Image")
    pixels.to_uint8(np.array([[0, 1.0005]]), "Image", log)

    assert "overshoot of at most 0.001 clipped" in log.changes[0].detail


@pytest.mark.parametrize("most", [1.002, 1.5, 2.0])
def test_fractions_that_end_just_above_one_are_refused(most: float) -> None:
    assert refused([[0.5, most]]) == "pixels.float"


@pytest.mark.parametrize("values", [[[0.0, 2.0]], [[0.0, 1.0, 2.0]], [[0.5, 2.0000001]], [[0.5, 255.0]]])
def test_whole_numbers_and_larger_ones_are_pixels(values: Any) -> None:
    assert convert(values)[1] == ["pixels.round"]


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([[0.5, 255.1]], "pixels.float"),
        ([[-0.5, 255.0]], "pixels.float"),
        ([[-2.0, 1.0]], "pixels.float"),
        ([[-0.0005, 200.0]], "pixels.float"),
        ([[0.0, np.nan]], "pixels.finite"),
        ([[0.0, np.inf]], "pixels.finite"),
        ([[0.0, -np.inf]], "pixels.finite"),
        (np.array([[np.longdouble("1e4000")]]), "pixels.finite"),
        (np.zeros((0, 4)), "pixels.empty"),
        (np.zeros((0, 4), np.uint8), "pixels.empty"),
    ],
)
def test_everything_else_is_refused(values: Any, rule: str) -> None:
    assert refused(values) == rule


def test_the_place_of_the_worst_value_is_named() -> None:
    values = np.zeros((4, 5))
    values[2, 3] = 400

    with pytest.raises(InvalidInput, match=r"Image\[2, 3\]: .* got 400 \(values from 0 to 400\)"):
        convert(values)


def test_the_number_of_bad_integers_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"Image\[0, 1\]: .* got 300 \(2 such elements\)"):
        convert(np.array([[1, 300, 301]]))


@given(floats(0, 255))
def test_without_normalizing_values_stay(values: np.ndarray) -> None:
    stored, changes = convert(values, normalize=False)

    assert ["pixels.round"] == changes
    np.testing.assert_array_equal(one_by_one(values, "pixels.round"), stored)


@pytest.mark.parametrize("value", [-0.1, 255.1, 1e9])
def test_without_normalizing_other_values_are_refused(value: float) -> None:
    assert refused([[value]], normalize=False) == "pixels.normalize"


@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(-1e6, 1e6)), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_value_range_maps_its_ends_to_0_and_255(values: np.ndarray, low: float, width: float) -> None:
    high = low + width
    stored, changes = convert(values, strict="record", value_range=(low, high))

    clipped = [min(max(value, low), high) for value in values.flat]
    assert [round((value - low) / (high - low) * 255) for value in clipped] == stored.reshape(-1).tolist()
    outside = any(not low <= value <= high for value in values.flat)
    assert ["pixels.range", "pixels.clipped"][: 1 + outside] == changes


@pytest.mark.parametrize("dtype", [*INTEGERS, np.dtype(bool), *map(np.dtype, FLOATS)], ids=str)
def test_value_range_takes_every_dtype(dtype: np.dtype) -> None:
    stored, _ = convert(np.array([[0, 1]], dtype), value_range=(0, 1))

    assert [[0, 255]] == stored.tolist()


@pytest.mark.parametrize(
    ("values", "value_range", "expected"),
    [
        (np.array([[0.5, 1]], np.float32), (0, 1e300), [[0, 0]]),
        (np.array([[0, HUGE]], np.float32), (-HUGE, HUGE), [[128, 255]]),
        (np.array([[0, TINY]], np.float32), (0, TINY), [[0, 255]]),
        (np.array([[0, 60_000]], np.float16), (0, 60_000), [[0, 255]]),
        (np.array([[0.1]], np.float32), (0, 0.1), [[255]]),  # float32(0.1) is above 0.1, and still not outside
    ],
)
def test_value_range_neither_overflows_nor_vanishes(values: Any, value_range: Any, expected: Any) -> None:
    stored, changes = convert(values, value_range=value_range)

    assert (expected, ["pixels.range"]) == (stored.tolist(), changes)


@pytest.mark.parametrize(
    "value_range",
    [(1, 1), (2, 1), (0, np.inf), (np.nan, 1), (0,), (0, 1, 2), 5, "ab", (None, 1), (True, 2), (0, 10**400),
     (-1e308, 1e308)],
    ids=str,
)  # fmt: skip
def test_value_range_is_two_finite_numbers(value_range: Any) -> None:
    assert refused([[0.5]], value_range=value_range) == "pixels.value_range"


def test_clipping_obeys_strict_and_is_counted() -> None:
    log = ChangeLog(Rules(), "Image")
    pixels.to_uint8(np.array([[0.0, 2.0, 3.0]]), "Image", log, value_range=(0, 1))

    assert ("pixels.clipped", True, 2) == (log.changes[1].id, log.changes[1].lossy, log.changes[1].count)
    with pytest.raises(InvalidInput, match=r"pixels\.clipped"):
        convert([[0.0, 2.0]], strict="error", value_range=(0, 1))


@pytest.mark.parametrize("dtype", [*INTEGERS, np.dtype(">u2"), np.dtype(">i8")], ids=str)
def test_sixteen_bits_are_kept_or_refused(dtype: np.dtype) -> None:
    most = min(65_535, int(np.iinfo(dtype).max))
    stored = pixels.to_uint16(np.array([[0, most]], dtype), "Image")

    assert (np.dtype(np.uint16), [[0, most]]) == (stored.dtype, stored.tolist())
    for wrong in (-1, 65_536):
        if np.iinfo(dtype).min <= wrong <= np.iinfo(dtype).max:
            with pytest.raises(InvalidInput, match=r"pixels\.integer"):
                pixels.to_uint16(np.array([[wrong]], dtype), "Image")


@pytest.mark.parametrize(
    ("values", "rule"), [(np.zeros((1, 1)), "pixels.integer"), (np.zeros((0, 1), int), "pixels.empty")]
)
def test_sixteen_bits_are_integers(values: np.ndarray, rule: str) -> None:
    with pytest.raises(InvalidInput, match=rule.replace(".", r"\.")):
        pixels.to_uint16(values, "Image")
