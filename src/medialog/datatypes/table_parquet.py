"""Parquet: the form of a larger table, and of one that holds arrays.

One Parquet file, zstd, one Arrow column for each column. Kinds that Arrow has are stored as they are; an array of equal
shape as a fixed-size list; the others cell by cell as text (`storage: "text"`, ISO 8601 or digits) or as the JSON of
`table_cells` (`storage: "json"`; media cells are descriptors). The file's metadata hold the column types under
`medialog`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from medialog.datatypes import table_cells, table_columns, table_filling, table_json
from medialog.datatypes.files import MemorySink, Source
from medialog.datatypes.table_cells import CellReader, CellSink
from medialog.datatypes.table_columns import Column, is_numpy
from medialog.datatypes.table_schema import ColumnType
from medialog.validators.optional import require
from medialog.wire import jsontext

METADATA_KEY = b"medialog"
ROW_GROUP = 65_536
COMPRESSION_LEVEL = 3
_NATIVE_LIST = {"boolean": "bool_", "integer": "int64", "number": "float64", "string": "string"}


def require_pyarrow() -> Any:
    """Return pyarrow; `MissingDependency` names the extra."""
    return require("pyarrow", extra="table")


def write(
    columns: Sequence[Column], types: Sequence[ColumnType], sink: CellSink, extra: dict[str, Any]
) -> tuple[bytes, list[ColumnType]]:
    """Return the file's content and the types with their `storage`; media cells write their files to `sink`."""
    pa = require_pyarrow()
    import pyarrow.parquet as pq

    table, stored = to_arrow(columns, types, sink)
    document = {"columns": [column.name for column in columns], "column_types": msgspec.to_builtins(stored), **extra}
    table = table.replace_schema_metadata({METADATA_KEY: jsontext.dumps(document)})
    buffer = pa.BufferOutputStream()
    pq.write_table(
        table, buffer, compression="zstd", compression_level=COMPRESSION_LEVEL, row_group_size=ROW_GROUP, version="2.6"
    )
    return buffer.getvalue().to_pybytes(), stored


def to_arrow(
    columns: Sequence[Column], types: Sequence[ColumnType], sink: CellSink | None
) -> tuple[Any, list[ColumnType]]:
    """Return the pyarrow Table and the types with their `storage`."""
    pa = require_pyarrow()
    sink = CellSink(MemorySink()) if sink is None else sink
    arrays, stored = [], []
    for column, its_type in zip(columns, types, strict=True):
        array, storage = _arrow_column(pa, column, its_type, sink)
        arrays.append(array)
        stored.append(msgspec.structs.replace(its_type, storage=storage or UNSET))
    rows = len(columns[0]) if columns else 0
    fields = [pa.field(column.name, array.type) for column, array in zip(columns, arrays, strict=True)]
    if not fields:
        return pa.table({"": pa.nulls(rows)}).select([]), stored
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), stored


def _arrow_column(pa: Any, column: Column, type: ColumnType, sink: CellSink) -> tuple[Any, str | None]:
    """Return `(array, storage)`."""
    kind = column.kind
    try:
        native = _native(pa, column, type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError):
        native = None  # a year, duration or number that Arrow's type cannot hold
    if native is not None:
        return native, None
    cells = column.cells()
    if kind in table_json.TEXT_KINDS:
        texts = [None if cell is None else table_cells.plain_text(kind, cell) for cell in cells]
        return pa.array(texts, pa.string()), "text"
    values = table_json.json_cells(column, sink)
    texts = [None if value is None else jsontext.dumps(value).decode() for value in values]
    return pa.array(texts, pa.string()), "json"


def _native(pa: Any, column: Column, type: ColumnType) -> Any:
    """Return the Arrow array of a kind that Arrow has, None for another."""
    kind, values = column.kind, column.values
    if kind == "none":
        return pa.nulls(len(values))
    if kind in ("timestamp", "timestamp_tz"):
        return _native_times(pa, column, type)
    if is_numpy(values):
        return pa.array(values)
    if not isinstance(values, list):
        return values
    if kind in ("boolean", "string"):
        return pa.array(values, pa.bool_() if kind == "boolean" else pa.string())
    if kind in ("integer", "number"):
        if type.dtype is UNSET:
            return None
        wanted = pa.from_numpy_dtype(type.dtype)
        if type.dtype == "float16":
            import numpy as np

            values = [None if value is None else np.float16(value) for value in values]
        return pa.array(values, wanted)
    simple = {"date": pa.date32(), "duration": pa.duration("us"), "bytes": pa.binary()}
    if kind in simple:
        return pa.array(values, simple[kind])
    if kind == "time" and all(value is None or value.tzinfo is None for value in values):
        return pa.array(values, pa.time64("us"))
    if kind == "list" and isinstance(type.element, str):
        if type.element == "number" and table_columns.number_dtype_of(_items(values), "number") is None:
            return None
        return pa.array(values, pa.list_(getattr(pa, _NATIVE_LIST[type.element])()))
    if kind == "ndarray" and isinstance(type.shape, list) and isinstance(type.dtype, str):
        return _native_arrays(pa, column, type)
    return None


def _items(cells: list[Any]) -> list[Any]:
    return [item for cell in cells if cell is not None for item in cell]


def _native_times(pa: Any, column: Column, type: ColumnType) -> Any:
    unit = type.unit if isinstance(type.unit, str) else "us"
    if column.kind == "timestamp_tz" and not isinstance(type.timezone, str):
        return None
    zone = type.timezone if isinstance(type.timezone, str) else None
    if is_numpy(column.values):
        naive = pa.array(column.values, pa.timestamp(unit))
        return naive if zone is None else naive.cast(pa.int64()).cast(pa.timestamp(unit, zone))
    return pa.array(column.values, pa.timestamp(unit, zone))


def _native_arrays(pa: Any, column: Column, type: ColumnType) -> Any:
    import numpy as np

    cells, shape = column.values, tuple(type.shape)  # type: ignore[arg-type]
    size = int(np.prod(shape, dtype=np.int64))
    if size == 0 or size >= 2**31:
        return None
    dtype = np.dtype(type.dtype)  # type: ignore[arg-type]
    block = np.zeros((len(cells), size), dtype)
    missing = np.zeros(len(cells), np.bool_)
    for row, cell in enumerate(cells):
        if cell is None:
            missing[row] = True
        else:
            block[row] = cell.reshape(-1)
    mask = pa.array(missing) if missing.any() else None
    return pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), size, mask=mask)


def read(content: bytes, source: Source) -> tuple[list[Column], dict[str, Any]]:
    """Return the columns of a file and the document of its metadata; `ValueError` when it is not a table."""
    pa = require_pyarrow()
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()  # read_table imports pandas, where it is installed
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"not a Parquet file: {str(error).splitlines()[0][:120]}") from error
    document = jsontext.loads((table.schema.metadata or {}).get(METADATA_KEY, b"{}"))
    names, types = table_json.header(document)
    if table.column_names != names:
        raise ValueError("its columns are not those of its metadata")
    columns = [
        _read_column(pa, name, its_type, array, source)
        for name, its_type, array in zip(names, types, table.columns, strict=True)
    ]
    return columns, document


def _read_column(pa: Any, name: str, type: ColumnType, array: Any, source: Source) -> Column:
    if isinstance(type.storage, str):
        if not pa.types.is_string(array.type):
            raise ValueError(f"column {name!r:.40} holds {array.type}, not text")
        texts = array.to_pylist()
        if type.storage == "json":
            texts = [None if text is None else jsontext.loads(text) for text in texts]
        return table_json.read_cells(name, msgspec.structs.replace(type, storage=UNSET), texts, source)
    column = Column(name, optional=type.optional)
    if type.type == "ndarray":
        column.kind, column.values = "ndarray", _read_arrays(name, type, array)
        return column
    if isinstance(type.unit, str) and pa.types.is_timestamp(array.type) and array.type.unit != type.unit:
        array = array.cast(pa.timestamp(type.unit, array.type.tz))  # Parquet has no seconds: it holds milliseconds
    reader, found = CellReader(_reading_rules()), []  # type: ignore[var-annotated]
    table_filling.from_arrow(column, array, reader, found)
    empty = column.kind == "none" and len(column) == array.null_count
    if empty:
        column.kind = type.type
        column.dtype = type.dtype if isinstance(type.dtype, str) else None
        column.unit = type.unit if isinstance(type.unit, str) else None
    if found or column.kind != type.type:
        raise ValueError(f"column {name!r:.40} holds {column.kind}, not {type.type}")
    column.fixed = type.type == "any"
    return column


def _reading_rules() -> Any:
    from medialog.validators.rules import Rules

    return Rules()


def _read_arrays(name: str, type: ColumnType, array: Any) -> list[Any]:
    import numpy as np
    import pyarrow as pa

    shape = tuple(type.shape) if isinstance(type.shape, list) else ()
    arrow = array.type
    if not pa.types.is_fixed_size_list(arrow) or arrow.list_size != np.prod(shape, dtype=np.int64):
        raise ValueError(f"column {name!r:.40} holds {arrow}, not arrays of shape {shape}")
    rows = table_filling.rows_of(array, shape)
    return [None if row is None else np.asarray(row, dtype=str(type.dtype)) for row in rows]
