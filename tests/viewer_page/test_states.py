"""What the page shows where there is nothing to show, or no way to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import medialog
from chromium import Chromium, Page
from viewer_page import runs
from viewer_page.test_page import selector, show, text, wait_text


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("broken")
    with pytest.warns(UserWarning, match="logged as number before|browsers do not play"):
        run = runs.broken_states(directory)
    report = directory / "report.html"
    medialog.report(run, report)

    def newer(index: dict[str, Any]) -> None:
        entry = {"row": 0, "value": {"_type": "hologram", "depth": 3}}
        index["items"].append({"key": "new", "path": ["new"], "kind": "hologram", "entries": [entry]})
        cut = {"row": 0, "value": {"_type": "image-file", "path": "media/aa/cut.png", "width": 3, "height": 3}}
        index["items"].append({"key": "cut", "path": ["cut"], "kind": "image-file", "entries": [cut]})
        index["files"]["media/aa/cut.png"] = {"state": "left-out", "reason": "3.2 MB, by --max-size 1 MB"}
        index["left_out"] = {"steps": 40, "keys": ["val/video"], "bytes": 1, "reason": "--max-size 1 MB"}

    runs.edit_index(report, newer)
    return report.as_uri()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("missing", "The file is missing"),
        ("damaged", "The file is damaged"),
        ("cut", "Left out of this report"),
        ("cut", "3.2 MB, by --max-size 1 MB"),
        ("clip", "does not play the codec mpeg4 in mp4"),
        ("new", "The type “hologram” is unknown to this page"),
        ("new", '"depth": 3'),
        ("mask lost", "Mask guess cannot be shown"),
        ("several", "text · image"),
    ],
)
def test_a_broken_object_says_what_is_wrong(chromium: Chromium, broken: str, key: str, said: str) -> None:
    page = chromium.open(broken)
    keys = page.evaluate("[...document.querySelectorAll('article[data-panel]')].map((panel) => panel.dataset.panel)")
    wanted = len(keys) - 1 - keys[::-1].index(key)
    page.evaluate(f"document.querySelectorAll('article')[{wanted}].scrollIntoView({{block: 'center'}})")
    page.wait(f"document.querySelectorAll('article')[{wanted}].textContent.includes({json.dumps(said)})")
    assert [] == page.errors()
    page.close()


def test_the_rest_of_a_broken_run_is_shown(chromium: Chromium, broken: str) -> None:
    page = chromium.open(broken)
    show(page, "fine")
    page.wait(f"document.querySelector({json.dumps(selector('fine', '.view img'))}) !== null")
    show(page, "mask lost")
    page.wait(f"document.querySelector({json.dumps(selector('mask lost', '.view canvas'))}) !== null")
    show(page, "loss")
    wait_text(page, selector("loss", ".bad"), "1 NaN")
    assert "Not everything is in this file" in text(page, ".notice")
    problems = text(page, "#section-problems")
    for name in ("torn line", "missing", "damaged"):
        assert name in problems
    page.press("Home")
    show(page, "late")
    wait_text(page, selector("late"), "First logged at step 3")
    page.close()


@pytest.mark.parametrize(
    ("key", "said"),
    [("missing", "no such regular file"), ("damaged", "bytes, got 60"), ("cut", "3.2 MB, by --max-size 1 MB")],
)
def test_a_file_that_cannot_be_saved_says_why(chromium: Chromium, broken: str, key: str, said: str) -> None:
    page = chromium.open(broken)
    show(page, key)
    page.click(selector(key, "[aria-label^='More for']"))
    entry = f"[...document.querySelectorAll({json.dumps(selector(key, '.menu button'))})]"
    page.wait(f"{entry}.length > 0")
    page.evaluate(f"{entry}.find((e) => e.textContent === 'Save the original file').click()")
    wait_text(page, selector(key, ".menu [role=status]"), "Not saved: ")
    assert said in text(page, selector(key, ".menu [role=status]"))
    assert [] == page.errors()
    page.close()


def test_a_run_without_a_row(chromium: Chromium, tmp_path: Path) -> None:
    run = medialog.init(dir=tmp_path, id="empty")
    run.finish()
    medialog.report(str(run.dir), tmp_path / "empty.html")
    page = chromium.open((tmp_path / "empty.html").as_uri())
    wait_text(page, ".nothing", "Nothing logged yet")
    assert [] == page.errors()
    page.close()


def test_without_webgl_there_is_a_picture_and_the_reason(every: str) -> None:
    with Chromium(webgl=False) as chromium:
        page = chromium.open(every)
        for key in ("cloud", "file.solid glb", "file.molecule pdb"):
            show(page, key)
            wait_text(page, selector(key, ".trouble"), "has no WebGL")
            page.wait(f"document.querySelector({json.dumps(selector(key, '.trouble img'))})?.naturalWidth > 0")
        assert [] == page.errors()


@pytest.mark.parametrize("key", ["scene", "cloud", "roc", "table", "file.molecule pdb", "weights"])
def test_a_single_object_fills_the_page(chromium: Chromium, every: str, tmp_path: Path, key: str) -> None:
    from urllib.parse import unquote, urlparse

    report = tmp_path / "item.html"
    report.write_bytes(Path(unquote(urlparse(every).path)).read_bytes())

    def only(index: dict[str, Any]) -> None:
        index["mode"] = "item"
        index["items"] = [item for item in index["items"] if item["key"] == key]
        index["series"] = []

    runs.edit_index(report, only)
    page = chromium.open(report.as_uri(), width=640, height=420)
    drawn(page)
    assert page.evaluate("document.querySelector('header') === null && document.querySelector('.scrubber') === null")
    assert [] == page.errors()
    page.close()


def drawn(page: Page) -> None:
    page.wait("document.querySelector('main').querySelector('.view img, .host canvas, tbody td, .bars i') !== null")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda index: index.update(version=99), "has version 99; this page reads up to 1"),
        (lambda index: index["steps"].update(block="gone"), "its steps cannot be read"),
    ],
)
def test_a_document_that_cannot_be_read_says_so(
    chromium: Chromium, every: str, tmp_path: Path, change: Any, said: str
) -> None:
    from urllib.parse import unquote, urlparse

    report = tmp_path / "report.html"
    report.write_bytes(Path(unquote(urlparse(every).path)).read_bytes())
    runs.edit_index(report, change)
    page = chromium.open(report.as_uri())
    assert said in text(page, ".fatal")
    page.close()
