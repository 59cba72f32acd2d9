from __future__ import annotations

import io
import subprocess
import tempfile
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from browser import FLAGS, browser
from laws import Call, TypeLaws, call
from medialog.datatypes import Html, MediaList, MemorySink
from medialog.datatypes.base import decode
from medialog.datatypes.html_style import BEGIN, BLOCK, END, find_place, insert, remove
from medialog.validators import validate
from medialog.validators.errors import DamagedFile, InvalidInput, WrongType
from medialog.validators.limits import LIMITS

PAGE = '<!doctype html>\n<html lang="en">\n<head>\n<title>é</title>\n</head>\n<body>día</body></html>\n'


def bad(data: Any, *rules: str, **options: Any) -> tuple[Callable[[], Call], set[str]]:
    return lambda: call(data, **options), set(rules)


class TestHtml(TypeLaws):
    type = Html
    valid = {
        "a page": lambda: call(PAGE),
        "a page as it is": lambda: call(PAGE, inject=False),
        "a fragment": lambda: call('<a href="https://mysite">Link</a>', caption="a link"),
        "nothing": lambda: call(""),
        "plain text": lambda: call("plain text"),
        "Windows line ends": lambda: call("<p>\r\n</p>\r\n"),
        "a string that ends like a path": lambda: call("<p>see index.html"),
        "lines that end like a path": lambda: call("see\nindex.html"),
        "a path that is none": lambda: call("missing.html", data_is_not_path=True),
        "a URL that is none": lambda: call("https://example.org/a", data_is_not_path=True),
        "a URL in a sentence": lambda: call("https://example.org is a site"),
        "bytes": lambda: call(PAGE.encode()),
        "bytes behind a byte order mark": lambda: call(PAGE.encode("utf-8-sig")),
        "UTF-16": lambda: call(PAGE.encode("utf-16")),
        "UTF-16, big-endian": lambda: call(b"\xfe\xff" + PAGE.encode("utf-16-be")),
        "a byte order mark in a string": lambda: call("\ufeff" + PAGE),
        "our own block": lambda: call(insert(PAGE)),
        "our own block, cut": lambda: call(BLOCK[:-3] + PAGE),
        "BytesIO": lambda: call(io.BytesIO(PAGE.encode())),
        "StringIO": lambda: call(io.StringIO(PAGE)),
        "H1 script": lambda: call("<script>parent.document.title = 'x'</script>"),
        "H2 onerror": lambda: call("<img src=x onerror=alert(1)>"),
        "H3 javascript": lambda: call("<a href='javascript:alert(1)'>x</a>"),
        "H5 base": lambda: call("<base href='//evil.example'>"),
        "H6 refresh": lambda: call("<meta http-equiv=refresh content='0;url=//evil.example'>"),
        "H7 iframe": lambda: call("</iframe><script>alert(1)</script>"),
        "H9 form": lambda: call("<form action='//evil.example' method=post>"),
        "H10 svg": lambda: call("<svg onload=alert(1)><script>alert(1)</script></svg>"),
    }
    invalid = {
        "H13 NUL": bad("<p>\0</p>", "html.text"),
        "H13 NUL in a file": bad(b"<p>\0</p>", "html.text"),
        "H14 UTF-16 without a mark": bad(PAGE.encode("utf-16-le"), "html.text"),
        "UTF-32": bad("x".encode("utf-32"), "html.text"),
        "half a UTF-16 character": bad(PAGE.encode("utf-16")[:-1], "html.text"),
        "latin-1": bad("é".encode("latin-1"), "html.text"),
        "a cut character": bad("é".encode()[:1], "html.text"),
        "a lone surrogate": bad("\ud800", "html.text"),
        "a picture": bad(b"\x89PNG\r\n\x1a\n\0\0", "html.text"),
        "H15 a missing page": bad("missing.html", "file.missing"),
        "a missing page, other case": bad("folder/MISSING.HtM", "file.missing"),
        "a missing Path": bad(Path("missing"), "file.missing"),
        "a directory": bad(Path("."), "file.missing"),
        "a URL": bad("https://example.org/", "file.url"),
        "a URL of a page": bad("https://example.org/index.html", "file.url"),
        "a URL on a line": bad(" HTTP://example.org\n", "file.url"),
        "a number": bad(3, "html.kind"),
        "a list": bad(["<p>"], "html.kind"),
        "None": bad(None, "html.kind"),
        "inject=1": bad("x", "html.option", inject=1),
        "data_is_not_path='no'": bad("x", "html.option", data_is_not_path="no"),
        "a caption of 2,001": bad("x", "caption.length", caption="x" * 2001),
    }
    spellings = {
        "a page": [
            lambda: call(PAGE),
            lambda: call(np.str_(PAGE)),
            lambda: call(PAGE.encode(), True),
            lambda: call(memoryview(PAGE.encode())),
            lambda: call(io.BytesIO(PAGE.encode())),
            lambda: call(io.StringIO(PAGE)),
        ],
    }


# --- the place of the style ----------------------------------------------------------------------------------------

# The mark | is where the style belongs.
PLACES = {
    "head": "<html><head>|<title>x</title></head>",
    "HEAD": "<HTML><HEAD>|<TITLE>x</TITLE></HEAD>",
    "attributes": '<html><head id="a" class=b data-c>|</head>',
    "a > in an attribute": "<html lang='>'><head data-x=\"a>b\" data-y='c>d'>|</head>",
    "a newline in the tag": "<html\n><head\n  id=x\r\n>|</head>",
    "a tab and a form feed": "<html\t><head\f>|</head>",
    "slashes": "<html/><head/>|<p>",
    "a quote in a name": "<head a\"b>|<p x='\">'>",
    "an unquoted value": "<head a=b/c>|",
    "an empty value": "<head a=>|",
    "an equals sign in front": "<head =a='>'>|",
    "a doctype": "<!DOCTYPE html>\n<html>\n<head>|\n",
    "an old doctype": '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd"><head>|',
    "html without head": '<!doctype html><html lang="de">|\n<body>x',
    "html and header": "<html>|<header>x</header>",
    "header alone": "|<header>x</header>",
    "headless": "|<headless>",
    "a custom element": "|<head-line>",
    "a doctype alone": "<!doctype html>|<p>x",
    "a fragment": "|<p>x</p>",
    "text": "|x",
    "nothing": "|",
    "spaces in front": "|  <p>x",
    "spaces and a head": "  <head>|",
    "a head in a comment": "<!-- <head> --><html><!--<head>--><head>|</head>",
    "only a head in a comment": "|<!-- <head> --><p>",
    "a short comment": "<!--><head>|--><head>",
    "another short comment": "<!---><head>|--><head>",
    "a comment with a bang": "<!-- --!><head>|--><head>",
    "a comment without end": "|<!-- <head>",
    "a comment in front of the doctype": "<!-- saved from url=(0014)about:internet -->\n<!doctype html>\n<html><head>|",
    "an XML declaration": '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>|',
    "an XML declaration and a fragment": "<?xml?>|<p>",
    "a byte order mark": "\ufeff<!doctype html><head>|",
    "a byte order mark and a fragment": "\ufeff|<p>",
    "a head behind the beginning": "|<p>x<head>",
    "a head in a script": "|<script>'<head>'</script>",
    "a tag without end": "|<head",
    "a quote without end": '<!doctype html>|<head a="x>',
    "a doctype without end": "|<!doctype html",
    "an end tag": "|</head><head>",
    "our own block": f"|{BLOCK}<head>",
    "another space": "|\u00a0<head>",
}  # fmt: skip


@pytest.mark.parametrize("marked", PLACES.values(), ids=PLACES.keys())
def test_the_style_is_put_where_a_browser_looks_for_it(marked: str) -> None:
    page = marked.replace("|", "", 1)

    assert marked.index("|") == find_place(page)
    assert marked.replace("|", BLOCK, 1) == insert(page)
    assert page == remove(insert(page))


pieces = st.sampled_from(
    ["<html", "<head", "<HEAD", "<header>", ">", " ", "\n", "=", "'", '"', "/", "<!--", "-->", "<!-->", "--!>",
     "<!doctype html", "<?", "<", "!", "-", "\ufeff", "a", "é", "\U0001f600", BEGIN, END, BLOCK, BLOCK[:40], BLOCK[40:],
     "</head>"]
)  # fmt: skip
pages = st.one_of(st.lists(pieces, max_size=25).map("".join), st.text())


@given(pages)
def test_what_is_put_in_is_taken_out(page: str) -> None:
    assert page == remove(insert(page))
    assert page == remove(remove(insert(insert(page))))


@given(pages, st.booleans())
def test_pages_load_back_exactly(page: str, inject: bool) -> None:
    page = page.replace("\0", "").encode(errors="replace").decode()
    for given_page in (page, page.encode(), page.encode("utf-8-sig"), page.encode("utf-16")):
        sink = MemorySink()
        value = Html(given_page, inject=inject, data_is_not_path=True)

        loaded = decode(value.encode_into(sink), sink)

        expected = given_page if isinstance(given_page, bytes) else given_page.encode()
        assert expected == value.read() == loaded.read()
        assert value.html == loaded.html
        if isinstance(given_page, str):
            assert page == loaded.html


def test_the_style_of_another_version_is_taken_out() -> None:
    assert "<head><p>" == remove(f"<head>{BEGIN}body{{color:red}}{END}<p>")


def test_a_page_without_the_style_is_not_cut() -> None:
    for page in ("<p>", f"<p>{BLOCK}", BEGIN):
        with pytest.raises(ValueError, match="no block"):
            remove(page)


def test_the_style_fetches_nothing_and_is_one_element_each() -> None:
    assert not any(word in BLOCK.lower() for word in ("url(", "http", "@import", "src=", "href"))

    class Parser(HTMLParser):
        seen: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.seen.append(tag)

    Parser().feed(BLOCK)
    assert ["meta", "style"] == Parser.seen


@pytest.mark.parametrize("hostile", ["<!-->" * 200_000, "<!--" * 200_000, "<head a=" * 100_000, "<html>" * 200_000,
                                     "<head " + "a='" * 100_000, "<!" * 400_000, "<head" + "/" * 800_000,
                                     " " * 900_000])  # fmt: skip
def test_the_search_is_linear(hostile: str) -> None:
    start = time.process_time()
    find_place(hostile)

    assert time.process_time() - start < 1.0


# --- inputs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["page.html", "page.HTML", "page.htm", "PAGE.Htm"])
def test_a_string_that_ends_like_a_page_is_a_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(PAGE.encode())
    monkeypatch.chdir(tmp_path)

    assert PAGE == Html(name).html == Html(tmp_path / name).html == Html(str(tmp_path / name)).html


def test_open_files_are_read_from_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes("é\r\n<p>é</p>".encode())
    with path.open("rb") as binary, path.open(encoding="utf-8", newline="") as text:
        binary.seek(2)
        text.readline()

        assert "\r\n<p>é</p>" == Html(binary).html
        assert "<p>é</p>" == Html(text).html
        assert not binary.closed
        assert not text.closed


def test_the_documented_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("some.html").write_text("<p>some</p>")
    with open("some.html") as file:
        sink = MemorySink()
        descriptor = Html(file, inject=False).encode(sink)
    assert b"<p>some</p>" == sink.files[descriptor["path"]]

    descriptor = Html('<a href="https://mysite">Link</a>').encode(sink)
    assert (BLOCK + '<a href="https://mysite">Link</a>').encode() == sink.files[descriptor["path"]]


def test_stored_file_keeps_its_encoding() -> None:
    for encoding in ("utf-8-sig", "utf-16-le", "utf-16-be"):
        mark = {"utf-8-sig": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
        value = Html(mark + PAGE.encode(encoding))

        assert encoding == value.encoding
        assert PAGE == value.html
        assert mark + insert(PAGE).encode(encoding) == value.stored()


def test_descriptor() -> None:
    descriptor = Html("<p>x", caption="c").encode(MemorySink())

    assert {
        "_type": "html-file",
        "format": "html",
        "encoding": "utf-8",
        "injected": True,
        "lossless": True,
        "caption": "c",
        "changes": [
            {
                "id": "html.style",
                "detail": "the default style put in, in a block that reading takes out again",
                "lossy": False,
            }
        ],
    } == {name: value for name, value in descriptor.items() if name not in ("path", "sha256", "size")}
    assert "changes" not in Html("<p>x", inject=False).encode(MemorySink())


def test_the_list_has_the_columns_that_wandb_writes() -> None:
    pages = [Html("a", caption="c"), Html("b")]

    descriptor = MediaList(pages).encode_into(MemorySink())

    singles = [page.encode_into(MemorySink()) for page in pages]
    assert {"_type": "html", "count": 2, "html": singles, "captions": ["c", None], "items": singles} == descriptor
    for name, false in {"count": 3, "html": [], "captions": ["c"]}.items():
        assert ["html.list"] == [violation.rule for violation in validate({**descriptor, name: false})]


def test_false_descriptors() -> None:
    sink = MemorySink()
    plain, utf16 = Html("é", inject=False).encode(sink), Html("é".encode("utf-16")).encode(sink)

    for false in ({**plain, "injected": True}, {**plain, "encoding": "utf-16-le"}, {**utf16, "encoding": "utf-8"}):
        with pytest.raises(DamagedFile):
            decode(false, sink)
    assert ["schema.enum"] == [violation.rule for violation in validate({**plain, "encoding": "latin-1"})]


def test_size_limit() -> None:
    assert 10 * 2**20 == LIMITS["html.size"].value
    for at_limit in ("é" * 50, b"x" * 100):
        Html(at_limit, limits={"html.size": 100})
    for over in ("é" * 50 + "x", b"x" * 101):
        with pytest.raises(InvalidInput, match=r"at most 100 bytes, got 101 \[html\.size\]"):
            Html(over, limits={"html.size": 100})
    with pytest.raises(InvalidInput, match=r"html\.size"):
        Html(b"x" * (10 * 2**20 + 1))


def test_messages() -> None:
    with pytest.raises(InvalidInput, match=r"bytes that are not UTF-8 at byte 3: b'\\xe9' \[html\.text\]"):
        Html(b"<p>\xe9")
    with pytest.raises(InvalidInput, match=r"UTF-16 needs its byte order mark\), got one at character 1 "):
        Html("<p>".encode("utf-16-le"))
    with pytest.raises(WrongType, match=r"a page as a string, .* got int 3 \[html\.kind\]"):
        Html(3)


def test_repr() -> None:
    assert r"Html(12 characters, '<p>\nhello</p', inject=False, caption='c')" == repr(
        Html("<p>\nhello</p", inject=False, caption="c")
    )


# --- in a browser --------------------------------------------------------------------------------------------------


def test_chromium_keeps_the_page_and_uses_the_style(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html lang=en><HEAD data-x='>'\n><title>é</title></head><body><table><td id=cell>x</td></table>"
    )
    page += "<script>document.title = [document.compatMode, document.characterSet, document.head.dataset.x,"
    page += " document.head.firstElementChild.localName, getComputedStyle(cell).paddingLeft].join()</script>"
    (tmp_path / "page.html").write_bytes(Html(page).stored())

    dom = subprocess.run(
        [browser(), *FLAGS, f"--user-data-dir={tempfile.mkdtemp(dir=tmp_path)}", "--dump-dom",
         (tmp_path / "page.html").as_uri()],
        capture_output=True, timeout=60, check=True,
    ).stdout.decode()  # fmt: skip

    assert "<title>CSS1Compat,UTF-8,&gt;,meta,8px</title>" in dom
