"""Lines are read one by one, and one above the limit is never held."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialog.wire import lines as lines_module
from medialog.wire.lines import TooLong, read_blocks, read_lines, skip_line


@given(st.lists(st.binary(max_size=12)), st.integers(1, 15))
def test_lines_are_those_of_split(pieces: list[bytes], limit: int) -> None:
    content = b"\n".join(pieces)
    lines = [piece + b"\n" for piece in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    expected = [each if len(each) <= limit else TooLong(len(each), each.endswith(b"\n")) for each in lines if each]

    assert expected == list(read_lines(io.BytesIO(content), limit))


@given(st.lists(st.binary(max_size=12)), st.integers(1, 30), st.integers(1, 30))
def test_blocks_are_whole_lines(pieces: list[bytes], limit: int, at_once: int) -> None:
    content = b"\n".join(pieces)
    expected = list(read_lines(io.BytesIO(content), limit))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_AT_ONCE", at_once)
        blocks = list(read_blocks(io.BytesIO(content), limit))

    found: list[bytes | TooLong] = []
    for block in blocks:
        found += [block] if isinstance(block, TooLong) else io.BytesIO(block)
    assert expected == found
    assert all(block.endswith(b"\n") for block in blocks[:-1] if isinstance(block, bytes))
    last = content.rpartition(b"\n")[2]
    assert not last or len(last) > limit or last == blocks[-1]  # an unfinished line comes alone


def test_the_limit_counts_the_newline() -> None:
    assert [b"123\n"] == list(read_lines(io.BytesIO(b"123\n"), 4))
    assert [TooLong(5, finished=True), b"x"] == list(read_lines(io.BytesIO(b"1234\nx"), 4))
    assert [TooLong(5, finished=False)] == list(read_lines(io.BytesIO(b"12345"), 4))


def test_the_rest_of_a_line_is_passed_over() -> None:
    file = io.BytesIO(b"rest\nnext\n")

    assert (5, True) == skip_line(file)
    assert b"next\n" == file.read()
    assert (0, False) == skip_line(file)


def test_a_line_of_a_gibibyte_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**30)
        file.seek(0, 2)
        file.write(b"\nshort\n")
    tracemalloc.start()
    try:
        with path.open("rb") as opened:
            assert [TooLong(2**30 + 1, finished=True), b"short\n"] == list(read_lines(opened, 2**20))
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
