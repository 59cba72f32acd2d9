"""H: pages and texts. What is accepted is stored as it is: safety is in the viewer."""

from __future__ import annotations

import io
from typing import Any

import pytest

import medialog
from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_file
from medialog import Html
from medialog.datatypes.text import Text
from medialog.validators.errors import WrongType

MIB = 1 << 20
HOSTILE = {
    "H1 a script": "<script>parent.location='http://127.0.0.1/'</script>",
    "H2 onerror": "<img src=x onerror=alert(1)>",
    "H3 javascript:": "<a href='javascript:alert(1)'>x</a>",
    "H4 data:": "<iframe src='data:text/html,<script>alert(1)</script>'></iframe>",
    "H5 base": "<base href='http://127.0.0.1/'><img src=x>",
    "H6 refresh": "<meta http-equiv=refresh content='0;url=http://127.0.0.1/'>",
    "H7 the end of a frame": "</iframe><script>alert(1)</script>",
    "H7 the end of a text area": "</textarea></title></style></script>-->]]>",
    "H8 a comment that does not end": "<!-- <head>",
    "H9 a form": "<form action='http://127.0.0.1/' method=post><input name=a></form>",
    "H10 SVG with a script": "<svg><script>alert(1)</script></svg>",
    "H10 an entity bomb": "<!DOCTYPE a [<!ENTITY b 'cc'><!ENTITY c '&b;&b;'>]><p>&c;",
    "H+ two heads": "<head><head></head></head>",
    "H+ a head in an attribute": "<p title='<head>'>x",
    "H+ our own marks": "<!--medialog-style--><style></style><!--/medialog-style-->",
    "H+ empty": " ",
    "H+ a right-to-left override": "<p>\u202egnp.exe",
    "H+ escape": "<p>\x1b[31m",
    "H+ 10,000 open elements": "<div>" * 10_000,
    "H+ a doctype of 100 KB": f"<!doctype {'a' * 100_000}>",
    "H+ 100 KB of '<'": "<" * 100_000,
    "H+ 100 KB of '<head'": "<head" * 20_000,
    "H+ 100 KB of '<!--'": "<!--" * 25_000,
    "H+ 100 KB of attributes": f"<head {'a=' * 50_000}",
    "H+ 100 KB of quotes": '<head a="' + "'\"" * 50_000,
    "H+ 100 KB of spaces": "<head" + " " * 100_000,
}


def same(page: str, read: dict[str, Any]) -> bool:
    """Say whether the very page comes back."""
    run = medialog.run
    assert run is not None
    found = medialog.load(read[KEY], run.dir)
    return bool(found.html == page)


def page(
    name: str, make: Any, *rules: str, kind: Any = Html, error: type[Exception] | None = None, **options: Any
) -> list[Case]:
    return refused(name, lambda at: kind(make(), **options), *rules, **({"error": error} if error else {}))


CASES = flat(
    *(
        accepted(
            f"{name}, inject={inject}",
            lambda at, text=text, inject=inject: Html(text, inject=inject),
            lambda row, text=text: same(text, row),
        )
        for name, text in HOSTILE.items()
        for inject in (True, False)
    ),
    refused_file("H11 50 MB", lambda: b"<p>" + b"x" * (50 * MIB), Html, ".html", "html.size", says="10,485,760"),
    page("H11 10 MiB and a byte", lambda: "x" * (10 * MIB + 1), "html.size"),
    page("H11 6 MiB of two bytes each", lambda: "é" * (6 * MIB), "html.size"),
    refused_file("H12 a limit of 5", b"<p>xxx", lambda data: Html(data, limits={"html.size": 5}), ".html", "html.size"),
    refused_file("H13 NUL", b"<p>\0", Html, ".html", "html.text"),
    page("H13 NUL in text", lambda: "<p>a\0b", "html.text"),
    page("H13 only NUL", lambda: "\0", "html.text"),
    page("H13 a lone surrogate", lambda: "<p>\ud800", "html.text"),
    refused_file("H14 UTF-16 without its mark", "<p>".encode("utf-16-le"), Html, ".html", "html.text"),
    refused_file("H14 UTF-16, cut", "<p>".encode("utf-16")[:-1], Html, ".html", "html.text"),
    refused_file("H14 UTF-16 of half a pair", b"\xff\xfe\x00\xd8", Html, ".html", "html.text"),
    refused_file("H14 Latin-1", b"<p>\xe9", Html, ".html", "html.text"),
    refused_file("H14 an overlong slash", b"<p>\xc0\xaf", Html, ".html", "html.text"),
    refused_file("H14 a surrogate in UTF-8", b"<p>\xed\xa0\x80", Html, ".html", "html.text"),
    refused_file("H14 beyond Unicode", b"<p>\xf4\x90\x80\x80", Html, ".html", "html.text"),
    refused_file("H14 a picture", b"\x89PNG\r\n\x1a\n" + bytes(30), Html, ".html", "html.text"),
    page("H15 a missing .html", lambda: "no/such.html", "file.missing"),
    page("H15 a missing .HTM", lambda: "NO.HTM", "file.missing"),
    page("H15 a URL", lambda: "https://example.org/", "file.url"),
    page("H15 a path ../../x.html", lambda: "../../x.html", "file.missing"),
    page("H16 a path with NUL", lambda: "a\0.html", "file.missing"),
    refused("H16 a directory", lambda at: Html(at.directory), "file.missing"),
    page("H16 None", lambda: None, "html.kind", error=WrongType),
    page("H16 a number", lambda: 5, "html.kind", error=WrongType),
    page("H16 a list", lambda: ["<p>"], "html.kind", error=WrongType),
    page("H16 an object without repr", nasty.NoRepr, "html.kind", error=WrongType),
    page("H16 an object whose attributes raise", nasty.NoAttributes, "html.kind", error=WrongType),
    page("H16 a file that raises", lambda: nasty.OddFile(OSError("x")), "file.kind"),
    page("H16 a file of numbers", lambda: nasty.OddFile(5), "file.kind"),
    page("H16 text in memory with a surrogate", lambda: io.StringIO("\udc80"), "file.kind"),
    page("H16 inject 1", lambda: "<p>", "html.option", inject=1),
    page("H16 inject without truth", lambda: "<p>", "html.option", inject=nasty.NoBool()),
    # texts
    page("H+ a text of NUL", lambda: "a\0", "text.text", kind=Text),
    page("H+ a text of a surrogate", lambda: "\ud800", "text.text", kind=Text),
    page("H+ a text of Latin-1", lambda: b"\xe9", "text.text", kind=Text),
    page("H+ a text of 10 MiB and a byte", lambda: "x" * (10 * MIB + 1), "text.size", kind=Text),
    page("H+ a text of None", lambda: None, "text.kind", kind=Text, error=WrongType),
    page("H+ a text of an object", nasty.NoAttributes, "text.kind", kind=Text, error=WrongType),
    page("H+ a text of markdown 'yes'", lambda: "x", "text.markdown", kind=Text, markdown="yes"),
    accepted("H14 UTF-16 with its mark", lambda at: Html("<p>é".encode("utf-16")), lambda row: same("<p>é", row)),
    accepted(
        "H+ a text of hostile HTML",
        lambda at: Text("<script>alert(1)</script>"),
        lambda row: row[KEY]["_type"] == "text-file",
    ),
    accepted("H+ a text of a formula", lambda at: Text("=HYPERLINK(1)"), lambda row: row[KEY]["_type"] == "text-file"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pages(case: Case, bench: Bench) -> None:
    bench.hold(case)
