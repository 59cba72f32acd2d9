"""The report of the demo run, in a real browser, as its user sees it. Set MEDIALOG_SCREENSHOTS to keep the pictures."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from chromium import Chromium, Page
from medialog.wire import kinds
from viewer_page.test_page import DRAWN, pixels, selector, show, text, there, violations, wait_text

DEMO = Path(__file__).resolve().parent.parent.parent / "examples" / "train_digits.py"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the demo as `make demo` does; return the report whose path it prints last."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, DEMO], cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=300
    )
    last = done.stdout.splitlines()[-1]
    found = re.fullmatch(r"look at it: (\S+\.html) \(.*\)", last)
    assert found, last
    return folder / found[1]


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the pictures of the panels go to."""
    kept = os.environ.get("MEDIALOG_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Chromium, demo: Path, theme: str) -> Iterator[Page]:
    opened = chromium.open(demo.as_uri(), dark=theme == "dark")
    yield opened
    assert [] == opened.errors()
    assert [] == opened.requests()
    opened.close()


def panels(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('article[data-panel]')].map((e) => e.dataset.panel)"
    )
    return found


def test_every_type_is_drawn(page: Page, demo: Path, theme: str, screenshots: Path) -> None:
    every_class = {kinds.find_class(kind).__name__ for kind in kinds.KINDS}
    assert every_class == {
        kinds.find_class(kind).__name__ for kind in kinds_of(medialog.open_run(demo.with_suffix("")))
    }
    (screenshots / f"{theme} first screen.png").write_bytes(page.screenshot())

    keys = panels(page)
    assert len(keys) > 25
    for key in keys:
        show(page, key)
        page.wait(f"document.querySelector({json.dumps(selector(key))}).querySelector({json.dumps(DRAWN)}) !== null")
        there(page, selector(key, ".waiting"), gone=True)
        page.settle(0.1)
        drawn = page.picture_of(selector(key))
        name = re.sub(r"[^\w .-]", "_", key)
        (screenshots / f"{theme} {name}.png").write_bytes(drawn)
        assert "" == text(page, selector(key, ".trouble")), key
        shades = np.unique(pixels(drawn).reshape(-1, 3), axis=0)
        assert len(shades) > 16, f"{key} is blank"


def test_the_step_moves_all_panels(page: Page) -> None:
    def words(key: str) -> str:
        return text(page, selector(key, ".body"))

    def chips() -> dict[str, str]:
        found: dict[str, str] = page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('article[data-panel]')].map((e) =>"
            " [e.dataset.panel, e.querySelector('.chip')?.textContent.trim() ?? '']))"
        )
        return found

    page.settle()
    assert {"step 119", "step 120", "step 121"} == {chip for chip in chips().values() if chip}
    lines = ["metric:loss", "val/accuracy", "coins/iou"]
    ends = {}
    for key in lines:
        show(page, key)
        ends[key] = words(key)
    page.press("Home")
    page.settle()
    starts = chips()

    for key in panels(page):
        show(page, key)
        if key in lines:  # the legend has the values of the step
            assert ends[key] != words(key), key
        else:
            said = starts[key] or words(key)
            assert said.startswith("step 0") or "First logged at step" in words(key), (key, starts[key], words(key))


def test_a_table_grows_with_the_step(page: Page) -> None:
    show(page, "progress")
    wait_text(page, selector("progress", ".count"), "13 rows")
    page.press("Home")
    wait_text(page, selector("progress", ".count"), "1 row")


def test_axe_finds_nothing_serious(page: Page, web: Path) -> None:
    page.evaluate((web / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8") + ";1")
    keys = panels(page)
    for key in keys[::4]:  # each time it looks at all panels that are near
        show(page, key)
        page.settle()
        assert [] == violations(page), key


def kinds_of(run: Any) -> set[str]:
    """Return the kinds of all descriptors in the rows and the summary of a run, and what they contain."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("_type") in kinds.KINDS:
                found.add(value["_type"])
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    for _, tree in run.rows():
        look(tree)
    look(run.stored_summary)
    return found
