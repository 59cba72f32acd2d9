"""Charts as stored values: the laws, for every preset; their specs against Vega-Lite's published schema."""

from __future__ import annotations

import datetime
import functools
import io
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image as PillowImage

from laws import TypeLaws, call, call_of
from medialog import plot, plots
from medialog.datatypes.files import MemorySink
from medialog.datatypes.plot import registry
from medialog.datatypes.plot.chart import Chart
from medialog.datatypes.table import Table
from medialog.validators import validate
from medialog.validators.errors import InvalidInput, InvalidName, WrongType
from medialog.wire.fileref import iter_file_refs


def points() -> dict[str, Any]:
    return {"mark": "point", "encoding": {"x": {"field": "${field:x}"}, "y": {"field": "${field:y}"}}}


def xy(rows: Any = ((1, 2.5), (2, 3.5), (3, 1.0))) -> Table:
    return Table(columns=["x", "y"], data=[list(row) for row in rows])


def groups() -> Table:
    return Table(
        columns=["step", "loss", "split"], data=[[i, 1 / (i + 1), s] for s in ("train", "val") for i in range(5)]
    )


def labelled() -> Table:
    return Table(columns=["label", "value"], data=[["cat", 3], ["dog", 5], ["bird", -1]])


def scored(seed: int = 0, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    y[:3] = [0, 1, 2]
    probs = rng.dirichlet([1, 1, 1], n)
    probs[np.arange(n), y] += 0.4
    return y, probs / probs.sum(axis=1, keepdims=True)


def binary() -> tuple[list[int], list[float]]:
    return [0, 1, 1, 0, 1], [0.1, 0.9, 0.4, 0.4, 0.8]


class TestChart(TypeLaws):
    type = Chart
    valid = {
        "line": lambda: call_of(plot.line, xy(), "x", "y"),
        "line with a stroke": lambda: call_of(plot.line, groups(), "step", "loss", stroke="split", title="Loss"),
        "line over dates": lambda: call_of(
            plot.line, Table(columns=["x", "y"], data=[[datetime.date(2024, 1, 1 + i), i] for i in range(5)]), "x", "y"
        ),
        "line of text": lambda: call_of(plot.line, xy([("a", 1), ("b", 2)]), "x", "y"),
        "hostile names": lambda: call_of(
            plot.line,
            Table(columns=["a.b[0]", "'\"\\"], data=[[1, 2], [2, 3]]),
            "a.b[0]",
            "'\"\\",
            title="</script><b>",
        ),
        "a name of JavaScript": lambda: call_of(
            plot.line,
            Table(columns=["constructor", "line\nbreak"], data=[[1, 2], [2, 3]]),
            "constructor",
            "line\nbreak",
        ),
        "NaN": lambda: call_of(plot.line, xy([(1, float("nan")), (2, 1.0), (3, float("inf"))]), "x", "y"),
        "no rows": lambda: call_of(plot.line, Table(columns=["x", "y"], data=[]), "x", "y"),
        "scatter": lambda: call_of(plot.scatter, xy(), "x", "y", title=None),
        "scatter without rows": lambda: call_of(plot.scatter, Table(columns=["x", "y"], data=[]), "x", "y"),
        "bar": lambda: call_of(plot.bar, labelled(), "label", "value", title="Custom Bar Chart"),
        "bar without rows": lambda: call_of(plot.bar, Table(columns=["a", "b"], data=[]), "a", "b"),
        "histogram": lambda: call_of(plot.histogram, Table(columns=["s"], data=[[0.1], [0.5], [0.2]]), "s", title=None),
        "histogram without rows": lambda: call_of(plot.histogram, Table(columns=["s"], data=[]), "s"),
        "line series": lambda: call_of(plot.line_series, [0, 1, 2], [[1, 2, 3], [3, 2, 1]], ["a", "b"], "T", "epoch"),
        "no series": lambda: call_of(plot.line_series, [], [[], []]),
        "pr curve": lambda: call_of(plot.pr_curve, *scored(), ["cat", "dog", "bird"]),
        "pr curve of two classes": lambda: call_of(plot.pr_curve, *binary()),
        "pr curve at even recalls": lambda: call_of(plot.pr_curve, *scored(), interp_size=21),
        "pr curve thinned": lambda: call_of(plot.pr_curve, *scored(), limits={"plot.curve_points": 30}),
        "roc curve": lambda: call_of(plot.roc_curve, *scored(), classes_to_plot=[0, 2]),
        "old names": lambda: call_of(plots.precision_recall, *scored(), ["cat", "dog", "bird"]),
        "confusion matrix": lambda: call_of(plot.confusion_matrix, *scored()[::-1], ["cat", "dog", "bird"]),
        "confusion matrix of text": lambda: call_of(plot.confusion_matrix, y_true=["b", "a"], preds=["a", "a"]),
        "many classes": lambda: call_of(plot.confusion_matrix, y_true=range(30), preds=range(30)),
        "plot_table, unregistered": lambda: call_of(
            plot.plot_table, "carey/new_chart", xy(), {"x": "x", "value": "y"}, {"title": "T"}
        ),
        "plot_table, one field": lambda: call_of(plot.plot_table, "carey/one", xy(), {"value": "y"}),
        "plot_table, three fields": lambda: call_of(
            plot.plot_table, "carey/three", groups(), {"x": "step", "y": "loss", "color": "split"}, split_table=True
        ),
        "plot_table, built in": lambda: call_of(
            plot.plot_table, "wandb/bar/v0", labelled(), {"label": "label", "value": "value"}
        ),
        "plot_table, a spec": lambda: call_of(plot.plot_table, "a/b", xy(), {"x": "x", "y": "y"}, spec=points()),
        "a spec of one's own": lambda: call(xy(), points(), {"x": "x", "y": "y"}, title="Mine"),
    }
    invalid = {
        "no such column": (lambda: call_of(plot.line, xy(), "x", "z"), {"plot.column"}),
        "two such columns": (lambda: call_of(plot.scatter, xy(), "a", "b"), {"plot.column"}),
        "no stroke column": (lambda: call_of(plot.line, xy(), "x", "y", stroke="z"), {"plot.column"}),
        "no bar column": (lambda: call_of(plot.bar, xy(), "label", "y"), {"plot.column"}),
        "no histogram column": (lambda: call_of(plot.histogram, xy(), "scores"), {"plot.column"}),
        "column None": (lambda: call_of(plot.histogram, xy(), None), {"plot.fields"}),
        "column by number": (lambda: call_of(plot.histogram, xy(), 0), {"plot.column"}),
        "a list for a table": (lambda: call_of(plot.line, [[1, 2]], "x", "y"), {"plot.table"}),
        "text for y": (lambda: call_of(plot.line, xy([(1, "a")]), "x", "y"), {"plot.column_type"}),
        "text for a histogram": (lambda: call_of(plot.histogram, xy([(1, "a")]), "y"), {"plot.column_type"}),
        "lists for y": (lambda: call_of(plot.line, xy([(1, [1, 2])]), "x", "y"), {"plot.column_type"}),
        "title of bytes": (lambda: call_of(plot.line, xy(), "x", "y", title=b"t"), {"plot.title"}),
        "title too long": (lambda: call_of(plot.line, xy(), "x", "y", title="t" * 2001), {"caption.length"}),
        "split_table of text": (lambda: call_of(plot.line, xy(), "x", "y", split_table="no"), {"plot.option"}),
        "series of unequal lengths": (lambda: call_of(plot.line_series, [0, 1], [[1, 2], [1]]), {"plot.lengths"}),
        "too few series of x": (lambda: call_of(plot.line_series, [[0, 1]], [[1, 2], [1, 2]]), {"plot.lengths"}),
        "too few keys": (lambda: call_of(plot.line_series, [0], [[1], [2]], ["a"]), {"plot.lengths"}),
        "equal keys": (lambda: call_of(plot.line_series, [0], [[1], [2]], ["a", "a"]), {"plot.series"}),
        "keys of numbers": (lambda: call_of(plot.line_series, [0], [[1], [2]], [1, 2]), {"plot.series"}),
        "one line": (lambda: call_of(plot.line_series, [0, 1], [1, 2]), {"plot.series"}),
        "xs of text": (lambda: call_of(plot.line_series, "ab", [[1, 2]]), {"plot.series"}),
        "xname None": (lambda: call_of(plot.line_series, [0], [[1]], xname=None), {"plot.title"}),
        "scores beyond 1": (lambda: call_of(plot.pr_curve, [0, 1], [0.5, 1.5]), {"plot.scores"}),
        "scores below 0": (lambda: call_of(plot.roc_curve, [0, 1], [-0.5, 0.5]), {"plot.scores"}),
        "NaN scores": (lambda: call_of(plot.roc_curve, [0, 1], [np.nan, 0.5]), {"plot.scores"}),
        "scores of three axes": (lambda: call_of(plot.roc_curve, [0, 1], np.zeros((2, 2, 2))), {"plot.scores"}),
        "no scores": (lambda: call_of(plot.roc_curve, [0, 1]), {"plot.scores"}),
        "unequal lengths": (lambda: call_of(plot.pr_curve, [0, 1, 1], [0.5, 0.5]), {"plot.lengths"}),
        "one class": (lambda: call_of(plot.pr_curve, [1, 1], [0.5, 0.6]), {"plot.one_class"}),
        "one class of three": (lambda: call_of(plot.roc_curve, [1, 1], np.eye(3)[:2]), {"plot.one_class"}),
        "no examples": (lambda: call_of(plot.roc_curve, [], []), {"plot.one_class"}),
        "a class without examples": (
            lambda: call_of(plot.roc_curve, [0, 1], np.eye(3)[:2], classes_to_plot=[2]),
            {"plot.one_class"},
        ),
        "an unknown class": (
            lambda: call_of(plot.roc_curve, [0, 1], np.eye(2), classes_to_plot=["cat"]),
            {"plot.classes"},
        ),
        "no class": (lambda: call_of(plot.roc_curve, [0, 1], np.eye(2), classes_to_plot=[]), {"plot.classes"}),
        "too few names": (lambda: call_of(plot.roc_curve, [0, 1], np.eye(2), labels=["a"]), {"plot.classes"}),
        "equal names": (lambda: call_of(plot.roc_curve, [0, 1], np.eye(2), labels=["a", "a"]), {"plot.classes"}),
        "names of bytes": (lambda: call_of(plot.roc_curve, [0, 1], np.eye(2), labels=[b"a", b"b"]), {"plot.classes"}),
        "labels beyond the names": (
            lambda: call_of(plot.roc_curve, [0, 2], np.eye(2), labels=["a", "b"]),
            {"plot.labels"},
        ),
        "labels that match no columns": (lambda: call_of(plot.roc_curve, [0, 7], np.ones((2, 3)) / 3), {"plot.labels"}),
        "text labels without names": (lambda: call_of(plot.roc_curve, ["a", "b"], [0.1, 0.2]), {"plot.labels"}),
        "labels 1 and 2 with n scores": (lambda: call_of(plot.roc_curve, [1, 2], [0.1, 0.2]), {"plot.labels"}),
        "one-hot labels": (lambda: call_of(plot.roc_curve, np.eye(3), np.eye(3)), {"plot.labels"}),
        "half a label": (lambda: call_of(plot.roc_curve, [0.5, 1], [0.1, 0.2]), {"plot.labels"}),
        "NaN label": (lambda: call_of(plot.roc_curve, [np.nan, 1], [0.1, 0.2]), {"plot.labels"}),
        "mixed labels": (lambda: call_of(plot.roc_curve, ["a", 1], [0.1, 0.2]), {"plot.labels"}),
        "interp_size 1": (lambda: call_of(plot.pr_curve, *binary(), interp_size=1), {"plot.interp_size"}),
        "interp_size of text": (lambda: call_of(plot.pr_curve, *binary(), interp_size="21"), {"plot.interp_size"}),
        "micro average": (lambda: call_of(plots.precision_recall, *binary(), plot_micro=True), {"plot.option"}),
        "thinned under strict": (
            lambda: call_of(plot.pr_curve, *scored(), limits={"plot.curve_points": 30}, strict="error"),
            {"plot.thinned"},
        ),
        "neither probs nor preds": (lambda: call_of(plot.confusion_matrix, y_true=[0]), {"plot.predictions"}),
        "both probs and preds": (
            lambda: call_of(plot.confusion_matrix, probs=np.eye(2), y_true=[0, 1], preds=[0, 1]),
            {"plot.predictions"},
        ),
        "no truth": (lambda: call_of(plot.confusion_matrix, preds=[0, 1]), {"plot.labels"}),
        "unequal predictions": (lambda: call_of(plot.confusion_matrix, y_true=[0], preds=[0, 1]), {"plot.lengths"}),
        "unequal probs": (lambda: call_of(plot.confusion_matrix, np.eye(2), [0]), {"plot.lengths"}),
        "NaN probs": (lambda: call_of(plot.confusion_matrix, np.full((2, 2), np.nan), [0, 1]), {"plot.scores"}),
        "probs of one column": (lambda: call_of(plot.confusion_matrix, [0.2, 0.7], [0, 1]), {"plot.labels"}),
        "a label that is no class": (
            lambda: call_of(plot.confusion_matrix, y_true=[0, 2], preds=[0, 1], class_names=["a", "b"]),
            {"plot.labels"},
        ),
        "a text that is no class": (
            lambda: call_of(plot.confusion_matrix, y_true=["a"], preds=["c"], class_names=["a", "b"]),
            {"plot.labels"},
        ),
        "text against numbers": (lambda: call_of(plot.confusion_matrix, y_true=["a"], preds=[1]), {"plot.labels"}),
        "too many classes": (
            lambda: call_of(plot.confusion_matrix, y_true=range(101), preds=range(101)),
            {"table.rows"},
        ),
        "a path for a preset": (lambda: call_of(plot.plot_table, "../x", xy(), {"x": "x"}), {"plot.preset_name"}),
        "no preset": (lambda: call_of(plot.plot_table, "", xy(), {"x": "x"}), {"plot.preset_name"}),
        "a line for a preset": (lambda: call_of(plot.plot_table, "a/b\n", xy(), {"x": "x"}), {"plot.preset_name"}),
        "fields of a list": (lambda: call_of(plot.plot_table, "a/b", xy(), ["x"]), {"plot.fields"}),
        "no fields": (lambda: call_of(plot.plot_table, "a/b", xy(), {}), {"plot.fields"}),
        "a field of no column": (lambda: call_of(plot.plot_table, "a/b", xy(), {"x": "z"}), {"plot.column"}),
        "an unknown field": (
            lambda: call_of(plot.plot_table, "wandb/bar/v0", xy(), {"x": "x", "label": "x", "value": "y"}),
            {"plot.fields"},
        ),
        "a spec for a built-in preset": (
            lambda: call_of(plot.plot_table, "wandb/bar/v0", xy(), {"label": "x", "value": "y"}, spec=points()),
            {"plot.spec"},
        ),
        "a placeholder without a field": (lambda: call(xy(), points(), {"x": "x"}), {"plot.placeholder"}),
        "a remote spec": (
            lambda: call(xy(), {**points(), "data": {"url": "https://example.org/d.json"}}),
            {"plot.remote"},
        ),
        "a remote picture": (
            lambda: call(xy(), {"mark": {"type": "image", "url": "http://example.org/a.png"}}),
            {"plot.remote"},
        ),
        "a remote lookup": (
            lambda: call(
                xy(), {"mark": "point", "transform": [{"lookup": "x", "from": {"data": {"url": "d.csv"}, "key": "x"}}]}
            ),
            {"plot.remote"},
        ),
        "a Vega spec": (
            lambda: call(xy(), {"$schema": "https://vega.github.io/schema/vega/v5.json", "marks": []}),
            {"plot.spec"},
        ),
        "no view": (lambda: call(xy(), {"encoding": {}}), {"plot.spec"}),
        "a spec of text": (lambda: call(xy(), "{}"), {"plot.spec"}),
        "a spec with NaN": (lambda: call(xy(), {"mark": "point", "width": float("nan")}), {"plot.spec"}),
        "string_fields of a list": (lambda: call(xy(), points(), {"x": "x", "y": "y"}, ["T"]), {"plot.title"}),
    }
    spellings = {
        "scores": [
            lambda: call_of(plot.pr_curve, *binary()),
            lambda: call_of(plot.pr_curve, *map(np.array, binary())),
            lambda: call_of(plot.pr_curve, y_true=np.array(binary()[0], bool), y_probas=tuple(binary()[1])),
            lambda: call_of(plot.pr_curve, np.array(binary()[0], float)[:, None], np.array(binary()[1])[:, None]),
            lambda: call_of(plot.pr_curve, [-1, 1, 1, -1, 1], binary()[1], labels=["class_0", "class_1"]),
        ],
        "confusion matrix": [
            lambda: call_of(plot.confusion_matrix, np.eye(3)[[0, 1, 1]], [0, 1, 2], ["cat", "dog", "bird"]),
            lambda: call_of(plot.confusion_matrix, [0, 1, 1], [0, 1, 2], ["cat", "dog", "bird"]),
            lambda: call_of(
                plot.confusion_matrix,
                probs=np.eye(3)[[0, 1, 1]],
                y_true=np.array([0, 1, 2]),
                class_names=("cat", "dog", "bird"),
            ),
            lambda: call_of(
                plot.confusion_matrix,
                preds=[0.0, 1.0, 1.0],
                y_true=["cat", "dog", "bird"],
                class_names=["cat", "dog", "bird"],
            ),
            lambda: call_of(
                plot.confusion_matrix, None, [0, 1, 2], np.array(["cat", "dog", "dog"]), ["cat", "dog", "bird"]
            ),
        ],
        "series": [
            lambda: call_of(plot.line_series, [0, 1], [[1.0, 2.0], [3.0, 4.0]]),
            lambda: call_of(plot.line_series, np.arange(2), np.array([[1.0, 2.0], [3.0, 4.0]])),
            lambda: call_of(
                plot.line_series, [[0, 1], range(2)], [(1.0, 2.0), np.array([3.0, 4.0])], keys=["line_0", "line_1"]
            ),
            lambda: call_of(plot.line_series, range(2), iter([[1.0, 2.0], [3.0, 4.0]]), title=None),
        ],
        "title": [
            lambda: call_of(plot.line, xy(), "x", "y"),
            lambda: call_of(plot.line, xy(), "x", "y", title=None),
            lambda: call_of(plot.plot_table, "wandb/line/v0", xy(), {"x": "x", "y": "y"}, {"title": ""}),
        ],
    }


@functools.cache
def vega_lite() -> Any:
    path = files("altair").joinpath("vegalite/v6/schema/vega-lite-schema.json")
    return jsonschema.Draft7Validator(json.loads(path.read_text()))


def examples() -> list[Any]:
    return [pytest.param(make, id=name) for name, make in TestChart.valid.items()]


def construct(make: Callable[[], Any]) -> Chart:
    chart = make().construct(Chart)
    assert isinstance(chart, Chart)
    return chart


@pytest.mark.parametrize("make", examples())
def test_specs_obey_vega_lites_schema(make: Callable[[], Any]) -> None:
    vega_lite().validate(construct(make).spec)


@pytest.mark.parametrize("make", examples())
def test_specs_draw_in_both_versions(make: Callable[[], Any]) -> None:
    import vl_convert

    spec = construct(make).spec

    for version in ("5.21", "6.4"):
        png = vl_convert.vegalite_to_png(json.dumps(spec), vl_version=version)
        picture = PillowImage.open(io.BytesIO(png)).convert("L")
        assert min(picture.size) >= 90
        colours = picture.getcolors(256)
        assert colours is not None
        assert len(colours) > 3


@pytest.mark.parametrize("make", examples())
def test_specs_name_nothing_remote(make: Callable[[], Any]) -> None:
    spec = construct(make).spec

    schema = spec.pop("$schema")
    assert schema.startswith("https://vega.github.io/schema/vega-lite/v5")
    assert "http" not in json.dumps(spec)
    assert "values" in spec["data"]


@pytest.mark.parametrize("make", examples())
def test_the_spec_has_every_row_of_the_table(make: Callable[[], Any]) -> None:
    chart = construct(make)

    assert len(chart.table) == len(chart.spec["data"]["values"])


def test_a_documented_descriptor() -> None:
    sink = MemorySink()

    descriptor = plot.line(xy(), "x", "y", title="Custom Y vs X Line Plot").encode(sink)

    assert {
        "_type": "chart",
        "format": "vega-lite",
        "spec_name": "wandb/line/v0",
        "fields": {"x": "x", "y": "y", "stroke": None},
        "string_fields": {"title": "Custom Y vs X Line Plot"},
        "split_table": False,
        "title": "Custom Y vs X Line Plot",
        "lossless": True,
    } == {key: value for key, value in descriptor.items() if key not in ("path", "sha256", "size", "table")}
    assert descriptor["path"].endswith(".vl.json")
    assert "table-file" == descriptor["table"]["_type"]
    assert {descriptor["path"], descriptor["table"]["path"]} == set(sink.files)
    assert set(sink.files) == {reference.path for reference in iter_file_refs(descriptor)}


def test_golden_spec() -> None:
    chart = plot.scatter(xy([(1, 2.5), (2, None)]), "x", "y", title="T")

    spec = chart.spec

    assert {"text": "T"} == spec["title"]
    assert {"values": [{"x": 1, "y": 2.5}, {"x": 2, "y": None}]} == spec["data"]
    assert {"field": "x", "type": "quantitative", "title": "x", "scale": {"zero": False, "nice": True}} == spec[
        "encoding"
    ]["x"]
    assert "point" == spec["mark"]["type"]


@pytest.mark.parametrize(
    ("make", "name", "fields"),
    [
        (
            lambda: plot.line(groups(), "step", "loss", "split"),
            "wandb/line/v0",
            {"x": "step", "y": "loss", "stroke": "split"},
        ),
        (lambda: plot.scatter(xy(), "x", "y"), "wandb/scatter/v0", {"x": "x", "y": "y"}),
        (lambda: plot.bar(labelled(), "label", "value"), "wandb/bar/v0", {"label": "label", "value": "value"}),
        (lambda: plot.histogram(xy(), "y"), "wandb/histogram/v0", {"value": "y"}),
        (
            lambda: plot.line_series([0], [[1]]),
            "wandb/lineseries/v0",
            {"step": "step", "lineKey": "lineKey", "lineVal": "lineVal"},
        ),
        (
            lambda: plot.pr_curve(*binary()),
            "wandb/area-under-curve/v0",
            {"x": "recall", "y": "precision", "class": "class"},
        ),
        (lambda: plot.roc_curve(*binary()), "wandb/area-under-curve/v0", {"x": "fpr", "y": "tpr", "class": "class"}),
        (
            lambda: plot.confusion_matrix(y_true=[0], preds=[0]),
            "wandb/confusion_matrix/v1",
            {"Actual": "Actual", "Predicted": "Predicted", "nPredictions": "nPredictions"},
        ),
        (
            lambda: plot.plot_table("carey/new_chart", xy(), {"x": "x", "value": "y"}),
            "carey/new_chart",
            {"x": "x", "value": "y"},
        ),
    ],
)
def test_names_and_fields_are_wandbs(make: Callable[[], Chart], name: str, fields: dict[str, str]) -> None:
    chart = make()

    assert name == chart.spec_name
    assert fields == chart.fields


def test_rows_added_later_are_not_in_the_chart() -> None:
    table = xy()
    chart = plot.line(table, "x", "y")
    expected = chart.encode(MemorySink())

    table.add_data(4, 4.0)

    assert expected == chart.encode(MemorySink())
    assert (3, 4) == (len(chart.table), len(table))


def test_dates_are_drawn_by_the_clock_that_they_show() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    times = [datetime.datetime(2024, 5, 6, 7, 8, 9), datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=zone)]
    for time, expected in zip(times, ["2024-05-06T07:08:09.000Z", "2024-05-06T05:08:09.000Z"], strict=True):
        spec = plot.line(Table(columns=["x", "y"], data=[[time, 1]]), "x", "y").spec

        assert expected == spec["data"]["values"][0]["x"]
        assert "temporal" == spec["encoding"]["x"]["type"]
        assert {"type": "utc"} == spec["encoding"]["x"]["scale"]


def test_gaps_are_told() -> None:
    chart = plot.line(xy([(1, float("nan")), (2, 1.0), (3, float("-inf"))]), "x", "y")

    with pytest.warns(UserWarning, match=r"2 values of 'y' are NaN or infinite.*plot\.not_drawn"):
        chart.encode(MemorySink())
    assert [None, 1.0, None] == [row["y"] for row in chart.spec["data"]["values"]]


def test_a_table_is_needed() -> None:
    with pytest.raises(WrongType, match=r"medialog\.Table"):
        plot.line([[1, 2]], "x", "y")  # type: ignore[arg-type]


def test_descriptors_that_contradict_themselves() -> None:
    descriptor = plot.line(xy(), "x", "y", title="T").encode(MemorySink())

    assert [] == validate(descriptor)
    assert ["plot.column"] == [v.rule for v in validate({**descriptor, "fields": {"x": "z"}})]
    assert ["plot.title"] == [v.rule for v in validate({**descriptor, "title": "U"})]
    assert "schema.pattern" in [v.rule for v in validate({**descriptor, "spec_name": "../x"})]
    assert validate({**descriptor, "table": {**descriptor["table"], "nrows": -1}})


# --- presets of one's own


@pytest.fixture
def new_chart() -> Any:
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": "${string:title}",
        "data": {"name": "wandb"},
        "transform": [{"calculate": "datum['${field:value}'] * 2", "as": "double"}],
        "mark": "line",
        "encoding": {
            "x": {"field": "${field:x}", "type": "quantitative", "title": "${field:x}"},
            "y": {"field": "double", "type": "quantitative"},
        },
    }
    plot.register("carey/new_chart", spec)
    yield spec
    plot.unregister("carey/new_chart")


def test_a_registered_preset_is_filled(new_chart: Any) -> None:
    table = Table(columns=["a.step", "height"], data=[[1, 2.0], [2, 3.0]])

    chart = plot.plot_table("carey/new_chart", table, {"x": "a.step", "value": "height"}, {"title": "T"})

    spec = chart.spec
    assert {"name": "wandb", "values": [{"a.step": 1, "height": 2.0}, {"a.step": 2, "height": 3.0}]} == spec["data"]
    assert {"field": r"a\.step", "type": "quantitative", "title": "a.step"} == spec["encoding"]["x"]
    assert "datum['height'] * 2" == spec["transform"][0]["calculate"]
    assert "T" == spec["title"]
    assert [] == list(chart.advice())
    vega_lite().validate(spec)


def test_a_registered_spec_is_a_copy(new_chart: Any) -> None:
    new_chart["mark"] = "bar"

    assert "line" == (registry.registered("carey/new_chart") or {})["mark"]


def test_a_column_name_cannot_become_an_expression(new_chart: Any) -> None:
    table = Table(columns=["x", "'] + alert(1) + ['"], data=[[1, 2]])

    with pytest.raises(InvalidInput, match=r"plot\.placeholder"):
        plot.plot_table("carey/new_chart", table, {"x": "x", "value": "'] + alert(1) + ['"})


def test_built_in_names_cannot_be_registered() -> None:
    with pytest.raises(InvalidName):
        plot.register("wandb/line/v0", points())
    with pytest.raises(InvalidName):
        plot.register("../line", points())
    with pytest.raises(InvalidInput, match=r"plot\.remote"):
        plot.register("a/b", {"mark": "point", "data": {"url": "x.csv"}})


def test_an_unregistered_preset_is_drawn_plainly_with_a_warning() -> None:
    chart = plot.plot_table("carey/new_chart", xy(), {"x": "x", "value": "y"})

    with pytest.warns(UserWarning, match=r"no spec is registered for 'carey/new_chart'.*plot\.unregistered"):
        chart.encode(MemorySink())
    assert ["x", "y"] == [chart.spec["encoding"][axis]["title"] for axis in ("x", "y")]
    assert {"x": 1, "y": 2.5} == chart.spec["data"]["values"][0]


def test_media_columns_stay_out_of_the_drawing() -> None:
    from medialog.datatypes.image import Image

    table = Table(columns=["image", "score"], data=[[Image(np.zeros((2, 2), np.uint8)), 0.5]])
    sink = MemorySink()

    chart = Chart(table, {"mark": "bar", "encoding": {"x": {"field": "score", "type": "quantitative"}}})

    assert [{"score": 0.5}] == chart.spec["data"]["values"]
    assert {reference.path for reference in iter_file_refs(chart.encode(sink))} == set(sink.files)
    with pytest.raises(InvalidInput, match=r"plot\.column_type"):
        Chart(table, {"mark": "bar"}, {"x": "image"})


def test_the_public_module_is_complete_and_lazy() -> None:
    import subprocess
    import sys

    assert set(plot.__all__) == {name for name in plot.__all__ if callable(getattr(plot, name))}
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        plot.pie  # noqa: B018
    code = (
        "import sys, medialog.plot, medialog.plots\n"
        "print([m for m in ('numpy', 'msgspec', 'jsonschema') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == result.stdout.strip()
