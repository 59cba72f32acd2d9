"""A figure's JSON: what plotly and altair put into their dicts, as plain JSON.

The rules, the same for every figure:

- typed arrays (`{"dtype": "f8", "bdata": "<base64>"}`, as plotly writes numpy data from version 6 on) become lists of
  the very same numbers, nested by their `shape`: every plotly.js and every other reader of JSON understands lists, and
  only some understand typed arrays;
- NaN, infinities, NaT and missing values become null, a gap, as plotly and Vega write them themselves; they are
  counted;
- numpy and pandas values become numbers, lists and ISO 8601 text; tuples become lists.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import math
from collections.abc import Mapping
from typing import Any

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules

FIGURE_JSON_RULES = {
    "figure.json": "a figure holds numbers, text, dates, arrays, and lists and mappings of them",
    "figure.typed_array": "a typed array has a known dtype, base64 data, and a shape that fits",
    "figure.size": "a figure's JSON has at most `figure.size` bytes",
    "json.depth": "nesting has at most `json.depth` levels",
}

# The dtypes of plotly.js, in both of its spellings; always little-endian.
_DTYPES = {"int8": "i1", "uint8": "u1", "uint8clamped": "u1", "uint8c": "u1", "u1c": "u1", "int16": "i2",
           "uint16": "u2", "int32": "i4", "uint32": "u4", "float32": "f4", "float64": "f8"}  # fmt: skip
_DTYPES |= {short: short for short in _DTYPES.values()}


class PlainJson:
    """Turns values into plain JSON, and counts what was changed on the way."""

    def __init__(self, what: str, rules: Rules) -> None:
        self.non_finite = 0
        self.typed_arrays = 0
        self._what = what
        self._depth = rules.limit("json.depth")

    def convert(self, value: Any, at: str = "", depth: int = 1) -> Any:
        """Return `value` as plain JSON that shares nothing with it. `InvalidInput` with the place of what cannot be."""
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int:
            return self._integer(value, at)
        if kind is float:
            return self._float(value)
        if depth > self._depth:
            expected = f"at most {self._depth} levels of nesting"
            raise InvalidInput(Violation(self._place(at)[:80], "json.depth", expected, "more (a cycle?)"))
        if isinstance(value, Mapping):
            if "bdata" in value and "dtype" in value:
                return self._typed_array(value, at)
            return {self._key(key, at): self.convert(item, f"{at}.{key}", depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.convert(item, f"{at}[{index}]", depth + 1) for index, item in enumerate(value)]
        return self._convert_object(value, at, depth)

    def _convert_object(self, value: Any, at: str, depth: int) -> Any:
        if isinstance(value, (int, float, str)):  # subclasses: numpy.float64, enum members of text
            base: Any = next(base for base in (int, float, str) if isinstance(value, base))
            plain = base.__new__(base, value)
            return self._float(plain) if base is float else self.convert(plain, at, depth)
        if hasattr(value, "to_plotly_json"):
            return self.convert(value.to_plotly_json(), at, depth + 1)
        if type(value).__name__ in ("NaTType", "NAType"):
            self.non_finite += 1
            return None
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        if isinstance(value, decimal.Decimal):
            return self._float(float(value))
        if not hasattr(value, "dtype") and not hasattr(value, "__array__"):
            expected = "a number, text, a date, an array, or a list or mapping of them"
            raise checks.wrong_type(self._place(at), "figure.json", expected, value)
        return self._array(value, at, depth)

    def _array(self, value: Any, at: str, depth: int) -> Any:
        import numpy as np

        if isinstance(value, np.ma.MaskedArray):
            self.non_finite += int(np.ma.getmaskarray(value).sum())
            return self.convert(value.tolist(), at, depth + 1)
        array = np.asarray(value)
        if array.dtype.kind in "biuU":
            return array.tolist()
        if array.dtype.kind == "f":
            return self._floats(array)
        if array.dtype.kind == "M":
            missing = np.isnat(array)
            self.non_finite += int(missing.sum())
            text = np.datetime_as_string(array).astype(object)
            text[missing] = None
            return text.tolist()
        if array.dtype.kind == "O":
            # numpy's own object for an unknown value is an array of no dimensions that holds it.
            if array.ndim == 0 and array.item() is value:
                raise checks.wrong_type(self._place(at), "figure.json", "a value that JSON can hold", value)
            return self.convert(array.tolist(), at, depth + 1)
        got = f"an array of dtype {array.dtype}"
        raise InvalidInput(Violation(self._place(at), "figure.json", "an array of numbers, text or dates", got))

    def _floats(self, array: Any) -> Any:
        import numpy as np

        bad = ~np.isfinite(array)
        wide = array.astype(np.float64)
        if not bad.any():
            return wide.tolist()
        self.non_finite += int(bad.sum())
        holes = wide.astype(object)
        holes[bad] = None
        return holes.tolist() if array.ndim else None

    def _typed_array(self, value: Mapping[str, Any], at: str) -> Any:
        import numpy as np

        place = self._place(at)
        dtype = _DTYPES.get(value["dtype"]) if isinstance(value["dtype"], str) else None
        if dtype is None:
            expected = f"one of {', '.join(sorted(_DTYPES))}"
            raise InvalidInput(Violation(f"{place}.dtype", "figure.typed_array", expected, checks.show(value["dtype"])))
        data = value["bdata"]
        try:
            raw = base64.b64decode(data, validate=True) if isinstance(data, (str, bytes)) else bytes(memoryview(data))
            array = np.frombuffer(raw, dtype=np.dtype(f"<{dtype}"))
            array = array.reshape(_shape(value["shape"])) if value.get("shape") is not None else array
        except (binascii.Error, ValueError, TypeError) as error:
            expected = "base64 data of whole elements that fill the shape"
            raise InvalidInput(Violation(place, "figure.typed_array", expected, str(error)[:120])) from None
        self.typed_arrays += 1
        return self._floats(array) if dtype.startswith("f") else array.tolist()

    def _integer(self, value: int, at: str) -> int:
        if -(2**63) <= value < 2**64:
            return value
        raise InvalidInput(Violation(self._place(at), "figure.json", "an integer of 64 bits", checks.show(value)))

    def _float(self, value: float) -> float | None:
        if math.isfinite(value):
            return value
        self.non_finite += 1
        return None

    def _key(self, key: Any, at: str) -> str:
        if isinstance(key, str):
            return str(key)
        raise InvalidInput(Violation(self._place(at), "figure.json", "text as key", checks.show(key)))

    def _place(self, at: str) -> str:
        return f"{self._what}{at}"


def _shape(shape: Any) -> tuple[int, ...]:
    """Return a shape as plotly writes it: `"2, 3"`, a number, or a list."""
    parts = shape.split(",") if isinstance(shape, str) else shape if isinstance(shape, (list, tuple)) else [shape]
    lengths = tuple(int(part) for part in parts)
    if any(length < 0 for length in lengths):  # numpy would infer it
        raise ValueError(f"a negative length in the shape {shape!r:.40}")
    return lengths


def encode(document: Any, what: str, rules: Rules) -> bytes:
    """Return plain JSON as bytes, keys in their order: the same document gives the same bytes."""
    import msgspec

    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError as error:
        got = f"{error.object[error.start]!r} in {checks.show(error.object, 40)}"
        raise InvalidInput(Violation(what, "figure.json", "text without lone surrogates", got)) from None
    check_size(len(data), what, rules)
    return data


def check_size(size: int, what: str, rules: Rules) -> None:
    """Refuse a figure whose JSON is larger than `figure.size`."""
    advice = " (thin the data, or limits={'figure.size': ...})"
    checks.refuse([checks.at_most(size, "figure.size", what, rules, "bytes", advice)])


def parse(data: bytes, what: str) -> Any:
    """Return the document of JSON bytes; `InvalidInput` for anything that is not JSON, bare NaN included."""
    import msgspec

    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        expected = "JSON, in which null is a gap (there is no NaN, no Infinity)"
        raise InvalidInput(Violation(what, "file.content", expected, str(error)[:120])) from None


def short_text(value: Any, length: int = 200) -> str | None:
    """Return the first characters of a title for the descriptor, or None when there is no text."""
    if isinstance(value, (list, tuple)):
        value = "\n".join(str(line) for line in value)
    if not isinstance(value, str) or not value.strip():
        return None
    return value if len(value) <= length else value[: length - 1] + "…"
