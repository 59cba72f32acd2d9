"""The page in a real browser: every panel is drawn, the step moves all of them, and every control does what it says."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chromium import Chromium, Page

DRAWN = (
    ".view img, video, .stage canvas, .host canvas, .host svg, .uplot, .wave canvas, .note, tbody td, iframe, .text,"
    " .json, .tensor, .bars i"
)


@pytest.fixture
def page(chromium: Chromium, every: str) -> Iterator[Page]:
    opened = chromium.open(every)
    yield opened
    assert [] == opened.errors()
    assert [] == opened.requests()
    opened.close()


def selector(key: str, inside: str = "") -> str:
    return f"article[data-panel={json.dumps(key)}] {inside}".strip()


def show(page: Page, key: str) -> None:
    page.evaluate(f"document.querySelector({json.dumps(selector(key))}).scrollIntoView({{block: 'center'}})")
    page.wait(f"document.querySelector({json.dumps(selector(key, '.body'))}).childElementCount > 0")


def there(page: Page, css: str, *, gone: bool = False) -> None:
    """Wait until a selector finds something, or no longer does."""
    page.wait(f"(document.querySelector({json.dumps(css)}) === null) === {json.dumps(gone)}")


def put(page: Page, css: str, value: str, event: str = "input") -> None:
    """Give a control a value, as its user would."""
    page.evaluate(
        f"(() => {{ const e = document.querySelector({json.dumps(css)}); e.value = {json.dumps(value)};"
        f" e.dispatchEvent(new Event({json.dumps(event)}, {{bubbles: true}})); }})()"
    )


def text(page: Page, css: str) -> str:
    value: str = page.evaluate(f"document.querySelector({json.dumps(css)})?.textContent?.trim() ?? ''")
    return value


def wait_text(page: Page, css: str, wanted: str) -> None:
    page.wait(f"(document.querySelector({json.dumps(css)})?.textContent ?? '').includes({json.dumps(wanted)})")


def pixels(png: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def picture(page: Page, css: str) -> Any:
    page.settle()
    return pixels(page.picture_of(css))


def different(first: Any, second: Any) -> list[list[int]]:
    """Return the corners of the region in which two pictures differ visibly; empty when they do not.

    A browser that draws in software rounds a blended pixel one way or the other: one or two levels are no difference.
    """
    places = np.argwhere((np.abs(first - second) > 8).any(axis=2))
    return [places.min(axis=0).tolist(), places.max(axis=0).tolist()] if len(places) else []


def click_text(page: Page, css: str, label: str) -> None:
    found = (
        f"[...document.querySelectorAll({json.dumps(css)})].find((e) => e.textContent.trim() === {json.dumps(label)})"
    )
    page.evaluate(f"{found}.click()")


def test_every_panel_is_drawn(page: Page) -> None:
    keys = page.evaluate("[...document.querySelectorAll('article[data-panel]')].map((panel) => panel.dataset.panel)")
    assert len(keys) > 50
    for key in keys:
        show(page, key)
        page.wait(f"document.querySelector({json.dumps(selector(key))}).querySelector({json.dumps(DRAWN)}) !== null")
        there(page, selector(key, ".waiting"), gone=True)
        assert "" == text(page, selector(key, ".trouble")), key
    for key in (
        "scene",
        "file.solid glb",
        "cloud",
        "lidar",
        "file.molecule mmtf",
        "roc",
        "plotly",
        "metric:loss",
        "weights",
        "file.clip mp4",
    ):
        show(page, key)
        found = picture(page, selector(key, ".body"))
        assert len(np.unique(found.reshape(-1, 3), axis=0)) > 8, f"{key} is blank"


def test_the_step_moves_all_panels(page: Page) -> None:
    show(page, "scene")
    page.press("Home")
    wait_text(page, selector("scene", ".words"), "a disc at step 0")
    assert "step 0" == text(page, selector("scene", ".chip"))
    assert "step=0" in page.evaluate("location.hash")
    page.press("ArrowRight")
    wait_text(page, selector("scene", ".words"), "a disc at step 4")
    show(page, "words")
    wait_text(page, selector("words"), "answer of step 4")
    show(page, "roc")
    wait_text(page, selector("roc"), "First logged at step 13")

    put(page, ".step input", "7", "change")
    show(page, "scene")
    assert "step 4" == text(page, selector("scene", ".chip"))
    assert page.evaluate(f"document.querySelector({json.dumps(selector('scene', '.chip'))}).classList.contains('held')")
    assert "step=7" in page.evaluate("location.hash")
    page.press("ArrowLeft")
    assert "step=4" in page.evaluate("location.hash")
    page.press("End")
    assert "step" not in page.evaluate("location.hash")
    wait_text(page, selector("scene", ".words"), "a disc at step 12")


def test_a_pinned_panel_stays_at_its_step(page: Page) -> None:
    show(page, "scene")
    page.press("Home")
    wait_text(page, selector("scene", ".words"), "step 0")
    page.click(selector("scene", "[aria-pressed][aria-label^=Pin]"))
    page.press("End")
    page.settle()
    assert "a disc at step 0" == text(page, selector("scene", ".words"))
    assert "pin=0" in page.evaluate("location.hash")
    page.click(selector("scene", "[aria-label^=Open]"))
    wait_text(page, "dialog .now .words", "a disc at step 12")


@pytest.mark.parametrize("button", ["truth", "guess", "labels", "difference", "disc2", "bar2"])
def test_toggles_of_an_image_change_its_pixels(page: Page, button: str) -> None:
    show(page, "scene")
    page.press("Home")
    there(page, selector("scene", "img[alt='a disc at step 0']"))
    before = picture(page, selector("scene", ".view"))

    click_text(page, selector("scene", ".controls button"), button)

    assert [] != different(picture(page, selector("scene", ".view")), before)
    click_text(page, selector("scene", ".controls button"), button)
    assert [] == different(picture(page, selector("scene", ".view")), before)


def test_the_difference_of_two_masks_is_red_where_they_differ(page: Page) -> None:
    show(page, "scene")
    page.press("Home")
    there(page, selector("scene", "img[alt='a disc at step 0']"))
    page.press("b")
    page.press("m")
    bare = picture(page, selector("scene", ".view"))
    page.press("d")
    found = picture(page, selector("scene", ".view"))
    changed = (np.abs(found - bare).max(axis=2) > 20).mean()
    red = (np.abs(found - np.array([232, 52, 78])).max(axis=2) < 40) & (np.abs(found - bare).max(axis=2) > 20)
    assert 0.01 < red.mean() < changed
    page.press("m")
    assert [] == different(picture(page, selector("scene", ".view")), bare)


def test_a_score_hides_boxes(page: Page) -> None:
    show(page, "scene")
    boxes = f"document.querySelectorAll({json.dumps(selector('scene', '.boxes rect'))}).length"
    page.wait(f"{boxes} === 4")
    put(page, selector("scene", "input[aria-label^=confidence]"), "0.5")
    page.wait(f"{boxes} === 2")
    page.click(selector("scene", ".side"))
    put(page, selector("scene", "input[aria-label^=confidence]"), "0.5")
    page.wait(f"{boxes} === 2")


def test_pixels_are_read_and_zoomed(page: Page) -> None:
    show(page, "scene")
    there(page, selector("scene", ".view img"))
    page.settle()
    x, y = page.middle(selector("scene", ".view"))
    page.mouse("mouseMoved", x, y)
    there(page, selector("scene", ".readout"))
    assert "truth: " in text(page, selector("scene", ".readout"))
    before = picture(page, selector("scene", ".view"))
    for _ in range(2):
        page.mouse("mousePressed", x, y, button="left", clickCount=2)
        page.mouse("mouseReleased", x, y, button="left", clickCount=2)
        if page.evaluate(f"document.querySelector({json.dumps(selector('scene', '.zoom'))}) !== null"):
            break
    assert (picture(page, selector("scene", ".view")) != before).any()
    page.press("r")
    there(page, selector("scene", ".zoom"), gone=True)


def test_a_gallery_opens_an_image(page: Page) -> None:
    show(page, "grid")
    there(page, selector("grid", "li:nth-child(3) img"))
    page.click(selector("grid", "li:nth-child(3) button"))
    wait_text(page, "dialog .caption", "tile 2")
    page.click("dialog [aria-label='Next image']")
    wait_text(page, "dialog .caption", "tile 3")
    assert "open=grid" in page.evaluate("location.hash")
    page.press("Escape")
    page.wait("document.querySelector('dialog') === null")


@pytest.mark.parametrize("key", ["file.clip gif", "file.clip mp4", "file.clip webm", "file.clip ogg"])
def test_frames_are_stepped(page: Page, key: str) -> None:
    show(page, key)
    there(page, selector(key, ".stage video, .stage canvas"))
    page.settle(0.6)
    before = picture(page, selector(key, ".stage"))
    for _ in range(2):
        page.click(selector(key, "[aria-label='Next frame']"))
    assert "3/4" == text(page, selector(key, ".controls output"))
    page.settle(0.6)
    assert (np.abs(picture(page, selector(key, ".stage")) - before) > 24).any()


def test_a_table_is_sorted_filtered_and_holds_few_rows(page: Page) -> None:
    show(page, "big table")
    there(page, selector("big table", "tbody td"))
    rows = json.dumps(selector("big table", "tbody tr"))
    assert page.evaluate(f"document.querySelectorAll({rows}).length") < 60
    assert 5001 == page.evaluate(
        f"Number(document.querySelector({json.dumps(selector('big table', 'table'))}).ariaRowCount)"
    )
    for _ in range(2):
        page.click(selector("big table", "th:nth-child(2) button"))
    wait_text(page, selector("big table", "tbody tr td:nth-child(2)"), "4999")
    page.evaluate(f"document.querySelector({json.dumps(selector('big table', '.box'))}).scrollTo(0, 1e7)")
    page.wait(f"[...document.querySelectorAll({rows})].at(-1).cells[1].textContent.trim() === '0'")
    put(page, selector("big table", ".search input"), "4321")
    wait_text(page, selector("big table", ".count"), "1 of 5,000")

    show(page, "table")
    page.click(selector("table", "tbody tr:nth-child(2) td button"))
    page.wait("document.querySelector('dialog .view img') !== null")


def test_charts_choose_the_step(page: Page) -> None:
    show(page, "metric:loss")
    there(page, selector("metric:loss", ".u-over"))
    page.settle()
    page.click(selector("metric:loss", ".u-over"))
    assert page.evaluate("Number(new URLSearchParams(location.hash.slice(1)).get('step'))") in (6, 7)
    page.press("End")
    show(page, "weights")
    page.click(selector("weights", ".heat"))
    assert page.evaluate("Number(new URLSearchParams(location.hash.slice(1)).get('step'))") in (6, 7)
    show(page, "broken")
    wait_text(page, selector("broken", ".bad"), "2 NaN, 4 infinite")


def test_lines_are_smoothed_logarithmic_and_on_another_axis(page: Page) -> None:
    show(page, "metric:loss")
    plot = selector("metric:loss", ".plot")
    there(page, plot + " .u-over")
    before = picture(page, plot)
    page.click(selector("metric:loss", ".log"))
    logarithmic = picture(page, plot)
    assert (logarithmic != before).any()
    put(page, ".smooth input", "0.9")
    put(page, ".smooth input", "0.9", "change")
    smoothed = picture(page, plot)
    assert (smoothed != logarithmic).any()
    put(page, "select.axis", "epoch", "change")
    page.settle()
    assert (picture(page, plot) != smoothed).any()
    assert {"smooth=0.9", "x=epoch"} <= set(page.evaluate("location.hash.slice(1)").split("&"))
    wait_text(page, ".scrubber", "epoch 3")


def test_a_3d_view_turns_and_keeps_its_camera(page: Page) -> None:
    show(page, "cloud")
    canvas = selector("cloud", ".host canvas")
    there(page, canvas)
    there(page, selector("cloud", ".waiting"), gone=True)
    before = picture(page, canvas)
    x, y = page.middle(canvas)
    page.mouse("mousePressed", x, y, button="left", clickCount=1)
    for by in (20, 40, 60):
        page.mouse("mouseMoved", x + by, y + by // 2, button="left", buttons=1)
    page.mouse("mouseReleased", x + 60, y + 30, button="left", clickCount=1)
    turned = picture(page, canvas)
    assert (turned != before).any()
    page.evaluate("document.getElementById('main').scrollTo(0, 0)")
    there(page, canvas, gone=True)
    show(page, "cloud")
    there(page, canvas)
    there(page, selector("cloud", ".waiting"), gone=True)
    assert (np.abs(picture(page, canvas) - turned).max(axis=2) > 40).mean() < 0.01
    page.press("r")
    assert (np.abs(picture(page, canvas) - before).max(axis=2) > 40).mean() < 0.01


def test_a_logged_page_runs_in_a_frame_without_rights(page: Page) -> None:
    show(page, "file.page html")
    page.wait("document.querySelector('iframe') !== null")
    assert "allow-scripts" == page.evaluate("document.querySelector('iframe').getAttribute('sandbox')")
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None


def test_the_address_holds_the_state(chromium: Chromium, every: str) -> None:
    page = chromium.open(f"{every}#step=4&q=scene&theme=dark&group=none")
    assert "dark" == page.evaluate("document.documentElement.dataset.theme")
    assert ["scene"] == page.evaluate("[...document.querySelectorAll('article')].map((panel) => panel.dataset.panel)")
    wait_text(page, selector("scene", ".words"), "a disc at step 4")
    page.close()


def test_keys(page: Page) -> None:
    page.press("?")
    page.wait("document.querySelector('dialog dl') !== null")
    page.press("Escape")
    page.wait("document.querySelector('dialog') === null")
    page.press("t")
    assert "dark" == page.evaluate("document.documentElement.dataset.theme")
    page.press("/")
    assert "filter" == page.evaluate("document.activeElement.id")
    for letter in "zzz":
        page.press(letter)
    wait_text(page, ".nothing", "No panel matches “zzz”")
    page.click(".nothing button")
    page.wait("document.querySelectorAll('article').length > 50")
    page.press("g")
    assert "Samples" not in page.evaluate("document.activeElement.textContent")
    page.press("Space")
    page.wait("document.querySelector('[aria-label=Pause]') !== null")


def test_panels_far_away_are_not_there(page: Page) -> None:
    assert (
        page.evaluate("[...document.querySelectorAll('article .body')].filter((body) => body.childElementCount).length")
        < 20
    )
    show(page, "weights")
    page.settle()
    assert 0 == page.evaluate(f"document.querySelector({json.dumps(selector('scene', '.body'))}).childElementCount")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(chromium: Chromium, every: str, web: Path, dark: bool) -> None:
    page = chromium.open(every, dark=dark)
    page.evaluate((web / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8") + ";1")
    for key in (
        "scene",
        "file.clip mp4",
        "file.sound wav",
        "cloud",
        "file.molecule pdb",
        "roc",
        "metric:loss",
        "weights",
        "table",
        "words",
    ):
        show(page, key)
        page.settle(0.5)
        assert [] == violations(page), key
    page.evaluate("document.getElementById('section-config').scrollIntoView()")
    assert [] == violations(page)
    show(page, "scene")
    page.click(selector("scene", "[aria-label^=Open]"))
    page.settle()
    assert [] == violations(page)
    page.close()


def violations(page: Page) -> list[str]:
    found = page.evaluate("axe.run(document, {iframes: false}).then((result) => result.violations)")
    return [
        f"{one['id']}: {one['nodes'][0]['html']} {one['nodes'][0].get('failureSummary', '')}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [320, 768, 1440, 2400])
def test_no_width_is_too_narrow(chromium: Chromium, every: str, width: int) -> None:
    page = chromium.open(every, width=width)
    page.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.getElementById('main').scrollWidth <= document.getElementById('main').clientWidth")
    page.close()


def test_it_opens_and_steps_fast(chromium: Chromium, every: str) -> None:
    started = time.perf_counter()
    page = chromium.open(every)
    page.wait("document.querySelector('.view img') !== null")
    opened = time.perf_counter() - started
    steps = page.evaluate(
        "(async () => { const times = []; for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'End']) {"
        " const at = performance.now();"
        " document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));"
        " await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
        " times.push(performance.now() - at); } return times; })()"
    )
    page.close()
    print(f"opened in {opened:.2f} s; steps in {', '.join(f'{one:.0f} ms' for one in steps)}")
    assert opened < 15, "an order of magnitude above what it takes on a quiet machine"
