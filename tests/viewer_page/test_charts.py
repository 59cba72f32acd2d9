"""Charts: the numbers behind them, the files that are saved, zooming, gaps, axes; in a real browser, from `file://`."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import medialog
from chromium import Chromium, Page
from viewer_page import runs
from viewer_page.test_page import picture, put, selector, show, text, there, violations, wait_text

COPIES = (
    "window.copied = []; Object.defineProperty(navigator, 'clipboard',"
    " {value: {writeText: async (text) => { window.copied.push(text); }}})"
)
# Every drawing of a line chart begins with this.
CLEARS = (
    "window.cleared = 0; const clear = CanvasRenderingContext2D.prototype.clearRect;"
    " CanvasRenderingContext2D.prototype.clearRect = function (...box)"
    " { window.cleared += 1; return clear.apply(this, box); };"
)
STEPS = 60


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report of lines with gaps, values below zero, and axes of several kinds."""
    directory = tmp_path_factory.mktemp("lines")
    with medialog.init(dir=directory, id="lines") as run:
        for step in range(STEPS):
            run.log(
                {
                    "holes": float("nan") if step % 2 else 1.0 + step / 7,
                    "signed": math.sin(step / 5),
                    "negative": -1.0 - step,
                    "one/noise": ((step * 7919) % 31) / 31,
                    "two/noise": ((step * 104729) % 37) / 37 + 1,
                    "epoch": step // 20,
                    "zigzag": step % 5,
                },
                step=step * 10,
            )
    return medialog.report(directory / "lines", directory / "lines.html").path.as_uri()


@pytest.fixture
def page(chromium: Chromium, every: str) -> Iterator[Page]:
    yield from opened(chromium, every)


@pytest.fixture
def line_page(chromium: Chromium, lines: str) -> Iterator[Page]:
    yield from opened(chromium, lines)


def opened(chromium: Chromium, url: str) -> Iterator[Page]:
    page = chromium.open(url, before=COPIES + ";" + CLEARS)
    yield page
    assert [] == page.errors()
    assert [] == page.requests()
    page.close()


@pytest.fixture
def downloads(chromium: Chromium, tmp_path: Path) -> Path:
    directory = tmp_path / "downloads"
    directory.mkdir()
    chromium.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(directory))
    return directory


def run_of(url: str) -> Path:
    report = Path(unquote(urlparse(url).path))
    return next(one.parent for one in report.parent.glob("*/run.json"))


def choose(page: Page, key: str, label: str) -> None:
    """Open a panel's menu with the mouse and press an entry of it."""
    show(page, key)
    page.click(selector(key, "[aria-label^='More for']"))
    menu = selector(key, ".menu")
    page.wait(f"document.querySelector({json.dumps(menu)}).matches(':popover-open')")
    found = (
        f"[...document.querySelectorAll({json.dumps(menu + ' button')})]"
        f".find((e) => e.textContent.startsWith({json.dumps(label)}))"
    )
    page.wait(f"{found} !== undefined")
    page.evaluate(f"{found}.click()")


def saved(downloads: Path) -> Path:
    """Wait for the one file that is saved, whole."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = list(downloads.iterdir())
        if found and all(one.suffix != ".crdownload" and one.stat().st_size for one in found):
            (one,) = found
            return one
        time.sleep(0.02)
    raise TimeoutError(f"nothing was saved in {downloads}")


def copied(page: Page) -> str:
    value: str = page.wait("window.copied.at(-1)")
    return value


def copied_table(page: Page, key: str) -> list[list[str]]:
    choose(page, key, "Show data")
    page.wait(f"document.querySelector({json.dumps(selector(key, '.data tbody td'))}) !== null")
    found = f"[...document.querySelectorAll({json.dumps(selector(key, '.data button'))})]"
    page.evaluate(f"{found}.find((e) => e.textContent === 'Copy as CSV').click()")
    return list(csv.reader(io.StringIO(copied(page))))


# --- the numbers behind a picture ---


def test_the_data_of_lines_are_the_very_numbers(page: Page) -> None:
    head, *rows = copied_table(page, "metric:loss")
    assert ["step", "train/loss", "val/loss"] == head
    expected = [[float(step), 2.0 * 0.8**step, 2.2 * 0.83**step] for step in range(runs.STEPS)]
    assert expected == [[float(cell) for cell in row] for row in rows]
    shown = text(page, selector("metric:loss", ".data tbody tr:nth-child(2) td:nth-child(2)"))
    assert 2.0 * 0.8 == float(shown), "the table rounds nothing either"


def test_the_data_of_lines_follow_the_axis_and_the_smoothing(page: Page) -> None:
    put(page, "select.axis", "epoch", "change")
    put(page, ".smooth input", "0.5")
    head, *rows = copied_table(page, "metric:loss")
    assert "step,epoch,train/loss,train/loss (smoothed 0.5),val/loss,val/loss (smoothed 0.5)" == ",".join(head)
    mean, norm = 0.0, 0.0
    for step, row in enumerate(rows):
        mean, norm = mean * 0.5 + 0.5 * 2.0 * 0.8**step, norm * 0.5 + 0.5
        assert [step / 4, 2.0 * 0.8**step] == [float(cell) for cell in row[1:3]]
        assert float(row[3]) == pytest.approx(mean / norm, rel=1e-12)


def test_the_data_of_a_metric_with_gaps(page: Page) -> None:
    _, *rows = copied_table(page, "broken")
    assert ["1", "NaN", "2", "Infinity", "1.5", "-Infinity"] == [row[1] for row in rows[:6]]


def test_the_data_of_a_histogram_are_its_bars_at_the_step(page: Page, every: str) -> None:
    page.press("Home")
    head, *rows = copied_table(page, "weights")
    assert ["low", "high", "count"] == head
    values = medialog.open_run(run_of(every)).media("weights", step=0)
    assert values.counts.tolist() == [float(row[2]) for row in rows]
    assert values.edges.tolist() == [float(row[0]) for row in rows] + [float(rows[-1][1])]
    put(page, selector("weights", ".data select"), "1", "change")
    wait_text(page, selector("weights", ".data .count"), f"{64 * runs.STEPS:,} rows")


def test_the_data_of_a_chart_are_what_it_draws(page: Page) -> None:
    assert [["label", "value"], ["a", "3"], ["b", "5"], ["c", "2"]] == copied_table(page, "bars")


@pytest.mark.parametrize("key", ["bars", "roc"])
def test_the_data_of_a_chart_are_also_its_table(page: Page, every: str, key: str) -> None:
    copied_table(page, key)
    tables = page.evaluate(
        f"[...document.querySelectorAll({json.dumps(selector(key, '.data select option'))})].map((e) => e.textContent)"
    )
    put(page, selector(key, ".data select"), str(tables.index("logged table")), "change")
    there(page, selector(key, ".data tbody td"))
    found = f"[...document.querySelectorAll({json.dumps(selector(key, '.data button'))})]"
    page.evaluate(f"{found}.find((e) => e.textContent === 'Copy as CSV').click()")
    head, *rows = csv.reader(io.StringIO(copied(page)))
    table = medialog.open_run(run_of(every)).media(key).table
    assert table.columns == head
    for row, expected in zip(rows, table.data, strict=True):
        assert list(expected) == [
            cell if isinstance(wanted, str) else float(cell) if cell else None
            for cell, wanted in zip(row, expected, strict=True)
        ]


def test_the_data_of_a_plotly_figure_are_its_traces(page: Page) -> None:
    assert [["y"], ["1"], ["3"], ["2"]] == copied_table(page, "plotly")


def test_the_table_comes_and_goes_by_keys(page: Page) -> None:
    show(page, "metric:loss")
    page.wait(f"document.querySelector({json.dumps(selector('metric:loss', '.uplot'))}) !== null")
    page.evaluate(f"document.querySelector({json.dumps(selector('metric:loss', 'header button'))}).focus()")
    page.press("v")
    there(page, selector("metric:loss", ".data tbody td"))
    page.press("v")
    there(page, selector("metric:loss", ".data"), gone=True)


def test_a_long_table_holds_few_rows(chromium: Chromium, tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="long") as run:
        for step in range(9_000):
            run.log({"value": step / 3})
    page = chromium.open(medialog.report(tmp_path / "long", tmp_path / "long.html").path.as_uri(), before=COPIES)
    assert 9_001 == len(copied_table(page, "value"))
    rows = json.dumps(selector("value", ".data tbody tr"))
    assert page.evaluate(f"document.querySelectorAll({rows}).length") < 60
    page.evaluate(f"document.querySelector({json.dumps(selector('value', '.data .box'))}).scrollTo(0, 1e7)")
    page.wait(f"[...document.querySelectorAll({rows})].at(-1).cells[0].textContent === '8999'")
    page.close()


# --- files ---

PICTURES = ("metric:loss", "broken", "weights", "bars", "roc", "plotly")


@pytest.mark.parametrize("key", PICTURES)
def test_a_chart_is_saved_as_svg(page: Page, downloads: Path, key: str) -> None:
    choose(page, key, "Save as SVG")
    file = saved(downloads)
    assert re.fullmatch(rf"everytype-{key.removeprefix('metric:')}(-step\d+)?\.svg", file.name)
    root = ElementTree.fromstring(file.read_bytes())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.attrib["width"]) >= 250
    assert float(root.attrib["height"]) >= 150
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 3
    assert not re.search(rb"<script|\son\w+=|(?:href|src)=.https?:", file.read_bytes())


@pytest.mark.parametrize("key", PICTURES)
def test_a_chart_is_saved_as_png(page: Page, downloads: Path, key: str) -> None:
    choose(page, key, "Save as PNG")
    file = saved(downloads)
    with Image.open(file) as image:
        image.load()
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGBA")).astype(int)
    height, width = pixels.shape[:2]
    assert (width >= 500, height >= 300) == (True, True), (width, height)
    assert (pixels[..., 3] == 255).all(), "a ground of its own"
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 8, "blank"


def test_the_svg_of_lines_is_what_is_shown(line_page: Page, downloads: Path) -> None:
    """Every point of a short line is in it, in the colours of the theme, and each gap has its mark."""
    line_page.press("t")
    choose(line_page, "holes", "Save as SVG")
    root = ElementTree.fromstring(saved(downloads).read_bytes())
    names = "{http://www.w3.org/2000/svg}"
    assert "#161a20" == root.find(f"{names}rect").attrib["fill"]  # type: ignore[union-attr]
    assert STEPS // 2 == len(list(root.iter(f"{names}circle"))), "points between two gaps are dots"
    assert STEPS // 2 == sum(one.attrib.get("fill") == "#ff7b7b" for one in root.iter(f"{names}path"))
    assert "holes" in [one.text for one in root.iter(f"{names}text")]


def test_a_table_is_saved_as_csv(page: Page, downloads: Path) -> None:
    choose(page, "metric:loss", "Show data")
    there(page, selector("metric:loss", ".data tbody td"))
    found = f"[...document.querySelectorAll({json.dumps(selector('metric:loss', '.data button'))})]"
    page.evaluate(f"{found}.find((e) => e.textContent === 'Save CSV').click()")
    file = saved(downloads)
    assert "everytype-loss.csv" == file.name
    assert runs.STEPS + 1 == len(file.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("table", "Save the original file"),
        ("file.picture gif", "Save the original file"),
        ("file.molecule pdb", "Save the original file"),
        ("scene", "Save the mask guess"),
        ("grid", "Save the image 3"),
        ("roc", "Save the table"),
    ],
)
def test_the_original_has_its_name_and_its_bytes(page: Page, every: str, downloads: Path, key: str, entry: str) -> None:
    choose(page, key, entry)
    file = saved(downloads)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name.split(".")[0]
    (stored,) = run_of(every).glob(f"media/*/{file.name}")
    assert stored.read_bytes() == file.read_bytes()


def test_a_path_is_one_in_the_run_directory(page: Page, every: str) -> None:
    choose(page, "table", "Copy its path")
    assert (run_of(every) / copied(page)).is_file()


@pytest.mark.parametrize(
    "key", ["scene", "grid", "table", "weights", "file.molecule pdb", "words", "list", "metric:loss"]
)
def test_the_python_of_a_panel_runs(page: Page, every: str, tmp_path: Path, key: str) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "everytype").symlink_to(run_of(every))
    choose(page, key, "Copy Python")
    code = (
        copied(page) + "\nfor found in [globals().get('value', globals().get('rows'))]:\n    print(repr(found)[:200])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(medialog.__file__).parent.parent)},
    )  # fmt: skip
    assert "" == done.stderr
    starts = {
        "scene": "Image(", "grid": "[Image(", "table": "Table(", "weights": "Histogram(",
        "file.molecule pdb": "Molecule(", "words": "'answer of step 12'", "list": "[3, 1, -2, 5]",
        "metric:loss": "[{'_step': 0",
    }  # fmt: skip
    assert done.stdout.startswith(starts[key]), done.stdout


# --- lines ---


def drag(page: Page, css: str, start: float, end: float) -> None:
    box = page.evaluate(
        f"(() => {{ const e = document.querySelector({json.dumps(css)}); e.scrollIntoView({{block: 'center'}});"
        " const b = e.getBoundingClientRect(); return [b.x, b.y + b.height / 2, b.width]; })()"
    )
    at = [box[0] + box[2] * start, box[0] + box[2] * end]
    page.mouse("mousePressed", at[0], box[1], button="left", clickCount=1)
    for part in (0.3, 0.7, 1.0):
        page.mouse("mouseMoved", at[0] + (at[1] - at[0]) * part, box[1], button="left", buttons=1)
    page.mouse("mouseReleased", at[1], box[1], button="left", clickCount=1)
    page.mouse("mouseMoved", 2, 2)


def test_dragging_zooms_and_the_zoom_outlives_a_new_look(line_page: Page) -> None:
    show(line_page, "signed")
    plot, whole = selector("signed", ".plot"), selector("signed", ".whole")
    there(line_page, plot + " .u-over")
    before = picture(line_page, plot)
    drag(line_page, plot + " .u-over", 0.25, 0.5)
    there(line_page, whole)
    zoomed = picture(line_page, plot)
    assert (zoomed != before).any()
    assert "step=" not in line_page.evaluate("location.hash"), "a drag chooses no step"

    assert re.search(r"zoom=1\d\d[^&]*%3A[23]\d\d[^&]*%3Astep", line_page.evaluate("location.hash"))
    charts = line_page.evaluate("document.querySelectorAll('.u-over').length")
    assert charts == line_page.evaluate("document.querySelectorAll('.whole').length"), "one zoom for all on this axis"

    line_page.press("t")
    line_page.settle()
    line_page.press("t")
    assert (picture(line_page, plot) == zoomed).all()
    line_page.press("r")
    there(line_page, whole, gone=True)
    assert (picture(line_page, plot) == before).all()

    drag(line_page, plot + " .u-over", 0.6, 0.9)
    line_page.click(whole)
    there(line_page, whole, gone=True)
    assert (picture(line_page, plot) == before).all()


def test_a_zoom_is_opened_from_the_address(chromium: Chromium, lines: str) -> None:
    page = chromium.open(f"{lines}#zoom=100:200:step")
    there(page, selector("negative", ".whole"))
    there(page, selector("negative", ".u-over"))
    page.settle()
    x, y = page.middle(selector("negative", ".u-over"))
    page.mouse("mouseMoved", x, y)
    wait_text(page, selector("negative", ".tip"), "step 150")
    assert [] == page.errors()
    page.close()


def test_zooming_by_keys_is_about_the_step(line_page: Page) -> None:
    show(line_page, "signed")
    there(line_page, selector("signed", ".u-over"))
    line_page.evaluate("document.querySelector('.step input').value = '300'")
    put(line_page, ".step input", "300", "change")
    line_page.evaluate(f"document.querySelector({json.dumps(selector('signed', 'header button'))}).focus()")
    line_page.press("+")
    line_page.press("+")
    there(line_page, selector("signed", ".whole"))
    assert line_page.evaluate(f"document.querySelector({json.dumps(selector('signed', '.marker'))}) !== null")
    for _ in range(3):
        line_page.press("-")
    there(line_page, selector("signed", ".whole"), gone=True)


def test_a_step_draws_no_line_again(line_page: Page) -> None:
    show(line_page, "signed")
    there(line_page, selector("signed", ".marker"))
    line_page.settle()
    at = f"document.querySelector({json.dumps(selector('signed', '.marker'))}).getBoundingClientRect().x"
    count, before = line_page.evaluate("window.cleared"), line_page.evaluate(at)
    for _ in range(8):
        line_page.press("ArrowLeft")
    line_page.settle()
    assert line_page.evaluate(at) < before - 20
    assert count == line_page.evaluate("window.cleared")
    markers = line_page.evaluate("[...document.querySelectorAll('.plot .marker')].length")
    assert markers == line_page.evaluate("document.querySelectorAll('.plot .u-over').length") > 3


def test_a_logarithm_says_what_it_leaves_out(line_page: Page) -> None:
    for key, count in (("signed", sum(math.sin(step / 5) <= 0 for step in range(STEPS))), ("negative", STEPS)):
        show(line_page, key)
        there(line_page, selector(key, ".u-over"))
        line_page.click(selector(key, ".log"))
        wait_text(line_page, selector(key, ".bad"), f"{count} ≤ 0 not drawn")


def test_points_between_gaps_are_seen(line_page: Page) -> None:
    """A line that is broken at every other step has no line at all: its points are dots, its gaps have marks."""
    show(line_page, "holes")
    plot = selector("holes", ".plot")
    there(line_page, plot + " .u-over")
    wait_text(line_page, selector("holes", ".bad"), "30 NaN")
    found = picture(line_page, plot)
    blue = (np.abs(found - [0, 114, 178]).max(axis=2) < 40).sum()
    red = (np.abs(found - [194, 41, 46]).max(axis=2) < 40).sum()
    assert blue > 30 * 8
    assert red > 30 * 4


def test_an_axis_of_few_values_keeps_all_points(line_page: Page) -> None:
    """Twenty steps of one epoch lie on one x: the line runs through all of them and not through the last alone."""
    put(line_page, "select.axis", "epoch", "change")
    show(line_page, "metric:noise")
    plot = selector("metric:noise", ".plot")
    there(line_page, plot + " .u-over")
    found = picture(line_page, plot)
    # The first epoch stands at the left edge, as a line from the least to the largest value of 20 steps.
    blue = (np.abs(found - [0, 114, 178]).max(axis=2) < 60).sum(axis=0)
    assert blue.max() > found.shape[0] * 0.25
    wait_text(line_page, ".scrubber", "epoch 2")


def test_an_axis_that_goes_back_is_said_to(line_page: Page) -> None:
    put(line_page, "select.axis", "zigzag", "change")
    show(line_page, "signed")
    wait_text(line_page, selector("signed", ".axis"), "x not ascending")
    there(line_page, selector("signed", ".u-over"))


def test_smoothing_stands_over_the_faint_line(line_page: Page) -> None:
    show(line_page, "metric:noise")
    plot = selector("metric:noise", ".plot")
    there(line_page, plot + " .u-over")
    full = (np.abs(picture(line_page, plot) - [0, 114, 178]).max(axis=2) < 24).sum()
    put(line_page, ".smooth input", "0.9")
    put(line_page, ".smooth input", "0.9", "change")
    found = picture(line_page, plot)
    strong = (np.abs(found - [0, 114, 178]).max(axis=2) < 24).sum()
    faint = ((found[..., 2] - found[..., 0] > 30) & (found[..., 0] > 120)).sum()
    assert 0 < strong < full * 0.8
    assert faint > strong


# --- comparing ---


def pinned(page: Page, key: str) -> None:
    page.press("Home")
    show(page, key)
    page.click(selector(key, "[aria-pressed][aria-label^=Pin]"))
    page.press("End")


def test_two_pins_are_compared_and_stand_in_the_address(chromium: Chromium, page: Page, every: str) -> None:
    pinned(page, "scene")
    page.click(selector("scene", "[aria-label^=Compare]"))
    wait_text(page, "dialog .pane:not(.now) .words", "a disc at step 0")
    wait_text(page, "dialog .now .words", "a disc at step 12")
    for _ in range(2):  # from 13, where other things were logged, over 12
        page.press("ArrowLeft")
    wait_text(page, "dialog .now .words", "a disc at step 8")
    page.press("p")
    page.press("End")
    page.settle()
    assert "a disc at step 8" == text(page, "dialog .now .words")
    address = page.evaluate("location.hash")
    assert "pin=0%3Ascene&pin=8%3Ascene" in address

    again = chromium.open(every + address.replace("#", "#compare=swipe&"))
    there(again, "dialog .layers")
    assert text(again, "dialog .heads p:first-child").startswith("Astep 0")
    assert "step 8" in text(again, "dialog .heads p:last-child")
    again.close()
    page.press("p")
    wait_text(page, "dialog .now .words", "a disc at step 12")


def test_pictures_are_swiped(page: Page) -> None:
    pinned(page, "scene")
    page.click(selector("scene", "[aria-label^=Compare]"))
    there(page, "dialog .now img")
    page.press("c")
    there(page, "dialog .layers")
    page.press("m")
    page.press("b")
    page.evaluate("document.querySelector('dialog .swipe input').focus()")
    found = {}
    for key in ("End", "Home"):
        page.press(key)
        found[key] = picture(page, "dialog .panes")
    assert "0" == page.evaluate("document.querySelector('dialog .swipe input').value")
    page.press("ArrowRight")
    assert "1" == page.evaluate("document.querySelector('dialog .swipe input').value"), "the keys of the slider move it"
    x, y = page.middle("dialog .panes")
    edge, _ = page.middle("dialog .edge")
    page.mouse("mousePressed", edge, y, button="left", clickCount=1)
    page.mouse("mouseMoved", x, y, button="left", buttons=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)
    assert page.evaluate("document.querySelector('dialog .swipe input').value") in ("50", "49", "51")
    # The two pictures are one photograph, so without their layers the swipe is seen nowhere but at its edge.
    middle = found["End"].shape[1] // 2
    assert (found["End"][:, middle - 50 : middle + 50] == found["Home"][:, middle - 50 : middle + 50]).all()
    page.press("m")
    page.evaluate("document.activeElement.blur()")
    page.press("m")
    page.evaluate("document.querySelector('dialog .swipe input').focus()")
    layered = {}
    for key in ("End", "Home"):
        page.press(key)
        layered[key] = picture(page, "dialog .panes")
    assert (layered["End"] != layered["Home"]).any()


def test_pictures_blink_and_can_be_stopped(page: Page) -> None:
    pinned(page, "scene")
    page.click(selector("scene", "[aria-label^=Compare]"))
    there(page, "dialog .now img")
    page.press("c")
    page.press("c")
    assert "compare=blink" in page.evaluate("location.hash")
    gone = "document.querySelector('dialog .now').classList.contains('gone')"
    page.wait(gone)
    page.wait(f"!{gone}")
    page.press("x")
    page.settle(0.1)
    front = page.evaluate(gone)
    page.settle(2.2)
    assert front == page.evaluate(gone), "by hand it stays"
    page.press("x")
    page.settle(0.1)
    assert front != page.evaluate(gone)


def test_nothing_blinks_for_who_wants_no_motion(chromium: Chromium, every: str) -> None:
    page = chromium.open(every)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    pinned(page, "scene")
    page.evaluate("location.hash = location.hash + '&compare=blink&open=scene'")
    there(page, "dialog .layers")
    gone = "document.querySelector('dialog .now').classList.contains('gone')"
    seen = set()
    for _ in range(6):
        page.settle(0.4)
        seen.add(page.evaluate(gone))
    assert {True} == seen
    page.press("x")
    page.settle(0.1)
    assert not page.evaluate(gone)
    assert [] == page.errors()
    page.close()


def test_zoom_is_one_for_both_sides(page: Page) -> None:
    pinned(page, "scene")
    page.click(selector("scene", "[aria-label^=Compare]"))
    there(page, "dialog .now img")
    x, y = page.middle("dialog .now .view")
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-400)
    page.wait("document.querySelectorAll('dialog .zoom').length === 2")
    assert 1 == page.evaluate("new Set([...document.querySelectorAll('dialog .zoom')].map((e) => e.textContent)).size")


def test_other_kinds_stand_side_by_side(page: Page) -> None:
    page.press("Home")
    show(page, "weights")
    choose(page, "weights", "Pin to this step")
    page.press("End")
    choose(page, "weights", "Compare with its pin")
    wait_text(page, "dialog .pane:not(.now)", "step 0")
    wait_text(page, "dialog .now", "step 12")
    assert page.evaluate("document.querySelector('dialog .toggle[aria-pressed]') === null"), "no swipe, no blink"
    page.press("Escape")
    there(page, "dialog", gone=True)


# --- everything by keys, and for everyone ---


def test_a_panel_fills_the_screen(page: Page) -> None:
    show(page, "roc")
    page.click(selector("roc", "[aria-label^='More for']"))
    entry = selector("roc", ".menu button:last-of-type")
    wait_text(page, entry, "Full screen")
    page.click(entry)
    page.wait("document.fullscreenElement?.dataset.panel === 'roc'")
    page.evaluate("document.exitFullscreen()")
    page.wait("document.fullscreenElement === null")


def test_the_menu_by_keys(page: Page) -> None:
    show(page, "metric:loss")
    there(page, selector("metric:loss", ".u-over"))
    page.evaluate(f"document.querySelector({json.dumps(selector('metric:loss', '[aria-label^=More]'))}).focus()")
    page.press("Enter")
    menu = f"document.querySelector({json.dumps(selector('metric:loss', '.menu'))})"
    page.wait(f"{menu}.matches(':popover-open') && {menu}.querySelector('button') !== null")
    assert page.evaluate("document.activeElement.textContent").startswith("Show data")
    page.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("Save as SVG")
    box = page.evaluate(
        f"(() => {{ const b = {menu}.getBoundingClientRect(); return [b.x, b.y, b.right, b.bottom]; }})()"
    )
    assert (box[0] >= 0, box[1] >= 0, box[2] <= 1440, box[3] <= 900) == (True,) * 4
    page.press("Escape")
    page.wait(f"!{menu}.matches(':popover-open')")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "More for metric:loss"


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_in_menus_tables_and_comparisons(
    chromium: Chromium, every: str, web: Path, dark: bool
) -> None:
    page = chromium.open(every, dark=dark)
    page.evaluate((web / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8") + ";1")
    for key in ("metric:loss", "weights", "roc", "plotly"):
        show(page, key)
        there(page, selector(key, ".waiting"), gone=True)
        page.settle()
        page.click(selector(key, "[aria-label^='More for']"))
        page.settle()
        assert [] == violations(page), f"menu of {key}"
        page.press("Escape")
        choose(page, key, "Show data")
        there(page, selector(key, ".data tbody td"))
        assert [] == violations(page), f"data of {key}"
    show(page, "broken")
    there(page, selector("broken", ".u-over"))
    page.click(selector("broken", ".log"))
    page.evaluate(f"document.querySelector({json.dumps(selector('broken', 'header button'))}).focus()")
    page.press("+")
    page.settle()
    assert [] == violations(page), "a chart that is zoomed and logarithmic"
    pinned(page, "scene")
    page.click(selector("scene", "[aria-label^=Compare]"))
    there(page, "dialog .now img")
    for mode in ("side", "swipe", "blink"):
        page.settle()
        assert [] == violations(page), mode
        page.press("c")
    assert [] == page.errors()
    page.close()
