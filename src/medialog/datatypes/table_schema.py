"""Column types of a table, and the descriptor models.

A column has one kind of cell (see `table_cells`), or `any` where mixed types were allowed. The first cell that is not
missing decides; integers and floats together are `number`. Every column may have missing cells unless `optional=False`.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from medialog.datatypes.base import Changes, Count, FileModel, MediaPath, Sha256, Size
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation, WrongType
from medialog.wire import kinds
from medialog.wire.names import SUFFIX_PATTERN

LogMode = Literal["IMMUTABLE", "MUTABLE", "INCREMENTAL"]
LOG_MODES = ("IMMUTABLE", "MUTABLE", "INCREMENTAL")

PLAIN_KINDS = ("none", "boolean", "integer", "number", "string", "timestamp", "timestamp_tz", "date", "time",
               "duration", "decimal", "bytes", "list", "ndarray", "dict", "any")  # fmt: skip
_OF_NUMPY = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "U": "string", "M": "timestamp",
             "m": "duration", "S": "bytes"}  # fmt: skip
_OF_PYTHON: dict[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    bytes: "bytes",
    list: "list",
    tuple: "list",
    dict: "dict",
    datetime.datetime: "timestamp",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "duration",
    decimal.Decimal: "decimal",
    object: "any",
}


class ColumnType(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The type of a column."""

    type: Annotated[
        str,
        Meta(
            min_length=1,
            description="the kind of its cells: string, number, ..., any, or a media kind such as image-file",
        ),
    ]
    optional: Annotated[bool, Meta(description="cells may be missing")]
    dtype: Annotated[str, Meta(description="numpy's name of the stored number: int64, float32, ...")] | UnsetType = (
        UNSET
    )
    shape: (
        Annotated[list[Count], Meta(description="of every array of the column, where they are equal")] | UnsetType
    ) = UNSET
    unit: Annotated[Literal["s", "ms", "us", "ns"], Meta(description="resolution of timestamps")] | UnsetType = UNSET
    timezone: (
        Annotated[str, Meta(description="IANA name or offset that all timestamps of the column have")] | UnsetType
    ) = UNSET
    element: (
        Annotated[
            Literal["boolean", "integer", "number", "string"], Meta(description="what every list of the column holds")
        ]
        | UnsetType
    ) = UNSET
    storage: (
        Annotated[
            Literal["json", "text"],
            Meta(description="how Parquet holds what it has no type for: each cell as JSON or as text"),
        ]
        | UnsetType
    ) = UNSET


class FileLink(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file named by its content alone. It is no part of the value, so the walker of references does not find it."""

    sha256: Sha256
    format: Annotated[str, Meta(pattern=f"^{SUFFIX_PATTERN}$", description="its suffix")]
    size: Size


class StoredFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A reference to a file."""

    path: MediaPath
    sha256: Sha256
    size: Size


class _TableModel(FileModel, kw_only=True):
    """What both forms of a table have."""

    format: Annotated[
        Literal["json", "parquet"], Meta(description="of the file: JSON {columns, data, column_types}, or Parquet")
    ]
    ncols: Annotated[int, Meta(ge=0, description="number of columns")]
    nrows: Annotated[
        int, Meta(ge=0, description="number of rows in the file", extra_json_schema={"x-medialog-limit": "table.rows"})
    ]
    columns: Annotated[list[str], Meta(description="the names of the columns")]
    column_types: Annotated[list[ColumnType], Meta(description="the type of each column, in the order of `columns`")]
    log_mode: LogMode
    lossless: Annotated[bool, Meta(description="the file gives back the very values that were given")]
    key_column: Annotated[str, Meta(description="the column that identifies a row")] | UnsetType = UNSET
    files: (
        Annotated[
            list[StoredFile],
            Meta(description="files of media cells (at most 64), or the one refs file that lists them"),
        ]
        | UnsetType
    ) = UNSET
    changes: Changes | UnsetType = UNSET


class TableDescriptor(_TableModel, tag="table-file", kw_only=True):
    """The wire form of a table."""


class TableIncrementDescriptor(_TableModel, tag="incremental-table-file", kw_only=True):
    """The wire form of the rows that were added to a table since it was logged before."""

    increment_num: Annotated[int, Meta(ge=0, description="0 for the first increment under a key")]
    start: Annotated[int, Meta(ge=0, description="the number of the first row of the file in the whole table")]
    previous: (
        Annotated[FileLink, Meta(description="the file of the increment before this one; none for the first")]
        | UnsetType
    ) = UNSET


def is_media(kind: str) -> bool:
    """Say whether a column kind is that of a DataType."""
    return kind not in PLAIN_KINDS


def is_known(kind: str) -> bool:
    """Say whether a kind of column can be read here."""
    return kind in PLAIN_KINDS or kind in kinds.KINDS or kind in kinds.known_kinds()


def merge(column: str, cell: str) -> str | None:
    """Return the kind of a column of kind `column` that gets a cell of kind `cell`; None when it cannot have it."""
    if cell in ("none", column) or column == "any":
        return column
    if column == "none":
        return cell
    if {column, cell} == {"integer", "number"}:
        return "number"
    return None


def check_dtype(dtype: Any, names: Sequence[str]) -> dict[str, str]:
    """Return column name -> kind for a `dtype=`: one for all columns, a list of one each, or a mapping of names."""
    if dtype is None:
        return {}
    if isinstance(dtype, Mapping):
        unknown = [name for name in dtype if str(name) not in names]
        if unknown:
            got = f"{checks.show(unknown[0])}, which is no column"
            raise InvalidInput(Violation("dtype", "table.dtype", f"names of columns ({', '.join(names)})"[:200], got))
        return {str(name): _kind_of(value, f"dtype[{name!r}]") for name, value in dtype.items() if value is not None}
    if isinstance(dtype, (list, tuple)):
        if len(dtype) != len(names):
            raise InvalidInput(
                Violation("dtype", "table.dtype", f"one type for each of {len(names)} columns", f"{len(dtype)}")
            )
        pairs = zip(names, dtype, strict=True)
        return {name: _kind_of(value, f"dtype[{i}]") for i, (name, value) in enumerate(pairs) if value is not None}
    kind = _kind_of(dtype, "dtype")
    return dict.fromkeys(names, kind)


def _kind_of(dtype: Any, at: str) -> str:
    from medialog.datatypes.base import DataType

    if isinstance(dtype, str) and is_known(dtype):
        return dtype
    if isinstance(dtype, type):
        if issubclass(dtype, DataType) and dtype.kind:
            return dtype.kind
        if dtype in _OF_PYTHON:
            return _OF_PYTHON[dtype]
    name = getattr(dtype, "__name__", None)
    if type(dtype).__module__ == "numpy" or getattr(dtype, "__module__", "") == "numpy" or isinstance(dtype, str):
        found = _numpy_kind(dtype)
        if found is not None:
            return found
    expected = f"a Python type, a numpy dtype, a medialog class, or one of {', '.join(PLAIN_KINDS)}"
    raise WrongType(Violation(at, "table.dtype", expected, checks.show(name if isinstance(dtype, type) else dtype)))


def _numpy_kind(dtype: Any) -> str | None:
    import numpy as np

    if dtype is np.ndarray:
        return "ndarray"
    try:
        kind = np.dtype(dtype).kind
    except TypeError:
        return None
    return _OF_NUMPY.get(kind)


def check_optional(optional: Any, names: Sequence[str]) -> dict[str, bool]:
    """Return column name -> whether cells may be missing, for `optional=`: one bool, or a list of one each."""
    if isinstance(optional, bool):
        return dict.fromkeys(names, optional)
    if isinstance(optional, (list, tuple)) and all(isinstance(value, bool) for value in optional):
        if len(optional) == len(names):
            return dict(zip(names, optional, strict=True))
        raise InvalidInput(
            Violation("optional", "table.optional", f"one bool for each of {len(names)} columns", f"{len(optional)}")
        )
    raise WrongType(Violation("optional", "table.optional", "True, False, or a list of them", checks.show(optional)))
