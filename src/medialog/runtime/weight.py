"""How many bytes a value holds in memory, nearly: what a queue of values is bounded by."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

LEAST = 512  # of a row of a few numbers


def weigh(value: Any, depth: int = 6) -> int:
    """Return the bytes of the arrays, buffers and texts in `value`, to a few levels of nesting."""
    kind = type(value)
    if kind in (bytes, bytearray, str):
        return len(value)
    if kind in (int, float, bool) or value is None:
        return 0
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    if hasattr(value, "getbands"):  # Pillow keeps one byte a pixel for a single band of 8 bits, else four
        return int(value.width * value.height * (1 if value.mode in ("1", "L", "P") else 4))
    if depth == 0:
        return sys.getsizeof(value, 0)
    if isinstance(value, Mapping):
        return sum(weigh(item, depth - 1) for item in value.values())
    if isinstance(value, (list, tuple)):
        # A long list is one of like things: a sample tells enough.
        step = max(1, len(value) // 64)
        return 8 * len(value) + step * sum(weigh(item, depth - 1) for item in value[::step])
    return sum(weigh(item, depth - 1) for item in _parts(value))


def _parts(value: Any) -> list[Any]:
    parts = list(getattr(value, "__dict__", {}).values())
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        parts += [getattr(value, name, None) for name in ([slots] if isinstance(slots, str) else slots)]
    return parts
