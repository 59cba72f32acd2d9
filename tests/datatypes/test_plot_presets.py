"""What the presets compute: curves and counts against scikit-learn, by every documented call form."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from medialog import plot, plots
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.table import Table
from medialog.validators import validate
from medialog.validators.errors import InvalidInput

NAMES = ["cat", "dog", "bird"]


def scored(kind: str = "random", seed: int = 0, n: int = 200, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return n labels 0..k-1 and n x k scores."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    y[:k] = range(k)
    scores = rng.dirichlet(np.ones(k), n)
    if kind == "tied":
        scores = np.round(scores * 5) / 5
    elif kind == "constant":
        scores = np.full((n, k), 1 / k)
    elif kind == "float32":
        scores = scores.astype(np.float32)
    return y, scores


def curve_of(chart: Chart, name: str, columns: tuple[str, str]) -> tuple[np.ndarray, np.ndarray, list[Any]]:
    """Return two columns and the thresholds of one class."""
    rows = [row for row in chart.table.data if row[0] == name]
    positions = [chart.table.columns.index(column) for column in columns]
    first, second = (np.array([row[position] for row in rows]) for position in positions)
    return first, second, [row[3] for row in rows]


@pytest.mark.parametrize("kind", ["random", "tied", "constant", "float32"])
@pytest.mark.parametrize("labels", [None, NAMES])
def test_curves_of_each_class_are_scikit_learns(kind: str, labels: list[str] | None) -> None:
    y, scores = scored(kind)

    pr, roc = plot.pr_curve(y, scores, labels), plot.roc_curve(y, scores, labels)

    assert ["class", "precision", "recall", "threshold"] == pr.table.columns
    assert ["class", "fpr", "tpr", "threshold"] == roc.table.columns
    for index in range(3):
        name = labels[index] if labels else f"class_{index}"
        precision, recall, thresholds = sklearn.metrics.precision_recall_curve(y == index, scores[:, index])
        ours = curve_of(pr, name, ("precision", "recall"))
        np.testing.assert_allclose(ours[0], precision, rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours[1], recall, rtol=0, atol=1e-12)
        assert [*thresholds.tolist(), None] == ours[2]
        fpr, tpr, thresholds = sklearn.metrics.roc_curve(y == index, scores[:, index], drop_intermediate=False)
        ours = curve_of(roc, name, ("fpr", "tpr"))
        np.testing.assert_allclose(ours[0], fpr, rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours[1], tpr, rtol=0, atol=1e-12)
        assert [None, *thresholds[1:].tolist()] == ours[2]
    assert () == pr.changes == roc.changes


def test_the_drawn_curve_is_the_table() -> None:
    chart = plot.roc_curve(*scored())

    drawn = chart.spec["data"]["values"]
    assert [{"x": row[1], "y": row[2], "class": row[0]} for row in chart.table.data] == drawn


@pytest.mark.parametrize(
    ("y_true", "labels", "names"),
    [
        ([0, 1, 1, 0], None, ["class_1"]),
        ([False, True, True, False], None, ["class_1"]),
        ([-1, 1, 1, -1], None, ["class_1"]),
        ([-1, 1, 1, -1], ["bad", "good"], ["good"]),
        ([0, 1, 1, 0], ["bad", "good"], ["good"]),
        (["bad", "good", "good", "bad"], ["bad", "good"], ["good"]),
        ([3, 7, 7, 3], [3, 7], ["class_7"]),
    ],
)
def test_scores_of_the_positive_class(y_true: Any, labels: Any, names: list[str]) -> None:
    scores = [0.2, 0.3, 0.9, 0.3]

    chart = plot.pr_curve(y_true, scores, labels)

    precision, recall, _ = sklearn.metrics.precision_recall_curve([0, 1, 1, 0], scores)
    assert names == sorted({row[0] for row in chart.table.data})
    ours = curve_of(chart, names[0], ("precision", "recall"))
    np.testing.assert_allclose(ours[0], precision, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours[1], recall, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("y_true", "labels", "names"),
    [
        ([0, 1, 2, 1], None, ["class_0", "class_1", "class_2"]),
        ([0, 1, 2, 1], NAMES, NAMES),
        (["cat", "dog", "bird", "dog"], NAMES, NAMES),
        (["a", "b", "c", "b"], None, ["a", "b", "c"]),
        ([10, 20, 30, 20], None, ["class_10", "class_20", "class_30"]),
        ([30, 10, 20, 10], [30, 10, 20], ["class_30", "class_10", "class_20"]),
        (np.array(["a", "b", "c", "b"], object), None, ["a", "b", "c"]),
    ],
)
def test_which_column_is_whose(y_true: Any, labels: Any, names: list[str]) -> None:
    scores = np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.0, 0.4, 0.6], [0.2, 0.5, 0.3]])

    table = plot.roc_curve(y_true, scores, labels).table

    # The scores of each column are the highest for the examples of its class, so every curve goes through (0, 1).
    assert names == list(dict.fromkeys(row[0] for row in table.data))
    for name in names:
        assert any((row[0], row[1], row[2]) == (name, 0, 1) for row in table.data)


def test_classes_to_plot() -> None:
    y, scores = scored()

    for wanted in (["bird", "cat"], [2, 0], np.array(["bird", "cat"])):
        chart = plot.pr_curve(y, scores, NAMES, classes_to_plot=wanted)
        assert ["bird", "cat"] == list(dict.fromkeys(row[0] for row in chart.table.data))


def test_a_class_without_examples_is_told() -> None:
    chart = plot.roc_curve([0, 1, 0], np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.5, 0.4, 0.1]]), NAMES)

    assert {"cat", "dog"} == {row[0] for row in chart.table.data}
    with pytest.warns(UserWarning, match=r"without an example in y_true: 'bird' \[plot\.absent_class\]"):
        chart.encode(MemorySink())


def test_the_documented_calls() -> None:
    y, scores = scored()

    current = plot.pr_curve(y, scores, NAMES)

    assert current == plots.precision_recall(y, scores, NAMES)
    assert current == plot.pr_curve(y, scores, labels=NAMES, classes_to_plot=None)
    assert plot.roc_curve(y, scores, NAMES) == plots.roc(y, scores, NAMES)
    assert "Precision-Recall Curve" == current.title
    assert None is plot.pr_curve(y, scores, title=None).title


@given(st.integers(0, 10_000), st.integers(2, 50))
@settings(max_examples=25)
def test_even_recalls(seed: int, size: int) -> None:
    y, scores = scored("tied", seed, n=30)

    chart = plot.pr_curve(y, scores, classes_to_plot=[1], interp_size=size)

    precision, recall, _ = sklearn.metrics.precision_recall_curve(y == 1, scores[:, 1])
    ours = curve_of(chart, "class_1", ("precision", "recall"))
    np.testing.assert_array_equal(np.linspace(0, 1, size)[::-1], ours[1])
    np.testing.assert_allclose(ours[0], [precision[recall >= r].max() for r in ours[1]], rtol=0, atol=1e-12)
    assert ["plot.interpolated"] == [change.id for change in chart.changes]
    assert not chart.encode(MemorySink())["lossless"]


def test_curve_points_is_hit_exactly() -> None:
    y, scores = [0, 1] * 50, np.linspace(0, 1, 100)
    exact = 101

    assert () == plot.roc_curve(y, scores, limits={"plot.curve_points": exact}).changes
    chart = plot.roc_curve(y, scores, limits={"plot.curve_points": exact - 1})

    (change,) = chart.changes
    assert ("plot.thinned", True) == (change.id, change.lossy)
    assert change.count == exact - len(chart.table)
    assert len(chart.table) <= exact - 1
    ends = [chart.table.data[0][1:3], chart.table.data[-1][1:3]]
    assert [[0.0, 0.0], [1.0, 1.0]] == ends
    with pytest.warns(UserWarning, match=r"of 101 points kept"):
        chart.encode(MemorySink())


def test_a_million_scores_fit_the_default_limits() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1_000_000)
    scores = np.clip(y * 0.2 + rng.random(1_000_000) * 0.8, 0, 1)

    chart = plot.roc_curve(y, scores)

    assert 9_000 < len(chart.table) <= 10_000
    area = np.trapezoid([row[2] for row in chart.table.data], [row[1] for row in chart.table.data])
    assert abs(sklearn.metrics.roc_auc_score(y, scores) - area) < 1e-4
    assert [] == validate(chart.encode_into(MemorySink()))


def test_all_curves_of_a_chart_share_the_points() -> None:
    y, scores = scored(n=6_000)

    chart = plot.pr_curve(y, scores)

    counts = [sum(row[0] == f"class_{index}" for row in chart.table.data) for index in range(3)]
    assert max(counts) <= 3_333
    assert "plot.thinned" in [change.id for change in chart.changes]


def test_rounding_beyond_one_is_no_error() -> None:
    scores = np.array([0.5, np.nextafter(np.float32(1), np.float32(2))], np.float32)

    assert 3 == len(plot.roc_curve([0, 1], scores).table)


# --- confusion matrix


def matrix_of(chart: Chart) -> tuple[list[str], np.ndarray]:
    assert ["Actual", "Predicted", "nPredictions"] == chart.table.columns
    names = list(dict.fromkeys(row[0] for row in chart.table.data))
    assert [(a, p) for a in names for p in names] == [(row[0], row[1]) for row in chart.table.data]
    return names, np.array([row[2] for row in chart.table.data]).reshape(len(names), len(names))


def test_every_call_form_gives_the_same_matrix() -> None:
    y, scores = scored()
    guess = scores.argmax(axis=1)
    expected = sklearn.metrics.confusion_matrix(y, guess)
    text = np.array(NAMES)

    charts = [
        plot.confusion_matrix(scores, y, NAMES),
        plot.confusion_matrix(scores.tolist(), y.tolist(), tuple(NAMES)),
        plot.confusion_matrix(guess, y, NAMES),
        plot.confusion_matrix(text[guess], text[y], NAMES),
        plot.confusion_matrix(probs=scores, y_true=y, class_names=NAMES),
        plot.confusion_matrix(probs=None, y_true=y, preds=guess, class_names=NAMES),
        plot.confusion_matrix(y_true=text[y].tolist(), preds=text[guess].tolist(), class_names=NAMES),
        plot.confusion_matrix(y_true=y.astype(float), preds=guess.astype(np.uint8)[:, None], class_names=NAMES),
        plot.confusion_matrix(scores * 7 - 3, y, class_names=NAMES),
    ]

    for chart in charts:
        names, counts = matrix_of(chart)
        assert NAMES == names
        np.testing.assert_array_equal(expected, counts)


@pytest.mark.filterwarnings("ignore:A single label was found")
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=50), st.booleans())
def test_without_names_the_classes_are_the_labels_met(pairs: list[tuple[int, int]], as_text: bool) -> None:
    y, guess = zip(*pairs, strict=True)
    if as_text:
        y, guess = tuple(map(str, y)), tuple(map(str, guess))

    names, counts = matrix_of(plot.confusion_matrix(y_true=list(y), preds=list(guess)))

    classes = sorted({*y, *guess})
    assert [label if as_text else f"class_{label}" for label in classes] == names
    np.testing.assert_array_equal(sklearn.metrics.confusion_matrix(y, guess, labels=classes), counts)


def test_classes_without_examples_have_rows() -> None:
    names, counts = matrix_of(plot.confusion_matrix(y_true=[0], preds=[2], class_names=[*NAMES, "fish"]))

    assert [*NAMES, "fish"] == names
    assert 1 == counts[0, 2] == counts.sum()
    assert int is type(plot.confusion_matrix(y_true=[0], preds=[0]).table.data[0][2])


def test_a_label_of_no_class_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"preds\[1\]: one of the 2 class_names, got fish \[plot\.labels\]"):
        plot.confusion_matrix(y_true=["cat", "dog"], preds=["cat", "fish"], class_names=["cat", "dog"])
    with pytest.raises(InvalidInput, match=r"y_true\[0\]: an index into the 2 class_names, got 2 \(2 such elements\)"):
        plot.confusion_matrix(y_true=[2, 3], preds=[0, 1], class_names=["cat", "dog"])


def test_predictions_that_repeat_are_not_class_names() -> None:
    with pytest.raises(InvalidInput, match=r"plot\.predictions"):
        plot.confusion_matrix(np.eye(3), [0, 1, 2], ["cat", "dog", "cat"])


# --- line series and tables


def test_series_are_columns_of_wandb() -> None:
    chart = plot.line_series([0, 1], [[1.5, 2.5], [3.5, 4.5]], ["a", "b"], "T", "epoch")

    assert ["step", "lineKey", "lineVal"] == chart.table.columns
    assert [[0, "a", 1.5], [1, "a", 2.5], [0, "b", 3.5], [1, "b", 4.5]] == chart.table.data
    assert {"title": "T", "xname": "epoch"} == chart.string_fields
    assert "epoch" == chart.spec["encoding"]["x"]["title"]


def test_each_series_may_have_its_own_x() -> None:
    chart = plot.line_series([[0, 1], ["only one"][:0]], [[1, 2], []])

    assert [[0, "line_0", 1], [1, "line_0", 2]] == chart.table.data


def test_columns_given_as_numbers() -> None:
    chart = plot.line(Table(columns=[0, 1], data=[[1, 2], [3, 4]]), 0, 1)  # type: ignore[arg-type]

    assert {"x": "0", "y": "1", "stroke": None} == chart.fields


def test_points_are_joined_in_the_order_of_the_rows() -> None:
    spec = plot.line(Table(columns=["x", "y"], data=[[2, 0], [0, 1], [1, 2]]), "x", "y").spec

    assert False is spec["mark"]["order"]
    assert [2, 0, 1] == [row["x"] for row in spec["data"]["values"]]


def test_a_chart_over_the_default_rows_needs_a_higher_limit_and_is_complete() -> None:
    rows = [[i, i % 7] for i in range(10_001)]
    with pytest.raises(InvalidInput, match=r"table\.rows"):
        Table(columns=["x", "y"], data=rows)
    sink = MemorySink()

    chart = plot.scatter(Table(columns=["x", "y"], data=rows, limits={"table.rows": 20_000}), "x", "y")

    assert 10_001 == len(chart.spec["data"]["values"])
    assert chart == decode(chart.encode_into(sink), sink)


def test_specs_do_not_depend_on_the_process() -> None:
    code = (
        "import json; from medialog import plot; from medialog.datatypes.files import MemorySink\n"
        "c = plot.pr_curve([0, 1, 2, 1], [[.8, .1, .1], [.1, .7, .2], [0, .4, .6], [.2, .5, .3]], ['a', 'b', 'c'])\n"
        "print(json.dumps(c.encode(MemorySink())))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(outputs)
    assert "chart" == json.loads(outputs.pop())["_type"]
