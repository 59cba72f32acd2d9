"""The lines of a file, read one by one, none longer than a limit ever held."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

BLOCK = 1 << 20


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


def skip_line(file: BinaryIO) -> tuple[int, bool]:
    """Pass over the rest of a line; return how many bytes that was, and whether a newline ended it."""
    size = 0
    while raw := file.readline(BLOCK):
        size += len(raw)
        if raw.endswith(b"\n"):
            return size, True
    return size, False
