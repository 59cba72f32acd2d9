"""Limits of tables, charts and histograms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from limit_hits.hits import Converted, Default, Limits, Refused, Shown, changed, described
from medialog import plot
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.table import Table
from medialog.datatypes.table_increment import TableIncrement


def rows(n: int, limits: Limits) -> Table:
    return Table(columns=["a"], data=np.zeros((n, 1), np.int64), limits=limits)


def add_to(n: int, limits: Limits) -> None:
    rows(n - 1, limits).add_data(0)


def of_files(n: int, limits: Limits) -> list[str]:
    """Return how the files of n pictures stand in the descriptor of their table, by their suffixes, each once."""
    table = Table(columns=["a"], data=[[Image([[i]])] for i in range(n)], limits=limits)
    return sorted({file["path"].partition(".")[2] for file in described(table)["files"]})


def roc(n: int, limits: Limits, strict: Any = "record") -> Any:
    """Return the curve of n points: the first stands for no example, and every example is a step of its own."""
    return plot.roc_curve([index % 2 for index in range(n - 1)], np.linspace(0, 1, n - 1), limits=limits, strict=strict)


def interpolated(n: int, limits: Limits) -> None:
    plot.pr_curve([0, 1], [0.1, 0.9], interp_size=n, limits=limits)


INPUT = [
    Refused("table.rows", rows),
    Refused("table.rows", add_to, lowered=3),
    Refused("table.rows", lambda n, limits: Table(data={"a": [0] * n}, limits=limits)),
    Refused("table.rows", lambda n, limits: Table(columns=["a"], data=iter([[0]] * n), limits=limits)),
    Default("table.columns_default", lambda _, limits: tuple(Table(limits=limits).columns)),
    Converted(
        "table.json_rows", lambda n, limits: described(rows(n, limits))["format"], kept="json", becomes="parquet"
    ),
    Converted("files.inline", of_files, kept=["png"], becomes=["refs.json"]),
    Refused("key.length", lambda n, limits: Table(columns=["a" * n], limits=limits)),
    Converted(
        "plot.curve_points",
        lambda n, limits: ("plot.thinned" in changed(chart := roc(n, limits)), len(chart.table) == n),
        kept=(False, True),
        becomes=(True, False),
    ),
    Refused("caption.length", lambda n, limits: plot.line(rows(1, {}), "a", "a", title="t" * n, limits=limits)),
    Refused("histogram.bins", lambda n, limits: Histogram([1, 2], num_bins=n, limits=limits)),
    Refused("histogram.bins", lambda n, limits: Histogram(np_histogram=(np.ones(n), np.arange(n + 1)), limits=limits)),
    Default("histogram.bins_default", lambda _, limits: len(Histogram([1, 2], limits=limits).counts)),
    Default("histogram.bins_default", lambda _, limits: len(Histogram([1, 2], limits=limits).counts), lowered=7),
]


@cache
def _table(form: str) -> dict[str, Any]:
    descriptor: dict[str, Any] = described(rows(1 if form == "json" else 1001, {}))
    return descriptor


def table(form: str = "parquet", **members: Any) -> dict[str, Any]:
    return {**_table(form), **members}


def increment(n: int) -> dict[str, Any]:
    source = Table(columns=["a"], data=[[1]] * 1001, log_mode="INCREMENTAL")
    return {**described(TableIncrement(source, 0, None)), "nrows": n}


def chart(**members: Any) -> dict[str, Any]:
    return {**described(plot.line(rows(1, {}), "a", "a")), **members}


DESCRIPTOR = [
    Shown("table.rows", lambda n: table(nrows=n)),
    Shown("table.rows", increment),
    Shown("table.rows", lambda n: chart(table=table(nrows=n))),
    Shown("table.json_rows", lambda n: table("json", nrows=n)),
    Shown("files.inline", lambda n: table(files=[{k: _table("json")[k] for k in ("path", "sha256", "size")}] * n)),
    Shown("key.length", lambda n: table(columns=["a" * n])),
    Shown("caption.length", lambda n: chart(string_fields={"title": "t" * n}, title="t" * n)),
    Shown("histogram.bins", lambda n: described(Histogram([1, 2], num_bins=n, limits={"histogram.bins": n}))),
]
NOT_SHOWN = {
    "histogram.bins_default": "a default: other numbers are valid",
    "plot.curve_points": "of a curve that is computed: a table of one's own, drawn by the same preset, may have more",
    "table.columns_default": "a default: other columns are valid",
}
