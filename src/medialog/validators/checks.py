"""The input checks that every type uses.

A check returns the `Violation` it finds, or None. `refuse` raises what was found, all at once. Checks of arrays are
vectorised, say where the first bad element is and how many there are.
"""

from __future__ import annotations

import math
import operator
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from medialog.validators.errors import InvalidInput, Violation, WrongType, one_line
from medialog.validators.rules import Rules

if TYPE_CHECKING:
    import numpy as np

_LARGEST = int(sys.float_info.max)

COMMON_RULES = {
    "adopt.claim": "one package stores the objects of a class",
    "adopt.result": "what a package makes of a foreign object is a medialog object",
    "array.dtype": "an array has a numeric or boolean dtype",
    "array.kind": "the value can be read as an array",
    "array.masked": "no element of an array is masked out",
    "array.range": "a range that is read as an array has at most `array.range` elements",
    "array.ragged": "nested lists have equal lengths",
    "caption.length": "a caption has at most `caption.length` characters",
    "caption.text": "a caption is text without control characters",
    "file.changed": "a large file still holds the bytes it was constructed from",
    "file.content": "a file's content is of a supported format, and of the declared one",
    "file.kind": "a file input is a path, bytes, or an open file",
    "file.missing": "a path names an existing regular file",
    "file.url": "nothing is fetched: a URL is not a file",
    "list.mixed": "a list of media holds one type",
    "rules.limits": "limits= names settable limits and gives values of their type",
    "rules.strict": "strict= is 'warn', 'error' or 'record'",
    "value.read": "an object's own methods do not raise when it is read",
    "strict.change": "under strict='error' no conversion may lose anything",
}


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def refuse(violations: Iterable[Violation | None]) -> None:
    """Raise one `InvalidInput` with every violation that is not None; return when there is none."""
    found = [violation for violation in violations if violation is not None]
    if found:
        raise InvalidInput(found)


def show(value: object, length: int = 60) -> str:
    """Return a short, one-line, escaped picture of any value for a message. Never raises."""
    try:
        text = repr(value) if not hasattr(value, "shape") else f"{type(value).__name__} of shape {tuple(value.shape)}"
    except Exception:  # noqa: BLE001 - a broken repr of a user's object must not hide the real message
        text = object.__repr__(value)
    return one_line(_ADDRESS.sub("", text[: 8 * length]), length)


def unreadable(value: object, at: str, error: Exception) -> InvalidInput:
    """Return the error for an object whose own methods raise when it is read."""
    got = f"{type_name(value)}, which raises {type(error).__name__}: {reason(error)}"
    return InvalidInput(Violation(at, "value.read", "a value that can be read", got))


def unreadable_parts(at: str, error: Exception) -> InvalidInput:
    """Return the error for arguments one of which raises when it is read."""
    got = f"one that raises {type(error).__name__}: {reason(error)}"
    return InvalidInput(Violation(at, "value.read", "arguments that can be read", got))


def has(value: object, name: str) -> bool:
    """Say whether an object has an attribute. Never raises."""
    try:
        return hasattr(value, name)
    except Exception:  # noqa: BLE001  # a class of the caller's may raise anything
        return False


def reason(error: BaseException) -> str:
    """Return the text of anybody's error. Never raises."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # a class of the caller's again
        return ""


def type_name(value: object) -> str:
    """Return `module.Class` of a value, without `builtins.`."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def text(value: object, at: str, rule: str = "caption.text") -> Violation | None:
    """Check that `value` is text that can be stored and shown: no control characters except tab and newline."""
    if not isinstance(value, str):
        return Violation(at, rule, "a string", f"{type_name(value)} {show(value)}")
    if not value.isprintable():
        for character in value:
            code = ord(character)
            if (code < 32 and character not in "\t\n\r") or code == 127 or 0xD800 <= code <= 0xDFFF:
                return Violation(at, rule, "text without control characters or lone surrogates", repr(character))
    return None


def caption(value: object, rules: Rules) -> Violation | None:
    """Check a caption: text of at most `caption.length` characters."""
    if value is None:
        return None
    return text(value, "caption") or at_most(len(value), "caption.length", "caption", rules, "characters")  # type: ignore[arg-type]


def range_length(value: range, at: str, rules: Rules) -> int:
    """Return the length of a `range`: `InvalidInput` past `array.range`, for it takes no memory of the caller's."""
    count = max(0, -((value.start - value.stop) // value.step))  # `len` overflows
    refuse(
        [at_most(min(count, 10**30), "array.range", at, rules, "elements of a range (numpy.arange(n) has no limit)")]
    )
    return count


def at_most(count: float, limit: str, at: str, rules: Rules, unit: str, advice: str = "") -> Violation | None:
    """Check a number against the limit of that id; the limit's id is the rule."""
    most = rules.limit(limit)
    if count <= most:
        return None
    digits = isinstance(count, int) and count.bit_length() > 1000
    return Violation(
        at, limit, f"at most {most:,} {unit}{advice}", "a number of 300 digits or more" if digits else f"{count:,}"
    )


def one_of(value: object, allowed: Sequence[object], at: str, rule: str) -> Violation | None:
    """Check that `value` is one of the allowed ones."""
    if any(type(value) is type(option) and value == option for option in allowed):
        return None
    return Violation(at, rule, f"one of {', '.join(map(str, allowed))}", show(value))


def whole_number(value: object) -> int | None:
    """Return `value` as an int when it is of a whole number type, else None.

    Such are int, np.integer and a 0-d integer array; not bool.
    """
    if isinstance(value, bool) or not _has_real_dtype(value):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (float, str, bytes)) or (
        getattr(value, "dtype", None) is None and not hasattr(value, "__index__")
    ):
        return None
    try:
        return int(operator.index(value))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  # a class of the caller's may raise anything: it is no whole number
        return None


def _has_real_dtype(value: object) -> bool:
    """Say whether a scalar of another library, if it is one, holds a real number: no truth, text or complex."""
    dtype = getattr(value, "dtype", "")
    kind = getattr(dtype, "kind", None)
    if isinstance(kind, str):
        return kind in "iufV"  # V: bfloat16
    return not any(word in str(dtype) for word in ("bool", "complex", "string"))


def real_number(value: object) -> float | int | None:
    """Return `value` as a Python number when it is one real number (int, float, numpy scalar; not bool), else None.

    None also for a whole number that no double can hold.
    """
    whole = whole_number(value)
    if whole is not None:
        return whole if abs(whole) <= _LARGEST else None
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (bool, str, bytes, complex)) or not hasattr(value, "__float__"):
        return None
    if not _has_real_dtype(value) or getattr(value, "ndim", 0) != 0:
        return None
    try:
        return float(value.detach() if hasattr(value, "detach") else value)  # torch warns of a gradient that is lost
    except Exception:  # noqa: BLE001  # as above
        return None


def positive_number(value: object, at: str, rule: str) -> Violation | None:
    """Check that `value` is a finite number above zero."""
    number = real_number(value)
    if number is not None and math.isfinite(number) and number > 0:
        return None
    return Violation(at, rule, "a finite number above 0", show(value))


def index_text(bad: np.ndarray) -> str:
    """Return `[1, 3]`: the index of the first True in `bad`."""
    import numpy as np

    return "[" + ", ".join(str(int(i)) for i in np.unravel_index(int(bad.argmax()), bad.shape)) + "]"


def elements(bad: np.ndarray, values: np.ndarray, at: str, rule: str, expected: str) -> Violation | None:
    """Return the violation of the elements where `bad` is True.

    It has place and value of the first, and how many there are.
    """
    count = int(bad.sum())
    if not count:
        return None
    value = values.reshape(-1)[int(bad.reshape(-1).argmax())]
    more = f" ({count:,} such elements)" if count > 1 else ""
    return Violation(
        f"{at}{index_text(bad)}", rule, expected, f"{value.item() if hasattr(value, 'item') else value}{more}"
    )


def finite(values: np.ndarray, at: str, rule: str) -> Violation | None:
    """Check that every element of a real array is finite. One fast pass when it is: no temporary of its size."""
    import numpy as np

    if values.dtype.kind != "f" or not values.size:
        return None
    with np.errstate(all="ignore"):
        # min and max propagate NaN and infinities, and allocate nothing.
        if np.isfinite(values.min()) and np.isfinite(values.max()):
            return None
    return elements(~np.isfinite(values), values, at, rule, "a finite number")


def within(values: np.ndarray, low: float, high: float, at: str, rule: str, what: str = "a number") -> Violation | None:
    """Check that every element lies in [low, high]. NaN does not."""
    if not values.size:
        return None
    if low <= values.min() and values.max() <= high:
        return None
    return elements(~((values >= low) & (values <= high)), values, at, rule, f"{what} in [{low:g}, {high:g}]")


def whole(values: np.ndarray, at: str, rule: str, what: str = "a whole number") -> Violation | None:
    """Check that every element is integral."""
    import numpy as np

    if values.dtype.kind in "iub" or not values.size:
        return None
    bad = np.floor(values) != values
    return elements(bad, values, at, rule, what)


def wrong_type(at: str, rule: str, expected: str, value: object) -> WrongType:
    """Return the error for an object that can never be what it was given as."""
    return WrongType(Violation(at, rule, expected, f"{type_name(value)} {show(value)}"))
