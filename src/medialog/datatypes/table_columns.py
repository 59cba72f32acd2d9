"""A column of a table: its name, its kind, and its cells in the form that costs least.

Cells are held as a list of Python objects, or, where a DataFrame, an array or a Parquet file gave them, as the numpy or
Arrow array they came in; such a column is never walked cell by cell.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from itertools import chain
from typing import Any

from msgspec import UNSET, UnsetType

from medialog.datatypes import table_cells
from medialog.datatypes.table_cells import CellReader, StoredCell
from medialog.datatypes.table_schema import ColumnType, is_media, merge
from medialog.datatypes.table_times import common_zone, has_nanoseconds, to_datetimes
from medialog.validators import checks
from medialog.validators.errors import Violation


class Column:
    """One column. `kind` is `table_schema`'s; `fixed` when `dtype=` or `allow_mixed_types` said it.

    `values` is a list of cells; a numpy array of booleans, integers, floats or datetime64 (then nothing is missing but
    NaT); or an Arrow array of strings, booleans, integers or floats. `dtype`, `unit`, `zone` are those of a list
    that came from such an array.
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
            return list(self.values.to_pylist())
        if self.values.dtype.kind != "M":
            return list(self.values.tolist())
        return to_datetimes(self.values, self.zone)

    def look(self) -> list[Any]:
        """Return the cells as a reader sees them: media decoded, nothing shared with the column."""
        if self.kind in ("list", "dict", "any") or any(type(cell) is StoredCell for cell in self._objects()):
            return [table_cells.look_at(cell) for cell in self.cells()]
        if self.kind == "ndarray":
            return [None if cell is None else cell.copy() for cell in self.cells()]
        return list(self.cells())

    def _objects(self) -> Iterable[Any]:
        return self.values if isinstance(self.values, list) and is_media(self.kind) else ()

    # growing

    def fits(self, kind: str, cell: Any) -> str | None:
        """Return the kind that the column has with one more cell, or None when it cannot have it."""
        if kind == "none" and not self.optional:
            return None
        if kind == self.kind:
            return kind
        merged = merge(self.kind, kind)
        if merged is None and kind == "number" and math.isnan(cell) and self.optional:
            return self.kind  # NaN where there are no numbers is a missing cell
        if merged is None and self.kind == "number" and not self.fixed and self._is_all_nan() and self.optional:
            return kind
        if self.fixed and merged not in (self.kind, None):
            return None
        return merged

    @property
    def grows_freely(self) -> bool:
        """Say whether a cell of a kind that the column has takes its place as it is."""
        return type(self.values) is list and self.dtype is self.unit is None

    def append(self, kind: str, cell: Any, merged: str, reader: CellReader) -> None:
        """Add a cell that `fits` accepted."""
        if self.grows_freely and kind in (self.kind, "none"):
            self.values.append(cell)
            return
        if (
            is_numpy(self.values)
            and self.values.dtype.kind == "M"
            and merged == self.kind
            and has_nanoseconds(self.values)
        ):
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
        return all(cell is None or math.isnan(cell) for cell in self.cells())


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


# --- the type of a column -------------------------------------------------------------------------------------------


def column_type(column: Column) -> ColumnType:
    """Return the type of a column as descriptors and files state it, without its `storage`."""
    facts: dict[str, Any] = {}
    if column.kind in ("integer", "number"):
        facts["dtype"] = number_dtype(column) or UNSET
    elif column.kind in ("timestamp", "timestamp_tz"):
        facts["unit"] = _unit(column)
        if column.kind == "timestamp_tz":
            zone = (
                column.zone
                if column.zone is not None and not isinstance(column.values, list)
                else common_zone(column.cells())
            )
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
    if low >= -(2**63) and high < 2**63:
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
