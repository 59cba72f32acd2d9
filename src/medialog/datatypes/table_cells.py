"""Cells of a table: what a Python object becomes in a cell, and a cell as JSON and back.

| kind                    | given as                                       | cell          | as JSON              |
|-------------------------|------------------------------------------------|---------------|----------------------|
| none                    | None, pandas.NA, NaT                           | None          | null                 |
| boolean, string         | bool, str, numpy scalars, enums, paths         | bool, str     | the same             |
| integer, number         | int, float, numpy scalars and 0-d arrays       | int, float    | the same (1)         |
| timestamp, timestamp_tz | datetime without and with a zone, datetime64   | datetime      | ISO 8601             |
| date, time, duration    | date, time, timedelta                          | the same      | ISO 8601             |
| decimal, bytes          | Decimal, bytes                                 | the same      | text, base64         |
| list, dict              | list, tuple, range, set; mapping, dataclass    | list, dict    | the same, inside     |
| ndarray                 | arrays and tensors                             | numpy.ndarray | dtype, shape, base64 |
| a media kind            | a DataType, or what `adopt` makes one of       | the DataType  | its descriptor       |

(1) NaN, infinities and integers beyond 64 bits are tagged, as everywhere (`wire.jsontext`).

In a column of one kind a cell is written plainly, because the column's type says what it is. Elsewhere (mixed columns,
inside lists and dicts) a value that JSON has no form for is tagged: `{"_type": "date", "value": "2026-01-01"}`. A
dict's own keys may not begin with an underscore, so no cell can pretend to be a descriptor or a tag.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import decimal
import enum
import pathlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from medialog.datatypes import arrays
from medialog.datatypes.base import ChangeLog, DataType, decode
from medialog.datatypes.files import Sink, Source, read_reference
from medialog.datatypes.plain import check_key
from medialog.datatypes.table_times import to_microseconds
from medialog.validators import checks
from medialog.validators.errors import Error, InvalidInput, Violation, WrongType
from medialog.validators.rules import Rules
from medialog.wire import jsontext, kinds
from medialog.wire.fileref import FileRef, iter_file_refs

SCALAR_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "none"}
EXPECTED = "text, a number, a date, an array, a medialog object, or a list or mapping of them"
# Levels of a table's file around a cell, and of a descriptor inside one.
AROUND = 12
_PLAIN = frozenset((bool, int, float, type(None)))
_OWN: dict[type, Callable[[Any], Any]] = {int: int.__int__, float: float.__float__, str: str.__str__}
_TAGGED = {
    datetime.datetime: "timestamp",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "duration",
    decimal.Decimal: "decimal",
    bytes: "bytes",
}

CELL_CHANGES = {
    "table.missing": "NaN in a column without numbers taken as a missing cell",
    "table.precision": "digits beyond microseconds dropped (lossy)",
    "table.longdouble": "extended precision rounded to doubles (lossy)",
}


class CellReader:
    """Turns given objects into cells; collects what was converted, for `record`."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._depth = min(rules.limit("json.depth"), jsontext.MAX_DEPTH) - AROUND
        self.counts: Counter[str] = Counter()

    def record(self, log: ChangeLog) -> None:
        """Write the conversions that were met into the change log; under `strict="error"` a lossy one raises."""
        for change, count in sorted(self.counts.items()):
            if change == "table.missing":
                log.record(change, CELL_CHANGES[change], count)
            else:
                log.lose(change, CELL_CHANGES[change].removesuffix(" (lossy)"), count)
        self.counts.clear()

    def read(self, value: Any, at: str, depth: int = 1) -> tuple[str, Any]:
        """Return `(kind, cell)`. `WrongType` for an object that no cell can hold, `InvalidInput` for a bad one."""
        cls = type(value)
        kind = SCALAR_KINDS.get(cls)
        if kind is not None:
            if cls is str and not value.isascii():
                check_surrogates(value, at)
            elif cls is int:
                check_digits(value, at)
            return kind, value
        if depth > self._depth:
            expected = f"at most {self._depth} levels of nesting in a cell"
            raise InvalidInput(Violation(at[:120], "json.depth", expected, "more (a cycle?)"))
        try:
            return self._read_object(value, at, depth)
        except (Error, Warning):
            raise
        except Exception as error:  # a class of the caller's may raise anything when it is read
            raise checks.unreadable(value, at, error) from error

    def _read_mapping(self, value: Mapping[Any, Any], at: str, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in value.items():
            place = f"{at}[{checks.show(key)}]"
            result[check_key(key, place, self.rules)] = self.read(item, place, depth + 1)[1]
        return result

    def _read_list(self, value: Any, at: str, depth: int) -> list[Any]:
        if isinstance(value, range):
            checks.range_length(value, at, self.rules)
        if _PLAIN.issuperset(map(type, value)):
            for item in value:
                if type(item) is int:
                    check_digits(item, at)
            return list(value)
        return [self.read(item, f"{at}[{index}]", depth + 1)[1] for index, item in enumerate(value)]

    def _read_object(self, value: Any, at: str, depth: int) -> tuple[str, Any]:
        if isinstance(value, DataType):
            return value.kind, _snapshot(value)
        if isinstance(value, dict):
            return "dict", self._read_mapping(value, at, depth)
        if isinstance(value, (list, tuple, range)):
            return "list", self._read_list(value, at, depth)
        if type(value).__name__ in ("NAType", "NaTType") and type(value).__module__.startswith("pandas"):
            return "none", None
        if isinstance(value, enum.Enum):
            return self.read(value.value, at, depth + 1)
        if isinstance(value, (str, int, float)) and not _is_numpy(value):
            # The base's own method: those of the subclass are the caller's.
            own = next(own for base, own in _OWN.items() if isinstance(value, base))
            return self.read(own(value), at, depth)
        if isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
            return self._read_time(value)
        if isinstance(value, decimal.Decimal):
            return "decimal", value if type(value) is decimal.Decimal else decimal.Decimal(value)
        if isinstance(value, (bytes, bytearray, memoryview)) and not _is_numpy(value):
            return "bytes", bytes(value)
        if isinstance(value, pathlib.PurePath):
            return self.read(str(value), at, depth)
        if isinstance(value, Mapping):
            return "dict", self._read_mapping(value, at, depth)
        if isinstance(value, (set, frozenset)):
            try:
                return self.read(sorted(value), at, depth)
            except TypeError as error:
                got = str(error)[:100]
                raise WrongType(Violation(at, "table.cell", "a set whose items have an order", got)) from error
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return "dict", self._read_mapping(fields, at, depth)
        return self._read_foreign(value, at, depth)

    def _read_time(self, value: Any) -> tuple[str, Any]:
        if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
            self.counts["table.precision"] += 1
        if isinstance(value, datetime.datetime):
            if type(value) is not datetime.datetime:
                value = datetime.datetime.combine(
                    datetime.date(value.year, value.month, value.day),
                    datetime.time(
                        value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold
                    ),
                )
            return ("timestamp" if value.utcoffset() is None else "timestamp_tz"), value
        if isinstance(value, datetime.date):
            return "date", datetime.date(value.year, value.month, value.day)
        if isinstance(value, datetime.time):
            return "time", value
        return "duration", datetime.timedelta(value.days, value.seconds, value.microseconds)

    def _read_foreign(self, value: Any, at: str, depth: int) -> tuple[str, Any]:
        from medialog.datatypes.adopt import adopt

        try:
            adopted = adopt(value)
        except InvalidInput as error:
            raise error.within(at) from error
        if adopted is not None:
            return adopted.kind, adopted
        if arrays.is_array_like(value):
            return self._read_array(value, at, depth)
        raise WrongType(Violation(at, "table.cell", EXPECTED, f"{checks.type_name(value)} {checks.show(value)}"))

    def _read_array(self, value: Any, at: str, depth: int) -> tuple[str, Any]:
        import numpy as np

        if isinstance(value, np.ndarray):
            array: Any = arrays.unmasked(value, at)
        else:
            array = value if isinstance(value, np.generic) else arrays.to_numpy(value, at)
        kind = array.dtype.kind
        if kind in "biuf":
            if kind == "f" and array.dtype.itemsize > 8:
                narrow = array.astype(np.float64)
                self.counts["table.longdouble"] += int((narrow != array)[~np.isnan(array)].sum())
                self.counts += Counter()  # drops a zero
                array = narrow
            if array.ndim == 0:
                return self.read(array.item(), at, depth)
            return "ndarray", np.array(array, order="C", dtype=array.dtype.newbyteorder("="))
        if kind in "Mm":
            array, lost = to_microseconds(array)
            self.counts.update({"table.precision": lost} if lost else {})
        if kind not in "MmUSOT":
            got = f"dtype {array.dtype}"
            raise WrongType(Violation(at, "table.cell", "an array of numbers, booleans, text or dates", got))
        return self.read(array.item() if array.ndim == 0 else array.tolist(), at, depth + (kind == "O"))


def check_surrogates(text: str, at: str) -> None:
    """Raise `InvalidInput` for text that UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        got = f"{text[error.start]!r} at {error.start}"
        raise InvalidInput(Violation(at, "table.text", "text without lone surrogates", got)) from None


def check_digits(number: int, at: str) -> None:
    """Raise `InvalidInput` for a whole number of more digits than Python writes."""
    if not -(2**63) <= number < 2**63 and number.bit_length() > jsontext.MOST_BITS:
        expected = f"a whole number of at most {jsontext.MAX_DIGITS:,} digits"
        raise InvalidInput(Violation(at, "table.cell", expected, f"one of {number.bit_length():,} bits"))


def _is_numpy(value: object) -> bool:
    return type(value).__module__ == "numpy"


def _snapshot(value: DataType) -> DataType:
    """Return a value that its owner cannot change any more; a table is the only type that grows."""
    freeze: Callable[[], DataType] | None = getattr(value, "snapshot", None)
    return value if freeze is None else freeze()


class CellSink:
    """The sink of media cells: notes every file that goes through it, and whether each cell keeps what it was given."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._references: dict[FileRef, None] = {}
        self.lossless = True

    def write(self, suffix: str, content: Any) -> FileRef:
        """Write a file to the sink behind and note its reference."""
        reference = self._sink.write(suffix, content)
        self._references[reference] = None
        return reference

    def note(self, descriptor: dict[str, Any]) -> dict[str, Any]:
        """Note a media cell and return its descriptor."""
        if descriptor.get("lossless") is False:
            self.lossless = False
        return descriptor

    @property
    def references(self) -> list[FileRef]:
        """Return what was written, once each, by path: a copy of a stored table lists the same."""
        return sorted(self._references, key=lambda reference: reference.path)


# --- media cells that were stored -----------------------------------------------------------------------------------


class StoredCell:
    """A media cell as it was read: a descriptor and the source of its files, decoded when it is looked at."""

    __slots__ = ("descriptor", "source")

    def __init__(self, descriptor: dict[str, Any], source: Source) -> None:
        self.descriptor = descriptor
        self.source = source

    def __reduce__(self) -> tuple[Any, ...]:
        return _identity, (self.value(),)  # a source may be a directory of this machine: the value travels instead

    def value(self) -> Any:
        """Return the object."""
        return decode(self.descriptor, self.source)

    def copy_to(self, sink: Sink) -> dict[str, Any]:
        """Copy the files byte for byte to another sink and return the descriptor, which holds there as well."""
        for reference in iter_file_refs(self.descriptor, lambda wanted: read_reference(self.source, wanted)):
            sink.write(reference.path.partition(".")[2], read_reference(self.source, reference))
        return self.descriptor


def _identity(value: Any) -> Any:
    return value


# --- cells as JSON --------------------------------------------------------------------------------------------------


def plain_text(kind: str, cell: Any) -> str:
    """Return a cell of a kind that is text in JSON: times, decimals, bytes."""
    if kind == "bytes":
        return base64.b64encode(cell).decode()
    if kind == "decimal":
        return str(cell)
    if kind == "duration":
        return duration_text(cell)
    text: str = cell.isoformat()
    return text


def duration_text(value: datetime.timedelta) -> str:
    """Return a duration in ISO 8601: `PT1.5S`, `-P1DT2S`."""
    import msgspec

    text: str = msgspec.to_builtins(value)
    return text


def from_text(kind: str, text: str) -> Any:
    """Return the cell of a text that `plain_text` made. `ValueError` when it is none."""
    import msgspec

    try:
        if kind in ("timestamp", "timestamp_tz"):
            return datetime.datetime.fromisoformat(text)
        if kind == "date":
            return datetime.date.fromisoformat(text)
        if kind == "time":
            return datetime.time.fromisoformat(text)
        if kind == "duration":
            return msgspec.convert(text, datetime.timedelta)
        if kind == "bytes":
            return base64.b64decode(text, validate=True)
        return decimal.Decimal(text)
    except (TypeError, decimal.InvalidOperation, binascii.Error, msgspec.ValidationError) as error:
        raise ValueError(f"not a {kind}: {text!r:.60}") from error


def to_json(cell: Any, sink: CellSink) -> Any:
    """Return any cell as JSON that says itself what it is. Media write their files to `sink`."""
    cls = type(cell)
    if cls is str or cls is bool or cell is None:
        return cell
    if cls is int or cls is float:
        return jsontext.encode_number(cell)
    if cls is list:
        return [to_json(item, sink) for item in cell]
    if cls is dict:
        return {key: to_json(item, sink) for key, item in cell.items()}
    if isinstance(cell, DataType):
        return sink.note(cell.encode_into(sink))
    if isinstance(cell, StoredCell):
        return sink.note(cell.copy_to(sink))
    tag = _TAGGED.get(cls)
    if tag is not None:
        return {"_type": tag, "value": plain_text(tag, cell)}
    encoded = base64.b64encode(cell.tobytes()).decode()
    return {"_type": "ndarray", "dtype": cell.dtype.str, "shape": list(cell.shape), "value": encoded}


def from_json(value: Any, source: Source) -> Any:
    """Return the cell of `to_json`; media stay descriptors until looked at. `ValueError` for what it never made."""
    if isinstance(value, list):
        return [from_json(item, source) for item in value]
    if not isinstance(value, dict):
        return value
    tag = value.get("_type")
    if tag is None:
        return {key: from_json(item, source) for key, item in value.items()}
    if tag == jsontext.NUMBER_KIND:
        return jsontext.decode_number(value)
    if tag == "ndarray":
        return _array_from_json(value)
    if tag in _TAGGED.values():
        if not isinstance(value.get("value"), str):
            raise ValueError(f"not a {tag}: {value!r:.60}")
        return from_text(tag, value["value"])
    if isinstance(tag, str) and (tag in kinds.KINDS or tag in kinds.known_kinds()):
        return StoredCell(value, source)
    raise ValueError(f"an unknown _type in a cell: {tag!r:.60}")


def _array_from_json(value: dict[str, Any]) -> Any:
    import numpy as np

    try:
        dtype = np.dtype(value["dtype"])
        if dtype.kind not in "biuf":
            raise ValueError(f"dtype {dtype}")
        return np.frombuffer(base64.b64decode(value["value"], validate=True), dtype).reshape(value["shape"]).copy()
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an array: {str(error)[:60]}") from error


def look_at(cell: Any) -> Any:
    """Return a cell as a reader sees it: stored media decoded, lists and dicts copied."""
    if isinstance(cell, StoredCell):
        return cell.value()
    if type(cell) is list:
        return [look_at(item) for item in cell]
    if type(cell) is dict:
        return {key: look_at(item) for key, item in cell.items()}
    return cell


def has_array(cell: Any) -> bool:
    """Say whether an array stands anywhere in a cell."""
    if type(cell) is list:
        return any(map(has_array, cell))
    if type(cell) is dict:
        return any(map(has_array, cell.values()))
    return type(cell).__name__ == "ndarray"


def media_in(cell: Any) -> list[DataType]:
    """Return the DataTypes in a cell, those that were given (stored ones have said what there is to say)."""
    if isinstance(cell, DataType):
        return [cell]
    if type(cell) is list:
        return [value for item in cell for value in media_in(item)]
    if type(cell) is dict:
        return [value for item in cell.values() for value in media_in(item)]
    return []
