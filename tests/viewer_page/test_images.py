"""Images, masks and boxes in a real browser: exact pixels, every layer, any two masks compared, galleries in rows."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import medialog
from chromium import Chromium, Page
from viewer_page.test_page import click_text, different, picture, put, selector, show, text, there, wait_text

CLASSES = {0: "background", 1: "disc", 2: "bar"}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
COLOURS = {1: (213, 94, 0), 2: (0, 158, 115)}
Array = np.ndarray[Any, Any]
Y, X = np.mgrid[0:30, 0:40]


def ids(shift: int = 0) -> Array:
    mask: Array = ((X - 12 - shift) ** 2 + (Y - 15) ** 2 < 40).astype(np.uint8)
    mask[20:28, 28:38] = 2
    return mask


def interlaced(mask: Array) -> bytes:
    """Return a grey PNG whose rows come in the seven passes of Adam7, each by another filter."""
    rows = b""
    for left, top, across, down in PASSES:
        part = mask[top::down, left::across].astype(int)
        before = np.zeros(part.shape[1], int)
        for number, row in enumerate(part):
            kind = number % 3
            guess = (np.zeros_like(row), np.concatenate([[0], row[:-1]]), before)[kind]
            if part.size:
                rows += bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes()
            before = row

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = mask.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    pieces = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces)


def boxes(score: float) -> dict[str, Any]:
    return {
        "box_data": [
            {"position": {"minX": 0.1, "maxX": 0.4, "minY": 0.1, "maxY": 0.5}, "class_id": 1, "scores": {"p": score}},
            {"position": {"middle": [0.8, 0.8], "width": 0.2, "height": 0.3}, "class_id": 2, "box_caption": "a bar"},
        ],
        "class_labels": CLASSES,
    }  # fmt: skip


def masked(**layers: Any) -> dict[str, Any]:
    return {name: {"mask_data": data, "class_labels": CLASSES} for name, data in layers.items()}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("images")
    photo = np.stack([X * 6, Y * 8, np.full_like(X, 200)], axis=2).astype(np.uint8)
    adam = directory / "adam7.png"
    adam.write_bytes(interlaced(ids()))
    assert (np.asarray(Image.open(adam)) == ids()).all(), "the writer of this test is right"
    pixel_box = {"position": {"minX": 10, "maxX": 90, "minY": 5, "maxY": 50}, "domain": "pixel", "class_id": 1}
    with medialog.init(dir=directory, id="images", quiet=True) as run:
        run.log(
            {
                "adam7": medialog.Image(photo, masks={"m": {"path": str(adam), "class_labels": CLASSES}}),
                "three": medialog.Image(photo, masks=masked(truth=ids(), early=ids(8), late=ids())),
                "unnamed": medialog.Image(photo, masks={"m": {"mask_data": ids()}}),
                "classes of it": medialog.Image(
                    photo, classes=[{"id": 1, "name": "round"}], boxes={"b": {"box_data": boxes(0.5)["box_data"]}}
                ),
                "mask": medialog.ImageMask({"mask_data": ids(), "class_labels": CLASSES}),
                "boxes": medialog.BoundingBoxes2D(boxes(0.4)),
                "pixel boxes": medialog.BoundingBoxes2D({"box_data": [pixel_box], "class_labels": CLASSES}),
                "classes": medialog.Classes([{"id": 1, "name": "round"}, {"id": 40, "name": "flat"}]),
                "many": [
                    medialog.Image(np.full((6, 8), 2 * i, np.uint8), caption=f"tile {i}", boxes={"b": boxes(i / 50)})
                    for i in range(50)
                ],
                "two masks": [medialog.ImageMask({"mask_data": ids(4 * i), "class_labels": CLASSES}) for i in range(2)],
            }
        )
    return medialog.report(str(run.dir), directory / "report.html").path.as_uri()


@pytest.fixture
def page(chromium: Chromium, images: str) -> Iterator[Page]:
    opened = chromium.open(images)
    yield opened
    assert [] == opened.errors()
    opened.close()


def canvas(page: Page, key: str, number: int = 0) -> Array:
    """Return the RGBA of a layer as the page holds it."""
    css = json.dumps(selector(key, ".view canvas"))
    page.wait(f"document.querySelectorAll({css}).length > {number}")
    address = page.evaluate(f"document.querySelectorAll({css})[{number}].toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGBA"))


@pytest.mark.parametrize("key", ["adam7", "mask", "unnamed"])
def test_a_mask_is_drawn_pixel_by_pixel(page: Page, key: str) -> None:
    show(page, key)
    drawn = canvas(page, key)
    assert ids().shape == drawn.shape[:2]
    assert ((drawn[..., 3] == 255) == (ids() > 0)).all(), "the ground is clear"
    for number, colour in COLOURS.items():
        assert (drawn[ids() == number][:, :3] == colour).all()
    assert "" == text(page, selector(key, ".trouble"))


def test_a_mask_alone_has_its_classes_and_lies_over_its_grey_picture(page: Page) -> None:
    show(page, "mask")
    toggles = json.dumps(selector("mask", ".toggle"))
    chips = f"[...document.querySelectorAll({toggles})].map((one) => one.textContent.trim())"
    page.wait(f"{chips}.length > 3")
    covered = [f"{100 * (ids() == number).mean():.2g}" for number in range(3)]
    expected = ["mask", *(f"{CLASSES[number]}{covered[number]} %" for number in range(3))]
    assert expected == page.evaluate(chips)
    there(page, selector("mask", ".view img[alt='40 × 30 mask']"))
    click_text(page, selector("mask", ".toggle"), "mask")
    there(page, selector("mask", ".view canvas"), gone=True)
    show(page, "two masks")
    page.wait(f"document.querySelectorAll({json.dumps(selector('two masks', 'li canvas'))}).length === 2")


def test_boxes_alone_lie_in_an_empty_frame_of_their_domain(page: Page) -> None:
    show(page, "boxes")
    there(page, selector("boxes", "rect"))
    place = (
        '((key) => { const of = (css) => document.querySelector(`article[data-panel="${key}"] ${css}`);'
        " const [f, b] = [of('.framed').getBoundingClientRect(), of('rect').getBoundingClientRect()];"
        " const [left, top] = [(b.x - f.x) / f.width, (b.y - f.y) / f.height];"
        " return [left, top, b.width / f.width, b.height / f.height, f.width / f.height]; })"
    )
    assert np.allclose([0.1, 0.1, 0.3, 0.4, 1], page.evaluate(f"{place}('boxes')"), atol=0.02)
    show(page, "pixel boxes")
    there(page, selector("pixel boxes", "rect"))
    found = page.evaluate(f"{place}('pixel boxes')")
    assert np.allclose([10 / 90, 5 / 50, 80 / 90, 45 / 50, 90 / 50], found, atol=0.02)
    x, y = page.middle(selector("pixel boxes", ".framed"))
    page.mouse("mouseMoved", x, y)
    page.wait(
        f"/^4[45], 2[45]$/.test(document.querySelector({json.dumps(selector('pixel boxes', '.readout'))}).textContent)"
    )


def test_classes_alone_are_a_list_with_colours(page: Page) -> None:
    show(page, "classes")
    there(page, selector("classes", "li"))
    rows = f"[...document.querySelectorAll({json.dumps(selector('classes', 'li'))})]"
    assert ["1round", "40flat"] == page.evaluate(f"{rows}.map((one) => one.textContent.trim())")
    colours = page.evaluate(f"{rows}.map((one) => getComputedStyle(one.firstElementChild).backgroundColor)")
    assert ["rgb(213, 94, 0)", "rgb(112, 128, 144)"] == colours
    show(page, "classes of it")
    wait_text(page, selector("classes of it", ".label"), "round")


def test_any_two_masks_are_compared(page: Page) -> None:
    show(page, "three")
    canvas(page, "three", 2)
    click_text(page, selector("three", "button"), "difference")
    page.wait(f"document.querySelectorAll({json.dumps(selector('three', '.view canvas'))}).length === 1")

    def red() -> Array:
        page.settle()
        drawn = canvas(page, "three").astype(int)
        return (drawn[..., 0] > 200) & (drawn[..., 1] < 90) & (drawn[..., 3] > 200)

    assert (red() == (ids() != ids(8))).all()
    share = 100 * (ids() != ids(8)).mean()
    wait_text(page, selector("three", ".view"), f"truth and early differ in {share:.3g} % of the pixels")
    put(page, selector("three", "select[aria-label^=Second]"), "late", "change")
    wait_text(page, selector("three", ".view"), "truth and late differ in 0 %")
    assert not red().any()
    put(page, selector("three", "select[aria-label^=First]"), "early", "change")
    wait_text(page, selector("three", ".view"), "early and late differ")
    assert (red() == (ids() != ids(8))).all()
    put(page, selector("three", "select[aria-label^=First]"), "late", "change")
    wait_text(page, selector("three", ".view"), "late and early differ")


def test_zoomed_pixels_are_exact_and_read(page: Page) -> None:
    show(page, "adam7")
    canvas(page, "adam7")
    page.press("m")
    page.click(selector("adam7", "[aria-label^=Open]"))
    there(page, "dialog .view img")
    page.settle()
    view = "dialog .view"
    x, y = page.middle(view)
    for _ in range(12):
        page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-240)
    page.wait("document.querySelector('dialog .zoom')?.textContent.includes('%')")
    page.mouse("mouseMoved", x + 1, y + 1)
    page.wait("document.querySelector('dialog output.readout') !== null")
    across, down = (int(part) for part in text(page, "dialog .readout").split("·")[0].split(","))
    assert f"{across * 6} {down * 8} 200" in text(page, "dialog .readout")
    assert f"m: {CLASSES[int(ids()[down, across])]}" in text(page, "dialog .readout")
    middle = picture(page, view)
    inner = middle[len(middle) // 2 - 60 : len(middle) // 2 + 60, middle.shape[1] // 2 - 60 : middle.shape[1] // 2 + 60]
    colours = {tuple(one) for one in inner.reshape(-1, 3)}
    assert all(r % 6 == 0 and g % 8 == 0 and b == 200 for r, g, b in colours), "no blended pixel"

    page.mouse("mousePressed", x, y, button="left", clickCount=1)
    page.mouse("mouseMoved", x + 240, y, button="left", buttons=1)
    page.mouse("mouseReleased", x + 240, y, button="left", clickCount=1)
    page.mouse("mouseMoved", x + 241, y + 1)
    assert [] != different(picture(page, view), middle)
    assert text(page, "dialog .readout").startswith(f"{across}, {down} "), "the pixel went with the mouse"


def test_a_picture_is_zoomed_by_keys_and_buttons(page: Page) -> None:
    show(page, "adam7")
    canvas(page, "adam7")
    width = f"document.querySelector({json.dumps(selector('adam7', '.picture'))}).getBoundingClientRect().width"
    left = f"document.querySelector({json.dumps(selector('adam7', '.picture'))}).getBoundingClientRect().x"
    fitted = page.evaluate(width)
    page.evaluate(f"document.querySelector({json.dumps(selector('adam7', '.view'))}).focus()")
    page.press("+")
    page.wait(f"Math.abs({width} - {1.5 * fitted}) < 1")
    at = page.evaluate(left)
    page.press("ArrowRight")
    page.wait(f"{left} < {at} - 40")
    page.press("-")
    page.wait(f"Math.abs({width} - {fitted}) < 1")
    for _ in range(2):
        page.click(selector("adam7", "[aria-label='Zoom in']"))
    page.wait(f"Math.abs({width} - {2.25 * fitted}) < 1")
    page.click(selector("adam7", "[aria-label='Zoom out']"))
    page.wait(f"Math.abs({width} - {1.5 * fitted}) < 1")
    page.click(selector("adam7", "[aria-label='Fit']"))
    page.wait(f"Math.abs({width} - {fitted}) < 1")
    assert "" == page.evaluate("location.hash"), "arrows moved the picture and not the page"


def test_a_gallery_holds_what_is_in_sight_and_filters_all_of_it(page: Page) -> None:
    show(page, "many")
    tiles = f"[...document.querySelectorAll({json.dumps(selector('many', 'li'))})]"
    page.wait(f"{tiles}.length > 3")
    assert page.evaluate(f"{tiles}.length") < 40
    assert 50 == page.evaluate(f"Number({tiles}[0].getAttribute('aria-setsize'))")
    wait_text(page, selector("many", ".controls"), "disc50")
    page.evaluate(f"document.querySelector({json.dumps(selector('many', '.tiles'))}).scrollTo(0, 1e6)")
    wait_text(page, selector("many", "li:last-child"), "tile 49")
    page.wait(f"{tiles}.at(-1).querySelectorAll('rect').length === 2")
    slider = json.dumps(selector("many", ".slider input[aria-label^='p of']"))
    assert 49 / 50 == page.evaluate(f"Number(document.querySelector({slider}).max)")
    put(page, selector("many", ".slider input[aria-label^='p of']"), "0.9")
    page.wait(f"{tiles}.at(-1).querySelectorAll('rect').length === 2")
    page.wait(f"{tiles}[0].querySelectorAll('rect').length === 1")
    click_text(page, selector("many", "button"), "bar50")
    page.wait(f"{tiles}[0].querySelectorAll('rect').length === 0")

    page.click(selector("many", "[aria-label^='Open many']"))
    page.wait("document.querySelectorAll('dialog li').length > 3")
    page.click("dialog li:nth-child(2) button")
    wait_text(page, "dialog .words", "tile 1")
    page.press("]")
    wait_text(page, "dialog .words", "tile 2")
    page.click("dialog [aria-label='All images']")
    page.wait("document.querySelectorAll('dialog li').length > 3")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(chromium: Chromium, images: str, web: Path, dark: bool) -> None:
    from viewer_page.test_page import violations

    page = chromium.open(images, dark=dark)
    page.evaluate((web / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8") + ";1")
    for key in ("three", "mask", "boxes", "classes", "many"):
        show(page, key)
        page.settle()
        assert [] == violations(page), key
    page.close()
