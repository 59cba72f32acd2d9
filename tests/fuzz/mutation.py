"""A seeded mutation loop: what runs where atheris is not installed, and briefly in the tests."""

from __future__ import annotations

import random
import re
import struct
import time
from collections.abc import Callable, Sequence

MOST_SECONDS = 5.0  # of processor time for one input
MOST_BYTES = 65_536
INTERESTING = (0, 1, 2, 4, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 2)
WORDS = (
    *(b"-1", b"0", b"1e999", b"nan", b"inf", b"99999999999999999999", b"4294967295", b"1_0", b"0x10", b"1.5", b"$$$$"),
    *(b"\xff", b"\n", b"\r", b" ", b'"', b"'", b"{}", b"[]", b"null", b"<!--", b"_"),
    *(b"\xef\xbb\xbf", b"\0\0\0\0", b"\xed\xa0\x80"),
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


class Slow(Exception):
    """An input took more than `MOST_SECONDS`."""


def mutate(seeds: Sequence[bytes], choices: random.Random) -> bytes:
    """Return one seed with one to six changes."""
    data = bytearray(choices.choice(seeds))
    for _ in range(choices.choice((1, 1, 1, 2, 2, 3, 6))):
        at = choices.randrange(len(data) + 1)
        action = choices.randrange(10)
        if action == 0 and at < len(data):
            data[at] ^= 1 << choices.randrange(8)
        elif action == 1 and at < len(data):
            data[at] = choices.randrange(256)
        elif action == 2:
            del data[at : at + choices.choice((1, 2, 4, 16, 64))]
        elif action == 3:
            del data[at:]
        elif action == 4:
            data[at:at] = choices.choice(WORDS)
        elif action == 5:
            other = choices.choice(seeds)
            start = choices.randrange(len(other) + 1)
            data[at : at + choices.choice((0, 8, 64))] = other[start : start + choices.choice((4, 16, 128))]
        elif action == 6:
            number = choices.choice(INTERESTING)
            packed = struct.pack(choices.choice(("<I", ">I")), number)
            width = choices.choice((1, 2, 4))
            data[at : at + width] = packed[:width] if choices.random() < 0.5 else packed[-width:]
        elif action == 7:
            data[at:at] = data[at : at + choices.choice((4, 32, 256))] * choices.choice((1, 2, 20))
        else:
            found = [match.span() for match in _NUMBER.finditer(data)]
            if found:
                start, end = choices.choice(found)
                data[start:end] = choices.choice((*WORDS, str(choices.choice(INTERESTING)).encode()))
    return bytes(data[:MOST_BYTES])


def run(
    target: Callable[[bytes], None], seeds: Sequence[bytes], seed: int, *, seconds: float, most: int | None = None
) -> int:
    """Run a target on its seeds and on mutations of them; return how many. The first finding goes through."""
    choices = random.Random(seed)
    inputs = list(seeds)
    count = 0
    end = time.monotonic() + seconds
    while (most is None or count < most) and (time.monotonic() < end or count < len(inputs)):
        data = inputs[count] if count < len(inputs) else mutate(seeds, choices)
        try:
            run_one(target, data)
        except BaseException as error:
            error.add_note(f"input: {data[:2_000]!r}")
            raise
        count += 1
    return count


def run_one(target: Callable[[bytes], None], data: bytes) -> None:
    """Run a target on one input, within bounded processor time."""
    started = time.process_time()
    target(data)
    used = time.process_time() - started
    if used > MOST_SECONDS:
        raise Slow(f"{used:.1f} s for {len(data)} bytes")
