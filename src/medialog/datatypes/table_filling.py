"""Filling a column: from Python objects, a numpy array, or an Arrow array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medialog.datatypes import table_cells
from medialog.datatypes.table_cells import CellReader
from medialog.datatypes.table_columns import Column, place, wrong_cell
from medialog.datatypes.table_schema import merge
from medialog.datatypes.table_times import to_datetimes, to_microseconds, zone_info, zone_text
from medialog.validators.errors import InvalidInput, Violation, WrongType
from medialog.wire import jsontext

# Sets of exact Python types that need no look at single cells, beside None.
_UNIFORM = {
    frozenset((bool,)): "boolean",
    frozenset((int,)): "integer",
    frozenset((float,)): "number",
    frozenset((int, float)): "number",
    frozenset((str,)): "string",
    frozenset(): "none",
}


# --- columns from Python cells --------------------------------------------------------------------------------------


def from_cells(column: Column, given: Sequence[Any], reader: CellReader, found: list[Violation]) -> None:
    """Fill an empty column with given objects; what is wrong joins `found`, one violation per kind of mistake."""
    values = list(given)
    types = frozenset(map(type, values))
    kind = _UNIFORM.get(types - {type(None)})
    if kind == "string":
        _check_strings(column, values, found)
    elif kind in ("integer", "number") and int in types:
        _check_integers(column, values, found)
    if (
        kind is not None
        and merge(column.kind, kind) in _allowed(column, kind)
        and (column.optional or type(None) not in types)
    ):
        column.kind, column.values = merge(column.kind, kind) or kind, values
        return
    _read_each(column, values, reader, found)


def _allowed(column: Column, kind: str) -> tuple[str, ...]:
    return (column.kind,) if column.fixed else (column.kind, kind, "number")


def _check_strings(column: Column, values: list[Any], found: list[Violation]) -> None:
    try:
        "".join(filter(None, values)).encode()
    except UnicodeEncodeError:
        for row, value in enumerate(values):
            try:
                table_cells.check_surrogates(value or "", place(row, column.name))
            except InvalidInput as error:
                found.extend(error.violations)
                return


def _check_integers(column: Column, values: list[Any], found: list[Violation]) -> None:
    numbers = [value for value in values if type(value) is int]
    largest, smallest = max(numbers), min(numbers)
    if max(largest, -smallest).bit_length() <= jsontext.MOST_BITS:
        return
    for row, value in enumerate(values):
        if type(value) is int:
            try:
                table_cells.check_digits(value, place(row, column.name))
            except InvalidInput as error:
                found.extend(error.violations)
                return


def _read_each(column: Column, values: list[Any], reader: CellReader, found: list[Violation]) -> None:
    wrong: dict[str, tuple[int, Any, int]] = {}
    cells: list[Any] = []
    for row, value in enumerate(values):
        try:
            kind, cell = reader.read(value, "")
        except InvalidInput as given:
            error = given.within(place(row, column.name))
            found.extend(error.violations if isinstance(error, WrongType) or not found else error.violations[:1])
            if len(found) > 20:
                break
            continue
        merged = kind if kind == column.kind else merge(column.kind, kind)
        if kind == "none" and not column.optional:
            merged = None
        elif merged is None or (column.fixed and merged != column.kind):
            merged = column.fits(kind, cell) if kind == "number" or column.kind == "number" else None
            if column.kind == "number" and merged not in ("number", None):
                reader.counts["table.missing"] += sum(seen is not None for seen in cells)
                cells = [None] * len(cells)
            elif merged is not None and kind == "number" and merged != "number":
                reader.counts["table.missing"] += 1
                cell = None
        if merged is None:
            first_row, first_cell, count = wrong.get(kind, (row, cell, -1))
            wrong[kind] = first_row, first_cell, count + 1
            continue
        column.kind = merged
        cells.append(cell)
        column.values = cells
    found.extend(wrong_cell(column, row, kind, cell, more) for kind, (row, cell, more) in wrong.items())
    column.values = cells


# --- columns from arrays --------------------------------------------------------------------------------------------


def from_numpy(column: Column, array: Any, reader: CellReader, found: list[Violation], zone: str | None = None) -> None:
    """Fill an empty column from a numpy array: one cell for each element of the first axis."""
    import numpy as np

    kind = array.dtype.kind
    if array.ndim == 1 and array.dtype.names is None:
        if kind == "f" and array.dtype.itemsize > 8:
            narrow = array.astype(np.float64)
            changed = int((narrow != array)[~np.isnan(array)].sum())
            reader.counts.update({"table.longdouble": changed} if changed else {})
            array = narrow
        if kind in "biuf":
            name = {"b": "boolean", "f": "number"}.get(kind, "integer")
            if _take_kind(column, name):
                column.values = np.array(array, dtype=array.dtype.newbyteorder("="))
                return
        elif kind == "M":
            if not _take_datetimes(column, array, zone):
                from_cells(column, to_datetimes(array, zone), reader, found)
            return
        elif kind == "m":
            array, lost = to_microseconds(array)
            reader.counts.update({"table.precision": lost} if lost else {})
    from_cells(column, list(array) if array.ndim > 1 else array.tolist(), reader, found)


def _take_kind(column: Column, kind: str, missing: bool = False) -> bool:
    """Give an empty column its kind where it can be had without a look at its cells."""
    if (missing and not column.optional) or merge(column.kind, kind) != (column.kind if column.fixed else kind):
        return False
    if column.kind == "any" or (column.fixed and column.kind != kind):
        return False
    column.kind = kind
    return True


def _take_datetimes(column: Column, array: Any, zone: str | None) -> bool:
    import numpy as np

    unit, count = np.datetime_data(array.dtype)
    missing = bool(np.isnat(array).any())
    cells = array.tolist() if unit == "D" and count == 1 and zone is None else []
    if cells and int not in set(map(type, cells)):  # an int is a year beyond date's
        if not _take_kind(column, "date", missing):
            return False
        column.values = cells
        return True
    if unit not in ("s", "ms", "us", "ns") or count != 1:
        array = array.astype("datetime64[s]" if unit == "D" else "datetime64[us]")
    if not _take_kind(column, "timestamp" if zone is None else "timestamp_tz", missing):
        return False
    column.values, column.zone = np.array(array, dtype=array.dtype.newbyteorder("=")), zone
    return True


def from_arrow(column: Column, array: Any, reader: CellReader, found: list[Violation]) -> None:
    """Fill an empty column from a pyarrow Array or ChunkedArray."""
    import pyarrow as pa
    import pyarrow.compute as pc

    arrow, types = array.type, pa.types
    if types.is_dictionary(arrow):
        array = pc.cast(array, arrow.value_type)
        arrow = array.type
    if types.is_large_string(arrow) or getattr(types, "is_string_view", lambda _: False)(arrow):
        array, arrow = pc.cast(array, pa.string()), pa.string()
    missing = array.null_count > 0
    if types.is_string(arrow) and _take_kind(column, "string", missing):
        column.values = array
        return
    if types.is_boolean(arrow) or types.is_integer(arrow) or types.is_floating(arrow):
        name = "boolean" if types.is_boolean(arrow) else "integer" if types.is_integer(arrow) else "number"
        if not missing:
            from_numpy(column, array.to_numpy(), reader, found)
            return
        if _take_kind(column, name, missing):
            column.values = array
            return
    if types.is_timestamp(arrow):
        zone = None if arrow.tz is None else zone_text(arrow.tz)
        whole = pc.cast(array, pa.timestamp(arrow.unit)) if arrow.tz else array
        if zone is None or zone_info(zone) is not None:
            from_numpy(column, whole.to_numpy(), reader, found, zone)
            return
    if types.is_fixed_size_list(arrow) and not array.null_count and _is_number(arrow.value_type):
        from_cells(column, rows_of(array, (arrow.list_size,)), reader, found)
        return
    from_cells(column, array.to_pylist(), reader, found)


def _is_number(arrow: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_boolean(arrow))


def rows_of(array: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return the arrays of a fixed-size list column, None where one is missing."""
    import pyarrow as pa

    rows: list[Any] = []
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        # `values` ignores the slice, `flatten` drops what is missing: cut the one by the offset.
        flat = chunk.values.slice(chunk.offset * chunk.type.list_size, len(chunk) * chunk.type.list_size)
        block = flat.to_numpy(zero_copy_only=False).reshape((len(chunk), *shape))
        valid = chunk.is_valid().to_pylist() if chunk.null_count else [True] * len(chunk)
        rows.extend(row.copy() if present else None for row, present in zip(block, valid, strict=True))
    return rows
