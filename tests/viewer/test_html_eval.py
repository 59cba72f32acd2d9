"""`--html-eval`: logged pages may call `eval` when the report was made so, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

import medialog
from chromium import Chromium
from medialog.cli import main

PAGE = """<script>
let said = "refused";
try { said = eval("'ran'") } catch (error) {}
parent.postMessage(said, "*");
</script>"""
LISTEN = "window.addEventListener('message', event => { window.__said = event.data })"


@pytest.mark.parametrize(("flags", "expected"), [([], "refused"), (["--html-eval"], "ran")])
def test_eval_runs_only_where_it_was_allowed(tmp_path: Path, flags: list[str], expected: str) -> None:
    with medialog.init(dir=tmp_path, id="run", quiet=True) as run:
        run.log({"page": medialog.Html(PAGE)})
    report = tmp_path / "report.html"
    assert 0 == main(["report", str(tmp_path / "run"), "-o", str(report), *flags])

    with Chromium() as chromium:
        page = chromium.open(report.as_uri())
        page.wait("document.querySelector('iframe') !== null")
        page.evaluate(LISTEN)
        page.evaluate("document.querySelector('[aria-label=\"Load the page again\"]').click()")

        assert expected == page.wait("window.__said")
