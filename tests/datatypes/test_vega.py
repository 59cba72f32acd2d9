from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import altair as alt
import jsonschema
import numpy as np
import pandas as pd
import pytest

from laws import TypeLaws, call
from medialog.datatypes.files import MemorySink
from medialog.datatypes.vega_figure import VegaLite
from medialog.validators.errors import InvalidInput, MissingDependency

SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "title": "bars",
    "data": {"values": [{"a": "x", "b": 1}, {"a": "y", "b": None}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}},
}
FRAME = pd.DataFrame({"x": [1, 2, 3], "y": [1.0, np.nan, 3.0], "t": pd.date_range("2020", periods=3)})


def chart() -> alt.Chart:
    return alt.Chart(FRAME).mark_line().encode(x="t", y="y", tooltip="x")


class TestVegaLite(TypeLaws):
    type = VegaLite
    valid = {
        "altair": lambda: call(chart()),
        "layers": lambda: call(chart() + chart().mark_point()),
        "beside": lambda: call((chart() | chart()) & chart()),
        "facets": lambda: call(chart().facet("x:N")),
        "repeated": lambda: call(
            chart().encode(x=alt.X(alt.repeat("column"), type="quantitative")).repeat(column=["x", "y"])
        ),
        "selected": lambda: call(chart().add_params(alt.selection_interval(), alt.param(value=1))),
        "a dict": lambda: call(json.loads(json.dumps(SPEC))),
        "numpy": lambda: call({"mark": "point", "data": {"values": [{"a": np.float32(0.1), "b": np.nan}]}}),
        "JSON": lambda: call(json.dumps(SPEC)),
        "JSON bytes": lambda: call(json.dumps(SPEC).encode()),
        "captioned": lambda: call({"mark": "bar"}, caption="c"),
        "titled in lines": lambda: call({"mark": "bar", "title": {"text": ["one", "two"]}}),
        "urls as values": lambda: call(
            {
                "mark": "bar",
                "data": {"values": [{"url": "https://example.org"}]},
                "encoding": {"href": {"field": "url"}},
            }
        ),
        "a data URL": lambda: call({"mark": "bar", "data": {"url": "data:text/csv,a%0A1", "format": {"type": "csv"}}}),
        "generated": lambda: call({"mark": "line", "data": {"sequence": {"start": 0, "stop": 9, "as": "x"}}}),
    }
    invalid = {
        "nothing": (lambda: call(None), {"vega.spec"}),
        "a list": (lambda: call(b"[1]"), {"vega.spec"}),
        "plotly": (lambda: call({"data": [], "layout": {}}), {"vega.spec"}),
        "vega, not lite": (
            lambda: call({"$schema": "https://vega.github.io/schema/vega/v6.json", "marks": []}),
            {"vega.spec"},
        ),
        "not JSON": (lambda: call("{"), {"file.content"}),
        "a missing file": (lambda: call("nowhere.vl.json"), {"file.missing"}),
        "remote data": (lambda: call(alt.Chart("https://example.org/a.csv").mark_bar()), {"vega.remote"}),
        "a local file": (lambda: call({"mark": "bar", "data": {"url": "data.csv"}}), {"vega.remote"}),
        "remote in a layer": (
            lambda: call({"layer": [{"mark": "bar"}, {"mark": "bar", "data": {"url": "//example.org/a"}}]}),
            {"vega.remote"},
        ),
        "remote look-up": (
            lambda: call(
                {"mark": "bar", "transform": [{"lookup": "a", "from": {"key": "a", "data": {"url": "http://x/a.csv"}}}]}
            ),
            {"vega.remote"},
        ),
        "a remote picture": (lambda: call({"mark": {"type": "image", "url": "https://x/a.png"}}), {"vega.remote"}),
        "an incomplete chart": (lambda: call(alt.Chart(FRAME)), {"vega.altair"}),
        "an object inside": (lambda: call({"mark": "bar", "data": {"values": [{"a": object()}]}}), {"figure.json"}),
        "too large": (lambda: call({"mark": "bar"}, limits={"figure.size": 5}), {"figure.size"}),
        "deep": (lambda: call(json.loads('{"mark":' * 70 + "1" + "}" * 70)), {"json.depth"}),
    }
    spellings = {
        "a chart": [lambda: call(chart()), lambda: call(chart().to_dict())],
        "rows": [
            lambda: call({"mark": "bar", "data": {"values": [{"a": 1.5}]}}),
            lambda: call({"mark": "bar", "data": {"values": ({"a": np.float64(1.5)},)}}),
        ],
    }


@pytest.fixture(scope="module")
def altairs_schema() -> Any:
    path = Path(alt.__file__).parent / "vegalite" / "v6" / "schema" / "vega-lite-schema.json"
    return jsonschema.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["altair", "layers", "beside", "facets", "repeated", "selected", "a dict"])
def test_stored_specifications_are_vega_lite(name: str, altairs_schema: Any) -> None:
    spec = VegaLite(*TestVegaLite.valid[name]().args).to_dict()

    assert [] == list(altairs_schema.iter_errors(spec))


def test_altair_gives_the_chart_back() -> None:
    loaded = VegaLite(chart()).to_altair()

    assert isinstance(loaded, alt.Chart)
    assert chart().to_dict() == loaded.to_dict()


def test_all_rows_are_inside_whatever_altair_is_set_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"x": np.arange(6000)})
    many = alt.Chart(frame).mark_point().encode(x="x")
    with pytest.raises(alt.MaxRowsError):
        many.to_dict()
    expected = VegaLite(many).read()

    for name in ("json", "csv"):
        with alt.data_transformers.enable(name):
            assert expected == VegaLite(many).read()
            assert name == alt.data_transformers.active
    monkeypatch.setattr(alt.data_transformers, "consolidate_datasets", False)
    assert expected == VegaLite(many).read()
    assert alt.data_transformers.consolidate_datasets is False

    ((rows),) = VegaLite(many).to_dict()["datasets"].values()
    assert [{"x": number} for number in range(6000)] == rows
    assert [] == list(tmp_path.iterdir())


def test_the_chart_and_its_data_are_unchanged() -> None:
    given = chart()
    before, frame = given.to_dict(), FRAME.copy()

    VegaLite(given)

    assert before == given.to_dict()
    pd.testing.assert_frame_equal(frame, FRAME)


def test_a_file_is_kept_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "chart.vl.json"
    path.write_text(json.dumps(SPEC, indent=3))

    assert path.read_bytes() == VegaLite(path).read()


def test_descriptor() -> None:
    descriptor = VegaLite(SPEC).encode(MemorySink())

    assert descriptor["path"].endswith(".vl.json")
    assert {
        "_type": "vega-file",
        "format": "vl.json",
        "schema": SPEC["$schema"],
        "title": "bars",
        "lossless": True,
    } == {key: value for key, value in descriptor.items() if key not in ("path", "sha256", "size")}


def test_every_remote_source_is_named() -> None:
    spec = {"hconcat": [{"mark": "bar", "data": {"url": "a.csv"}}, {"mark": "bar", "data": {"url": "b.csv"}}]}

    with pytest.raises(InvalidInput) as caught:
        VegaLite(spec)

    assert ["VegaLite.hconcat[0].data.url", "VegaLite.hconcat[1].data.url"] == sorted(
        v.at for v in caught.value.violations
    )


def test_golden_bytes() -> None:
    assert (
        b'{"mark":"bar","data":{"values":[{"a":null}]}}'
        == VegaLite({"mark": "bar", "data": {"values": [{"a": np.nan}]}}).read()
    )


def test_without_altair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)

    with pytest.raises(MissingDependency, match=r'pip install "medialog\[plot\]"'):
        VegaLite(SPEC).to_altair()
