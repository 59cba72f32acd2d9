from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialog.wire import jsontext

text = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(text, inner, max_size=5),
    max_leaves=30,
)


@given(documents)
def test_documents_come_back(document: Any) -> None:
    for data in (jsontext.dumps(document), jsontext.dumps_pretty(document)):
        assert repr(document) == repr(jsontext.loads(data))
        assert document == json.loads(data)


@given(documents)
def test_files_for_people_are_indented(document: Any) -> None:
    expected = json.dumps(json.loads(jsontext.dumps(document)), indent=2, ensure_ascii=False)

    found = jsontext.dumps_pretty(document).decode()

    assert found.endswith("\n")
    assert [len(line) - len(line.lstrip(" ")) for line in found.split("\n")[:-1]] == [
        len(line) - len(line.lstrip(" ")) for line in expected.split("\n")
    ]


@given(documents)
def test_the_text_is_compact_utf8(document: Any) -> None:
    data = jsontext.dumps(document)

    assert json.dumps(document, ensure_ascii=False, separators=(",", ":")).count(" ") == data.decode().count(" ")
    assert b"\n" not in data


@given(st.integers() | st.floats())
def test_every_number_comes_back(number: float) -> None:
    encoded = jsontext.loads(jsontext.dumps(jsontext.encode_number(number)))

    back = jsontext.decode_number(encoded) if isinstance(encoded, dict) else encoded
    assert (type(number), repr(number)) == (type(back), repr(back))


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (2**64 - 1, 2**64 - 1),
        (2**64, {"_type": "number", "value": "18446744073709551616"}),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, {"_type": "number", "value": "-9223372036854775809"}),
        (math.nan, {"_type": "number", "value": "NaN"}),
        (-math.inf, {"_type": "number", "value": "-Infinity"}),
        (-0.0, -0.0),
    ],
)
def test_golden_numbers(number: float, encoded: Any) -> None:
    assert repr(encoded) == repr(jsontext.encode_number(number))


@pytest.mark.parametrize(
    "value", [None, 5, "", "nan", "1.5", "١", "+1", "1_000", "0x1", "--1", "-", " 1", "9" * 4301, "Inf"]
)
def test_other_tagged_numbers_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not a tagged number"):
        jsontext.decode_number({"_type": "number", "value": value})


@pytest.mark.parametrize(
    ("document", "place"),
    [(math.nan, r"\$"), ({"a": [1, {"b": math.inf}]}, r"\$\.a\[1\]\.b"), ([1.5, (2.5, -math.inf)], r"\$\[1\]\[1\]")],
)
def test_numbers_that_json_has_not_are_refused_with_their_place(document: Any, place: str) -> None:
    with pytest.raises(ValueError, match=f"^{place}: "):
        jsontext.dumps(document)


@pytest.mark.parametrize("document", ["\ud800", ["a", "\udfff"], {"\ud800": 1}, {"a": {"b": "\ud800"}}])
def test_half_characters_are_refused_both_ways(document: Any) -> None:
    for write in (jsontext.dumps, jsontext.dumps_pretty):
        with pytest.raises(ValueError, match="surrogate"):
            write(document)
    with pytest.raises(ValueError, match="surrogate"):
        jsontext.loads(json.dumps(document))


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"-1e999",
        b'{"a":1,"a":2}',
        b'[{"x":{"b":1,"c":2,"b":3}}]',
        b"",
        b"{",
        b"[1,]",
        b"'a'",
        b"\xff",
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        b"01",
        b"1" * 5000,
        b'"a\nb"',
        b"{}{}",
        b"nul",
        b"[" * 100_000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_not_our_json(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each case has its own message
        jsontext.loads(data)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_nesting_ends_at_exactly_64_levels() -> None:
    jsontext.loads(nested(64))
    with pytest.raises(ValueError, match="deeper than 64"):
        jsontext.loads(nested(65))
    with pytest.raises(ValueError, match="deeper than 64"):
        jsontext.loads(b'{"a":' * 65 + b"1" + b"}" * 65)


def test_brackets_in_text_are_no_nesting() -> None:
    document = ["[{" * 200, {'a"[': '\\"[[['}, "\\", "[" * 100]

    assert document == jsontext.loads(json.dumps(document))
    assert [[]] * 500 == jsontext.loads(json.dumps([[]] * 500))


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda s: s.encode("utf-8", "replace")))
def test_only_value_errors_come_of_garbage(data: bytes) -> None:
    try:
        jsontext.loads(data)
    except ValueError:
        return
    json.loads(data)
