"""The history line: one JSON object per line, sealed with a CRC-32.

    {"seq":17,"step":5,"k":"row","t":1795177742.101,"m":31.0042,"d":{...},"crc":"a702fc6e"}

`seq` counts the lines of one writer from 0; `step` is present where the kind has one; `k` is the kind; `t` is unix time
in seconds and for people only; `m` is monotonic seconds since the run began; `d` is the payload. `crc` is always the
last member: zlib's CRC-32 of every byte before `,"crc"`, as eight lowercase hex digits, compared as text.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from medialog.wire import jsontext

_SEAL_LENGTH = len(',"crc":"a702fc6e"}')


class Line(NamedTuple):
    """One decoded line. `step` is None for kinds without one."""

    seq: int
    kind: str
    t: float
    m: float
    data: dict[str, Any]
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that cannot be trusted: `reason` says why."""

    reason: str


def encode(line: Line) -> bytes:
    """Return the sealed line with its newline. `ValueError` when `data` holds NaN, an infinity or a lone surrogate."""
    body: dict[str, Any] = {"seq": line.seq}
    if line.step is not None:
        body["step"] = line.step
    body["k"] = line.kind
    body["t"] = line.t
    body["m"] = line.m
    body["d"] = line.data
    sealed = jsontext.dumps(body)[:-1]
    return b'%b,"crc":"%08x"}\n' % (sealed, zlib.crc32(sealed))


def encode_row(seq: int, step: int, t: float, m: float, numbers: dict[str, Any]) -> bytes:
    """The same for a row of finite numbers and booleans, without looking at each of them again."""
    make_row, encode_body = _row_codec or _make_row_codec()
    sealed = encode_body(make_row(seq, step, "row", t, m, numbers))[:-1]
    return b'%b,"crc":"%08x"}\n' % (sealed, zlib.crc32(sealed))


_RowCodec = tuple[Callable[..., Any], Callable[[Any], bytes]]
_row_codec: _RowCodec | None = None


def _make_row_codec() -> _RowCodec:
    """Return how to make the body of a row, and how to encode it: a Struct's keys are encoded once for all."""
    global _row_codec
    import msgspec

    class Row(msgspec.Struct, gc=False):
        seq: int
        step: int
        k: str
        t: float
        m: float
        d: dict[str, Any]

    _row_codec = Row, msgspec.json.Encoder().encode
    return _row_codec


def decode(raw: bytes) -> Line | Damage:
    """Check and parse one line (with or without its newline). Damage is returned, never raised, never ignored."""
    raw = raw.removesuffix(b"\n")
    sealed, seal = raw[:-_SEAL_LENGTH], raw[-_SEAL_LENGTH:]
    if seal[:8] != b',"crc":"' or seal[-2:] != b'"}':
        return Damage("no checksum at its end")
    if seal[8:-2] != b"%08x" % zlib.crc32(sealed):
        return Damage("the checksum does not match: bytes were changed")
    document = sealed + b"}"
    found = _decode_as_written(document)
    if found is not None:
        return found
    try:
        body = jsontext.loads(document)
    except (ValueError, RecursionError) as error:
        return Damage(f"not valid JSON: {str(error)[:120]}")
    if not isinstance(body, dict):
        return Damage("not a JSON object")
    seq, kind, step, data = body.get("seq"), body.get("k"), body.get("step"), body.get("d")
    t, m = body.get("t"), body.get("m")
    if not (_is_count(seq) and isinstance(kind, str) and isinstance(data, dict)):
        return Damage("seq, k or d is missing or of the wrong type")
    if not (step is None or _is_count(step)) or not (_is_number(t) and _is_number(m)):
        return Damage("step, t or m is of the wrong type")
    return Line(seq=seq, kind=kind, t=float(t), m=float(m), data=data, step=step)  # type: ignore[arg-type]


def _decode_as_written(document: bytes) -> Line | None:
    """Return the line if its JSON is exactly what `encode` writes for it, else None: then it is read the slow way.

    msgspec reads ten times faster than a parser in Python, and is laxer: of a repeated key it takes the last. What it
    read, written again, shows every such thing, because then the bytes differ.
    """
    if document.count(b"{") + document.count(b"[") > jsontext.MAX_DEPTH:  # it may nest too deeply
        return None
    decode_body, encode_body, refused = _codec()
    try:
        body = decode_body(document)
        if encode_body(body) != document:
            return None
    except refused:
        return None
    step = body.step
    if not 0 <= body.seq < 2**63 or not (step is None or (type(step) is int and 0 <= step < 2**63)):
        return None
    return Line(body.seq, body.k, body.t, body.m, body.d, step)


@cache
def _codec() -> tuple[Callable[[bytes], Any], Callable[[Any], bytes], tuple[type[Exception], ...]]:
    import msgspec

    class Body(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True):
        seq: int
        step: int | None = None
        k: str
        t: float
        m: float
        d: dict[str, Any]

    refused = (msgspec.MsgspecError, ValueError, RecursionError)
    return msgspec.json.Decoder(Body).decode, msgspec.json.Encoder().encode, refused


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_number(value: object) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 2**63)
