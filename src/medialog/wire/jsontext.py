"""The JSON that medialog writes and reads.

Written: UTF-8, compact, never a bare `NaN` or `Infinity` (RFC 8259 has none). A number that JSON cannot carry is an
object: `{"_type": "number", "value": "NaN" | "Infinity" | "-Infinity" | "<digits>"}`, the last for whole numbers
outside 64 bits. Read: the same, and refused when a key stands twice, a number overflows or nesting is too deep.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
MAX_DIGITS = 4300  # what Python itself reads and writes without a change of its settings
MOST_BITS = int((MAX_DIGITS - 1) * math.log2(10))  # no number of that many bits has more digits
NUMBER_KIND = "number"
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode_number(value: float | int) -> Any:
    """Return `value` as JSON can carry it: NaN, infinities and integers beyond 64 bits in the tagged form."""
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return value
        return {"_type": NUMBER_KIND, "value": str(value)}
    if math.isfinite(value):
        return value
    name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return {"_type": NUMBER_KIND, "value": name}


def decode_number(tagged: dict[str, Any]) -> float | int:
    """Return the number of a tagged form; `ValueError` when the text is none of the documented ones."""
    text = tagged.get("value")
    if isinstance(text, str):
        if text in _SPECIAL:
            return _SPECIAL[text]
        if len(text) <= MAX_DIGITS and text.removeprefix("-").isdecimal() and text.isascii():
            return int(text)
    raise ValueError(f"not a tagged number: {tagged!r:.80}")


def first_non_finite(document: Any, path: str = "$") -> str | None:
    """Return the JSON path of the first NaN or infinite float, or None. msgspec would write it as null."""
    if isinstance(document, float):
        return None if math.isfinite(document) else path
    if isinstance(document, dict):
        for key, value in document.items():
            kind = type(value)
            if kind is int or kind is str or (kind is float and value - value == 0.0):
                continue
            found = first_non_finite(value, f"{path}.{key}")
            if found is not None:
                return found
    elif isinstance(document, (list, tuple)):
        for index, value in enumerate(document):
            kind = type(value)
            if kind is int or kind is str or (kind is float and value - value == 0.0):
                continue
            found = first_non_finite(value, f"{path}[{index}]")
            if found is not None:
                return found
    return None


def encode_plain(document: Any) -> bytes:
    """Return JSON of a document that is known to hold no NaN, infinity or lone surrogate."""
    global _encoder
    if _encoder is None:
        import msgspec

        _encoder = msgspec.json.Encoder()
    encoded: bytes = _encoder.encode(document)
    return encoded


_encoder: Any = None


def dumps(document: Any) -> bytes:
    """Return `document` as compact UTF-8 JSON, keys in order; `ValueError` for NaN, infinity or a bad string."""
    import msgspec

    bad = first_non_finite(document)
    if bad is not None:
        raise ValueError(f"{bad}: NaN and infinity are not JSON")
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError as error:
        raise ValueError(f"a lone surrogate cannot be written as UTF-8: {error.object[:40]!r}") from None


def dumps_pretty(document: Any) -> bytes:
    """Return `document` as indented JSON with a final newline, for files people open (`run.json`, `summary.json`).

    `ValueError` as of `dumps`. A summary may have a hundred thousand keys and is written every second: Python's own
    indented JSON would take a quarter of it.
    """
    import msgspec

    return msgspec.json.format(dumps(document), indent=2) + b"\n"


def _refuse_constant(token: str) -> Any:
    raise ValueError(f"{token} is not JSON")


def _finite_float(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise ValueError(f"number out of range: {token[:40]}")
    return value


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r:.80} stands twice")
    return result


# A string, closed or not, or a bracket outside of strings. Possessive, and it always matches: linear on any text.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _nesting(text: str) -> int:
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        bracket = text[token.start()]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket != '"':
            depth -= 1
    return deepest


def loads(data: bytes | str) -> Any:
    """Parse JSON; `ValueError` for NaN, `1e999`, a repeated key, a lone surrogate, deep nesting or bad UTF-8."""
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    # A document this short, or with this few brackets, cannot nest too deeply: spare it the character loop.
    if text.count("[") + text.count("{") > MAX_DEPTH and _nesting(text) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    document = json.loads(
        text, parse_constant=_refuse_constant, parse_float=_finite_float, object_pairs_hook=_unique_pairs
    )
    if "\\u" in text:
        _refuse_surrogates(document)
    return document


def _refuse_surrogates(document: Any) -> None:
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            try:
                node.encode()
            except UnicodeEncodeError:
                raise ValueError("a lone surrogate is not text") from None
        elif isinstance(node, dict):
            stack.extend(node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
