from __future__ import annotations

import base64
import datetime as dt
import io
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
import plotly.io
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from laws import TypeLaws, call
from medialog.datatypes.files import MemorySink
from medialog.datatypes.plotly_figure import Plotly
from medialog.validators import validate
from medialog.validators.errors import Advice, InvalidInput, MissingDependency


def line() -> dict[str, Any]:
    return {"data": [{"type": "scatter", "y": [1, 2, 3]}], "layout": {"title": {"text": "a line"}}}


def typed(array: np.ndarray, **more: Any) -> dict[str, Any]:
    code = array.dtype.str[1:]
    return {"dtype": code, "bdata": base64.b64encode(array.tobytes()).decode(), **more}


class TestPlotly(TypeLaws):
    type = Plotly
    valid = {
        "a figure": lambda: call(go.Figure(go.Scatter(y=[1, 2, 3]), layout={"title": "t"})),
        "numpy data": lambda: call(go.Figure(go.Scatter(x=np.arange(5), y=np.linspace(0, 1, 5, dtype=np.float32)))),
        "NaN": lambda: call(go.Figure(go.Scatter(y=np.array([1.0, np.nan, np.inf])))),
        "NaN in a list": lambda: call({"data": [{"y": [1.0, float("nan"), None]}]}),
        "express": lambda: call(px.bar(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), x="a", y="b", title="bars")),
        "heatmap": lambda: call(go.Figure(go.Heatmap(z=np.arange(6.0).reshape(2, 3)))),
        "frames": lambda: call(go.Figure(go.Scatter(y=[1]), frames=[go.Frame(data=[go.Scatter(y=[2])])])),
        "a dict": lambda: call(line()),
        "a dict with arrays": lambda: call({"data": [{"y": np.arange(3), "x": pd.date_range("2020", periods=3)}]}),
        "typed arrays": lambda: call({"data": [{"y": typed(np.arange(6.0), shape="2, 3")}]}),
        "JSON": lambda: call(json.dumps(line())),
        "JSON bytes": lambda: call(json.dumps(line()).encode()),
        "an open file": lambda: call(io.BytesIO(json.dumps(line()).encode())),
        "no trace": lambda: call(go.Figure()),
        "captioned": lambda: call(line(), caption="größe"),
        "text": lambda: call({"data": [{"y": [1], "text": ["<b>größe</b>\u2028\x00"]}]}),
        "config": lambda: call({**line(), "config": {"staticPlot": True}}),
    }
    invalid = {
        "nothing": (lambda: call(None), {"plotly.figure"}),
        "a trace": (lambda: call(go.Scatter(y=[1])), {"plotly.figure"}),
        "a list": (lambda: call([1]), {"plotly.figure"}),
        "no data": (lambda: call({"layout": {}}), {"plotly.figure"}),
        "vega": (lambda: call({"mark": "bar", "encoding": {}}), {"plotly.figure"}),
        "other members": (lambda: call({"data": [], "values": 1}), {"plotly.figure"}),
        "data is a number": (lambda: call({"data": 3}), {"plotly.figure"}),
        "a trace is a number": (lambda: call({"data": [3]}), {"plotly.figure"}),
        "layout is text": (lambda: call({"data": [], "layout": "x"}), {"plotly.figure"}),
        "a missing file": (lambda: call("nowhere.plotly.json"), {"file.missing"}),
        "a URL": (lambda: call("https://example.org/a.plotly.json"), {"file.url"}),
        "not JSON": (lambda: call(b"{]"), {"file.content"}),
        "no UTF-8": (lambda: call(b'{"data": ["\xff"]}'), {"file.content"}),
        "cut off": (lambda: call('{"data": ['), {"file.content"}),
        "bare NaN": (lambda: call('{"data": [{"y": [NaN]}]}'), {"file.content"}),
        "too large a number": (lambda: call('{"data": [{"y": [1e999]}]}'), {"file.content"}),
        "JSON of a list": (lambda: call(b"[]"), {"plotly.figure"}),
        "an object inside": (lambda: call({"data": [{"y": [object()]}]}), {"figure.json"}),
        "complex": (lambda: call({"data": [{"y": np.array([1j])}]}), {"figure.json"}),
        "bytes inside": (lambda: call({"data": [{"y": [b"1"]}]}), {"figure.json"}),
        "a number as key": (lambda: call({"data": [{1: 2}]}), {"figure.json"}),
        "a lone surrogate": (lambda: call({"data": [{"text": "\ud800"}]}), {"figure.json"}),
        "an integer of 65 bits": (lambda: call({"data": [{"y": [2**64]}]}), {"figure.json"}),
        "deep": (lambda: call({"data": [json.loads('{"a":' * 70 + "1" + "}" * 70)]}), {"json.depth"}),
        "unknown dtype": (lambda: call({"data": [{"y": {"dtype": "f16", "bdata": ""}}]}), {"figure.typed_array"}),
        "no base64": (lambda: call({"data": [{"y": {"dtype": "f8", "bdata": "*"}}]}), {"figure.typed_array"}),
        "half an element": (lambda: call({"data": [{"y": {"dtype": "f8", "bdata": "AAAA"}}]}), {"figure.typed_array"}),
        "wrong shape": (lambda: call({"data": [{"y": typed(np.arange(6.0), shape="2, 4")}]}), {"figure.typed_array"}),
        "too large": (lambda: call(line(), limits={"figure.size": 50}), {"figure.size"}),
        "too large a file": (lambda: call(json.dumps(line()), limits={"figure.size": 50}), {"figure.size"}),
    }
    spellings = {
        "data": [
            lambda: call({"data": [{"y": [1.0, 2.5]}]}),
            lambda: call({"data": ({"y": (1.0, 2.5)},)}),
            lambda: call({"data": [{"y": np.array([1.0, 2.5])}]}),
            lambda: call({"data": [{"y": pd.Series([1.0, 2.5])}]}),
            lambda: call({"data": [{"y": typed(np.array([1.0, 2.5]))}]}),
            lambda: call({"data": [{"y": typed(np.array([1.0, 2.5]), shape="2")}]}),
        ],
        "a figure": [
            lambda: call(px.line(x=[1, 2], y=[3.5, 4])),
            lambda: call(px.line(x=[1, 2], y=[3.5, 4]).to_dict()),
        ],
    }


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"])
def test_typed_arrays_keep_every_value(dtype: str) -> None:
    @given(hnp.arrays(np.dtype(dtype), hnp.array_shapes(max_dims=3, max_side=6)))
    def check(array: np.ndarray) -> None:
        shape = ", ".join(map(str, array.shape))

        figure = Plotly({"data": [{"z": typed(array, shape=shape)}]})

        stored = np.array(figure.to_dict()["data"][0]["z"], dtype=float).reshape(array.shape)
        finite = np.isfinite(array) if array.dtype.kind == "f" else np.ones(array.shape, bool)
        np.testing.assert_array_equal(array[finite], stored[finite].astype(array.dtype))
        assert np.isnan(stored[~finite]).all()
        counts: list[Any] = [change.count for change in figure.changes]
        assert int((~finite).sum()) == sum(counts)

    check()


@given(st.lists(st.floats(width=64) | st.none() | st.integers(-(2**53), 2**53), max_size=20))
def test_lists_keep_every_value(values: list[Any]) -> None:
    stored = Plotly({"data": [{"y": values}]}).to_dict()["data"][0]["y"]

    assert [None if isinstance(v, float) and not np.isfinite(v) else v for v in values] == stored


FIGURES = {
    "scatter": lambda: px.scatter(
        px.data.iris(), x="sepal_width", y="sepal_length", color="species", size="petal_length"
    ),
    "line with dates": lambda: px.line(px.data.stocks(), x="date", y=["GOOG", "AAPL"]),
    "timestamps": lambda: px.line(x=pd.date_range("2020-01-01", periods=3, tz="Europe/Vienna"), y=[1, 2, 3]),
    "histogram": lambda: px.histogram(px.data.tips(), x="total_bill", nbins=20),
    "imshow": lambda: px.imshow(np.arange(12).reshape(3, 4)),
    "missing": lambda: px.line(
        pd.DataFrame({"a": [1, None, 3], "b": pd.to_datetime(["2020", None, "2021"])}), x="b", y="a"
    ),
    "3-D": lambda: px.scatter_3d(px.data.iris(), x="sepal_width", y="sepal_length", z="petal_width"),
    "parallel": lambda: px.parallel_coordinates(px.data.iris(), color="species_id"),
    "sunburst": lambda: px.sunburst(px.data.tips(), path=["day", "time"], values="total_bill"),
    "animation": lambda: px.scatter(
        px.data.gapminder().query("year > 1997"), x="gdpPercap", y="lifeExp", animation_frame="year", log_x=True
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_stored_is_what_plotly_writes_with_arrays_as_lists(name: str) -> None:
    figure = FIGURES[name]()
    expected = expand(json.loads(plotly.io.to_json(figure, engine="json")))

    stored = Plotly(figure)

    assert expected == stored.to_dict()
    assert expected == expand(json.loads(plotly.io.to_json(stored.to_plotly(), engine="json")))
    assert b"bdata" not in stored.read()


def expand(node: Any) -> Any:
    """An independent reading of plotly's typed arrays."""
    if isinstance(node, dict) and "bdata" in node:
        array = np.frombuffer(base64.b64decode(node["bdata"]), np.dtype(node["dtype"]))
        shape = [int(part) for part in str(node.get("shape", len(array))).split(",")]
        return none_for_nan(array.reshape(shape).tolist())
    if isinstance(node, dict):
        return {key: expand(value) for key, value in node.items()}
    if isinstance(node, list):
        return [expand(value) for value in node]
    return None if node == "NaT" else node  # plotly writes a missing moment as this text, and draws a gap for it


def none_for_nan(node: Any) -> Any:
    if isinstance(node, list):
        return [none_for_nan(value) for value in node]
    return None if isinstance(node, float) and not np.isfinite(node) else node


def test_foreign_values_become_json() -> None:
    given = {
        "a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True), "d": Decimal("1.5"), "e": dt.date(2020, 1, 2),
        "f": np.array(["2020-01-01", "NaT"], "datetime64[D]"), "g": pd.NaT,
        "h": np.ma.array([1, 2], mask=[False, True]), "i": pd.Series(["x", None]), "j": (1, 2), "k": np.array(4.0),
        "l": pd.Categorical(["u", "v"]),
    }  # fmt: skip

    figure = Plotly({"data": [given]})

    assert {
        "a": 0.5, "b": 3, "c": True, "d": 1.5, "e": "2020-01-02", "f": ["2020-01-01", None], "g": None, "h": [1, None],
        "i": ["x", None], "j": [1, 2], "k": 4.0, "l": ["u", "v"],
    } == figure.to_dict()["data"][0]  # fmt: skip
    assert not figure.lossless


def test_golden_bytes() -> None:
    figure = Plotly(go.Figure(go.Bar(x=["a"], y=np.array([0.1])), layout={"template": "none", "title": "t"}))

    assert (
        b'{"data":[{"x":["a"],"y":[0.1],"type":"bar"}],'
        b'"layout":{"template":{"data":{"scatter":[{"type":"scatter"}]}},"title":{"text":"t"}}}' == figure.read()
    )
    assert b'{"data":[{"y":[1,null]}]}' == Plotly({"data": [{"y": [1, np.nan]}]}).read()


def test_descriptor() -> None:
    descriptor = Plotly({**line(), "layout": {"title": "a line", "width": 300, "height": 200.5}}).encode(MemorySink())

    assert descriptor["path"].endswith(".plotly.json")
    assert {
        "_type": "plotly-file", "format": "plotly.json", "traces": 1, "trace_types": ["scatter"], "title": "a line",
        "width": 300, "height": 200.5, "lossless": True,
    } == {key: value for key, value in descriptor.items() if key not in ("path", "sha256", "size")}  # fmt: skip


def test_a_file_is_kept_byte_for_byte(tmp_path: Path) -> None:
    text = b'{ "data" : [ {"y": [1.50, null]} ] }\n'
    path = tmp_path / "a.plotly.json"
    path.write_bytes(text)

    for spelling in (path, str(path), text, text.decode()):
        figure = Plotly(spelling)
        assert (text, (), True) == (figure.read(), figure.changes, figure.lossless)


def test_a_file_with_typed_arrays_is_rewritten_and_says_so() -> None:
    figure = Plotly(json.dumps({"data": [{"y": typed(np.array([1.0, 2.0]))}]}))

    assert b'{"data":[{"y":[1.0,2.0]}]}' == figure.read()
    assert ["plotly.typed_arrays"] == [change.id for change in figure.changes]
    assert figure.lossless


def test_a_file_of_another_suffix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(json.dumps(line()))

    with pytest.raises(InvalidInput, match=r"file\.content"):
        Plotly(path)


def test_size_limit_is_hit_exactly() -> None:
    size = len(Plotly(line()).read())

    Plotly(line(), limits={"figure.size": size})
    with pytest.raises(InvalidInput, match=r"figure\.size"):
        Plotly(line(), limits={"figure.size": size - 1})


def test_bytes_do_not_depend_on_plotlys_settings() -> None:
    figure = px.line(y=[1, 2])
    expected = Plotly(figure).read()
    engine = plotly.io.json.config.default_engine

    try:
        plotly.io.json.config.default_engine = "json"
        assert expected == Plotly(figure).read()
    finally:
        plotly.io.json.config.default_engine = engine


def test_the_figure_is_unchanged() -> None:
    figure = FIGURES["scatter"]()
    before = figure.to_json()

    Plotly(figure)

    assert before == figure.to_json()


@pytest.mark.parametrize(
    ("figure", "rule"),
    [
        (lambda: go.Figure(), "plotly.empty"),
        (lambda: go.Figure(go.Scattergeo(lat=[1], lon=[2])), "plotly.remote"),
        (lambda: go.Figure(go.Image(source="https://example.org/a.png")), "plotly.remote"),
        (lambda: {"data": [{}], "layout": {"images": [{"source": "http://example.org/a.png"}]}}, "plotly.remote"),
    ],
)
def test_advice(figure: Any, rule: str) -> None:
    with pytest.warns(Advice, match=rule):
        Plotly(figure()).encode(MemorySink())


@pytest.mark.parametrize("kind", ["heatmap", "treemap", "scatter3d"])
def test_no_advice_without_reason(kind: str) -> None:
    assert [] == list(Plotly({"data": [{"type": kind}]}).advice())


def test_without_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)

    figure = Plotly(line())

    assert line() == figure.to_dict()
    with pytest.raises(MissingDependency, match=r'pip install "medialog\[plot\]"'):
        figure.to_plotly()


def test_list_is_a_plain_list() -> None:
    from medialog.datatypes.base import MediaList

    descriptors = MediaList([Plotly(line()), Plotly(line())]).encode_into(MemorySink())

    assert isinstance(descriptors, list)
    assert [[], []] == [validate(descriptor) for descriptor in descriptors]
