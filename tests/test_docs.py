"""Every Python block of the README and the documentation runs, in order, page by page, in an empty folder.

What a page needs and a reader does not, stands in a comment of the page: `<!-- test: ... -->`.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import pytest

import medialog

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```|^<!-- test:\n(.*?)^-->", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def blocks(page: Path) -> list[str]:
    return ["".join(found) for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=name)
def test_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", medialog.MedialogWarning)
        try:
            for number, code in enumerate(blocks(page), 1):
                exec(compile(code, f"<{name(page)}, block {number}>", "exec"), names)
        finally:
            medialog.finish()
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_readme_promises_what_make_has() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in re.findall(
        r"`make ([\w-]+)`", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    ):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
