"""Many history lines at once: what `line.decode` says of each of them, for a tenth of what asking it costs.

A block is taken only when all of it is as the writer makes it: every checksum is held against its line, and what
msgspec reads is what a strict parser would. Anything else is not decided here: `decode_block` returns None, and the
lines are looked at one by one.

msgspec is as strict as `jsontext.loads` but for repeated keys, of which it takes the last, and nesting. Each key and
each text stands between two quotation marks; where there is no backslash, a block that has no more of them than what
was read of it needs has no key twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NamedTuple

from medialog.wire.jsontext import MAX_DEPTH

FEWEST = 32  # lines: for fewer of them, one by one is not slower
_SEAL_LENGTH = len(',"crc":"a702fc6e"}')
_MEMBERS = 8  # seq, k, t, m, d and crc, and the texts of k and crc
_NEWLINE = 0x0A


class Lines(NamedTuple):
    """The lines of a block, member by member."""

    seqs: list[int]
    kinds: list[str]
    steps: list[int | None]
    times: list[float]
    runtimes: list[float]
    data: list[dict[str, Any]]
    ends: Any  # where each ends in the block: a numpy array
    is_flat: bool  # no payload holds a mapping or a list


def decode_block(block: bytes) -> Lines | None:
    """Return what stands in a block of whole lines; None when it must be read line by line, as few lines are."""
    import numpy as np

    codes = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    count = len(ends)
    if count < FEWEST or ends[-1] != len(block) - 1 or b"\\" in block or not _is_sealed(block, codes, ends):
        return None
    more = _count(codes, b"{") + _count(codes, b"[") - 2 * count  # brackets than those that every line has
    if more > MAX_DEPTH - 2 and not _is_shallow(block):
        return None
    decode, refused = _codec()
    try:
        bodies = decode(block)
    except refused:
        return None
    if len(bodies) != count:
        return None
    steps = [body.step for body in bodies]
    data = [body.d for body in bodies]
    quoted = _MEMBERS * count + (count - steps.count(None)) + sum(map(len, data))
    if (marks := _count(codes, b'"')) != 2 * quoted and marks != 2 * (quoted + _quoted_below(data)):
        return None
    return Lines(
        [body.seq for body in bodies],
        [body.k for body in bodies],
        steps,
        [body.t for body in bodies],
        [body.m for body in bodies],
        data,
        ends,
        more == 0,
    )


def _count(codes: Any, character: bytes) -> int:
    """Return how often a character stands in a block; several times as fast as `bytes.count`, where it is frequent."""
    import numpy as np

    return int(np.count_nonzero(codes == ord(character)))


def _is_sealed(block: bytes, codes: Any, ends: Any) -> bool:
    """Say whether every line ends in the checksum of what stands before it."""
    import numpy as np

    begins = np.concatenate(([0], ends[:-1] + 1))
    if int((ends - begins).min()) <= _SEAL_LENGTH:
        return False
    seals = ends - _SEAL_LENGTH
    crc32 = zlib.crc32
    sums = [crc32(block[begin:seal]) for begin, seal in zip(begins.tolist(), seals.tolist(), strict=True)]
    digits = np.array(sums, ">u4").tobytes().hex().encode()
    found = codes[seals[:, None] + np.arange(_SEAL_LENGTH)]
    expected = np.empty_like(found)
    expected[:, :8] = np.frombuffer(b',"crc":"', np.uint8)
    expected[:, 8:16] = np.frombuffer(digits, np.uint8).reshape(-1, 8)
    expected[:, 16:] = np.frombuffer(b'"}', np.uint8)
    return bool((found == expected).all())


def _is_shallow(block: bytes) -> bool:
    """Say whether no line has so many brackets that it may nest too deeply."""
    return all(raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH for raw in block.split(b"\n"))


def _quoted_below(data: list[dict[str, Any]]) -> int:
    """Return how many keys and texts the values of payloads need."""
    count = 0
    stack: list[Any] = []
    for payload in data:
        for value in payload.values():
            kind = type(value)
            if kind is str:
                count += 1
            elif kind is dict or kind is list:
                stack.append(value)
    while stack:
        node = stack.pop()
        if type(node) is dict:
            count += len(node)
            node = node.values()
        for value in node:
            kind = type(value)
            if kind is str:
                count += 1
            elif kind is dict or kind is list:
                stack.append(value)
    return count


@cache
def _codec() -> tuple[Callable[[bytes], list[Any]], tuple[type[Exception], ...]]:
    import msgspec

    count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    seconds = Annotated[float, msgspec.Meta(gt=-(2.0**63), lt=2.0**63)]
    members = [("seq", count), ("k", str), ("t", seconds), ("m", seconds), ("d", dict[str, Any]), ("crc", str)]
    body = msgspec.defstruct("Body", [*members, ("step", count | None, None)], gc=False)
    return msgspec.json.Decoder(body).decode_lines, (msgspec.MsgspecError, ValueError, RecursionError)
