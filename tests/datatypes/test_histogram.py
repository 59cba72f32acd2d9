from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from laws import TypeLaws, call
from medialog.datatypes import histogram_counts
from medialog.datatypes.files import MemorySink
from medialog.datatypes.histogram import Histogram
from medialog.validators.errors import InvalidInput


class TestHistogram(TypeLaws):
    type = Histogram
    valid = {
        "a list": lambda: call([1, 2, 3, 3]),
        "floats": lambda: call(np.linspace(-1, 1, 1000)),
        "float16": lambda: call(np.linspace(-1, 1, 100).astype(np.float16)),
        "integers": lambda: call(np.arange(100).reshape(4, 25)),
        "uint8": lambda: call(np.arange(200, dtype=np.uint8)),
        "long doubles": lambda: call(np.array([0.5, 1.5, np.inf, np.nan], np.longdouble)),
        "other byte order": lambda: call(np.arange(5, dtype=">f4")),
        "booleans": lambda: call(np.array([True, False, True])),
        "nothing": lambda: call([]),
        "one number": lambda: call(3.0 * np.ones(5)),
        "NaN and infinities": lambda: call([1.0, np.nan, np.inf, -np.inf, 2.0]),
        "only NaN": lambda: call([np.nan, np.nan]),
        "equal and huge": lambda: call([1e308, 1e308]),
        "largest double": lambda: call([1.7976931348623157e308]),
        "two float32 neighbours": lambda: call(np.array([1.0, np.nextafter(np.float32(1), np.float32(2))], np.float32)),
        "two neighbours": lambda: call([1.0, np.nextafter(1.0, 2.0)]),
        "512 bins": lambda: call([1.0, 2.0], num_bins=512),
        "np.histogram": lambda: call(np_histogram=np.histogram([1.0, 2.0, 2.5], bins=5)),
        "density": lambda: call(np_histogram=np.histogram([1.0, 2.0, 2.5], bins=5, density=True)),
        "uneven edges": lambda: call(np_histogram=([3, 0], [0, 1, 10])),
    }
    invalid = {
        "neither": (lambda: call(), {"histogram.input"}),
        "both": (lambda: call([1], np_histogram=([1], [0, 1])), {"histogram.input"}),
        "num_bins beside bins": (lambda: call(np_histogram=([1], [0, 1]), num_bins=3), {"histogram.input"}),
        "513 bins": (lambda: call([1.0], num_bins=513), {"histogram.bins"}),
        "513 given bins": (lambda: call(np_histogram=(np.ones(513), np.arange(514))), {"histogram.bins"}),
        "no bins": (lambda: call([1.0], num_bins=0), {"histogram.num_bins"}),
        "negative bins": (lambda: call([1.0], num_bins=-1), {"histogram.num_bins"}),
        "half a bin": (lambda: call([1.0], num_bins=2.5), {"histogram.num_bins"}),
        "true bins": (lambda: call([1.0], num_bins=True), {"histogram.num_bins"}),
        "text": (lambda: call(["a", "b"]), {"array.dtype"}),
        "complex": (lambda: call(np.array([1j])), {"array.dtype"}),
        "ragged": (lambda: call([[1, 2], [3]]), {"array.ragged"}),
        "an object": (lambda: call(object()), {"array.kind"}),
        "range beyond float64": (lambda: call([-1.7e308, 1.7e308]), {"histogram.range"}),
        "beyond doubles": (lambda: call(np.array([1, np.longdouble("1e4000")])), {"histogram.range"}),
        "masked": (lambda: call(np.ma.array([1, 2], mask=[False, True])), {"array.masked"}),
        "not a pair": (lambda: call(np_histogram=[1, 2, 3]), {"histogram.lengths"}),
        "as many edges": (lambda: call(np_histogram=([1, 2], [0, 1])), {"histogram.lengths"}),
        "no counts": (lambda: call(np_histogram=([], [0.0])), {"histogram.lengths"}),
        "negative counts": (lambda: call(np_histogram=([1, -2], [0, 1, 2])), {"histogram.counts"}),
        "NaN counts": (lambda: call(np_histogram=([1, np.nan], [0, 1, 2])), {"histogram.counts"}),
        "equal edges": (lambda: call(np_histogram=([1, 2], [0, 1, 1])), {"histogram.edges"}),
        "infinite edge": (lambda: call(np_histogram=([1, 2], [0, 1, np.inf])), {"histogram.edges"}),
    }
    spellings = {
        "samples": [
            lambda: call([1.0, 2.0, 4.0]),
            lambda: call((1.0, 2.0, 4.0)),
            lambda: call(np.array([1.0, 2.0, 4.0])),
            lambda: call(np.array([[1.0, 2.0, 4.0]])),
        ],
        "precomputed": [
            lambda: call(np_histogram=([1, 2], [0, 1, 2])),
            lambda: call(np_histogram=(np.array([1, 2]), np.array([0.0, 1.0, 2.0]))),
            lambda: call(np_histogram=[(1, 2), (0, 1, 2)]),
        ],
    }


@given(hnp.arrays(np.float64, st.integers(0, 200), elements=st.floats(-1e6, 1e6)), st.integers(1, 512))
def test_counts_are_numpys(samples: np.ndarray, bins: int) -> None:
    counts, edges = Histogram(samples, num_bins=bins).to_numpy()

    expected_counts, expected_edges = np.histogram(samples, bins=bins)
    np.testing.assert_array_equal(expected_counts, counts)
    np.testing.assert_array_equal(expected_edges, edges)


def same_as_numpys(samples: np.ndarray, bins: int) -> None:
    """Hold counts, edges and dtypes against numpy's; where it refuses, as `Histogram` does before it, its error."""
    low, high = samples.min().item(), samples.max().item()
    try:
        expected_counts, expected_edges = np.histogram(samples, bins=bins)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            histogram_counts.count(samples, bins, low, high)
        return
    counts, edges = histogram_counts.count(samples, bins, low, high)

    np.testing.assert_array_equal(expected_counts, counts)
    np.testing.assert_array_equal(expected_edges, edges)
    assert (expected_counts.dtype, expected_edges.dtype) == (counts.dtype, edges.dtype)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([np.float32, np.float64, np.int8, np.uint8, np.int32, np.uint64, np.int64]),
    st.integers(1, 512),
    st.data(),
)
def test_any_samples_are_counted_as_numpy_counts_them(dtype: Any, bins: int, data: st.DataObject) -> None:
    """Also those that stand on an edge, one number beside it, or where numbers are far apart."""
    kind = np.dtype(dtype)
    largest = 2.0**100 if kind.kind == "f" else min(np.iinfo(kind).max, 2**62)
    smallest = -largest if kind.kind == "f" else np.iinfo(kind).min // 2
    ends = st.floats(smallest, largest, width=32) if kind.kind == "f" else st.integers(int(smallest), int(largest))
    low, high = sorted(data.draw(st.tuples(ends, ends)))
    spread = np.linspace(low, high, bins + 1).astype(dtype)
    with suppress(ValueError):  # the ends are too few numbers apart for so many bins
        spread = np.concatenate([spread, np.histogram_bin_edges(np.array([low, high], dtype), bins).astype(dtype)])
    if kind.kind == "f":
        spread = np.concatenate([spread, np.nextafter(spread, dtype(np.inf)), np.nextafter(spread, dtype(-np.inf))])
    samples = np.clip(spread, dtype(low), dtype(high))
    samples = np.concatenate([samples, np.array([low, high], dtype)])

    same_as_numpys(samples, bins)


@pytest.mark.parametrize("bins", [1, 2, 63, 64, 255, 256, 512])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int64", "uint8"])
@pytest.mark.parametrize("size", [1, 32_768, 65_535, 65_536, 131_072, 262_144, 300_001])
def test_many_samples_are_counted_as_numpy_counts_them(dtype: str, size: int, bins: int) -> None:
    random = np.random.default_rng(bins)
    samples = (
        random.normal(3, 2, size).astype(dtype)
        if dtype.startswith("f")
        else random.integers(0, 1 + 2 ** (len(dtype) % 3 * 7), size).astype(dtype)
    )

    same_as_numpys(samples, bins)


@pytest.mark.parametrize(
    ("samples", "bins"),
    [
        ([0.0, 0.0, 0.0], 64),
        ([1e30, 1e30], 3),
        ([-1e38, 0.0, 2e38], 1),
        ([-1e38, 0.0, 2e38], 64),
        ([1e-45, 0.0, 3e-45], 2),
        ([1e-38, 2e-38, 9e-38], 5),
        ([16_777_216.0, 16_777_217.0, 16_777_300.0], 10),
        ([0.1 * step for step in range(101)], 10),
        ([0.1 * step for step in range(101)], 100),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_awkward_samples_are_counted_as_numpy_counts_them(samples: list[float], bins: int, dtype: Any) -> None:
    same_as_numpys(np.array(samples, dtype), bins)


@pytest.mark.parametrize("bins", [1, 64])
def test_a_range_beyond_single_precision_is_divided_in_double(bins: int) -> None:
    samples = np.array([-3e38, 0.0, 1e38, 3e38], np.float32)

    counts, edges = Histogram(samples, num_bins=bins).to_numpy()

    expected_counts, expected_edges = np.histogram(samples.astype(np.float64), bins=bins)
    np.testing.assert_array_equal(expected_counts, counts)
    np.testing.assert_array_equal(expected_edges, edges)


@pytest.mark.parametrize("value", [0.1, 1e7, 8_388_610.0, 1e30, -3e38])
def test_one_value_in_single_precision_has_bins_around_it(value: float) -> None:
    histogram = Histogram(np.full(3, value, np.float32))

    single = float(np.float32(value))
    assert (3, single, single) == (histogram.count, histogram.min, histogram.max)
    assert histogram.edges[0] < single < histogram.edges[-1]


def test_sums_beyond_double_precision_are_not_known() -> None:
    opposite = np.concatenate([np.full(70_000, 1e308), np.full(70_000, -8e307)])
    histogram = Histogram(opposite * 0.5)

    assert (None, None) == (histogram.sum, histogram.sum_squares)


def test_sums_of_many_samples() -> None:
    samples = np.random.default_rng(0).normal(5, 2, 300_001).astype(np.float32)
    exact = [float(value) for value in samples]

    histogram = Histogram(samples)

    assert math.isclose(math.fsum(exact), histogram.sum, rel_tol=1e-13)  # type: ignore[arg-type]
    assert math.isclose(math.fsum(value * value for value in exact), histogram.sum_squares, rel_tol=1e-13)  # type: ignore[arg-type]


@given(hnp.arrays(np.int64, st.integers(1, 200), elements=st.integers(-(2**27), 2**27)))
def test_statistics_of_integers_are_exact(samples: np.ndarray) -> None:
    histogram = Histogram(samples)

    assert sum(samples.tolist()) == histogram.sum
    assert sum(value**2 for value in samples.tolist()) == histogram.sum_squares
    assert (min(samples.tolist()), max(samples.tolist())) == (histogram.min, histogram.max)
    assert len(samples) == histogram.count


def test_what_is_not_finite_is_counted_beside_the_bins() -> None:
    histogram = Histogram([0.0, 1.0, np.nan, np.nan, np.inf, -np.inf, -np.inf, -np.inf])

    assert 2 == histogram.count
    assert (2, 1, 3) == (histogram.nan, histogram.positive_infinity, histogram.negative_infinity)


@given(
    hnp.arrays(np.float64, st.integers(0, 50), elements=st.floats(0, 1)),
    hnp.arrays(np.float64, st.integers(0, 50), elements=st.floats(0, 1)),
)
def test_adding_equals_counting_both(first: np.ndarray, second: np.ndarray) -> None:
    edges = np.linspace(0, 1, 11)
    separate = [Histogram(np_histogram=np.histogram(samples, edges)) for samples in (first, second)]

    together = Histogram(np_histogram=np.histogram(np.concatenate([first, second]), edges))

    assert together == separate[0] + separate[1]


def test_adding_keeps_moments_of_equal_ranges() -> None:
    first, second = Histogram([0.0, 0.25, 1.0, np.nan]), Histogram([0.0, 0.5, 1.0])

    total = first + second

    assert (6, 2.75, 0.0, 1.0, 1) == (total.count, total.sum, total.min, total.max, total.nan)
    assert 0.25**2 + 0.5**2 + 2 == total.sum_squares


def test_adding_unequal_edges_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"histogram\.add"):
        Histogram([1, 2]) + Histogram([1, 3])


def test_documented_defaults() -> None:
    descriptor = Histogram(np.arange(100)).encode(MemorySink())

    assert 64 == len(descriptor["values"])
    assert 65 == len(descriptor["bins"])


def test_golden_descriptor() -> None:
    assert {
        "_type": "histogram",
        "values": [1, 0, 1, 2],
        "bins": [1.0, 1.5, 2.0, 2.5, 3.0],
        "lossless": False,
        "count": 4,
        "sum": 9,
        "sum_squares": 23,
        "min": 1,
        "max": 3,
        "nan": 0,
        "positive_infinity": 0,
        "negative_infinity": 0,
    } == Histogram([1, 2, 3, 3], num_bins=4).encode(MemorySink())


def test_the_default_number_of_bins_is_within_the_limit() -> None:
    assert 5 == len(Histogram([1, 2], limits={"histogram.bins": 5}).counts)
