"""The one-file report: what is in it, what is left out, and what becomes of what is damaged."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import os
import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.cli import main
from medialog.viewer import bundle, tables
from medialog.viewer.media import to_base64, to_json
from medialog.viewer.options import read_size
from medialog.viewer.selection import _spread
from report_files import Written

AT = "2026-01-02T03:04:05+00:00"


@pytest.fixture(autouse=True)
def _page(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Stand in for the built page, so that these tests are about Python."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "renderers").mkdir()
    (folder / "core.js").write_text("document.title = '<!-- </script>';")
    (folder / "core.css").write_text("body { margin: 0 }")
    for name in ("three", "molecule", "vega"):
        (folder / "renderers" / f"{name}.js").write_text(f"export default '{name}';")
    kinds = {
        "three": ["object3D-file"],
        "molecule": ["molecule-file"],
        "vega": ["chart", "vega-file"],
        "plotly": ["plotly-file"],
    }
    (folder / "manifest.json").write_text(json.dumps({"renderers": kinds}))
    monkeypatch.setattr(bundle, "FOLDER", folder)


def picture(value: float, size: int = 8) -> medialog.Image:
    return medialog.Image(np.full((size, size), value), caption=f"value {value:.2f}")


def noise(seed: int, side: int = 64) -> medialog.Image:
    return medialog.Image(np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with medialog.init(dir=tmp_path, id="first", config={"lr": 0.1, "deep": {"x": [1, 2]}}, name="a <name>") as run:
        run.define_metric("loss", summary="min")
        for step in range(10):
            row: dict[str, Any] = {"loss": 1 / (step + 1), "val": {"ok": step % 2 == 0}}
            if step % 3 == 0:
                row["picture"] = picture(step / 10)
            if step == 4:
                row["odd"] = math.nan
                row["note"] = "</script><b>"
            run.log(row)
        run.summary["best"] = 0.1
    return tmp_path / "first"


def written(run: Path, tmp_path: Path, **options: Any) -> Written:
    medialog.report(run, tmp_path / "report.html", made_at=AT, **options)
    return Written(tmp_path / "report.html")


def test_it_holds_the_run(run: Path, tmp_path: Path) -> None:
    found = written(run, tmp_path)

    assert ("medialog-view", 1, "report") == tuple(found.index[name] for name in ("format", "version", "mode"))
    assert ("first", "a <name>", True, 1) == tuple(
        found.index["run"][name] for name in ("id", "name", "finished", "writers")
    )
    assert {"at": AT, "by": f"medialog {medialog.__version__}"}.items() <= found.index["made"].items()
    assert {"lr": 0.1, "deep": {"x": [1, 2]}} == found.index["config"]
    assert {"key": "best", "value": 0.1} in found.index["summary"]
    assert ["loss"] == [metric["name"] for metric in found.index["metrics"]]
    assert list(map(float, range(10))) == found.steps()
    assert [] == found.index["problems"]
    assert found.index["left_out"] is None
    assert "<title>a &lt;name&gt;</title>" in found.text


def test_series_are_columns(run: Path, tmp_path: Path) -> None:
    found = written(run, tmp_path)

    assert (list(range(10)), [1 / (step + 1) for step in range(10)]) == found.series("loss")
    assert [1.0, 0.0] * 5 == found.series("val.ok")[1]
    rows, values = found.series("odd")
    assert [4] == rows
    assert math.isnan(values[0])
    kinds = {each["key"]: each["kinds"] for each in found.index["series"]}
    assert {"loss": ["number"], "val.ok": ["boolean"], "odd": ["number"]} == kinds
    assert {"_type": "number", "value": "NaN"} == next(
        each["last"] for each in found.index["series"] if each["key"] == "odd"
    )


def test_items_have_descriptors_files_and_posters(run: Path, tmp_path: Path) -> None:
    found = written(run, tmp_path)

    item = found.item("picture")
    assert ("image-file", ["image-file"]) == (item["kind"], item["kinds"])
    assert [0, 3, 6, 9] == [entry["row"] for entry in item["entries"]]
    for entry in item["entries"]:
        path = entry["value"]["path"]
        assert (run / path).read_bytes() == found.file(path)
        assert "image/png" == found.index["files"][path]["type"]
    poster = found.index["posters"]["picture\0009"]
    assert found.block(poster["block"])[:4] in (b"RIFF", b"\x89PNG")
    assert "value 0.90" in re.findall(r'<img src="data:[^>]* alt="picture: ([^"]*)"', found.text)
    assert [{"row": 4, "value": "</script><b>"}] == found.item("note")["entries"]


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    medialog.report(run, tmp_path / "a.html", made_at=AT)
    medialog.report(run, tmp_path / "b.html", made_at=AT)  # this time with the posters of the first
    medialog.report(run, tmp_path / "c.html")

    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    other = (tmp_path / "c.html").read_text()
    assert re.sub(r'"at":"[^"]*"', f'"at":"{AT}"', other) == (tmp_path / "a.html").read_text()


def test_only_the_renderers_that_are_needed(tmp_path: Path) -> None:
    for name, value in {"plain": picture(0.5), "cloud": medialog.Object3D(np.zeros((3, 3)))}.items():
        with medialog.init(dir=tmp_path, id=name) as run:
            run.log({"value": value})

    assert not [name for name in written(tmp_path / "plain", tmp_path).names() if name.startswith("renderer")]
    found = written(tmp_path / "cloud", tmp_path)
    assert ["renderer-three"] == [name for name in found.names() if name.startswith("renderer")]
    assert b"export default 'three';" == found.block("renderer-three")


def test_renderers_of_table_cells(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="cells") as run:
        run.log({"table": medialog.Table(["a"], data=[[medialog.Object3D(np.zeros((3, 3)))]])})

    assert "renderer-three" in written(tmp_path / "cells", tmp_path).names()


def test_without_plotly_its_figures_are_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import plotly.graph_objects as go

    with medialog.init(dir=tmp_path, id="plotly") as run:
        run.log({"figure": medialog.Plotly(go.Figure(go.Scatter(y=[1, 2])))})

    assert "renderer-plotly-lib" in written(tmp_path / "plotly", tmp_path).names()
    monkeypatch.setattr(bundle, "plotly_library", lambda: None)
    found = written(tmp_path / "plotly", tmp_path)
    assert "renderer-plotly-lib" not in found.names()
    assert ["advice"] == [problem["kind"] for problem in found.index["problems"]]
    assert "figure\0000" in found.index["posters"]


# --- the policy ---


def test_the_policy_names_the_script_by_its_hash(run: Path, tmp_path: Path) -> None:
    found = written(run, tmp_path)

    script = re.findall(r'<script type="module">(.*?)</script>', found.text, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = html.unescape(found.policy())
    assert f"script-src 'sha256-{digest}' blob:;" in policy
    assert policy.startswith("default-src 'none';")
    for each in ("frame-src 'none'", "form-action 'none'", "base-uri 'none'", "connect-src data: blob:"):
        assert each in policy
    assert "unsafe-eval" not in policy
    head = found.text.partition("<head>")[2].lstrip()
    assert head.startswith("<meta http-equiv=")


@pytest.mark.parametrize(
    ("page", "options", "expected"),
    [
        ("<p>text</p>", {}, ("'sha256-", False)),
        ("<p>text</p>", {"html_eval": True}, ("'sha256-", False)),
        ("<script>1</script>", {}, ("'unsafe-inline' blob:;", True)),
        ("<p onclick=x()>", {}, ("'unsafe-inline' blob:;", True)),
        ("<script>1</script>", {"html_eval": True}, ("'unsafe-inline' blob: 'unsafe-eval';", True)),
    ],
)
def test_the_policy_is_as_strict_as_the_contents_allow(
    tmp_path: Path, page: str, options: dict[str, Any], expected: tuple[str, bool]
) -> None:
    with medialog.init(dir=tmp_path, id="html") as run:
        run.log({"page": medialog.Html(page)})

    found = written(tmp_path / "html", tmp_path, **options)

    assert f"script-src {expected[0]}" in html.unescape(found.policy())
    assert expected[1] == found.index["html"]["scripts"]


# --- what is left out ---


def test_steps_and_keys(run: Path, tmp_path: Path) -> None:
    last = written(run, tmp_path, steps="last")
    every = written(run, tmp_path, steps="every:6")
    keys = written(run, tmp_path, keys=["val.*", "loss"])

    assert [9] == [entry["row"] for entry in last.item("picture")["entries"]]
    assert 10 == len(last.series("loss")[1])
    assert {"steps": 3, "reason": "--steps last"}.items() <= last.index["left_out"].items()
    assert [0, 6, 9] == [entry["row"] for entry in every.item("picture")["entries"]]
    assert {"val.ok", "loss"} == {each["key"] for each in keys.index["series"]}
    assert [] == keys.index["items"]
    assert {"picture", "note", "odd"} == set(keys.index["left_out"]["keys"])


def test_the_size_limit_holds_and_is_stated(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="large") as run:
        for step in range(20):
            run.log({"noise": noise(step, 128), "other": noise(100 + step, 128)})

    found = written(tmp_path / "large", tmp_path, max_size=2_000_000)

    assert (tmp_path / "report.html").stat().st_size <= 2_000_000
    states = [found.index["files"][entry["value"]["path"]].get("state") for entry in found.item("noise")["entries"]]
    assert 20 == len(states)
    assert {None, "left-out"} == set(states)
    assert (None, None) == (states[-1], states[0]), "the last and the first come before those between"
    assert found.index["left_out"]["steps"] == sum(
        file.get("state") == "left-out" for file in found.index["files"].values()
    )
    assert "--max-size 2 MB" == found.index["left_out"]["reason"]
    assert [] == found.index["problems"]
    gone = [entry["row"] for entry, state in zip(found.item("noise")["entries"], states, strict=True) if state]
    assert f"noise\0{gone[-1]}" in found.index["posters"]


def test_values_without_files_are_left_out_too(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="texts") as run:
        for step in range(50):
            run.log({"text": f"{step} " + "long " * 2_000})

    found = written(tmp_path / "texts", tmp_path, max_size=100_000)

    assert (tmp_path / "report.html").stat().st_size <= 130_000
    assert 50 == len(found.item("text")["entries"]) + found.index["left_out"]["steps"]
    assert 49 == found.item("text")["entries"][-1]["row"]


def test_the_order_is_last_first_middle() -> None:
    assert [8, 0, 4, 2, 6, 1, 3, 5, 7] == list(_spread(9))
    assert [0] == list(_spread(1))
    assert [] == list(_spread(0))


@pytest.mark.parametrize(
    ("given", "expected"), [("50MB", 50_000_000), ("1.5 GiB", 1_610_612_736), (7, 7), ("200", 200), ("3 kb", 3_000)]
)
def test_sizes(given: str | int, expected: int) -> None:
    assert expected == read_size(given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_size": "many"},
        {"max_size": 0},
        {"max_size": True},
        {"steps": "every:0"},
        {"steps": "x"},
        {"table_rows": -1},
    ],
)
def test_wrong_options_are_refused(run: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(medialog.InvalidInput, match=rf"report\.{next(iter(wrong))}"):
        medialog.report(run, tmp_path / "report.html", **wrong)

    assert not (tmp_path / "report.html").exists()


# --- tables ---


def test_table_views(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="tables") as run:
        small = medialog.Table(["a", "b"], data=[[1, math.nan], [2, None]])
        large = medialog.Table(["n", "v"], data=[[index, [index, "x"]] for index in range(1_500)])
        arrays = medialog.Table(["e"], data=[[np.arange(3.0)]])
        run.log({"small": small, "large": large, "arrays": arrays})

    found = written(tmp_path / "tables", tmp_path, table_rows=10)

    def view(key: str) -> tuple[dict[str, Any], dict[str, Any]]:
        facts = found.index["views"][found.item(key)["entries"][0]["value"]["sha256"]]
        return facts, json.loads(found.block(facts["block"]))

    facts, small_view = view("small")
    assert (2, 2, False) == (facts["rows"], facts["shown"], facts["truncated"])
    assert [[1, {"_type": "number", "value": "NaN"}], [2, None]] == small_view["data"]
    facts, large_view = view("large")
    assert (1_500, 10, True) == (facts["rows"], facts["shown"], facts["truncated"])
    assert [9, [9, "x"]] == large_view["data"][9]
    _, array_view = view("arrays")
    assert [0.0, 1.0, 2.0] == array_view["data"][0][0]["values"]


def growing(tmp_path: Path, steps: int) -> Path:
    with medialog.init(dir=tmp_path, id="growing") as run:
        table = medialog.Table(["step"], log_mode="INCREMENTAL")
        for step in range(steps):
            table.add_data(step)
            run.log({"table": table})
    return tmp_path / "growing"


def test_increments_are_shown_as_the_whole_table_once(tmp_path: Path) -> None:
    found = written(growing(tmp_path, 4), tmp_path, steps="last")

    entries = found.item("table")["entries"]
    assert 4 == len(entries), "increments belong together"
    views = [found.index["views"][entry["value"]["sha256"]] for entry in entries]
    assert {views[0]["block"]} == {view["block"] for view in views}
    assert [1, 2, 3, 4] == [view["rows"] for view in views] == [view["shown"] for view in views]
    assert [[0], [1], [2], [3]] == json.loads(found.block(views[0]["block"]))["data"]


def test_increments_show_no_more_rows_than_asked(tmp_path: Path) -> None:
    found = written(growing(tmp_path, 4), tmp_path, table_rows=2)

    views = [found.index["views"][entry["value"]["sha256"]] for entry in found.item("table")["entries"]]
    assert [(1, 1, False), (2, 2, False), (3, 2, True), (4, 2, True)] == [
        (view["rows"], view["shown"], view["truncated"]) for view in views
    ]


def test_a_chain_has_only_so_many_increments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = growing(tmp_path, 4)
    monkeypatch.setattr(tables, "MOST_INCREMENTS", 4)
    at_most = written(run, tmp_path)
    assert {"block"} <= set(at_most.index["views"][at_most.item("table")["entries"][-1]["value"]["sha256"]])

    monkeypatch.setattr(tables, "MOST_INCREMENTS", 3)
    found = written(run, tmp_path)

    views = [found.index["views"][entry["value"]["sha256"]] for entry in found.item("table")["entries"]]
    assert (1, 1) == (views[0]["rows"], views[0]["shown"])
    for view in views[1:]:
        assert ("left-out", "more than 3 increments") == (view["state"], view["reason"])


def test_increments_before_a_damaged_one_are_shown(tmp_path: Path) -> None:
    run = growing(tmp_path, 4)
    third = medialog.open_run(run).history("table")[2]["table"]
    (run / third["path"]).write_bytes(b"x" * third["size"])

    found = written(run, tmp_path)

    # The reader leaves the damaged row out, so its file is found damaged from the row after it.
    views = found.index["views"]
    entries = [entry["value"] for entry in found.item("table")["entries"]]
    assert [(1, 1), (2, 2)] == [(views[one["sha256"]]["rows"], views[one["sha256"]]["shown"]) for one in entries[:2]]
    assert "damaged" == views[entries[-1]["sha256"]]["state"]


def test_media_cells_have_their_files(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="cells") as run:
        run.log(
            {"table": medialog.Table(["p"], data=[[noise(index, 4)] for index in range(70)])}
        )  # more than 64: a refs file

    found = written(tmp_path / "cells", tmp_path)

    view = found.index["views"][found.item("table")["entries"][0]["value"]["sha256"]]
    cells = json.loads(found.block(view["block"]))["data"]
    assert 70 == len(cells)
    for (cell,) in cells:
        assert found.file(cell["path"]) == (tmp_path / "cells" / cell["path"]).read_bytes()


# --- damage ---


def media_of(run: Path) -> list[Path]:
    return sorted((run / "media").rglob("*.png"))


def test_missing_and_damaged_files_are_states(run: Path, tmp_path: Path) -> None:
    missing, damaged, shorter, linked = media_of(run)
    missing.unlink()
    damaged.write_bytes(bytes(len(damaged.read_bytes())))
    shorter.write_bytes(shorter.read_bytes()[:-1])
    (tmp_path / "outside.png").write_bytes(linked.read_bytes())
    linked.unlink()
    linked.symlink_to(tmp_path / "outside.png")

    found = written(run, tmp_path)

    states = {path: file.get("state") for path, file in found.index["files"].items()}
    expected = {missing: "missing", damaged: "damaged", shorter: "damaged", linked: "missing"}
    assert {str(path.relative_to(run)): state for path, state in expected.items()} == states
    assert 4 == len(found.index["problems"])
    assert {"missing", "damage"} == {problem["kind"] for problem in found.index["problems"]}
    assert 4 == len(found.item("picture")["entries"])
    assert not [name for name in found.names() if name.startswith("f")]


def test_a_torn_line_and_damaged_lines(run: Path, tmp_path: Path) -> None:
    events = next((run / "events").iterdir())
    lines = events.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"loss":', b'"lass":')
    events.write_bytes(b"".join(lines) + b'{"seq":99,"st')

    found = written(run, tmp_path)

    assert ["damage", "torn"] == sorted(problem["kind"] for problem in found.index["problems"])
    assert 9 == len(found.steps())


@pytest.mark.filterwarnings("ignore::medialog.Advice")
def test_mixed_types_and_names_that_differ_in_case(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="mixed") as run:
        run.log({"x": 1.0, "Key": 1, "key": 2})
        run.log({"x": picture(0.5)})
        run.log({"x": "text"})

    found = written(tmp_path / "mixed", tmp_path)

    assert {"type": "x", "clash": "Key"} == {problem["kind"]: problem["place"] for problem in found.index["problems"]}
    assert ["text-value", "image-file"] == found.item("x")["kinds"]
    assert [1.0] == found.series("x")[1]


def test_an_empty_run(tmp_path: Path) -> None:
    medialog.init(dir=tmp_path, id="empty").finish()

    found = written(tmp_path / "empty", tmp_path)

    assert [] == found.steps() == found.index["items"] == found.index["series"]


def test_what_is_no_run_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(medialog.RunError):
        medialog.report(tmp_path / "folder", tmp_path / "report.html")

    assert [] == [name for name in os.listdir(tmp_path) if name != "folder"]


def test_a_report_that_cannot_be_written_is_named_and_leaves_the_old_one(run: Path, tmp_path: Path) -> None:
    with pytest.raises(medialog.StorageError, match="nowhere"):
        medialog.report(run, tmp_path / "nowhere" / "report.html")
    medialog.report(run, tmp_path / "report.html", made_at=AT)
    before = (tmp_path / "report.html").read_bytes()
    bundle.FOLDER.joinpath("core.js").unlink()
    bundle.read.cache_clear()

    with pytest.raises(medialog.Error, match=r"core\.js"):
        medialog.report(run, tmp_path / "report.html")

    assert before == (tmp_path / "report.html").read_bytes()
    assert {"first", "report.html"} == set(os.listdir(tmp_path))


def test_a_run_that_cannot_be_written_is_no_error(run: Path, tmp_path: Path) -> None:
    (run / "derived").write_text("a file in the way")

    assert written(run, tmp_path).index["posters"]


def test_posters_are_kept_in_the_run_and_no_fault_of_it(run: Path, tmp_path: Path) -> None:
    written(run, tmp_path)

    kept = list((run / "derived" / "posters").iterdir())
    assert 1 == len(kept)
    assert [] == medialog.validate_run(run)
    kept[0].write_bytes(b"no picture")
    again = written(run, tmp_path)
    assert again.block(again.index["posters"]["picture\0009"]["block"]) != b"no picture"


def test_a_run_that_is_being_written(tmp_path: Path) -> None:
    run = medialog.init(dir=tmp_path, id="live")
    run.log({"a": picture(0.1)})

    report = medialog.report(run, tmp_path / "report.html")

    assert Written(tmp_path / "report.html").index["run"]["finished"] is False
    assert str(tmp_path / "report.html") in str(report)
    run.finish()


# --- the parts ---


def test_base64_of_pieces_is_that_of_the_whole() -> None:
    data = os.urandom(1_000)
    for size in (1, 2, 3, 5, 7, 64, 999, 2_000):
        pieces = (data[start : start + size] for start in range(0, len(data), size))
        assert base64.b64encode(data) == b"".join(to_base64(pieces))


def test_json_in_a_script_element() -> None:
    document = {"a": "</script><!--&\u2028", "b": [1, None]}

    text = to_json(document)

    assert not set(b"<>&") & set(text)
    assert document == json.loads(text)


def test_memory_does_not_grow_with_the_media(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="large") as run:
        for step in range(30):
            run.log({"noise": noise(step, 600)})
    size = sum(path.stat().st_size for path in (tmp_path / "large").rglob("*.png"))
    medialog.report(tmp_path / "large", tmp_path / "warm.html")

    tracemalloc.start()
    try:
        medialog.report(tmp_path / "large", tmp_path / "report.html")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size > 25_000_000
    assert peak < 12_000_000


# --- the command ---


def test_the_command(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.html"

    assert 0 == main(["report", str(run), "-o", str(target), "--steps", "last", "--keys", "picture", "loss"])
    assert str(target) in capsys.readouterr().out
    assert ["picture"] == [item["key"] for item in Written(target).index["items"]]

    assert 2 == main(["report", str(tmp_path / "none"), "-o", str(target)])
    assert "medialog: " in capsys.readouterr().err
    assert 2 == main(["report", str(run), "-o", str(target), "--max-size", "x"])
    assert "report.max_size" in capsys.readouterr().err
