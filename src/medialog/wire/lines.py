"""The lines of a file, read one by one or many at once, none longer than a limit ever held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple

BLOCK = 1 << 20
_AT_ONCE = 1 << 18


class TooLong(NamedTuple):
    """A line above the limit: its `size` with its newline, if it is `finished` by one. Its content was passed over."""

    size: int
    finished: bool


def read_lines(file: BinaryIO, limit: int) -> Iterator[bytes | TooLong]:
    """Yield the lines from where the file stands, newlines kept; the last may have none.

    A line of more than `limit` bytes, its newline included, is passed over and stands there as a `TooLong`.
    """
    for raw in iter(partial(file.readline, limit + 1), b""):
        if len(raw) <= limit:
            yield raw
        else:
            size, finished = len(raw), raw.endswith(b"\n")
            del raw
            if not finished:
                more, finished = skip_line(file)
                size += more
            yield TooLong(size, finished)


def read_blocks(file: BinaryIO, limit: int) -> Iterator[bytes | TooLong]:
    """Yield the same lines as `read_lines`, as many whole ones at once as a quarter of a mebibyte holds.

    What has no newline at its end is the unfinished last line alone.
    """
    if limit < _AT_ONCE:  # any of the lines in a block might be too long
        yield from read_lines(file, limit)
        return
    while block := file.read(_AT_ONCE):
        end = block.rfind(b"\n") + 1
        if end:
            file.seek(end - len(block), os.SEEK_CUR)
            yield block[:end] if end < len(block) else block
            continue
        file.seek(-len(block), os.SEEK_CUR)
        yield from islice(read_lines(file, limit), 1)


def skip_line(file: BinaryIO) -> tuple[int, bool]:
    """Pass over the rest of a line; return how many bytes that was, and whether a newline ended it."""
    size = 0
    while raw := file.readline(BLOCK):
        size += len(raw)
        if raw.endswith(b"\n"):
            return size, True
    return size, False
