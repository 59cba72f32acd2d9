"""C: chart presets, and the figures of plotting libraries."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

import medialog
from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_file, refused_value
from medialog import Table
from medialog.datatypes.plotly_figure import Plotly
from medialog.datatypes.vega_figure import VegaLite
from medialog.validators.errors import InvalidInput, InvalidName, WrongType

plot = medialog.plot
NAN, INF = float("nan"), float("inf")


def xy(rows: Any = ((1, 2), (3, 4))) -> Table:
    return Table(["x", "y"], [list(row) for row in rows])


def chart(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    return refused(name, lambda at: make(), *rules, **({"error": error} if error else {}), **options)


def deep(levels: int) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = {"a": tree}
    return tree


PROBABILITIES = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]
TRUTH = [0, 1, 0]

CASES = flat(
    chart("C1 a field that is no column", lambda: plot.line(xy(), "x", "z"), "plot.column"),
    chart("C1 a field that is None", lambda: plot.line(xy(), "x", None), "plot.fields"),
    chart("C1 a field that is a number", lambda: plot.scatter(xy(), 5, "y"), "plot.column"),
    chart("C1 a field ../x", lambda: plot.bar(xy(), "../x", "y"), "plot.column"),
    chart("C1 a field without repr", lambda: plot.bar(xy(), nasty.NoRepr(), "y"), "plot.column"),
    chart("C2 lengths", lambda: plot.line_series([1, 2], [[1]]), "plot.lengths"),
    chart("C2 lengths of several", lambda: plot.line_series([[1, 2], [1]], [[1, 2], [1, 2]]), "plot.lengths"),
    chart("C4 a table that is a list", lambda: plot.line([[1, 2]], "x", "y"), "plot.table", error=WrongType),
    chart("C4 a table that is None", lambda: plot.histogram(None, "x"), "plot.table", error=WrongType),
    chart("C4 a table that is rude", lambda: plot.histogram(nasty.NoAttributes(), "x"), "plot.table", error=WrongType),
    chart(
        "C4 a column of text drawn as numbers", lambda: plot.histogram(Table(["x"], [["a"]]), "x"), "plot.column_type"
    ),
    chart("C5 y_true and scores", lambda: plot.roc_curve([0, 1], [[0.1, 0.9]]), "plot.lengths"),
    chart("C5 scores that are 1-D of other length", lambda: plot.pr_curve([0, 1, 1], [0.5]), "plot.lengths"),
    chart("C6 a score of 1.5", lambda: plot.roc_curve(TRUTH, [[0.9, 1.5], [0.2, 0.8], [0.6, 0.4]]), "plot.scores"),
    chart("C6 a score of -0.1", lambda: plot.pr_curve(TRUTH, [[0.9, -0.1], [0.2, 0.8], [0.6, 0.4]]), "plot.scores"),
    chart("C6 a score of NaN", lambda: plot.pr_curve(TRUTH, [[0.9, NAN], [0.2, 0.8], [0.6, 0.4]]), "plot.scores"),
    chart("C6 a score of infinity", lambda: plot.roc_curve(TRUTH, [[0.9, INF], [0.2, 0.8], [0.6, 0.4]]), "plot.scores"),
    chart("C6 scores of text", lambda: plot.roc_curve(TRUTH, [["a", "b"]] * 3), "array.dtype"),
    chart("C6 scores of three axes", lambda: plot.roc_curve(TRUTH, np.zeros((3, 2, 2))), "plot.scores"),
    chart("C6 scores that raise", lambda: plot.roc_curve(TRUTH, nasty.NoArray()), "array.kind"),
    chart("C7 one class only", lambda: plot.roc_curve([1, 1, 1], PROBABILITIES), "plot.one_class"),
    chart("C7 no examples", lambda: plot.roc_curve([], np.zeros((0, 2))), "plot.one_class"),
    chart("C8 labels of floats", lambda: plot.pr_curve([0.5, 1.5, 0.0], PROBABILITIES), "plot.labels"),
    chart("C8 labels of -1", lambda: plot.pr_curve([0, 1, -1], PROBABILITIES), "plot.labels"),
    chart("C8 a label beyond the classes", lambda: plot.pr_curve([0, 1, 2], PROBABILITIES), "plot.labels"),
    chart(
        "C8 class names of another length", lambda: plot.pr_curve(TRUTH, PROBABILITIES, labels=["a"]), "plot.classes"
    ),
    chart("C8 class names twice", lambda: plot.pr_curve(TRUTH, PROBABILITIES, labels=["a", "a"]), "plot.classes"),
    chart("C9 a preset ../x", lambda: plot.plot_table("../x", xy(), {"x": "x"}), "plot.preset_name", error=InvalidName),
    chart(
        "C9 an absolute preset",
        lambda: plot.plot_table("/etc/passwd", xy(), {"x": "x"}),
        "plot.preset_name",
        error=InvalidName,
    ),
    chart("C9 a preset of 5", lambda: plot.plot_table(5, xy(), {"x": "x"}), "plot.preset_name", error=InvalidName),
    chart(
        "C9 a preset with NUL", lambda: plot.plot_table("a\0", xy(), {"x": "x"}), "plot.preset_name", error=InvalidName
    ),
    chart(
        "C9 a preset of a megabyte",
        lambda: plot.plot_table("a" * 1_000_000, xy(), {"x": "x"}),
        "plot.preset_name",
        error=InvalidName,
    ),
    chart("C9 fields that are a list", lambda: plot.plot_table("me/x", xy(), ["x"]), "plot.fields", error=WrongType),
    chart("C10 a title of bytes", lambda: plot.line(xy(), "x", "y", title=b"t"), "plot.title"),
    chart("C10 a title of 2,001", lambda: plot.line(xy(), "x", "y", title="t" * 2_001), "caption.length"),
    chart("C10 a title with NUL", lambda: plot.line(xy(), "x", "y", title="a\0"), "plot.title"),
    chart("C10 a title with a surrogate", lambda: plot.line(xy(), "x", "y", title="\ud800"), "plot.title"),
    chart(
        "C11 a matrix of 101 classes",
        lambda: plot.confusion_matrix(preds=[0], y_true=[0], class_names=[str(i) for i in range(101)]),
        "table.rows",
    ),
    chart("C12 neither probs nor preds", lambda: plot.confusion_matrix(y_true=[0]), "plot.predictions"),
    # figures
    chart("C+ plotly: None", lambda: Plotly(None), "plotly.figure", error=WrongType),
    chart("C+ plotly: a list", lambda: Plotly([1]), "plotly.figure", error=WrongType),
    chart(
        "C+ plotly: an object in it",
        lambda: Plotly({"data": [{"y": [object()]}], "layout": {}}),
        "figure.json",
        error=WrongType,
    ),
    chart("C+ plotly: data that are none", lambda: Plotly({"data": 5, "layout": {}}), "plotly.figure"),
    chart("C+ plotly: 100 levels", lambda: Plotly({"data": [], "layout": deep(100)}), "json.depth"),
    chart("C+ plotly: 100,000 levels", lambda: Plotly({"data": [], "layout": deep(100_000)}), "json.depth"),
    chart("C+ plotly: itself", lambda: Plotly({"data": [], "layout": nasty.cyclic_dict()}), "json.depth"),
    chart("C+ plotly: a mapping without items", lambda: Plotly({"data": [], "layout": nasty.NoItems()}), "value.read"),
    chart("C+ plotly: a lone surrogate", lambda: Plotly({"data": [], "layout": {"title": "\ud800"}}), "figure.json"),
    chart("C+ plotly: a key that is a surrogate", lambda: Plotly({"data": [], "layout": {"\ud800": 1}}), "figure.json"),
    chart("C+ plotly: a key that is a number", lambda: Plotly({"data": [], "layout": {5: 1}}), "figure.json"),
    chart("C+ plotly: 10**5000", lambda: Plotly({"data": [{"y": [10**5000]}], "layout": {}}), "figure.json"),
    chart(
        "C+ plotly: an array that raises",
        lambda: Plotly({"data": [{"y": nasty.NoArray()}], "layout": {}}),
        "value.read",
    ),
    chart(
        "C+ plotly: a typed array of an unknown dtype",
        lambda: Plotly({"data": [{"y": {"dtype": "O", "bdata": "AAAA"}}], "layout": {}}),
        "figure.typed_array",
    ),
    chart(
        "C+ plotly: a typed array of no base64",
        lambda: Plotly({"data": [{"y": {"dtype": "f8", "bdata": "!"}}], "layout": {}}),
        "figure.typed_array",
    ),
    chart(
        "C+ plotly: a typed array of a lying shape",
        lambda: Plotly(
            {"data": [{"y": {"dtype": "f8", "bdata": "AAAAAAAAAAA=", "shape": "10000000000,10"}}], "layout": {}}
        ),
        "figure.typed_array",
    ),
    chart(
        "C+ plotly: a typed array of a negative shape",
        lambda: Plotly({"data": [{"y": {"dtype": "f8", "bdata": "AAAAAAAAAAA=", "shape": "-1"}}], "layout": {}}),
        "figure.typed_array",
    ),
    *(
        refused_file(f"C+ plotly: {name}", data, Plotly, ".plotly.json", "file.content")
        for name, data in {
            "0 bytes": b"",
            "text": b"hello",
            "NaN": b'{"data":[],"layout":{"a":NaN}}',
            "1e999": b'{"data":[],"layout":{"a":1e999}}',
            "cut": b'{"data":[{"y":[1,',
            "no UTF-8": b'{"data":[],"layout":{"a":"\xff"}}',
            "100,000 brackets": b"[" * 100_000,
            "a surrogate": b'{"data":[],"layout":{"a":"\\ud800"}}',
        }.items()
    ),
    chart("C+ vega: None", lambda: VegaLite(None), "vega.spec", error=WrongType),
    chart("C+ vega: no mark", lambda: VegaLite({"data": {"values": []}}), "vega.spec"),
    chart(
        "C+ vega: a URL", lambda: VegaLite({"mark": "bar", "data": {"url": "https://example.org/a.csv"}}), "vega.remote"
    ),
    chart("C+ vega: a file", lambda: VegaLite({"mark": "bar", "data": {"url": "file:///etc/passwd"}}), "vega.remote"),
    chart(
        "C+ vega: a URL in a layer",
        lambda: VegaLite({"layer": [{"mark": "bar", "data": {"url": "//example.org/a"}}]}),
        "vega.remote",
    ),
    chart("C+ vega: itself", lambda: VegaLite({"mark": nasty.cyclic_dict()}), "json.depth"),
    refused_value(
        "C+ a plotly figure of objects",
        lambda at: rude_plotly(),
        "figure.json",
        error=WrongType,
        cell=("figure.json", InvalidInput),
    ),
    accepted(
        "C3 an empty table",
        lambda at: plot.line(Table(["x", "y"], []), "x", "y"),
        lambda row: row[KEY]["_type"] == "chart",
    ),
    accepted(
        "C10 a title with a script",
        lambda at: plot.line(xy(), "x", "y", title="<script>alert(1)</script>"),
        lambda row: "<script>" in json.dumps(row[KEY]),
    ),
    accepted(
        "C+ NaN in a line",
        lambda at: plot.line(xy([(1, NAN), (INF, 2)]), "x", "y"),
        lambda row: row[KEY]["_type"] == "chart",
    ),
    accepted(
        "C+ plotly: NaN", lambda at: go.Figure(go.Scatter(y=[1, NAN])), lambda row: row[KEY]["_type"] == "plotly-file"
    ),
)


def rude_plotly() -> Any:
    figure = go.Figure(go.Scatter(y=[1]))
    figure.update_layout(meta={"a": object()})
    return figure


@pytest.mark.parametrize("case", CASES, ids=str)
def test_charts(case: Case, bench: Bench) -> None:
    bench.hold(case)
