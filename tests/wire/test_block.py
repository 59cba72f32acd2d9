"""A block of lines is what its lines are one by one, or it is left to be read one by one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialog.wire import block, line
from medialog.wire.line import Line

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab_"\\é', max_size=3), inner, max_size=3),
    max_leaves=8,
)
lines = st.builds(
    Line,
    seq=st.integers(0, 2**63 - 1),
    kind=st.sampled_from(["row", "part", "sync", "other"]),
    t=st.floats(0, 4e9),
    m=st.floats(0, 1e9),
    data=st.dictionaries(st.sampled_from(["a", "b", "n", "_type", "é", '"']), values, max_size=4),
    step=st.none() | st.integers(0, 2**63 - 1),
)


@pytest.fixture(autouse=True)
def blocks_of_any_size() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block, "FEWEST", 1)
        yield


def seal(body: str | bytes) -> bytes:
    sealed = (body.encode() if isinstance(body, str) else body)[:-1]
    return b'%b,"crc":"%08x"}\n' % (sealed, zlib.crc32(sealed))


def as_lines(found: block.Lines) -> list[Line]:
    members = found.seqs, found.kinds, found.times, found.runtimes, found.data, found.steps
    return [Line(*each) for each in zip(*members, strict=True)]


@given(st.lists(lines, min_size=1, max_size=6))
def test_a_block_is_what_its_lines_are(examples: list[Line]) -> None:
    raw = [line.encode(each) for each in examples]
    content = b"".join(raw)

    found = block.decode_block(content)

    if b"\\" in content:
        assert found is None
        return
    assert found is not None
    assert examples == as_lines(found)
    assert repr([line.decode(each) for each in raw]) == repr(as_lines(found))  # 1, 1.0 and True are three
    assert found.is_flat == all(type(value) not in (dict, list) for each in examples for value in each.data.values())


@given(st.lists(lines.filter(lambda each: b"\\" not in line.encode(each)), min_size=1, max_size=3), st.data())
def test_no_changed_byte_is_taken(examples: list[Line], data: st.DataObject) -> None:
    content = b"".join(map(line.encode, examples))
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))

    assert block.decode_block(content) is not None
    assert block.decode_block(content[:at] + bytes([byte]) + content[at + 1 :]) is None


def test_every_flipped_bit_and_every_cut_is_seen() -> None:
    content = b"".join(line.encode(Line(seq, "row", 1.5, seq / 4, {"loss": 0.25}, seq)) for seq in range(3))
    for position in range(8 * len(content)):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        assert block.decode_block(bytes(changed)) is None, position
    for length in range(1, len(content)):
        whole = content[:length].endswith(b'"}\n')
        assert (block.decode_block(content[:length]) is not None) == whole, length


SOUND = '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":1,"b":[2,{"c":"x"}]}}'


@pytest.mark.parametrize(
    "body",
    [
        '{"seq":0,"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":1}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":1,"a":1}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":{"b":1,"b":1}}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":[{"b":"x","b":"x"}]}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":1e999}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":NaN}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":"\\ud800"}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":' + 70 * "[" + 70 * "]" + "}}",
        '{"seq":0,"step":1,"k":"row","t":9223372036854775808,"m":2,"d":{"a":1}}',
        '{"seq":-1,"step":1,"k":"row","t":1,"m":2,"d":{"a":1}}',
        '{"seq":9223372036854775808,"step":1,"k":"row","t":1,"m":2,"d":{"a":1}}',
        '{"seq":0,"step":-1,"k":"row","t":1,"m":2,"d":{"a":1}}',
        '{"seq":0,"step":1.5,"k":"row","t":1,"m":2,"d":{"a":1}}',
        '{"seq":true,"step":1,"k":"row","t":1,"m":2,"d":{"a":1}}',
        '{"seq":0,"step":1,"k":7,"t":1,"m":2,"d":{"a":1}}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":[1]}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2}',
        '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":1},"x":"more"}',
        '{"seq":0,"step":null,"k":"row","t":1,"m":2,"d":{"a":1}}',
        b'{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":"\xff"}}',
        b'{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":"\x01"}}',
        "[]",
        "7 ",
    ],
)
def test_what_is_not_as_the_writer_makes_it_is_left(body: str | bytes) -> None:
    sound = seal(SOUND)

    assert block.decode_block(sound + sound) is not None
    assert block.decode_block(sound + seal(body) + sound) is None


@pytest.mark.parametrize("number", ["-0", "1E5", "5.0", "1e-400", str(2**64), str(-(2**63) - 1), "9" * 40, "0.1"])
def test_numbers_are_read_as_they_stand(number: str) -> None:
    found = block.decode_block(seal(SOUND.replace('"a":1', f'"a":{number}')))

    assert found is not None
    assert repr(json.loads(number)) == repr(found.data[0]["a"])


@pytest.mark.parametrize("depth", [60, 61, 62, 63, 64])
def test_nesting_is_measured_line_by_line(depth: int) -> None:
    body = '{"seq":0,"step":1,"k":"row","t":1,"m":2,"d":{"a":' + depth * "[" + depth * "]" + "}}"
    others = [seal(SOUND)] * 50

    assert (depth + 2 <= 64) == (block.decode_block(seal(body) + b"".join(others)) is not None)


def test_two_documents_in_one_line_are_left() -> None:
    double = SOUND[:-1] + ',"crc":"00000000"}' + SOUND

    assert block.decode_block(seal(SOUND) + seal(double)) is None


def test_few_lines_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "FEWEST", 3)

    found: list[Any] = [block.decode_block(count * seal(SOUND)) for count in (0, 1, 2, 3)]

    assert [None, None, None] == found[:3]
    assert found[3] is not None
