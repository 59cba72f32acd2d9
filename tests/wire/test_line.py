"""History lines: what is written comes back, and no changed byte is ever taken for what was written."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialog.wire import jsontext, line, records
from medialog.wire.line import Damage, Line

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
lines = st.builds(
    Line,
    seq=st.integers(0, 2**63 - 1),
    kind=st.sampled_from(list(records.LINES)),
    t=st.floats(0, 4e9),
    m=st.floats(0, 1e9),
    data=st.dictionaries(text, values, max_size=4),
    step=st.none() | st.integers(0, 2**63 - 1),
)
EXAMPLE = Line(seq=17, step=5, kind="row", t=1795177742.101, m=31.0042, data={"loss": 0.25, "猫": ["a", None]})


def seal(body: bytes) -> bytes:
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


@given(lines)
def test_lines_come_back(example: Line) -> None:
    raw = line.encode(example)

    assert example == line.decode(raw) == line.decode(raw.removesuffix(b"\n"))
    assert 1 == raw.count(b"\n")
    assert json.loads(raw)["seq"] == example.seq


def test_the_golden_line() -> None:
    raw = line.encode(EXAMPLE)

    assert raw == seal(
        '{"seq":17,"step":5,"k":"row","t":1795177742.101,"m":31.0042,"d":{"loss":0.25,"猫":["a",null]}'.encode()
    )
    assert b"step" not in line.encode(Line(0, "meta", 0.0, 0.0, {}))


def test_every_flipped_bit_is_damage() -> None:
    raw = line.encode(EXAMPLE)
    for position in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[position // 8] ^= 1 << position % 8
        assert isinstance(line.decode(bytes(changed)), Damage), position


def test_every_truncation_is_damage() -> None:
    raw = line.encode(EXAMPLE)
    for length in range(len(raw) - 1):
        assert isinstance(line.decode(raw[:length]), Damage), length
        assert isinstance(line.decode(raw[:length] + b"\n"), Damage), length
    for start in range(1, len(raw)):
        assert isinstance(line.decode(raw[start:]), Damage), start


@given(lines, st.data())
def test_every_changed_byte_is_damage(example: Line, data: st.DataObject) -> None:
    raw = line.encode(example)
    at = data.draw(st.integers(0, len(raw) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[at]))

    assert isinstance(line.decode(raw[:at] + bytes([byte]) + raw[at + 1 :]), Damage)


@given(st.binary(max_size=80))
def test_garbage_is_damage(raw: bytes) -> None:
    assert isinstance(line.decode(raw), Damage)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{}",
        bytes(4096),
        b"\xef\xbb\xbf" + line.encode(EXAMPLE),
        line.encode(EXAMPLE) * 2,
        line.encode(EXAMPLE)[:-1] + b" \n",
        line.encode(EXAMPLE)[:-1] + b"\r\n",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_lines_that_were_never_written(raw: bytes) -> None:
    assert isinstance(line.decode(raw), Damage)


GOOD: dict[str, Any] = {"seq": 0, "step": 0, "k": "row", "t": 0.0, "m": 0.0, "d": {}}


@pytest.mark.parametrize(
    "body",
    [
        *[{name: value for name, value in GOOD.items() if name != missing} for missing in GOOD if missing != "step"],
        *[{**GOOD, "seq": value} for value in (-1, 1.0, True, "0", None, 2**63)],
        *[{**GOOD, "step": value} for value in (-1, 1.5, False, "0", 2**63)],
        *[{**GOOD, "k": value} for value in (None, 1, ())],
        *[{**GOOD, "t": value} for value in (None, "0", True, 10**400)],
        *[{**GOOD, "m": value} for value in (None, "0", True, 10**400)],
        *[{**GOOD, "d": value} for value in (None, (), "x", 1)],
    ],
    ids=str,
)
def test_sealed_lines_of_another_form(body: dict[str, Any]) -> None:
    assert isinstance(line.decode(seal(json.dumps(body).encode()[:-1])), Damage)


@pytest.mark.parametrize(
    "body",
    [
        b'{"seq":0,"k":"row","t":0,"m":0,"d":{"a":NaN}',
        b'{"seq":0,"k":"row","t":0,"m":0,"d":{"a":1e999}',
        b"[1",
        b'{"seq":0,"seq":1',
        b'{"seq":0,"k":"row","t":0,"m":0,"d":{"a":"\\ud800"}',
        b"\xff",
        b'{"seq":0,"k":"row","t":0,"m":0,"d":' + b"[" * 5000,
        b'{"seq":' + b"9" * 5000 + b',"k":"row","t":0,"m":0,"d":{}',
    ],
    ids=lambda body: repr(body[-20:]),
)
def test_sealed_lines_that_are_not_our_json(body: bytes) -> None:
    assert isinstance(line.decode(seal(body)), Damage)


@pytest.mark.parametrize("data", [{"a": math.nan}, {"a": [math.inf]}, {"a": "\ud800"}])
def test_what_json_cannot_carry_is_never_written(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        line.encode(Line(0, "row", 0.0, 0.0, data, 0))


TOKENS = (
    *('"seq":1', '"seq":2', '"k":"row"', '"t":1.5', '"t":1', '"m":2.5', '"step":3', '"step":null', '"x":1'),
    *('"d":{}', '"d":{"a":1e999}', '"d":{"a":NaN}', '"d":{"a":1,"a":1}', '"d":{"a":1E5}'),
    *('"d":{"a":"\\u0041"}', '"d":{"a":"\\ud800"}'),
)


@given(st.lists(st.sampled_from(TOKENS), max_size=8), st.sampled_from([",", ", "]))
def test_the_fast_way_accepts_nothing_that_the_slow_one_refuses(tokens: list[str], joint: str) -> None:
    body = ("{" + joint.join(tokens)).encode()
    found = line.decode(seal(body))
    try:
        document = jsontext.loads(body + b"}")
    except ValueError:
        assert isinstance(found, Damage)
        return

    if isinstance(found, Line):
        given = (document["seq"], document["k"], document["t"], document["m"], document["d"], document.get("step"))
        assert given == tuple(found)
    else:
        assert not {"seq", "k", "t", "m", "d"} <= set(document)


@pytest.mark.parametrize("depth", [jsontext.MAX_DEPTH - 1, jsontext.MAX_DEPTH, 10_000])
def test_depth(depth: int) -> None:
    body = b'{"seq":0,"k":"row","t":0.0,"m":0.0,"d":{"a":%b1%b}' % (b"[" * (depth - 2), b"]" * (depth - 2))

    assert (depth > jsontext.MAX_DEPTH) == isinstance(line.decode(seal(body)), Damage)
