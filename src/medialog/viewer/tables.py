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
    """A table of `rows` rows, of which the first `len(data)` are here."""

    columns: list[str]
    column_types: list[dict[str, Any]]
    data: list[list[Any]]
    rows: int

    def packed(self) -> bytes:
        """Return the view as gzipped JSON, in which every integer keeps its digits in a browser."""
        data = [[_exact(cell) for cell in row] for row in self.data]
        document = {"columns": self.columns, "column_types": self.column_types, "data": data}
        return gzip.compress(jsontext.dumps(document), 6, mtime=0)


def read_view(storage: Storage, descriptor: Mapping[str, Any], most: int) -> View:
    """Return the first `most` rows of a table's file; of an increment its own.

    `Unusable` when the file is missing or damaged, or needs a library that is not installed.
    """
    return _read_file(storage, _reference(descriptor), most)[0]


class Chain:
    """A table's file, and of an increment those before it: the first `most` rows of the whole table, once for all.

    `ends` has, by digest, the number of rows that the table had with that file. Where one is missing or damaged,
    `error` says so, there is no `view`, and `ends` has those that come after it.
    """

    def __init__(self, storage: Storage, descriptor: Mapping[str, Any], most: int) -> None:
        self.ends: dict[str, int] = {}
        self.view: View | None = None
        self.error: Unusable | None = None
        parts: list[tuple[str, View]] = []
        try:
            self._read(storage, _reference(descriptor), most, parts)
        except Unusable as error:
            self.error = error
            self.ends = {sha256: 0 for sha256, _ in parts} or {descriptor["sha256"]: 0}

    def _read(self, storage: Storage, last: FileRef, most: int, parts: list[tuple[str, View]]) -> None:
        reference: FileRef | None = last
        while reference is not None:
            if len(parts) >= MOST_INCREMENTS:
                raise Unusable("left-out", f"more than {MOST_INCREMENTS:,} increments")
            part, linked = _read_file(storage, reference, most)
            parts.append((reference.sha256, part))
            reference = None if linked is None else _follow(linked)
        columns, rows = parts[0][1].columns, 0
        data: list[list[Any]] = []
        for sha256, part in reversed(parts):
            if part.columns != columns:
                raise Unusable("damaged", f"{last.path}: the increments before it have other columns")
            data += part.data[: most - len(data)]
            rows += part.rows
            self.ends[sha256] = rows
        self.view = View(columns, parts[0][1].column_types, data, rows)


def _reference(descriptor: Mapping[str, Any]) -> FileRef:
    return FileRef(descriptor["path"], descriptor["sha256"], descriptor["size"])


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
        return View(names, types, data[:most], len(data)), document.get("previous")
    except Error as error:  # pyarrow is not installed, or a cell is not what its column says
        raise Unusable("left-out", f"{reference.path}: {error}"[:300]) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable("damaged", f"{reference.path}: not a table: {error}"[:300]) from error


def _read_parquet(content: bytes, most: int) -> tuple[View, Mapping[str, Any] | None]:
    from medialog.datatypes import table_parquet
    from medialog.datatypes.files import MemorySink

    columns, document = table_parquet.read(content, MemorySink())
    cells = [_cells(column.part(0, most)) for column in columns]
    rows = len(columns[0]) if columns else 0
    data = [list(row) for row in zip(*cells, strict=True)]
    return View(document["columns"], document["column_types"], data, rows), document.get("previous")


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
