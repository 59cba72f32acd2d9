"""The folder without scripts: pictures and links, nothing inline, nothing that is not of the run."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import hostile_run
import numpy as np
import pytest

import medialog
from chromium import LOADED, Chromium
from medialog.cli import main
from medialog.viewer.static_pages import write_static


class Page(HTMLParser):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed((folder / "index.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def addresses(self) -> list[str]:
        return [value for name, value in self.attributes if name in ("src", "href", "srcset", "action", "data")]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with medialog.init(dir=tmp_path, id="first") as run:
        for step in range(3):
            run.log({
                "loss": 1 / (step + 1),
                "picture": medialog.Image(np.full((8, 8), step / 3), caption=f"step {step}"),
                "page": medialog.Html("<script>1</script>"),
            })  # fmt: skip
    return tmp_path / "first"


def test_it_needs_no_script_and_no_inline_style(run: Path, tmp_path: Path) -> None:
    written = write_static(run, tmp_path / "out")

    page = Page(tmp_path / "out")
    assert tmp_path / "out" / "index.html" == written.path
    assert not {"script", "style", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]
    for address in page.addresses():
        assert not re.match(r"[a-z]+:|//|/", address), address
        assert (tmp_path / "out" / address).is_file()
    assert 4 <= page.tags.count("img")
    assert "picture: step 2" in dict.fromkeys(value for name, value in page.attributes if name == "alt")


def test_files_are_the_originals_and_pages_are_text(run: Path, tmp_path: Path) -> None:
    write_static(run, tmp_path / "out")

    files = {path.name: path.read_bytes() for path in (tmp_path / "out" / "files").iterdir()}
    originals = {path.name: path.read_bytes() for path in (run / "media").rglob("*") if path.is_file()}
    assert originals == {name.removesuffix(".txt"): content for name, content in files.items()}
    assert not [name for name in files if name.endswith((".html", ".svg"))]


def test_an_earlier_report_is_replaced_and_another_folder_is_not_touched(run: Path, tmp_path: Path) -> None:
    write_static(run, tmp_path / "out")
    write_static(run, tmp_path / "out", steps="last")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")

    with pytest.raises(medialog.InvalidInput, match=r"report\.static"):
        write_static(run, tmp_path / "mine")

    assert ["thesis.txt"] == os.listdir(tmp_path / "mine")


def test_what_is_left_out_is_said(run: Path, tmp_path: Path) -> None:
    write_static(run, tmp_path / "out", steps="last")

    assert "--steps last" in (tmp_path / "out" / "index.html").read_text()


def test_the_command(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["report", str(run), "--static", str(tmp_path / "out")])

    assert str(tmp_path / "out" / "index.html") in capsys.readouterr().out
    assert not Path("report.html").exists()


def test_a_hostile_run(tmp_path: Path) -> None:
    hostile, _ = hostile_run.write(tmp_path)
    write_static(hostile, tmp_path / "out")

    page = Page(tmp_path / "out")
    assert not {"script", "style", "iframe", "object", "embed", "base", "svg", "meta"} & set(page.tags) - {"meta"}
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]
    for address in page.addresses():
        assert address == "style.css" or re.fullmatch(r"(posters|files)/[\w.]+", address), address
    assert b"a secret" not in b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_it_opens_where_nothing_inline_is_allowed(run: Path, tmp_path: Path) -> None:
    write_static(run, tmp_path / "out")

    with Chromium() as chromium:
        page = chromium.open((tmp_path / "out" / "index.html").as_uri(), until=LOADED)
        page.wait("[...document.images].slice(0, 3).every(image => image.complete)")

        assert page.evaluate("[...document.images].slice(0, 3).every(image => image.naturalWidth > 0)")
        assert page.evaluate("getComputedStyle(document.querySelector('.steps')).display") == "flex"
        assert [] == page.errors()
