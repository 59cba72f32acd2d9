"""What a notebook shows: every type live where frames are allowed, its poster where they are not."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import every_type
import numpy as np
import pytest
from PIL import Image as PillowImage

import medialog
from chromium import LOADED, Chromium
from medialog.viewer import bundle, notebook
from medialog.wire import kinds

NAMES = list(every_type.CELLS)


@pytest.fixture(autouse=True)
def _options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "options", notebook.DisplayOptions())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the MIME bundle of one object of each type."""
    import ast
    import os

    place = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("notebook"))
    names: dict[str, Any] = {}
    found: dict[str, Any] = {}
    try:
        exec(every_type.SETUP, names)
        for name, code in every_type.CELLS.items():
            tree = ast.parse(code)
            last = tree.body.pop()
            assert isinstance(last, ast.Expr), name
            exec(compile(tree, name, "exec"), names)
            value = eval(compile(ast.Expression(last.value), name, "eval"), names)
            found[name] = value._repr_mimebundle_()
    finally:
        os.chdir(place)
    return found


def test_every_type_has_its_cell() -> None:
    from medialog.datatypes.base import find

    types = {find(kind).__name__ for kind in kinds.KINDS}

    assert types == set(NAMES) - {"Run"}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_has_text_a_picture_and_a_frame(shown: dict[str, Any], name: str) -> None:
    found = shown[name]

    assert ["text/plain", "image/png", "text/html"] == list(found)
    assert name in found["text/plain"] or name == "Run"
    picture = PillowImage.open(io.BytesIO(base64.b64decode(found["image/png"])))
    assert "PNG" == picture.format
    assert 1 < len(set(picture.convert("RGB").resize((64, 64)).getdata()))
    markup = found["text/html"]
    assert "allow-same-origin" not in markup
    assert '<iframe sandbox="allow-scripts" srcdoc="' in markup
    assert markup.index("<img") < markup.index("<iframe")


def test_include_and_exclude() -> None:
    value = medialog.Image(np.eye(4))

    assert ["text/plain", "image/png"] == list(value._repr_mimebundle_(include={"image/png"}))
    assert ["text/plain", "image/png"] == list(value._repr_mimebundle_(exclude={"text/html"}))


def test_options() -> None:
    value = medialog.Image(np.eye(4))

    notebook.options.notebook = "none"
    assert ["text/plain"] == list(value._repr_mimebundle_())
    notebook.options.notebook = "static"
    found = value._repr_mimebundle_()
    assert "<img" in found["text/html"]
    assert "iframe" not in found["text/html"]
    with pytest.raises(medialog.InvalidInput, match=r"options\.notebook"):
        notebook.options.notebook = "alive"
    assert "static" == notebook.options.notebook


def test_many_outputs_become_posters() -> None:
    value = medialog.Image(np.eye(4))

    assert "iframe" in value._repr_mimebundle_()["text/html"]
    notebook.options.written = notebook.MOST_OUTPUT + 1

    assert "iframe" not in value._repr_mimebundle_()["text/html"]


def test_a_page_that_is_not_built_leaves_the_poster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle, "FOLDER", tmp_path)

    found = medialog.Image(np.eye(4))._repr_mimebundle_()

    assert "iframe" not in found["text/html"]
    assert "<img" in found["text/html"]


def test_a_run_that_is_gone_shows_its_name(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="gone") as run:
        run.log({"a": 1})
    reader = medialog.open_run(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")

    found = reader._repr_mimebundle_()

    assert "gone" in found["text/plain"]


def test_looking_at_a_table_does_not_fix_it() -> None:
    table = medialog.Table(["a"], data=[[1]])

    table._repr_mimebundle_()
    table.add_data(2)  # a warning if it were taken for logged, and warnings are errors here

    assert 2 == table.encode(medialog.MemorySink())["nrows"]


def test_hostile_captions_end_no_attribute() -> None:
    caption = "\"></iframe></div><script>alert(1)</script><img onerror='x'>"

    markup = medialog.Image(np.eye(4), caption=caption)._repr_mimebundle_()["text/html"]

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.found.append(tag)
            assert not [name for name, _ in attributes if name.startswith("on")]

    tags = Tags()
    tags.feed(markup)
    assert ["div", "img", "iframe"] == tags.found


def test_importing_a_type_does_not_import_the_viewer() -> None:
    code = "import sys, medialog; medialog.Image; medialog.RunReader; print([m for m in sys.modules if 'viewer' in m])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


# --- executed and exported ---


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a notebook of all cells, run by a kernel."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(code) for code in (every_type.SETUP, *every_type.CELLS.values())]
    folder = tmp_path_factory.mktemp("book")
    return NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()


@pytest.mark.filterwarnings("ignore")
def test_the_exported_notebook_shows_all_live(executed: Any, tmp_path: Path) -> None:
    from nbconvert import HTMLExporter

    path = tmp_path / "book.html"
    # The exported page names scripts of other servers (MathJax, RequireJS), which are of no use here.
    html, _ = HTMLExporter(exclude_input=True).from_notebook_node(executed)
    path.write_text(re.sub(r'<script src="https?://[^"]*"[^>]*></script>', "", html), encoding="utf-8")

    with Chromium("--disable-features=IsolateSandboxedIframes") as chromium:
        page = chromium.open(path.as_uri(), width=1100, height=14_000, until=LOADED)
        frames = page.frames()
        assert len(NAMES) == len(frames)
        troubles = {}
        for name, frame in zip(NAMES, frames, strict=True):
            page.wait("document.querySelector('#app')?.childElementCount", frame=frame)
            page.settle()
            text = page.evaluate("document.body.innerText", frame)
            if re.search(r"is missing|is damaged|cannot be (drawn|shown)|is unknown", text):
                troubles[name] = text
        page.screenshot(tmp_path / "book.png")

    assert {} == troubles


class Sanitizer(HTMLParser):
    """Strips what JupyterLab strips of an untrusted notebook: frames and scripts go, pictures and text stay."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attributes)["src"] or "")


def test_where_frames_are_stripped_the_posters_remain(executed: Any) -> None:
    sanitizer = Sanitizer()
    for cell in executed.cells[1:]:
        for output in cell.outputs:
            if "text/html" in output.get("data", {}):
                sanitizer.feed(output["data"]["text/html"])

    assert len(NAMES) == len(sanitizer.pictures)
    for address in sanitizer.pictures:
        kind, _, data = address.partition(";base64,")
        assert kind in ("data:image/webp", "data:image/png")
        assert 30 < PillowImage.open(io.BytesIO(base64.b64decode(data))).width


@pytest.mark.filterwarnings("ignore")
def test_an_export_without_html_shows_the_posters(executed: Any) -> None:
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    config = Config({"NbConvertBase": {"display_data_priority": ["image/png", "text/plain"]}})
    html, _ = HTMLExporter(config=config, exclude_input=True).from_notebook_node(executed)

    assert "<iframe" not in html
    assert len(NAMES) == len(re.findall(r'<img[^>]*src="data:image/png;base64,', html))
