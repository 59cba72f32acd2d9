"""The file of a table: which form it has, what its descriptor says of it, and the way back.

Up to 1,000 rows without arrays are `.table.json`, anything else is Parquet: one form, never both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from medialog.datatypes import table_json, table_parquet
from medialog.datatypes.base import file_fields
from medialog.datatypes.files import Sink, Source, read_reference
from medialog.datatypes.table_cells import CellSink, has_array
from medialog.datatypes.table_columns import Column, column_type
from medialog.datatypes.table_schema import StoredFile
from medialog.validators.errors import DamagedFile
from medialog.validators.limits import LIMITS
from medialog.wire import names
from medialog.wire.fileref import REFS_SUFFIX, FileRef, build_refs

SUFFIXES = {"json": "table.json", "parquet": "parquet"}
_MAY_HOLD_ARRAYS = ("list", "dict", "any")


def write(columns: Sequence[Column], sink: Sink, extra: dict[str, Any]) -> dict[str, Any]:
    """Write the file and those of its media cells; return the descriptor's fields that follow from them."""
    rows = len(columns[0]) if columns else 0
    cells = CellSink(sink)
    types = [column_type(column) for column in columns]
    form = "json"
    if rows > LIMITS["table.json_rows"].value or any(map(_holds_arrays, columns)):  # type: ignore[operator]
        form = "parquet"
        content, types = table_parquet.write(columns, types, cells, extra)
    else:
        content = table_json.write(columns, types, cells, extra)
    return {
        **file_fields(sink.write(SUFFIXES[form], content)),
        "format": form,
        "ncols": len(columns),
        "nrows": rows,
        "columns": [column.name for column in columns],
        "column_types": types,
        "files": list_files(cells.references, sink),
        "lossless": cells.lossless,
    }


def _holds_arrays(column: Column) -> bool:
    if column.kind == "ndarray":
        return any(cell is not None for cell in column.values)
    return column.kind in _MAY_HOLD_ARRAYS and any(map(has_array, column.cells()))


def list_files(references: Sequence[FileRef], sink: Sink) -> list[StoredFile] | UnsetType:
    """Return the `files` of a descriptor: the references, or above `files.inline` that of their refs file."""
    if not references:
        return UNSET
    if len(references) > LIMITS["files.inline"].value:  # type: ignore[operator]
        references = [sink.write(REFS_SUFFIX, build_refs(references))]
    return [StoredFile(**file_fields(reference)) for reference in references]


def read(model: Any, source: Source) -> tuple[list[Column], dict[str, Any]]:
    """Return the columns that a descriptor's file holds, and its document. `DamagedFile` when they do not agree."""
    columns, document = read_file(FileRef(model.path, model.sha256, model.size), source)
    rows = len(columns[0]) if columns else model.nrows
    stated = (model.columns, msgspec.to_builtins(model.column_types), model.nrows)
    if stated != (document["columns"], document["column_types"], rows):
        raise DamagedFile(f"{model.path}: its columns, types or rows are not those of the descriptor")
    return columns, document


def read_file(reference: FileRef, source: Source) -> tuple[list[Column], dict[str, Any]]:
    """Return the columns and the document of a table's file. `DamagedFile` when it is not one."""
    content = read_reference(source, reference)
    form: Any = table_parquet if reference.path.endswith(SUFFIXES["parquet"]) else table_json
    try:
        columns, document = form.read(content, source)
    except (ValueError, KeyError, RecursionError) as error:
        raise DamagedFile(f"{reference.path}: {error}") from error
    return columns, document


def link(reference: FileRef) -> dict[str, Any]:
    """Return how a stored file names another: by digest, format and size, without a path."""
    return {"sha256": reference.sha256, "format": reference.path.partition(".")[2], "size": reference.size}


def follow(linked: Mapping[str, Any]) -> FileRef:
    """Return the reference of such a link; `DamagedFile` when it is none."""
    try:
        reference = FileRef(names.media_path(linked["sha256"], linked["format"]), linked["sha256"], linked["size"])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFile(f"a link to another file that is none: {str(linked)[:100]}") from error
    return reference
