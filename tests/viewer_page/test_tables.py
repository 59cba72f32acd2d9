"""Tables in a real browser: a row as a page, long tables that do not block, every value copied whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from chromium import Chromium, Page
from viewer_page.test_page import click_text, put, selector, show, text, there, violations, wait_text

LONG = 30_000
# Keeps what is copied, and asks how long the page stood still at most.
WATCH = """
window.__copied = null; window.__still = 0;
Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.__copied = text; }}});
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    picture = [medialog.Image(np.full((6, 8), 9 * i, np.uint8), caption=f"tile {i}") for i in range(5)]
    mixed = [[i, f"row {i},\nsecond line", 2**60 + i, i / 3, picture[i], None] for i in range(5)]
    growing = medialog.Table(columns=["n"], log_mode="INCREMENTAL")
    with medialog.init(dir=directory, id="tables", quiet=True) as run:
        for step in range(3):
            growing.add_data(2 * step)
            growing.add_data(2 * step + 1)
            run.log({"growing": growing})
        columns = ["number", "words", "large", "share", "picture", "nothing"]
        run.log({"mixed": medialog.Table(columns=columns, data=mixed)})
        long = [[int(n), f"name {n % 997}", float(n) / 7] for n in rng.permutation(LONG)]
        run.log({"long": medialog.Table(columns=["n", "name", "share"], data=long, limits={"table.rows": LONG})})
    options: dict[str, Any] = {"table_rows": LONG}
    return medialog.report(str(run.dir), directory / "report.html", **options).path.as_uri()


@pytest.fixture
def page(chromium: Chromium, tables: str) -> Iterator[Page]:
    opened = chromium.open(tables, before=WATCH)
    yield opened
    assert [] == opened.errors()
    opened.close()


def column(page: Page, key: str, number: int) -> list[str]:
    cells = json.dumps(selector(key, f"tbody tr[aria-rowindex] td:nth-child({number})"))
    found: list[str] = page.evaluate(f"[...document.querySelectorAll({cells})].map((cell) => cell.textContent.trim())")
    return found


def until(page: Page, key: str, number: int, wanted: list[str]) -> None:
    """Wait until a column reads so."""
    cells = json.dumps(selector(key, f"tbody tr[aria-rowindex] td:nth-child({number})"))
    read = f"[...document.querySelectorAll({cells})].map((cell) => cell.textContent.trim())"
    page.wait(f"JSON.stringify({read}) === {json.dumps(json.dumps(wanted, separators=(',', ':')))}")


def test_an_incremental_table_has_each_row_once(page: Page) -> None:
    show(page, "growing")
    wait_text(page, selector("growing", ".count"), "6 rows")
    assert ["0", "1", "2", "3", "4", "5"] == column(page, "growing", 2)
    page.press("Home")
    wait_text(page, selector("growing", ".count"), "2 rows")
    assert ["0", "1"] == column(page, "growing", 2)


def test_a_row_is_a_page(page: Page) -> None:
    show(page, "mixed")
    there(page, selector("mixed", "tbody td"))
    for _ in range(2):
        page.click(selector("mixed", "th:nth-child(2) button"))
    until(page, "mixed", 2, ["4", "3", "2", "1", "0"])
    page.click(selector("mixed", "[aria-label='Open row 2 as a page']"))
    wait_text(page, "dialog strong", "Row 2")
    assert {"open=mixed", "row=2"} <= set(page.evaluate("location.hash.slice(1)").split("&"))
    cells = page.evaluate("[...document.querySelectorAll('dialog dt')].map((one) => one.textContent)")
    assert ["number", "words", "large", "share", "picture", "nothing"] == cells
    there(page, "dialog .view img[alt='tile 2']")
    assert "row 2,\nsecond line" == text(page, "dialog dd p:not(.value)")
    values = page.evaluate("[...document.querySelectorAll('dialog .value')].map((one) => one.textContent)")
    assert ["2", str(2**60 + 2), repr(2 / 3)] == values


def test_a_row_page_follows_the_order_by_keys_and_buttons(chromium: Chromium, tables: str) -> None:
    page = chromium.open(f"{tables}#open=mixed&row=1")
    wait_text(page, "dialog strong", "Row 1")
    page.press("]")
    wait_text(page, "dialog strong", "Row 2")
    page.press("[")
    page.press("[")
    wait_text(page, "dialog strong", "Row 0")
    page.wait("document.querySelector('dialog [aria-label=\"Previous row\"]').disabled")
    page.click("dialog [aria-label='Next row']")
    wait_text(page, "dialog strong", "Row 1")
    assert "row=1" in page.evaluate("location.hash")
    page.press("Escape")
    there(page, "dialog tbody td")
    assert "open=mixed" == page.evaluate("location.hash.slice(1)")
    page.press("Escape")
    there(page, "dialog", gone=True)
    assert "" == page.evaluate("location.hash.slice(1)")
    assert [] == page.errors()
    page.close()


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_in_a_row_page(chromium: Chromium, tables: str, web: Path, dark: bool) -> None:
    page = chromium.open(f"{tables}#open=mixed&row=1", dark=dark)
    there(page, "dialog .view img")
    page.evaluate((web / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8") + ";1")
    assert [] == violations(page)
    page.close()


def test_a_media_cell_opens_its_value(page: Page) -> None:
    show(page, "mixed")
    there(page, selector("mixed", "tbody img"))
    page.click(selector("mixed", "tbody tr:nth-child(4) td button[aria-label*='tile 3']"))
    there(page, "dialog .view img[alt='tile 3']")
    page.press("Escape")
    there(page, "dialog", gone=True)


def test_what_is_copied_is_exact(page: Page) -> None:
    show(page, "mixed")
    there(page, selector("mixed", "tbody td"))
    put(page, selector("mixed", ".search input"), "row 1")
    wait_text(page, selector("mixed", ".count"), "1 of 5 rows")
    click_text(page, selector("mixed", "button"), "Copy CSV")
    page.wait("window.__copied !== null")
    lines = page.evaluate("window.__copied").split("\r\n")
    assert "number,words,large,share,picture,nothing" == lines[0]
    start = f'1,"row 1,\nsecond line",{2**60 + 1},{1 / 3!r},media/'
    assert lines[1].startswith(start)
    assert lines[1].endswith(".png,")
    assert 2 == len(lines)


def test_it_is_copied_where_the_clipboard_is_closed(chromium: Chromium, tables: str) -> None:
    closed = """
      Object.defineProperty(navigator, 'clipboard', {value: {writeText: async () => { throw new Error('closed'); }}});
      addEventListener('copy', (event) => { window.__copied = event.clipboardData.getData('text/plain'); });
    """
    page = chromium.open(f"{tables}#open=growing", before=closed)
    there(page, "dialog tbody td")
    page.evaluate("[...document.querySelectorAll('dialog .controls button')].at(-1).id = 'copy'")
    page.click("#copy")
    assert "n\r\n0\r\n1\r\n2\r\n3\r\n4\r\n5" == page.wait("window.__copied")
    wait_text(page, "dialog .count", "6 rows copied")
    page.close()


def test_a_long_table_is_sorted_and_filtered_without_standing_still(page: Page) -> None:
    show(page, "long")
    there(page, selector("long", "tbody td"))
    page.evaluate(
        "new PerformanceObserver((list) => { for (const one of list.getEntries())"
        " window.__still = Math.max(window.__still, one.duration); }).observe({type: 'longtask'})"
    )
    page.click(selector("long", "th:nth-child(2) button"))
    second, third = (
        json.dumps(selector("long", f"tbody tr:nth-child({row}) td:nth-child({row + 1})")) for row in (1, 2)
    )
    page.wait(f"document.querySelector({second}).textContent.trim() === '0'")
    page.click(selector("long", "th:nth-child(3) button"))
    page.wait(f"document.querySelector({third}).textContent.trim() === 'name 0'")
    names = column(page, "long", 3)
    assert names == ["name 0"] * len(names)
    put(page, selector("long", ".search input"), "name 12")
    expected = sum(1 for n in range(LONG) if f"name {n % 997}".startswith("name 12"))
    wait_text(page, selector("long", ".count"), f"{expected:,} of {LONG:,}")
    assert {"name 12"} == set(column(page, "long", 3))
    print(f"stood still for at most {page.evaluate('window.__still'):.0f} ms")


def test_the_digits_of_large_integers_are_in_the_report(tmp_path: Path) -> None:
    import gzip

    from medialog.viewer.tables import View

    cells = [2**53, 2**53 + 1, -(2**60), 1.5, "x", [2**60, 1], {"a": 2**61}]
    packed = json.loads(gzip.decompress(View(["c"] * 7, [{}] * 7, [cells], 1).packed()))
    tagged = [{"_type": "number", "value": str(n)} for n in (2**53 + 1, -(2**60), 2**60, 2**61)]
    assert [2**53, tagged[0], tagged[1], 1.5, "x", [tagged[2], 1], {"a": tagged[3]}] == packed["data"][0]
