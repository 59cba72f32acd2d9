"""A run from somebody else is data: no script of it runs in the page, and nothing reaches the network.

`fixtures/hostile_run.py` writes the run; a listening server is the address that all of it tries to reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hostile_run
import pytest

import medialog
from chromium import LOADED, Chromium
from listener import Listener

EVERYTHING = 14_000  # pixels of height: a panel outside the window is not drawn
SETTLED = 4.0
MARKS = """({
  hit: [window.__hit ?? null, document.body.dataset.hit ?? null, document.title.startsWith('hit')],
  polluted: [({}).hit ?? null, Object.prototype.hasOwnProperty('x')],
  place: location.href.split('#')[0],
  scripts: [...document.querySelectorAll('script[src], img[src^=http], link[href^=http], base, object, embed')].length,
  frames: [...document.querySelectorAll('iframe')].map(f => f.sandbox.value),
  handlers: [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/.test(a.name))).length,
  links: [...document.querySelectorAll('a[href], area[href]')].map(a => a.getAttribute('href') ?? '')
    .filter(h => /^\\s*(javascript|http|\\/\\/)/i.test(h)),
  stored: (() => { try { return localStorage.length } catch { return 0 } })(),
})"""


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def test_there_are_enough_hostile_values(tmp_path: Path) -> None:
    _, count = hostile_run.write(tmp_path)

    assert 26 <= count


def test_the_listener_hears_what_the_pages_do_without_the_policy(listener: Listener, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(dict(hostile_run.pages(listener.address))["fetch"], encoding="utf-8")

    with Chromium() as chromium:
        opened = chromium.open(page.as_uri(), until=LOADED)
        opened.settle(1.0)

        assert opened.evaluate("window.__hit") == "fetch"
    assert any("GET /fetch" in hit for hit in listener.hits)


@pytest.mark.parametrize("pages", [True, False], ids=["with html", "without html"])
def test_nothing_runs_and_nothing_leaves(listener: Listener, tmp_path: Path, pages: bool) -> None:
    run, count = hostile_run.write(tmp_path, listener.address, pages=pages)
    report = tmp_path / "report.html"
    written = medialog.report(run, report)

    with Chromium() as chromium:
        page = chromium.open(report.as_uri(), height=EVERYTHING)
        page.settle(SETTLED)
        found = page.evaluate(MARKS)
        open_pages = chromium.pages()
        asked = page.requests()

    assert [] == listener.hits
    if not pages:  # Chromium opens a connection for a `preconnect` and a refused navigation, and sends nothing on it
        assert 0 == listener.connections
    assert [] == asked
    assert [None, None, False] == found["hit"]
    assert [None, False] == found["polluted"]
    assert report.as_uri() == found["place"]
    assert 0 == found["scripts"] == found["handlers"] == found["stored"]
    assert [] == found["links"]
    assert {"allow-scripts"} >= set(found["frames"])
    assert bool(found["frames"]) == pages
    assert {report.as_uri(), "about:blank"} >= {address.split("#")[0] for address in open_pages}
    assert count > 26
    assert written.problems


def test_the_secret_behind_a_link_is_not_in_the_report(tmp_path: Path) -> None:
    run, _ = hostile_run.write(tmp_path)
    medialog.report(run, tmp_path / "report.html")
    content = (tmp_path / "report.html").read_bytes()

    import base64

    assert (tmp_path / "secret.txt").read_bytes() == b"a secret of this machine"
    for shift in range(3):
        inner = base64.b64encode(b" " * shift + b"secret of this machine")[4:-4]
        assert inner not in content
    assert b"a secret of this machine" not in content


def test_hostile_text_ends_no_element_of_the_page(tmp_path: Path) -> None:
    run, _ = hostile_run.write(tmp_path)
    medialog.report(run, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")

    index = text.partition('id="medialog-index">')[2].partition("</script>")[0]
    assert "<" not in index
    head = text.partition("<style>")[0]
    assert "<script" not in head
    assert 1 == text.count('<script type="module">')
