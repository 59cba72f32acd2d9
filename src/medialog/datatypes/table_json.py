"""`.table.json`: the form of a small table, for anything that reads JSON.

    {"columns": ["x", "label"], "data": [[1, "cat"], [2, null]], "column_types": [{...}, {...}]}

`columns` and `data` are W&B's. A cell is plain where the column's type says what it is (text, number, ISO 8601 time)
and tagged where it does not (see `table_cells`); a media cell is its descriptor.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from medialog.datatypes import table_cells
from medialog.datatypes.files import Source
from medialog.datatypes.table_cells import CellSink, StoredCell
from medialog.datatypes.table_columns import Column, all_finite, is_numpy
from medialog.datatypes.table_schema import ColumnType, is_known, is_media
from medialog.datatypes.table_times import zone_info
from medialog.validators.progress import track
from medialog.wire import jsontext

_PYTHON_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?([+-][\d:.]+)?")
_NUMPY_TIME = re.compile(r"-?\d{4,}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?)?(\+00:00)?")
TEXT_KINDS = ("timestamp", "timestamp_tz", "date", "time", "duration", "decimal", "bytes")
_PYTHON = {"boolean": (bool,), "string": (str,), "integer": (int,), "number": (int, float), "none": ()}


def write(columns: Sequence[Column], types: Sequence[ColumnType], sink: CellSink, extra: dict[str, Any]) -> bytes:
    """Return the file's content; media cells write their files to `sink`."""
    cells = [json_cells(column, sink) for column in columns]
    document = {
        "columns": [column.name for column in columns],
        "data": [list(row) for row in zip(*cells, strict=True)],
        "column_types": msgspec.to_builtins(list(types)),
        **extra,
    }
    return jsontext.dumps(document)


def json_cells(column: Column, sink: CellSink) -> list[Any]:
    """Return the cells of a column as they stand in the file."""
    if is_numpy(column.values) and column.values.dtype.kind == "M":
        return _iso_texts(column)
    cells = column.cells()
    if column.kind in ("none", "boolean", "string"):
        return cells
    if column.kind == "number" and all_finite(cells) and not any(type(cell) is int for cell in cells):
        return cells
    if column.kind in ("integer", "number"):
        return [None if cell is None else jsontext.encode_number(cell) for cell in cells]
    if column.kind in TEXT_KINDS:
        return [None if cell is None else table_cells.plain_text(column.kind, cell) for cell in cells]
    return [table_cells.to_json(cell, sink) for cell in track(cells, "encoding cells", len(cells))]


def _iso_texts(column: Column) -> list[str | None]:
    import numpy as np

    cells = column.cells()
    texts: list[str | None] = []
    for cell in cells:
        if isinstance(cell, np.datetime64):
            texts.append(str(cell) + ("" if column.zone is None else "+00:00"))
        else:
            texts.append(None if cell is None else cell.isoformat())
    return texts


def read(content: bytes, source: Source) -> tuple[list[Column], dict[str, Any]]:
    """Return the columns of a file and the whole document; `ValueError` when it is not a table."""
    document = jsontext.loads(content)
    names, types = header(document)
    data = document.get("data")
    if not isinstance(data, list) or not all(isinstance(row, list) and len(row) == len(names) for row in data):
        raise ValueError(f"its data are not rows of {len(names)} cells")
    by_column: list[Sequence[Any]] = list(zip(*data, strict=True)) if data else [()] * len(names)
    columns = [
        read_cells(name, its_type, list(cells), source)
        for name, its_type, cells in zip(names, types, by_column, strict=True)
    ]
    return columns, document


def header(document: Any) -> tuple[list[str], list[ColumnType]]:
    """Return the names and types of the columns that a file states; `ValueError` when they are not there."""
    try:
        names = msgspec.convert(document["columns"], list[str])
        types = msgspec.convert(document["column_types"], list[ColumnType])
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise ValueError(f"not a table: {str(error)[:100]}") from error
    if len(names) != len(types) or not all(is_known(each.type) for each in types):
        raise ValueError("its columns have not one known type each")
    return names, types


def read_cells(name: str, type: ColumnType, given: list[Any], source: Source) -> Column:
    """Return the column of cells as they stand in a file; `ValueError` for one that is not of the column's type."""
    column = Column(name, type.type, optional=type.optional, fixed=type.type == "any")
    column.dtype = type.dtype if isinstance(type.dtype, str) and type.type in ("integer", "number") else None
    column.unit = type.unit if isinstance(type.unit, str) else None
    kind = type.type
    if kind in TEXT_KINDS:
        if not all(cell is None or isinstance(cell, str) for cell in given):
            raise ValueError(f"column {name!r:.40}: a cell that is no text")
        column.values = _from_texts(column, given, type)
        return column
    cells = (
        [table_cells.from_json(cell, source) for cell in given] if kind not in ("boolean", "string", "none") else given
    )
    column.values = cells
    check_cells(column, type)
    return column


def check_cells(column: Column, type: ColumnType) -> None:
    """Raise `ValueError` when the cells that were read are not of the column's type."""
    kind = type.type
    missing = any(cell is None for cell in column.values)
    if missing and not type.optional:
        raise ValueError(f"column {column.name!r:.40}: a missing cell, and it is not optional")
    if kind == "any":
        return
    allowed: tuple[Any, ...]
    if is_media(kind):
        wrong = any(
            not (isinstance(cell, StoredCell) and cell.descriptor.get("_type") == kind)
            for cell in column.values
            if cell is not None
        )
    else:
        if kind == "ndarray":
            import numpy as np

            allowed = (np.ndarray,)
        else:
            allowed = {"list": (list,), "dict": (dict,)}.get(kind) or _PYTHON[kind]
        # Exact types: True is no integer here.
        wrong = any(cell.__class__ not in allowed for cell in column.values if cell is not None)
    if wrong:
        raise ValueError(f"column {column.name!r:.40}: a cell that is not of type {kind}")


def _from_texts(column: Column, texts: Sequence[str | None], type: ColumnType) -> Any:
    if column.kind in ("timestamp", "timestamp_tz") and any(map(_is_beyond_python, texts)):
        import numpy as np

        column.zone = type.timezone if isinstance(type.timezone, str) else None
        zone = "" if column.zone is None else "+00:00"
        # numpy would move a time of another zone to UTC and only warn.
        if not all(
            text is None or (_NUMPY_TIME.fullmatch(text) and text.endswith("+00:00") == bool(zone)) for text in texts
        ):
            raise ValueError(f"column {column.name!r:.40}: a timestamp of another form or zone")
        plain = ["NaT" if text is None else text.removesuffix(zone) for text in texts]
        return np.array(plain, dtype=f"datetime64[{column.unit or 'us'}]")
    cells = [None if text is None else table_cells.from_text(column.kind, text) for text in texts]
    if column.kind == "timestamp_tz" and isinstance(type.timezone, str):
        info = zone_info(type.timezone)
        cells = [cell if cell is None or info is None else _moved(cell, info) for cell in cells]
    return cells


def _is_beyond_python(text: str | None) -> bool:
    """Say whether a time has more digits, or a later year, than Python's datetime."""
    return text is not None and not _PYTHON_TIME.fullmatch(text) and _NUMPY_TIME.fullmatch(text) is not None


def _moved(cell: datetime.datetime, info: datetime.tzinfo) -> datetime.datetime:
    if cell.tzinfo is None:
        raise ValueError(f"a timestamp without zone: {cell}")
    return cell.astimezone(info)
