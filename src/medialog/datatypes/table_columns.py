"""A column of a table: its name, its kind, and its cells in the form that costs least.

Cells are held as a list of Python objects, or, where a DataFrame, an array or a Parquet file gave them, as the numpy or
Arrow array they came in; such a column is never walked cell by cell.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from msgspec import UNSET, UnsetType

from medialog.datatypes import table_cells
from medialog.datatypes.table_cells import CellReader, StoredCell, to_microseconds
from medialog.datatypes.table_schema import ColumnType, merge
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation, WrongType

# Sets of exact Python types that need no look at single cells, beside None.
_UNIFORM = {
    frozenset((bool,)): "boolean",
    frozenset((int,)): "integer",
    frozenset((float,)): "number",
    frozenset((int, float)): "number",
    frozenset((str,)): "string",
    frozenset(): "none",
}
NUMERIC = ("boolean", "integer", "number")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")


class Column:
    """One column. `kind` is `table_schema`'s; `fixed` when `dtype=` or `allow_mixed_types` said it.

    `values` is a list of cells; a numpy array of booleans, integers, floats or datetime64 (then nothing is missing but
    NaT); or an Arrow array of strings, booleans, integers or floats. `dtype`, `unit`, `zone` are those of a list that came
    from such an array.
    """

    __slots__ = ("dtype", "fixed", "kind", "name", "optional", "unit", "values", "zone")

    def __init__(
        self,
        name: str,
        kind: str = "none",
        values: Any = None,
        *,
        optional: bool = True,
        fixed: bool = False,
        dtype: str | None = None,
        unit: str | None = None,
        zone: str | None = None,
    ) -> None:
        self.name, self.kind, self.optional, self.fixed = name, kind, optional, fixed
        self.values: Any = [] if values is None else values
        self.dtype, self.unit, self.zone = dtype, unit, zone

    def __len__(self) -> int:
        return len(self.values)

    def part(self, start: int = 0, stop: int | None = None) -> Column:
        """Return the rows `start` to `stop` as a column of its own."""
        values = self.values[start:stop]
        if is_numpy(values) and values.base is not None:
            values = values.copy()
        return Column(self.name, self.kind, values, optional=self.optional, fixed=self.fixed, dtype=self.dtype,
                      unit=self.unit, zone=self.zone)  # fmt: skip

    # reading

    def cells(self) -> list[Any]:
        """Return the cells as Python objects, stored media not yet decoded. The list may be the column's own."""
        if isinstance(self.values, list):
            return self.values
        if not is_numpy(self.values):
            found: list[Any] = self.values.to_pylist()
            return found
        if self.values.dtype.kind != "M":
            found = self.values.tolist()
            return found
        return _datetimes(self.values, self.zone)

    def look(self) -> list[Any]:
        """Return the cells as a reader sees them: media decoded, nothing shared with the column."""
        if self.kind in ("list", "dict", "any") or any(type(cell) is StoredCell for cell in self._objects()):
            return [table_cells.look_at(cell) for cell in self.cells()]
        if self.kind == "ndarray":
            return [None if cell is None else cell.copy() for cell in self.cells()]
        return list(self.cells())

    def _objects(self) -> Iterable[Any]:
        from medialog.datatypes.table_schema import is_media

        return self.values if isinstance(self.values, list) and is_media(self.kind) else ()

    # growing

    def fits(self, kind: str, cell: Any) -> str | None:
        """Return the kind that the column has with one more cell, or None when it cannot have it."""
        if kind == "none" and not self.optional:
            return None
        merged = merge(self.kind, kind)
        if merged is None and kind == "number" and cell != cell and self.optional:
            return self.kind  # NaN where there are no numbers is a missing cell
        if merged is None and self.kind == "number" and not self.fixed and self._is_all_nan() and self.optional:
            return kind
        if self.fixed and merged not in (self.kind, None):
            return None
        return merged

    def append(self, kind: str, cell: Any, merged: str, reader: CellReader) -> None:
        """Add a cell that `fits` accepted."""
        if is_numpy(self.values) and self.values.dtype.kind == "M" and merged == self.kind and has_nanoseconds(self.values):
            self._append_to_array(cell)
            return
        if not isinstance(self.values, list):
            self.values = self.cells()
        self.dtype = self.unit = None
        if self.kind == "number" and merged not in ("number", "any"):
            reader.counts["table.missing"] += sum(value is not None for value in self.values)
            self.values = [None] * len(self.values)
        if kind == "number" and merged not in ("number", "any"):
            reader.counts["table.missing"] += 1
            cell = None
        self.kind = merged
        self.values.append(cell)

    def _append_to_array(self, cell: Any) -> None:
        import numpy as np

        if isinstance(cell, datetime.datetime) and cell.tzinfo is not None:
            cell = cell.astimezone(datetime.UTC).replace(tzinfo=None)
        self.values = np.append(self.values, np.array([cell], dtype=self.values.dtype))

    def _is_all_nan(self) -> bool:
        return all(cell is None or cell != cell for cell in self.cells())


def is_numpy(values: Any) -> bool:
    """Say whether the values are a numpy array."""
    return type(values).__module__ == "numpy"


def expected_text(column: Column) -> str:
    """Return what a wrong cell of `column` should have been."""
    missing = " or None" if column.optional else ", and not missing"
    why = "" if column.fixed else " like the rows before (allow_mixed_types=True takes anything)"
    return f"{column.kind}{missing}{why}"


def wrong_cell(column: Column, row: int, kind: str, cell: Any, more: int = 0) -> Violation:
    """Return the violation of a cell that does not fit its column."""
    several = f" ({more + 1:,} such cells)" if more else ""
    rule = "table.optional" if kind == "none" else "table.cell"
    got = "None" if kind == "none" else f"{kind} {checks.show(cell)}"
    return Violation(place(row, column.name), rule, expected_text(column), f"{got}{several}")


def place(row: int, name: str) -> str:
    """Return where a cell is, for a message."""
    return f"row {row}, column {checks.show(name, 40)}"


# --- columns from Python cells -------------------------------------------------------------------------------------------


def from_cells(column: Column, given: Sequence[Any], reader: CellReader, found: list[Violation]) -> None:
    """Fill an empty column with given objects; what is wrong joins `found`, one violation per kind of mistake."""
    values = list(given)
    types = frozenset(map(type, values))
    kind = _UNIFORM.get(types - {type(None)})
    if kind == "string":
        _check_strings(column, values, found)
    if kind is not None and merge(column.kind, kind) in _allowed(column, kind) and (column.optional or type(None) not in types):
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


def _read_each(column: Column, values: list[Any], reader: CellReader, found: list[Violation]) -> None:
    wrong: dict[str, tuple[int, Any, int]] = {}
    cells: list[Any] = []
    for row, value in enumerate(values):
        try:
            kind, cell = reader.read(value, place(row, column.name))
        except InvalidInput as error:
            found.extend(error.violations if isinstance(error, WrongType) or not found else error.violations[:1])
            if len(found) > 20:
                break
            continue
        merged = merge(column.kind, kind)
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


# --- columns from arrays ------------------------------------------------------------------------------------------------


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
                from_cells(column, _datetimes(array, zone), reader, found)
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
    if unit == "D" and count == 1 and zone is None:
        if not _take_kind(column, "date", missing):
            return False
        column.values = array.tolist()
        return True
    if unit not in ("s", "ms", "us", "ns") or count != 1:
        array = array.astype("datetime64[us]")
        unit = "us"
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
        from_cells(column, _rows_of(array, (arrow.list_size,)), reader, found)
        return
    from_cells(column, array.to_pylist(), reader, found)


def _is_number(arrow: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_boolean(arrow))


def _rows_of(array: Any, shape: tuple[int, ...]) -> list[Any]:
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


# --- zones ------------------------------------------------------------------------------------------------------------------


def zone_text(zone: Any) -> str | None:
    """Return the name of a zone (`Europe/Paris`, `UTC`) or its offset (`+02:00`); None for one that has no such text."""
    if zone is None:
        return None
    for attribute in ("key", "zone"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    text = str(zone)
    if text == "UTC" or _OFFSET.fullmatch(text) or (isinstance(zone, str) and text):
        return text
    if _OFFSET.fullmatch(text.removeprefix("UTC")):
        return text.removeprefix("UTC")
    return None


def zone_info(text: str) -> datetime.tzinfo | None:
    """Return the zone of such a text; None where this machine does not know it."""
    from zoneinfo import ZoneInfo

    if text == "UTC":
        return datetime.UTC
    if _OFFSET.fullmatch(text):
        sign = -1 if text[0] == "-" else 1
        return datetime.timezone(sign * datetime.timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return None


def common_zone(cells: Iterable[Any]) -> str | None:
    """Return the zone that all datetimes share, or None."""
    zones: dict[int, Any] = {id(cell.tzinfo): cell.tzinfo for cell in cells if cell is not None}
    names = {zone_text(zone) for zone in zones.values()}
    return names.pop() if len(names) == 1 else None


def has_nanoseconds(array: Any) -> bool:
    """Say whether a datetime64 array has digits that Python's datetime has not."""
    return bool(to_microseconds(array)[1])


def _datetimes(array: Any, zone: str | None) -> list[Any]:
    """Return datetime objects; numpy.datetime64 (in UTC where there is a zone) when microseconds are too coarse."""
    if has_nanoseconds(array):
        return [None if cell != cell else cell for cell in array]
    cells: list[Any] = array.astype("datetime64[us]").tolist()
    if zone is None:
        return cells
    info = zone_info(zone)
    utc = datetime.UTC
    return [None if cell is None else cell.replace(tzinfo=utc).astimezone(info) for cell in cells]


# --- the type of a column ------------------------------------------------------------------------------------------------


def column_type(column: Column) -> ColumnType:
    """Return the type of a column as descriptors and files state it, without its `storage`."""
    facts: dict[str, Any] = {}
    if column.kind in ("integer", "number"):
        facts["dtype"] = number_dtype(column) or UNSET
    elif column.kind in ("timestamp", "timestamp_tz"):
        facts["unit"] = _unit(column)
        if column.kind == "timestamp_tz":
            zone = column.zone if column.zone is not None and not isinstance(column.values, list) else common_zone(column.cells())
            facts["timezone"] = zone or UNSET
    elif column.kind == "ndarray":
        arrays = [cell for cell in column.values if cell is not None]
        if len({array.shape for array in arrays}) == 1:
            facts["shape"] = list(arrays[0].shape)
        if len({array.dtype for array in arrays}) == 1:
            facts["dtype"] = arrays[0].dtype.name
    elif column.kind == "list":
        facts["element"] = list_element(column.values)
    return ColumnType(type=column.kind, optional=column.optional, **facts)


def number_dtype(column: Column) -> str | None:
    """Return numpy's name of the dtype that holds every number of the column, None when none does."""
    values = column.values
    if is_numpy(values):
        return str(values.dtype.name)
    if not isinstance(values, list):
        return {"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(values.type), str(values.type))
    if column.dtype is not None:
        return column.dtype
    return number_dtype_of(values, column.kind)


def number_dtype_of(values: Iterable[Any], kind: str) -> str | None:
    """Return the dtype for Python numbers: int64 or uint64, float64; None when a whole number fits in neither."""
    if kind == "number":
        exact = all(type(value) is not int or _is_exact(value) for value in values)
        return "float64" if exact else None
    present = [value for value in values if value is not None]
    low, high = min(present, default=0), max(present, default=0)
    if -(2**63) <= low and high < 2**63:
        return "int64"
    return "uint64" if low >= 0 and high < 2**64 else None


def _is_exact(value: int) -> bool:
    return -(2**53) <= value <= 2**53


def _unit(column: Column) -> str:
    import numpy as np

    if is_numpy(column.values):
        return np.datetime_data(column.values.dtype)[0]
    return column.unit or "us"


_ELEMENTS = {
    frozenset((bool,)): "boolean",
    frozenset((int,)): "integer",
    frozenset((float,)): "number",
    frozenset((int, float)): "number",
    frozenset((str,)): "string",
}


def list_element(cells: Iterable[Any]) -> str | UnsetType:
    """Return the kind that every item of every list has, where it is one of the plain four."""
    types = frozenset(map(type, chain.from_iterable(cell for cell in cells if cell is not None)))
    return _ELEMENTS.get(types - {type(None)}, UNSET)


def all_finite(values: Iterable[Any]) -> bool:
    """Say whether every number is finite."""
    return all(value is None or math.isfinite(value) for value in values)
