"""D: histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused
from medialog import Histogram
from medialog.validators.errors import WrongType

NAN, INF = float("nan"), float("inf")


def of(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    return refused(name, lambda at: Histogram(make(), **options), *rules, error=error)


def made(name: str, counts: Any, edges: Any, *rules: str, error: type[Exception] | None = None) -> list[Case]:
    """Return refused counts and edges, as `np_histogram` and with lists for arrays."""
    return refused(name, lambda at: Histogram(np_histogram=(counts, edges)), *rules, error=error)


CASES = flat(
    of("D1 513 bins", lambda: [1.0], "histogram.bins", num_bins=513),
    of("D1 10**9 bins", lambda: [1.0], "histogram.bins", num_bins=10**9),
    of("D1 10**400 bins", lambda: [1.0], "histogram.bins", num_bins=10**400),
    of("D1 10**5000 bins", lambda: [1.0], "histogram.bins", num_bins=10**5000),
    *(
        of(f"D2 {name} bins", lambda: [1.0], "histogram.num_bins", num_bins=bins)
        for name, bins in {
            "0": 0,
            "-1": -1,
            "2.5": 2.5,
            "64.0": 64.0,
            "NaN": NAN,
            "True": True,
            "'64'": "64",
            "a list of": [64],
            "an array of": np.array([1, 2]),
            "rude": nasty.OddIndex(nasty.Rude("x")),
            "nameless": nasty.NoRepr(),
            "-10**5000": -(10**5000),
        }.items()
    ),
    of("D8 objects", lambda: np.array([1, None]), "array.dtype"),
    of("D8 text", lambda: ["a"], "array.dtype"),
    of("D8 complex", lambda: [1j], "array.dtype"),
    of("D8 dates", lambda: np.zeros(3, "M8[s]"), "array.dtype"),
    of("D8 masked", lambda: np.ma.masked_equal(np.eye(3), 1), "array.masked"),
    of("D8 2**70", lambda: [2**70], "array.dtype"),
    of("D8 a list in itself", nasty.cycle, "array.ragged"),
    of("D8 100,000 levels", lambda: nasty.nested(100_000), "array.ragged"),
    of("D8 a list without iteration", lambda: nasty.NoIteration([1]), "value.read"),
    of("D8 an array that raises", nasty.NoArray, "array.kind"),
    of("D8 an array that says 10**18", nasty.HugeShape, "array.kind"),
    of("D8 an object", object, "array.kind", error=WrongType),
    of("D8 an object whose attributes raise", nasty.NoAttributes, "array.kind", error=WrongType),
    of("D8 a number", lambda: 5, "array.kind", error=WrongType),
    of("D8 text alone", lambda: "abc", "array.kind", error=WrongType),
    of("D8 a mapping", dict, "array.kind", error=WrongType),
    of("D8 a generator", lambda: (x for x in [1]), "array.kind", error=WrongType),
    of("D8 an iterator that raises", lambda: nasty.raising(2), "array.kind", error=WrongType),
    of("D12 a range beyond doubles", lambda: [-1.7e308, 1.7e308], "histogram.range"),
    of("D12 a long double", lambda: np.array([0, np.longdouble("1e4000")]), "histogram.range"),
    of("D14 ragged", lambda: [[1, 2], [3]], "array.ragged"),
    of("D14 ragged by depth", lambda: [1, [2]], "array.ragged"),
    refused("D11 both", lambda at: Histogram([1], np_histogram=([1], [0, 1])), "histogram.input"),
    refused("D11 neither", lambda at: Histogram(), "histogram.input"),
    made("D7 lengths", [1, 2], [0, 1], "histogram.lengths"),
    made("D7 equal lengths", [1, 2], [0, 1, 2, 3], "histogram.lengths"),
    made("D7 no counts", [], [0], "histogram.lengths"),
    made("D7 no edges", [1], [], "histogram.lengths"),
    made("D7 2-D counts", [[1]], [0, 1], "histogram.lengths"),
    made("D7 2-D edges", [1], [[0, 1]], "histogram.lengths"),
    made("D9 negative counts", [1, -2], [0, 1, 2], "histogram.counts"),
    made("D10 NaN counts", [1, NAN], [0, 1, 2], "histogram.counts"),
    made("D10 infinite counts", [1, INF], [0, 1, 2], "histogram.counts"),
    made("D10 counts of text", ["a"], [0, 1], "array.dtype"),
    made("D10 counts of objects", np.array([None], object), [0, 1], "array.dtype"),
    made("D10 complex counts", [1j], [0, 1], "array.dtype"),
    made("D10 counts that raise", nasty.NoArray(), [0, 1], "array.kind"),
    made("D10 counts that are None", None, [0, 1], "array.kind", error=WrongType),
    made("D10 513 counts", [1] * 513, list(range(514)), "histogram.bins"),
    made("D+ edges of NaN", [1], [0, NAN], "histogram.edges"),
    made("D+ edges of infinity", [1], [0, INF], "histogram.edges"),
    made("D+ equal edges", [1], [0, 0], "histogram.edges"),
    made("D+ falling edges", [1, 1], [0, 2, 1], "histogram.edges"),
    made("D+ edges of text", [1], ["a", "b"], "array.dtype"),
    made("D+ edges of 2**70", [1], [0, 2**70], "array.dtype"),
    refused("D+ np_histogram of one", lambda at: Histogram(np_histogram=([1],)), "histogram.lengths"),
    refused("D+ np_histogram of three", lambda at: Histogram(np_histogram=([1], [0, 1], 2)), "histogram.lengths"),
    refused("D+ np_histogram of a number", lambda at: Histogram(np_histogram=5), "histogram.lengths"),
    refused("D+ np_histogram of text", lambda at: Histogram(np_histogram="ab"), "array.kind", error=WrongType),
    refused(
        "D+ np_histogram without iteration",
        lambda at: Histogram(np_histogram=nasty.NoIteration([[1], [0, 1]])),
        "value.read",
    ),
    accepted("D3 NaN samples are counted", lambda at: Histogram([1.0, NAN]), lambda row: row[KEY]["nan"] == 1),
    accepted(
        "D5 all NaN", lambda at: Histogram([NAN] * 3), lambda row: row[KEY]["nan"] == 3 and row[KEY]["count"] == 0
    ),
    accepted("D6 empty", lambda at: Histogram([]), lambda row: row[KEY]["count"] == 0),
    accepted("D13 all equal 1e308", lambda at: Histogram([1e308] * 5), lambda row: np.isfinite(row[KEY]["bins"]).all()),
    accepted(
        "D13 the largest double",
        lambda at: Histogram([1.7976931348623157e308] * 2),
        lambda row: np.isfinite(row[KEY]["bins"]).all(),
    ),
    accepted("D13 the smallest double", lambda at: Histogram([0, 5e-324]), lambda row: sum(row[KEY]["values"]) == 2),
    accepted("D13 infinities", lambda at: Histogram([INF, -INF, 1.0]), lambda row: row[KEY]["count"] == 1),
    accepted(
        "D13 2**63",
        lambda at: Histogram(np.array([2**63, 2**64 - 1], np.uint64)),
        lambda row: sum(row[KEY]["values"]) == 2,
    ),
    accepted(
        "D13 neighbours of 2**53",
        lambda at: Histogram(np.array([2**53, 2**53 + 1])),
        lambda row: sum(row[KEY]["values"]) == 2,
    ),
    accepted(
        "D13 counts of 0", lambda at: Histogram(np_histogram=([0, 0], [0, 1, 2])), lambda row: row[KEY]["count"] == 0
    ),
    made("D9 counts beyond doubles together", [1e308, 1e308], [0, 1, 2], "histogram.counts"),
    accepted(
        "D13 squares beyond doubles together",
        lambda at: Histogram(np.full(400_000, 3e151)),
        lambda row: "sum_squares" not in row[KEY] or row[KEY]["count"] == 400_000,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_histograms(case: Case, bench: Bench) -> None:
    bench.hold(case)
