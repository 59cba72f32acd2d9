"""Values in `log()`, summary and config: what is stored as JSON, what becomes a DataType, and what is refused.

| value                                        | stored as                                                     |
|----------------------------------------------|---------------------------------------------------------------|
| str, bool, int, float, None                  | themselves; NaN, infinities and integers beyond 64 bits tagged |
| numpy scalars, arrays and tensors of size 1  | the Python value                                              |
| arrays and tensors up to `tensor.inline`     | nested lists; of size 0 `[]`                                  |
| larger numeric arrays and tensors            | a Histogram of 64 bins                                        |
| dates and times                              | ISO 8601                                                      |
| Enum, dataclass, Decimal, Path, timedelta    | its value, a mapping, text, text, ISO 8601 duration           |
| dtypes of numpy and torch, torch devices     | text                                                          |
| columns of texts or dates (pandas, polars)   | lists, null where one is missing                              |
| mappings, lists, tuples, sets                | the same, inside; sets sorted                                 |
| DataTypes and lists of one type              | descriptors                                                   |
| objects of known libraries                   | the DataType that `adopt` finds                               |
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import numbers
import pathlib
import sys
import types
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from medialog.validators import checks
from medialog.validators.errors import Error, InvalidInput, InvalidKey, Violation, WrongType
from medialog.validators.rules import Rules
from medialog.wire import jsontext

_ATOMS = frozenset((str, bool, int, type(None)))
_MOST_BITS = int((jsontext.MAX_DIGITS - 1) * math.log2(10))
_WIDE = 2**63
_CONTROL = {"Cc", "Cs"}
_AS_TEXT = frozenset(("numpy.dtype", "torch.device", "torch.dtype"))  # what configs are full of
_COLUMNAR = frozenset(("pandas", "polars", "pyarrow"))
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_key(key: object, at: str, rules: Rules) -> str:
    """Return `key` as a plain `str`; `InvalidKey` for one that no step, summary or config can hold."""
    if not isinstance(key, str):
        got = f"{checks.type_name(key)} {checks.show(key)}"
        raise InvalidKey(Violation(at, "key.type", "a string as key (str(key) makes one)", got))
    key = key if type(key) is str else str.__str__(key)
    violation = None
    if not key.strip():
        violation = Violation(at, "key.empty", "a key with a visible character", repr(key)[:40])
    elif len(key) > rules.limit("key.length"):
        expected = f"at most {rules.limit('key.length')} characters"
        violation = Violation(at, "key.length", expected, f"{len(key):,}: {checks.show(key, 40)}")
    elif key.startswith("_"):
        expected = "a key that does not begin with an underscore (those are medialog's own)"
        violation = Violation(at, "key.reserved", expected, checks.show(key))
    elif not key.isprintable() or not _BIDIRECTIONAL.isdisjoint(key):
        bad = next((c for c in key if unicodedata.category(c) in _CONTROL or c in _BIDIRECTIONAL), None)
        if bad is not None:
            expected = "a key without control characters, directional overrides or lone surrogates"
            violation = Violation(
                at, "key.text", expected, f"{checks.show(key)} with {bad.encode('unicode_escape').decode()}"
            )
    if violation is not None:
        raise InvalidKey(violation)
    return key


def prepare(value: Any, at: str, rules: Rules, depth: int = 1) -> Any:
    """Return `value` as JSON in which every DataType and MediaList still stands as an object, to be encoded.

    The result shares nothing with the caller's lists and dicts. Raises `InvalidInput` with `at` as the place.
    """
    kind = type(value)
    if kind is float:
        return jsontext.encode_number(value)
    if kind is int and not -(2**63) <= value < 2**63:
        return _prepare_large(value, at)
    if kind in _ATOMS:
        if kind is str and not value.isascii():
            _check_text(value, at)
        return value
    if depth > rules.limit("json.depth"):
        expected = f"at most {rules.limit('json.depth')} levels of nesting"
        raise InvalidInput(Violation(at[:80], "json.depth", expected, "more (a cycle?)"))
    try:
        return _prepare_object(value, at, rules, depth)
    except (Error, Warning):
        raise
    except Exception as error:  # a class of the caller's may raise anything when it is read
        raise checks.unreadable(value, at, error) from error


def _prepare_large(value: int, at: str) -> Any:
    if value.bit_length() > jsontext.MOST_BITS:
        expected = f"a whole number of at most {jsontext.MAX_DIGITS:,} digits"
        raise InvalidInput(Violation(at, "value.type", expected, f"one of {value.bit_length():,} bits"))
    return jsontext.encode_number(value)


def prepare_mapping(value: Mapping[Any, Any], at: str, rules: Rules, depth: int = 1) -> dict[str, Any]:
    """Return a mapping with checked keys and prepared values."""
    result: dict[str, Any] = {}
    longest = rules.limit("key.length")
    is_ascii = True
    for key, item in value.items():
        # Nearly every row is plain names and finite numbers: for those no message is prepared and nothing is called.
        if type(key) is str and key.isascii() and key.isprintable() and 0 < len(key) <= longest and key[0] not in " _":
            kind = type(item)
            if kind is bool or (kind is float and item - item == 0.0) or (kind is int and -_WIDE <= item < _WIDE):
                result[key] = item
                continue
        place = f"{at}[{checks.show(key)}]" if at else checks.show(key)
        name = check_key(key, place, rules)
        is_ascii = is_ascii and name.isascii()
        result[name] = prepare(item, place, rules, depth + 1)
    if not is_ascii and len(result) > 1:
        _check_unique(result, at)
    return result


def _check_unique(keys: Mapping[str, Any], at: str) -> None:
    seen: dict[str, str] = {}
    for key in keys:
        normal = unicodedata.normalize("NFC", key)
        if normal in seen:
            expected = "keys that differ also after Unicode normalisation"
            raise InvalidKey(Violation(at or "row", "key.unique", expected, f"{seen[normal]!a} and {key!a}"))
        seen[normal] = key


def _check_text(value: str, at: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        bad = repr(value[error.start])
        raise InvalidInput(
            Violation(at, "value.type", "text without lone surrogates", f"{bad} at {error.start}")
        ) from None


def _prepare_object(value: Any, at: str, rules: Rules, depth: int) -> Any:
    from medialog.datatypes.base import DataType, MediaList

    if isinstance(value, (DataType, MediaList)):
        return value
    if isinstance(value, enum.Enum):
        return prepare(value.value, at, rules, depth + 1)
    if isinstance(value, (str, bool, int, float)):  # subclasses: numpy.float64, numpy.str_
        if isinstance(value, str):
            return prepare(str.__str__(value), at, rules, depth)
        # The base's own method: those of the subclass are the caller's.
        return prepare(int.__int__(value) if isinstance(value, int) else float.__float__(value), at, rules, depth)
    if isinstance(value, Mapping):
        return prepare_mapping(value, at, rules, depth)
    if isinstance(value, (list, tuple, range)):
        return _prepare_list(value, at, rules, depth)
    if isinstance(value, (set, frozenset)):
        return _prepare_list(_sorted(value, at), at, rules, depth)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        if hasattr(value, "isoformat"):  # pandas' own, which has nanoseconds
            return value.isoformat()
        import msgspec

        return msgspec.to_builtins(value)
    if isinstance(value, (decimal.Decimal, pathlib.PurePath)):
        return prepare(str(value), at, rules, depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return prepare_mapping(fields, at, rules, depth)
    return _prepare_foreign(value, at, rules, depth)


def _prepare_foreign(value: Any, at: str, rules: Rules, depth: int) -> Any:
    from medialog.datatypes import arrays
    from medialog.datatypes.adopt import adopt

    try:
        adopted = adopt(value)
    except InvalidInput as error:
        raise error.within(at) from error
    if adopted is not None:
        return adopted
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)):
        return f"{value.__module__}.{value.__qualname__}"
    if not _AS_TEXT.isdisjoint(f"{base.__module__}.{base.__qualname__}" for base in type(value).__mro__):
        return str(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return _prepare_scalar(value, at, rules, depth)
    if arrays.is_array_like(value):
        return _prepare_array(value, at, rules, depth)
    expected = "a number, text, date, array, medialog object, or a list or mapping of them"
    got = f"{checks.type_name(value)} {checks.show(value)}"
    raise WrongType(Violation(at, "value.type", expected, got))


def _prepare_scalar(value: Any, at: str, rules: Rules, depth: int) -> Any:
    if value.dtype.kind in "Mm":
        return str(value)
    if value.dtype.kind in "biuf":
        # A long double has more digits than a Python float: item() would give it back as it is.
        return prepare(value.item() if value.dtype.itemsize <= 8 else float(value), at, rules, depth)
    raise WrongType(Violation(at, "value.type", "a real number", f"a scalar of dtype {value.dtype}"))


def _prepare_array(value: Any, at: str, rules: Rules, depth: int) -> Any:
    import numpy as np

    from medialog.datatypes import arrays
    from medialog.datatypes.histogram import Histogram

    array = arrays.unmasked(value, at) if isinstance(value, np.ndarray) else _text_column(value)
    if array is not None and array.dtype.kind in "MmUO":
        return _prepare_text_array(array, at, rules, depth)
    array = arrays.to_numpy(value, at, rules)
    if array.size == 0:
        return []
    if array.size == 1:
        return prepare(array.reshape(-1)[0].item(), at, rules, depth)
    if array.size <= rules.limit("tensor.inline"):
        return prepare(array.tolist(), at, rules, depth)
    try:
        return Histogram(array)
    except InvalidInput as error:
        raise error.within(at) from error


def _text_column(value: Any) -> Any:
    """Return a column of pandas, polars or Arrow that holds texts or dates as an object array; None for any other."""
    import numpy as np

    if type(value).__module__.partition(".")[0] not in _COLUMNAR or np.asarray(value).dtype.kind in "biuf":
        return None
    read = next(getattr(value, name) for name in ("to_pylist", "tolist", "to_list") if hasattr(value, name))
    gaps = value.isna() if hasattr(value, "isna") else [False] * len(value)
    items = [None if gap else item for item, gap in zip(read(), gaps, strict=True)]
    if not all(isinstance(item, (str, datetime.date, datetime.time, types.NoneType)) for item in items):
        return None
    array = np.empty(len(items), dtype=object)
    array[:] = [item if item is None or isinstance(item, str) else item.isoformat() for item in items]
    return array


def _prepare_text_array(array: Any, at: str, rules: Rules, depth: int) -> Any:
    if array.dtype.kind == "O" and not all(isinstance(item, (str, type(None))) for item in array.reshape(-1)[:1000]):
        got = f"an object array of {checks.type_name(array.reshape(-1)[0])}"
        raise InvalidInput(Violation(at, "value.array", "an array of numbers, text or dates", got))
    if array.size > rules.limit("array.text"):
        expected = f"at most {rules.limit('array.text')} texts or dates (a Table holds more)"
        raise InvalidInput(Violation(at, "array.text", expected, f"{array.size:,} of dtype {array.dtype}"))
    if array.dtype.kind in "Mm":
        array = array.astype(str)
    if array.size == 1:
        return prepare(array.reshape(-1)[0], at, rules, depth)
    return prepare(array.tolist(), at, rules, depth)


def _sorted(values: set[Any] | frozenset[Any], at: str) -> list[Any]:
    try:
        return sorted(values)
    except TypeError as error:
        raise WrongType(Violation(at, "value.type", "a set whose items have an order", str(error)[:100])) from error


def _prepare_list(values: Sequence[Any], at: str, rules: Rules, depth: int) -> Any:
    from medialog.datatypes.base import DataType, MediaList

    if isinstance(values, range):
        checks.range_length(values, at, rules)
    count = len(values)
    if count > rules.limit("list.numbers") and isinstance(values[0], numbers.Real):
        expected = (
            f"at most {rules.limit('list.numbers'):,} numbers in a list; Histogram(values) or Table(...) hold more"
        )
        raise InvalidInput(Violation(at, "list.numbers", expected, f"{count:,}"))
    items = [prepare(item, f"{at}[{index}]", rules, depth + 1) for index, item in enumerate(values)]
    if not any(isinstance(item, (DataType, MediaList)) for item in items):
        return items
    if all(
        isinstance(item, (DataType, MediaList)) and _from_array(given)
        for given, item in zip(values, items, strict=True)
    ):
        return items  # a list of large arrays: a list of their histograms
    try:
        return MediaList(items, rules)
    except InvalidInput as error:
        raise error.within(at) from error


def _from_array(given: Any) -> bool:
    from medialog.datatypes import arrays

    return arrays.is_array_like(given)
