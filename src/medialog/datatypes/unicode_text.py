"""Text and its bytes: what Html and Text share. Text is refused when it cannot be stored exactly, never repaired."""

from __future__ import annotations

import codecs
from typing import Any, Literal, get_args

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

# Python's codec names. "utf-8-sig" is UTF-8 behind a byte order mark; the UTF-16 ones have one too.
Encoding = Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]
ENCODINGS: tuple[str, ...] = get_args(Encoding)
BYTE_ORDER_MARKS = {
    "utf-8": b"",
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}


def encode(text: str, encoding: str = "utf-8") -> bytes:
    """Return text in `encoding`, with its byte order mark where it has one."""
    return BYTE_ORDER_MARKS[encoding] + text.encode("utf-8" if encoding == "utf-8-sig" else encoding)


def check_text(text: str, at: str, rule: str) -> None:
    """Raise `InvalidInput` for text with NUL characters or lone surrogates, which no file of text can hold."""
    where = text.find("\0")
    if where >= 0:
        got = f"one at character {where:,}"
        raise InvalidInput(Violation(at, rule, "text without NUL characters (UTF-16 needs its byte order mark)", got))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            got = f"{checks.show(text[error.start])} at character {error.start:,}"
            raise InvalidInput(Violation(at, rule, "text without lone surrogates", got)) from None


def decode(data: bytes, at: str, rule: str) -> tuple[str, str]:
    """Return the text of a file, without its byte order mark, and its encoding.

    UTF-8, with or without a byte order mark, or UTF-16 with one. `InvalidInput` for other bytes: nothing is guessed.
    """
    encoding = next((name for name, mark in BYTE_ORDER_MARKS.items() if mark and data.startswith(mark)), "utf-8")
    body: Any = memoryview(data)[len(BYTE_ORDER_MARKS[encoding]) :]
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        text = codecs.decode(body, codec, "strict")
    except UnicodeDecodeError as error:
        byte = error.start + len(BYTE_ORDER_MARKS[encoding])
        expected = "UTF-8, or UTF-16 with its byte order mark (other text: decode it and pass a str)"
        got = f"bytes that are not {codec.upper()} at byte {byte:,}: {checks.show(data[byte : byte + 8])}"
        raise InvalidInput(Violation(at, rule, expected, got)) from None
    check_text(text, at, rule)
    return text, encoding
