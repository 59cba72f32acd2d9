"""3D in a real browser: many panels on one context, cameras that move together, every control of points and boxes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from chromium import Chromium, Page
from viewer_page.test_page import click_text, pixels, put, selector, show, text, there, wait_text

CORNERS = [[0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
MANY = 24
# Remembers every WebGL context that a page asks for, and can refuse further ones.
CONTEXTS = """
window.__contexts = []; window.__refuse = false;
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  if (!kind.startsWith('webgl')) return real.call(this, kind, ...rest);
  if (window.__refuse) return null;
  const made = real.call(this, kind, ...rest);
  if (made && !window.__contexts.includes(made)) window.__contexts.push(made);
  return made;
};
"""


def box(color: list[int], shift: float = 0.0) -> dict[str, Any]:
    corners = [[x + shift, y, z] for x, y, z in CORNERS]
    return {"type": "lidar/beta", "points": np.array([[-2.0, 0, 0], [3, 1, 1]], np.float32),
            "boxes": [{"corners": corners, "label": "car", "color": color}]}  # fmt: skip


@pytest.fixture(scope="module")
def spatial(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("spatial")
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 3))
    with medialog.init(dir=directory, id="spatial", quiet=True) as run:
        for step in range(2):
            run.log(
                {
                    "truth": medialog.Object3D(box([255, 0, 0])),
                    "guess": medialog.Object3D(box([0, 0, 255], 0.1)),
                    "large": medialog.Object3D(box([0, 160, 0]) | {"points": points.astype(np.float32) * 400}),
                    "category": medialog.Object3D(np.column_stack([points + step, 1 + np.arange(300) % 3])),
                    "colored": medialog.Object3D(np.column_stack([points, rng.integers(0, 256, (300, 3))])),
                    "mesh": medialog.Object3D(str(Path(__file__).parents[2] / "fixtures" / "media" / "solid.glb")),
                }
            )
        clouds = {
            f"many {i}": np.column_stack([rng.normal(size=(50, 3)), np.full(50, 1 + i % 14)]) for i in range(MANY)
        }
        run.log({key: medialog.Object3D(cloud) for key, cloud in clouds.items()}, step=2)
    return medialog.report(str(run.dir), directory / "report.html").path.as_uri()


@pytest.fixture
def page(chromium: Chromium, spatial: str) -> Iterator[Page]:
    opened = chromium.open(spatial, before=CONTEXTS)
    yield opened
    assert [] == opened.errors()
    opened.close()


def drawn(page: Page, key: str) -> str:
    """Show a panel, wait until it is drawn, and return the selector of its picture."""
    show(page, key)
    there(page, selector(key, ".host canvas"))
    there(page, selector(key, ".waiting"), gone=True)
    return selector(key, ".host canvas")


def drag(page: Page, css: str, across: int, down: int, **params: Any) -> None:
    x, y = page.middle(css)
    page.mouse("mousePressed", x, y, button="left", clickCount=1, **params)
    for part in (0.3, 0.6, 1.0):
        page.mouse("mouseMoved", x + across * part, y + down * part, button="left", buttons=1, **params)
    page.mouse("mouseReleased", x + across, y + down, button="left", clickCount=1, **params)


def moved(first: Any, second: Any) -> bool:
    return bool((np.abs(first - second).max(axis=2) > 40).mean() > 0.001)


def seen(page: Page, css: str) -> Any:
    """Return the pixels of a canvas, without what lies over it."""
    page.settle()
    address = page.evaluate(f"document.querySelector({json.dumps(css)}).toDataURL()")
    return pixels(base64.b64decode(address.partition(",")[2]))


def place_of(page: Page, css: str, color: list[int]) -> Any:
    """Return where a colour is seen: the middle of its pixels."""
    found = np.argwhere((np.abs(seen(page, css) - np.array(color)) < 60).all(axis=2))
    assert len(found) > 20, f"{color} is not seen"
    return found.mean(axis=0)


def test_many_panels_live_on_one_context(chromium: Chromium, spatial: str) -> None:
    page = chromium.open(spatial, before=CONTEXTS, height=6000)
    page.evaluate("document.getElementById('main').scrollTo(0, 0)")
    panels = "[...document.querySelectorAll('article[data-panel^=many]')]"
    live = "(panel) => panel.querySelector('.host canvas') && !panel.querySelector('.waiting')"
    page.wait(f"{panels}.filter({live}).length === {MANY}")
    page.settle()
    blank = page.evaluate(
        f"{panels}.filter((panel) => {{ const c = panel.querySelector('.host canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " return new Set(new Uint32Array(d.buffer)).size < 2; }).map((panel) => panel.dataset.panel)"
    )
    assert [] == blank
    assert 1 == page.evaluate("window.__contexts.filter((one) => !one.isContextLost()).length")
    assert [] == page.errors()
    page.close()


def test_linked_cameras_move_together(page: Page) -> None:
    keys = ("truth", "guess", "large")
    canvases = {key: drawn(page, key) for key in keys}
    show(page, "truth")
    before = {key: seen(page, css) for key, css in canvases.items()}

    drag(page, canvases["truth"], 60, 20)
    alone = {key: seen(page, css) for key, css in canvases.items()}
    assert [True, False, False] == [moved(before[key], alone[key]) for key in keys]

    for key in ("truth", "guess", "large"):
        page.click(selector(key, "[aria-label='Link cameras']"))
    there(page, selector("large", "[aria-label='Link cameras'][aria-pressed=true]"))
    joined = {key: seen(page, css) for key, css in canvases.items()}
    assert [False, True, True] == [moved(alone[key], joined[key]) for key in keys]

    drag(page, canvases["guess"], -80, 10)
    after = {key: seen(page, css) for key, css in canvases.items()}
    assert all(moved(joined[key], after[key]) for key in keys)
    # The two show the same place from the same side: what is nearly at one place is seen nearly there in both.
    assert (
        np.abs(place_of(page, canvases["truth"], [255, 0, 0]) - place_of(page, canvases["guess"], [0, 0, 255])).max()
        < 12
    )

    page.click(selector("truth", "[aria-label='Link cameras']"))
    drag(page, canvases["truth"], 30, 30)
    assert not moved(after["guess"], seen(page, canvases["guess"]))


def test_the_camera_of_a_key_is_kept_over_steps(page: Page) -> None:
    page.press("Home")
    css = drawn(page, "truth")
    page.settle()
    home = seen(page, css)
    drag(page, css, 70, 30)
    turned = seen(page, css)
    assert moved(home, turned)
    page.press("End")
    wait_text(page, selector("truth", ".chip"), "step 1")
    assert not moved(turned, seen(page, css))


def test_it_turns_moves_and_zooms_by_mouse_keys_and_buttons(page: Page) -> None:
    css = drawn(page, "truth")
    home = seen(page, css)
    at = place_of(page, css, [255, 0, 0])
    drag(page, css, 40, 0, modifiers=2)
    shifted = place_of(page, css, [255, 0, 0])
    assert np.abs(shifted - at - [0, 40]).max() < 6, "Ctrl-drag moves by what the mouse moves"
    page.press("r")
    assert not moved(home, seen(page, css))

    for name in ("Nearer", "Farther"):
        page.click(selector("truth", f"[aria-label='{name}']"))
        changed = seen(page, css)
        assert moved(home, changed), name
        page.click(selector("truth", "[aria-label='Reset the camera']"))
        assert not moved(home, seen(page, css))

    page.evaluate(f"document.querySelector({json.dumps(selector('truth', '.pick'))}).focus()")
    step = page.evaluate("location.hash")
    while page.evaluate("document.activeElement.tagName") != "CANVAS":
        page.press("Tab", shift=True)
    for key in ("ArrowRight", "ArrowUp", "+", "-"):
        before = seen(page, css)
        page.press(key)
        assert moved(before, seen(page, css)), key
    assert step == page.evaluate("location.hash"), "the page's step stays"
    page.press("r")
    assert not moved(home, seen(page, css))


def test_a_box_has_its_edges_its_label_and_a_colour_that_exists(page: Page) -> None:
    css = drawn(page, "truth")
    assert "car" == page.evaluate(f"document.querySelector({json.dumps(selector('truth', '.host span'))}).textContent")
    red = (np.abs(seen(page, css) - np.array([255, 0, 0])) < 60).all(axis=2)
    # Twelve edges of a cube: thin lines that span its whole silhouette, and no diagonal through its middle.
    rows, columns = np.nonzero(red)
    height, width = np.ptp(rows), np.ptp(columns)
    assert min(height, width) > 25
    assert red.sum() < 0.25 * height * width
    wait_text(page, selector("truth", ".note"), "2 points · 1 box")


def test_points_are_coloured_sized_and_chosen(page: Page) -> None:
    css = drawn(page, "category")
    assert ["category", "height", "plain"] == page.evaluate(
        f"[...document.querySelector({json.dumps(selector('category', 'select'))}).options].map((one) => one.value)"
    )
    chips = "button.toggle[aria-pressed][title$=points]"
    assert ["1", "2", "3"] == page.evaluate(
        f"[...document.querySelectorAll({json.dumps(selector('category', chips))})].map((one) => one.textContent)"
    )
    assert page.evaluate(f"document.querySelector({json.dumps(selector('category', chips))}).title") == "100 points"
    before = seen(page, css)
    click_text(page, selector("category", chips), "2")
    hidden = seen(page, css)
    orange = (np.abs(before - np.array([213, 94, 0])) < 40).all(axis=2).sum()
    assert orange > 50
    assert not (np.abs(hidden - np.array([213, 94, 0])) < 40).all(axis=2).any()
    click_text(page, selector("category", chips), "2")
    put(page, selector("category", "input[aria-label='Size of the points']"), "4")
    assert (np.abs(seen(page, css) - np.array([213, 94, 0])) < 40).all(axis=2).sum() > 2 * orange
    put(page, selector("category", "select"), "height", "change")
    tall = seen(page, css)
    assert not (np.abs(tall - np.array([213, 94, 0])) < 20).all(axis=2).any()
    there(page, selector("category", chips), gone=True)
    wait_text(page, selector("category", ".note"), "300 points")
    drawn(page, "colored")
    assert "rgb" == page.evaluate(f"document.querySelector({json.dumps(selector('colored', 'select'))}).value")


def test_a_lost_context_comes_back_or_says_so(page: Page) -> None:
    css = drawn(page, "truth")
    before = seen(page, css)
    newest = "window.__contexts.filter((one) => !one.isContextLost()).at(-1)"
    lose = f"{newest}.getExtension('WEBGL_lose_context').loseContext()"
    page.evaluate(lose)
    page.settle()
    assert not moved(before, seen(page, css))
    drag(page, css, 60, 0)
    assert moved(before, seen(page, css))

    page.evaluate(f"window.__refuse = true; {lose}")
    wait_text(page, selector("truth"), "The browser took WebGL away")
    last = seen(page, css)
    assert (np.abs(last - np.array([255, 0, 0])) < 60).all(axis=2).any(), "the last picture stays"
    page.evaluate("window.__refuse = false")
    click_text(page, selector("truth", "button"), "try again")
    page.wait(f"!document.querySelector({json.dumps(selector('truth'))}).textContent.includes('took WebGL away')")
    assert "" == text(page, selector("truth", ".trouble"))
