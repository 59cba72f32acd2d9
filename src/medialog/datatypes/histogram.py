"""Histogram: counts in bins, exactly as numpy counts them.

Source: "Logging Histograms" of the guides: 64 bins by default, 512 at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes import arrays, histogram_counts
from medialog.datatypes.base import ChangeLog, Changes, DataType, Model
from medialog.datatypes.files import Sink, Source
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

if TYPE_CHECKING:
    import numpy as np

    from medialog.validators.rules import Rules, Strictness

# Sums are made of blocks of this many samples.
_BLOCK = 1 << 16

Number = int | float
NonNegative = Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)]


class HistogramDescriptor(Model, tag="histogram"):
    """The wire form of a histogram; it has no file."""

    values: Annotated[
        list[NonNegative],
        Meta(
            min_length=1, description="the count of each bin", extra_json_schema={"x-medialog-limit": "histogram.bins"}
        ),
    ]
    bins: Annotated[
        list[Number], Meta(min_length=2, description="the edges: one more than there are counts, increasing")
    ]
    lossless: Annotated[bool, Meta(description="False: the samples cannot be given back")]
    count: Annotated[NonNegative, Meta(description="how many finite values were counted (the sum of `values`)")]
    sum: Annotated[Number, Meta(description="of the finite values")] | UnsetType = UNSET
    sum_squares: Annotated[NonNegative, Meta(description="sum of the squares of the finite values")] | UnsetType = UNSET
    min: Annotated[Number, Meta(description="smallest finite value")] | UnsetType = UNSET
    max: Annotated[Number, Meta(description="largest finite value")] | UnsetType = UNSET
    nan: Annotated[int, Meta(ge=0, description="how many values were NaN")] = 0
    positive_infinity: Annotated[int, Meta(ge=0, description="how many values were +infinity")] = 0
    negative_infinity: Annotated[int, Meta(ge=0, description="how many values were -infinity")] = 0
    changes: Changes | UnsetType = UNSET


class Histogram(DataType, kind="histogram"):
    """A distribution: `Histogram(samples)`, or `Histogram(np_histogram=np.histogram(samples))`.

    `sequence`: numbers of any shape (arrays, lists, tensors; booleans count as 0 and 1), binned into `num_bins` equal
    bins (64 by default, 1..512) between their smallest and largest finite value, exactly as `numpy.histogram` bins
    them. NaN and infinities are counted beside the bins. No finite value at all: bins of zero counts on [0, 1].
    `np_histogram`: `(counts, edges)`, counts finite and >= 0, edges finite and increasing, one more than counts.

    `h1 + h2` adds histograms with equal edges. Raises `InvalidInput`.
    """

    Descriptor = HistogramDescriptor
    documented_rules = {
        "histogram.input": "a histogram has sequence or np_histogram, one of them",
        "histogram.bins": "a histogram has at most `histogram.bins` bins",
        "histogram.num_bins": "num_bins is a whole number >= 1",
        "histogram.range": "the samples' range is finite and can be divided into bins",
        "histogram.lengths": "there is one edge more than there are counts",
        "histogram.counts": "counts are finite and >= 0, and `count` is their sum",
        "histogram.edges": "edges are finite and increasing",
        "histogram.add": "histograms with equal edges can be added",
    }
    documented_changes = {
        "histogram.widened": "bins widened where doubles are too far apart to divide the samples' range"
    }

    def __init__(
        self,
        sequence: Any = None,
        np_histogram: tuple[Any, Any] | None = None,
        num_bins: int | None = None,
        *,
        limits: Mapping[str, Any] | None = None,
        strict: Strictness | None = None,
    ) -> None:
        log = self._begin(limits, strict)
        self.nan = self.positive_infinity = self.negative_infinity = 0
        self.sum: float | int | None = None
        self.sum_squares: float | int | None = None
        self.min: float | int | None = None
        self.max: float | int | None = None
        if (sequence is None) == (np_histogram is None):
            got = "neither" if sequence is None else "both"
            raise InvalidInput(Violation("Histogram", "histogram.input", "sequence or np_histogram", got))
        if np_histogram is not None:
            if num_bins is not None:
                got = "num_bins with np_histogram, which has its bins"
                raise InvalidInput(Violation("num_bins", "histogram.input", "num_bins with sequence only", got))
            self._take(np_histogram)
        else:
            self._count(arrays.to_numpy(sequence, "Histogram", self._rules), self._check_bins(num_bins), log)

    def _check_bins(self, num_bins: Any) -> int:
        if num_bins is None:
            return int(min(self._rules.limit("histogram.bins_default"), self._rules.limit("histogram.bins")))
        bins = checks.whole_number(num_bins)
        if bins is None or bins < 1:
            got = checks.show(num_bins)
            raise InvalidInput(Violation("num_bins", "histogram.num_bins", "a whole number >= 1", got))
        checks.refuse([checks.at_most(bins, "histogram.bins", "num_bins", self._rules, "bins")])
        return bins

    def _count(self, samples: np.ndarray, bins: int, log: ChangeLog) -> None:
        import numpy as np

        samples = samples.reshape(-1)
        if samples.dtype.kind == "b":
            samples = samples.astype(np.uint8)
        if samples.dtype.kind == "f":
            samples = _computed_in(samples)
        bounds = _bounds(samples)
        if samples.size and not all(map(math.isfinite, bounds)):
            samples = self._finite_only(samples)
            bounds = _bounds(samples)
        if not samples.size:
            self.counts, self.edges = np.histogram(samples, bins=bins)
            return
        low, high = self.min, self.max = bounds
        if samples.dtype == np.float32:
            # numpy makes the edges of float32 samples in float32, where they may be too far apart to divide the range,
            # and where the range itself may be no number.
            needed = 4 * bins * float(np.spacing(np.float32(max(abs(low), abs(high)))))
            divided = high - low or 1.0  # numpy's bins around a single value are one wide
            if not needed <= divided <= float(np.finfo(np.float32).max):
                samples = samples.astype(np.float64)
        wider = _choose_range(low, high, bins, log)
        if wider is None:
            counts, edges = histogram_counts.count(samples, bins, low, high)
        else:
            counts, edges = np.histogram(samples, bins=bins, range=wider)
        self.counts, self.edges = counts, edges.astype(np.float64)
        self.sum, self.sum_squares = _moments(samples, low, high)

    def _finite_only(self, samples: np.ndarray) -> np.ndarray:
        """Return the finite samples, and count the others."""
        import numpy as np

        finite = np.isfinite(samples)
        self.nan = int(np.isnan(samples).sum())
        self.positive_infinity = int((samples == np.inf).sum())
        self.negative_infinity = int((samples == -np.inf).sum())
        stored: np.ndarray = samples[finite]
        return stored

    def _take(self, np_histogram: Any) -> None:
        import numpy as np

        try:
            given_counts, given_edges = np_histogram
        except (TypeError, ValueError):
            got = checks.show(np_histogram)
            raise InvalidInput(Violation("np_histogram", "histogram.lengths", "(counts, edges)", got)) from None
        counts = arrays.to_numpy(given_counts, "np_histogram[0]", self._rules)
        edges = arrays.to_numpy(given_edges, "np_histogram[1]", self._rules)
        if counts.ndim != 1 or edges.ndim != 1 or len(edges) != len(counts) + 1 or not len(counts):
            got = f"{counts.shape} counts and {edges.shape} edges"
            raise InvalidInput(Violation("np_histogram", "histogram.lengths", "n counts and n + 1 edges, n >= 1", got))
        checks.refuse(
            [
                checks.at_most(len(counts), "histogram.bins", "np_histogram", self._rules, "bins"),
                checks.finite(counts, "np_histogram[0]", "histogram.counts")
                or checks.elements(counts < 0, counts, "np_histogram[0]", "histogram.counts", "a count >= 0"),
            ]
        )
        if not math.isfinite(_sum(counts.tolist())):
            got = "one beyond double precision"
            raise InvalidInput(Violation("np_histogram[0]", "histogram.counts", "counts with a finite sum", got))
        self._check_edges(edges)
        self.counts = counts.astype(np.int64) if counts.dtype.kind in "bi" else counts.copy()
        self.edges = edges.astype(np.float64)

    def _check_edges(self, edges: np.ndarray) -> None:
        import numpy as np

        wrong = checks.finite(edges, "edges", "histogram.edges")
        if wrong is None:
            falling = np.concatenate([[False], edges[1:] <= edges[:-1]])
            wrong = checks.elements(falling, edges, "edges", "histogram.edges", "an edge larger than the one before")
        checks.refuse([wrong])

    @property
    def count(self) -> float | int:
        """Return how many finite values were counted."""
        return self.counts.sum().item() if self.counts.dtype.kind in "iu" else _sum(self.counts.tolist())

    @property
    def histogram(self) -> list[Number]:
        """Return the counts as a list (W&B's name for them)."""
        counts: list[Number] = self.counts.tolist()
        return counts

    @property
    def bins(self) -> list[float]:
        """Return the edges as a list (W&B's name for them)."""
        edges: list[float] = self.edges.tolist()
        return edges

    def to_numpy(self) -> tuple[np.ndarray, np.ndarray]:
        """Return `(counts, edges)` as `numpy.histogram` does."""
        return self.counts.copy(), self.edges.copy()

    def __add__(self, other: object) -> Histogram:
        """Return the histogram of both samples. `InvalidInput` unless the edges are equal."""
        import numpy as np

        if not isinstance(other, Histogram):
            return NotImplemented
        if not np.array_equal(self.edges, other.edges):
            expected = f"edges equal to the first's ({len(self.edges)} from {self.edges[0]:g} to {self.edges[-1]:g})"
            got = f"{len(other.edges)} from {other.edges[0]:g} to {other.edges[-1]:g}"
            raise InvalidInput(Violation("Histogram", "histogram.add", expected, got))
        total = Histogram(np_histogram=(self.counts + other.counts, self.edges))
        for name in ("nan", "positive_infinity", "negative_infinity"):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        for name, combine in (("sum", _add), ("sum_squares", _add), ("min", min), ("max", max)):
            setattr(total, name, _combine(self, other, name, combine))
        return total

    def build(self, sink: Sink) -> HistogramDescriptor:
        """Return the descriptor; there is no file."""
        moments = {name: _or_unset(getattr(self, name)) for name in ("sum", "sum_squares", "min", "max")}
        return HistogramDescriptor(
            values=self.histogram,
            bins=self.bins,
            lossless=False,
            count=self.count,
            nan=self.nan,
            positive_infinity=self.positive_infinity,
            negative_infinity=self.negative_infinity,
            changes=self._changes or UNSET,
            **moments,
        )

    @classmethod
    def decode(cls, descriptor: Mapping[str, Any], source: Source) -> Self:
        """Return the histogram of a descriptor."""
        model: HistogramDescriptor = cls.read_model(descriptor)
        self = cls(np_histogram=(model.values, model.bins))
        self._changes = [] if isinstance(model.changes, UnsetType) else list(model.changes)
        for name in ("sum", "sum_squares", "min", "max"):
            value = getattr(model, name)
            setattr(self, name, None if isinstance(value, UnsetType) else value)
        for name in ("nan", "positive_infinity", "negative_infinity"):
            setattr(self, name, getattr(model, name))
        return self

    @classmethod
    def descriptor_violations(cls, descriptor: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
        """Yield lengths, counts and edges that do not agree."""
        values, bins = descriptor["values"], descriptor["bins"]
        if len(bins) != len(values) + 1:
            yield Violation("$.bins", "histogram.lengths", f"{len(values) + 1} edges", f"{len(bins)}")
        for index, value in enumerate(values):
            if value < 0:
                yield Violation(f"$.values[{index}]", "histogram.counts", "a count >= 0", f"{value:g}")
        for index in range(1, len(bins)):
            if not bins[index] > bins[index - 1]:
                expected = "an edge larger than the one before"
                yield Violation(f"$.bins[{index}]", "histogram.edges", expected, f"{bins[index]!r}")
        total = _sum(values)
        if not math.isclose(descriptor["count"], total, rel_tol=1e-9):
            expected = f"the sum of values, {total:g}"
            yield Violation("$.count", "histogram.counts", expected, f"{descriptor['count']!r}")

    def describe(self) -> str:
        """Return the numbers of bins and values, and the range."""
        return f"{len(self.counts)} bins, {self.count:g} values, {self.edges[0]:g} to {self.edges[-1]:g}"


def _in_doubles(samples: np.ndarray) -> np.ndarray:
    """Return long doubles as doubles; `InvalidInput` for one that is finite and beyond them."""
    import numpy as np

    with np.errstate(over="ignore"):
        narrow: np.ndarray = samples.astype(np.float64)
    beyond = np.isfinite(samples) & ~np.isfinite(narrow)
    checks.refuse([checks.elements(beyond, samples, "Histogram", "histogram.range", "a number in double precision")])
    return narrow


def _computed_in(samples: np.ndarray) -> np.ndarray:
    """Return floats in the precision that is computed in: float32 or float64."""
    import numpy as np

    if samples.dtype.itemsize < 4:
        return samples.astype(np.float32)
    return _in_doubles(samples) if samples.dtype.itemsize > 8 else samples


def _bounds(samples: np.ndarray) -> tuple[Any, Any]:
    """Return the least and the largest of some samples; of none, (0, 0)."""
    return (samples.min().item(), samples.max().item()) if samples.size else (0, 0)


def _moments(samples: np.ndarray, low: Number, high: Number) -> tuple[Number | None, Number | None]:
    """Return sum and sum of squares of numbers from `low` to `high`; None on overflow.

    Exact for integers where they fit, in double precision otherwise.
    """
    import numpy as np

    if samples.dtype.kind in "iu":
        most = max(abs(low), abs(high))
        if most * most * samples.size < 2**63:
            whole = samples.astype(np.int64, copy=False)
            return int(whole.sum()), int(np.dot(whole, whole))
    # A block at a time: a large float32 array needs no double copy of all of it.
    wide = np.empty(min(_BLOCK, samples.size))
    sums, squares = [], []
    with np.errstate(over="ignore", invalid="ignore"):  # inf - inf
        for start in range(0, samples.size, _BLOCK):
            block = wide[: min(_BLOCK, samples.size - start)]
            block[...] = samples[start : start + _BLOCK]
            sums.append(float(block.sum()))
            squares.append(float(np.square(block, out=block).sum()))
    return _finite_sum(sums), _finite_sum(squares)


def _finite_sum(parts: list[float]) -> float | None:
    """Return the exact sum, rounded once; None where it, or one of the parts, is beyond double precision."""
    total = _sum(parts) if all(map(math.isfinite, parts)) else math.inf
    return total if math.isfinite(total) else None


def _sum(counts: Iterable[Number]) -> float:
    """Return the exact sum, rounded once; infinity where it is beyond double precision."""
    try:
        return math.fsum(counts)
    except OverflowError:
        return math.inf


def _add(first: Number, second: Number) -> Number:
    return first + second


def _combine(first: Histogram, second: Histogram, name: str, combine: Any) -> Number | None:
    """Return the statistic of two histograms together: None where one of them has values but does not know it."""
    known = [(getattr(h, name), h.count) for h in (first, second)]
    if any(value is None and count for value, count in known):
        return None
    values = [value for value, _ in known if value is not None]
    return combine(*values) if len(values) == 2 else (values[0] if values else None)


def _or_unset(value: Number | None) -> Number | UnsetType:
    return UNSET if value is None else value


def _choose_range(least: Number, most: Number, bins: int, log: ChangeLog) -> tuple[float, float] | None:
    """Return None for numpy's own range, or a wider one where doubles are too far apart to divide numpy's."""
    low, high = float(least), float(most)
    if not math.isfinite(high - low):
        got = f"{low:g} to {high:g}, a difference beyond double precision"
        raise InvalidInput(Violation("Histogram", "histogram.range", "a finite range", got))
    if low == high:
        low, high = low - 0.5, high + 0.5
    # Each bin needs a few representable numbers of its own.
    needed = 4 * bins * max(math.ulp(low), math.ulp(high))
    if high - low >= needed:
        return None
    largest = math.nextafter(math.inf, 0)
    wide = max(low - needed, -largest), min(high + needed, largest)
    detail = f"the range [{low:g}, {high:g}] is too narrow for {bins} bins of doubles: bins begin lower and end higher"
    log.record("histogram.widened", detail)
    return wide
