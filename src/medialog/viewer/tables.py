"""Tables as the page reads them: rows of plain JSON, whatever form the file has."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialog.validators.errors import Error
from medialog.viewer import media
from medialog.viewer.media import Unusable
from medialog.wire import jsontext
from medialog.wire.fileref import FileRef
from medialog.wire.names import media_path
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    from medialog.datatypes.table_columns import Column

KINDS = ("table-file", "incremental-table-file")
MOST_BYTES = 256 << 20
MOST_INCREMENTS = 10_000
SAFE = 2**53  # beyond it a browser's numbers, all of them doubles, miss integers


@dataclass(frozen=True)
class View:
    """A part of a table: `rows` of the whole from row `start` on, of which the first `len(data)` are here."""

    columns: list[str]
    column_types: list[dict[str, Any]]
    data: list[list[Any]]
    rows: int
    start: int = 0

    def packed(self) -> bytes:
        """Return the view as gzipped JSON, in which every integer keeps its digits in a browser."""
        data = [[_exact(cell) for cell in row] for row in self.data]
        document = {"columns": self.columns, "column_types": self.column_types, "data": data}
        return gzip.compress(jsontext.dumps(document), 6, mtime=0)


def read_view(storage: Storage, descriptor: Mapping[str, Any], most: int, *, whole: bool = True) -> View:
    """Return the first `most` rows of a table; of an increment those of the whole table, or with `whole` off its own.

    `Unusable` when a file is missing or damaged, or needs a library that is not installed.
    """
    reference = FileRef(descriptor["path"], descriptor["sha256"], descriptor["size"])
    view, linked = _read_file(storage, reference, most)
    if linked is None or not whole:
        return view
    parts = [view]
    while linked is not None:
        if len(parts) >= MOST_INCREMENTS:
            raise Unusable("left-out", f"more than {MOST_INCREMENTS:,} increments")
        part, linked = _read_file(storage, _follow(linked), most)
        parts.append(part)
    parts.reverse()
    if any(part.columns != view.columns for part in parts):
        raise Unusable("damaged", f"{reference.path}: the increments before it have other columns")
    data: list[list[Any]] = []
    for part in parts:
        data += part.data[: most - len(data)]
    return View(view.columns, view.column_types, data, sum(part.rows for part in parts))


def _read_file(storage: Storage, reference: FileRef, most: int) -> tuple[View, Mapping[str, Any] | None]:
    """Return a file's rows and its link to the increment before it."""
    content = media.read_small(storage, reference, MOST_BYTES)
    try:
        if reference.path.endswith(".parquet"):
            return _read_parquet(content, most)
        document = jsontext.loads(content)
        names, types, data = document["columns"], document["column_types"], document["data"]
        if not all(isinstance(each, list) for each in (names, types, data, *data[:most])):
            raise TypeError("columns, types and rows are lists")
        return View(names, types, data[:most], len(data), _start(document)), document.get("previous")
    except Error as error:  # pyarrow is not installed, or a cell is not what its column says
        raise Unusable("left-out", f"{reference.path}: {error}"[:300]) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable("damaged", f"{reference.path}: not a table: {error}"[:300]) from error


def _start(document: Mapping[str, Any]) -> int:
    start = document.get("start", 0)
    return start if type(start) is int and start >= 0 else 0


def _read_parquet(content: bytes, most: int) -> tuple[View, Mapping[str, Any] | None]:
    from medialog.datatypes import table_parquet
    from medialog.datatypes.files import MemorySink

    columns, document = table_parquet.read(content, MemorySink())
    cells = [_cells(column.part(0, most)) for column in columns]
    rows = len(columns[0]) if columns else 0
    data = [list(row) for row in zip(*cells, strict=True)]
    return View(document["columns"], document["column_types"], data, rows, _start(document)), document.get("previous")


def _cells(column: Column) -> list[Any]:
    from medialog.datatypes import table_cells, table_json
    from medialog.datatypes.files import MemorySink

    if column.kind in ("list", "dict", "any") or any(type(cell) is table_cells.StoredCell for cell in column.values):
        return [_plain(cell) for cell in column.cells()]
    if column.kind == "ndarray":
        return [None if cell is None else _array(cell) for cell in column.cells()]
    return table_json.json_cells(column, table_cells.CellSink(MemorySink()))


def _plain(cell: Any) -> Any:
    """Return a cell as JSON; a media cell is its descriptor, whose files are the run's."""
    from medialog.datatypes import table_cells
    from medialog.datatypes.files import MemorySink

    if type(cell) is table_cells.StoredCell:
        return cell.descriptor
    if type(cell) is list:
        return [_plain(item) for item in cell]
    if type(cell) is dict:
        return {key: _plain(item) for key, item in cell.items()}
    if type(cell).__name__ == "ndarray":
        return _array(cell)
    return table_cells.to_json(cell, table_cells.CellSink(MemorySink()))


def _array(cell: Any) -> Any:
    """Return an array as the nested list a person can read, a long one by its first elements."""
    shown = cell.reshape(-1)[:256].tolist()
    values = [jsontext.encode_number(value) if isinstance(value, (int, float)) else str(value) for value in shown]
    return {"_type": "ndarray", "shape": list(cell.shape), "dtype": str(cell.dtype), "values": values}


def _exact(cell: Any) -> Any:
    kind = type(cell)
    if kind is int and not -SAFE <= cell <= SAFE:
        return {"_type": jsontext.NUMBER_KIND, "value": str(cell)}
    if kind is list:
        return [_exact(item) for item in cell]
    if kind is dict:
        return {key: _exact(item) for key, item in cell.items()}
    return cell


def _follow(linked: Mapping[str, Any]) -> FileRef:
    try:
        return FileRef(media_path(linked["sha256"], linked["format"]), linked["sha256"], linked["size"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable("damaged", f"a link to another increment that is none: {str(linked)[:100]}") from error
