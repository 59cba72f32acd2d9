from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import Call, TypeLaws, call
from medialog.datatypes import MediaList, MemorySink, Text
from medialog.datatypes.base import decode
from medialog.validators import validate
from medialog.validators.errors import DamagedFile, InvalidInput, WrongType
from medialog.validators.limits import LIMITS

POEM = "# Über\n\nvier Zeilen\r\nund \U0001f600\n"


def bad(data: Any, *rules: str, **options: Any) -> tuple[Callable[[], Call], set[str]]:
    return lambda: call(data, **options), set(rules)


class TestText(TypeLaws):
    type = Text
    valid = {
        "a text": lambda: call("one\ntwo"),
        "Markdown": lambda: call(POEM, markdown=True, caption="a poem"),
        "nothing": lambda: call(""),
        "a line feed": lambda: call("\n"),
        "a name is a text": lambda: call("missing.txt"),
        "a URL is a text": lambda: call("https://example.org/notes.md"),
        "terminal colours": lambda: call("\x1b[31mred\x1b[0m"),
        "bytes": lambda: call(POEM.encode()),
        "a byte order mark": lambda: call(POEM.encode("utf-8-sig")),
        "a byte order mark in a string": lambda: call("\ufeffx"),
        "BytesIO": lambda: call(io.BytesIO(POEM.encode())),
        "StringIO": lambda: call(io.StringIO(POEM), True),
    }
    invalid = {
        "NUL": bad("a\0b", "text.text"),
        "NUL in a file": bad(b"a\0b", "text.text"),
        "a lone surrogate": bad("\udfff", "text.text"),
        "latin-1": bad("é".encode("latin-1"), "text.text"),
        "UTF-16": bad("é".encode("utf-16"), "text.text"),
        "a picture": bad(b"\x89PNG\r\n\x1a\n\0\0", "text.text"),
        "a missing Path": bad(Path("missing.txt"), "file.missing"),
        "a directory": bad(Path("."), "file.missing"),
        "a number": bad(3, "text.kind"),
        "a list of lines": bad(["a", "b"], "text.kind"),
        "None": bad(None, "text.kind"),
        "markdown='yes'": bad("x", "text.markdown", markdown="yes"),
        "a caption of 2,001": bad("x", "caption.length", caption="x" * 2001),
    }
    spellings = {
        "a text": [
            lambda: call(POEM),
            lambda: call(np.str_(POEM)),
            lambda: call(POEM, False),
            lambda: call(POEM.encode()),
            lambda: call(bytearray(POEM.encode())),
            lambda: call(io.BytesIO(POEM.encode())),
            lambda: call(io.StringIO(POEM)),
        ],
    }


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.booleans())
def test_texts_load_back_exactly(text: str, markdown: bool) -> None:
    sink = MemorySink()
    descriptor = Text(text, markdown=markdown).encode(sink)

    loaded = decode(descriptor, sink)

    assert (text, markdown) == (loaded.text, loaded.markdown)
    assert text.encode() == sink.files[descriptor["path"]]
    assert len(list(io.StringIO(text, newline="\n"))) == descriptor["lines"]
    assert len(text) == descriptor["characters"]
    assert [] == validate(descriptor)


@pytest.mark.parametrize(
    ("name", "markdown"), [("a.md", True), ("a.Markdown", True), ("a.txt", False), ("README", False)]
)
def test_a_file_is_markdown_by_its_name(name: str, markdown: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(POEM.encode())

    assert markdown == Text(path).markdown
    assert not Text(path, markdown=False).markdown
    assert Text(path, markdown=True).markdown
    with path.open(newline="") as opened:
        assert (POEM, markdown) == (Text(opened).text, Text(path).markdown)


def test_open_files_are_read_from_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"one\ntwo\nthree\n")
    with path.open() as opened:
        opened.readline()

        assert "two\nthree\n" == Text(opened).text
        assert not opened.closed


def test_descriptor() -> None:
    sink = MemorySink()
    descriptor = Text(POEM, markdown=True, caption="a poem").encode(sink)

    assert descriptor["path"].endswith(".md")
    assert Text("x").encode(sink)["path"].endswith(".txt")
    assert {
        "_type": "text-file",
        "size": len(POEM.encode()),
        "format": "markdown",
        "characters": len(POEM),
        "lines": 4,
        "lossless": True,
        "caption": "a poem",
    } == {name: value for name, value in descriptor.items() if name not in ("path", "sha256")}


def test_a_byte_order_mark_is_left_out_and_recorded() -> None:
    text = Text(b"\xef\xbb\xbfx")

    assert ("x", b"x") == (text.text, text.read())
    assert ["text.byte_order_mark"] == [change.id for change in text.changes]


@pytest.mark.parametrize(("place", "value"), [("characters", 7), ("characters", 1), ("lines", 0), ("lines", 99)])
def test_false_descriptors(place: str, value: int) -> None:
    descriptor = Text("a\nb\nc\n").encode(MemorySink())

    assert "text.descriptor" in {violation.rule for violation in validate({**descriptor, place: value})}


def test_a_file_that_is_not_utf_8_is_damaged() -> None:
    from medialog.datatypes import Html

    sink = MemorySink()
    other = Html(b"\xff\xfex\0", inject=False).encode(sink)
    false = {**Text("abcd").encode(sink), **{name: other[name] for name in ("path", "sha256", "size")}}

    with pytest.raises(DamagedFile, match="not UTF-8"):
        decode(false, sink)


def test_a_list_is_a_plain_list() -> None:
    texts = [Text("a"), Text("b", caption="c")]

    assert [text.encode_into(MemorySink()) for text in texts] == MediaList(texts).encode_into(MemorySink())


def test_size_limit() -> None:
    assert 10 * 2**20 == LIMITS["text.size"].value
    for at_limit in ("é" * 50, b"x" * 100):
        Text(at_limit, limits={"text.size": 100})
    for over in ("é" * 50 + "x", b"x" * 101):
        with pytest.raises(InvalidInput, match=r"at most 100 bytes, got 101 \[text\.size\]"):
            Text(over, limits={"text.size": 100})


def test_messages_and_repr() -> None:
    with pytest.raises(
        WrongType, match=r"a text as a string, a Path, bytes, or an open file, got int 3 \[text\.kind\]"
    ):
        Text(3)
    with pytest.raises(InvalidInput, match=r"Path\.read_text\(encoding=\.\.\.\) does, and pass a str\), got UTF-16-LE"):
        Text("é".encode("utf-16"))
    assert r"Text(text, 2 lines, 7 characters, 'one\ntwo')" == repr(Text("one\ntwo"))
