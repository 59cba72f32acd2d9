"""A table as numpy arrays, a pandas DataFrame, or a pyarrow Table.

| kind                    | numpy               | pandas                            | Arrow                      |
|-------------------------|---------------------|-----------------------------------|----------------------------|
| boolean                 | bool                | bool, or nullable `boolean`       | bool                       |
| integer                 | the column's dtype  | the same, or nullable `Int64` ... | the same                   |
| number                  | the column's dtype  | the same; a missing cell is NaN   | the same; missing is null  |
| string                  | str                 | pandas' default for text          | string                     |
| timestamp, timestamp_tz | datetime64 (UTC)    | datetime64, with the zone         | timestamp                  |
| date, time, decimal ... | objects             | objects                           | date32, time64, string ... |
| ndarray                 | stacked where equal | objects                           | fixed-size list            |
| list                    | objects             | objects                           | list where of one kind     |
| dict, any, media        | objects             | objects                           | JSON text                  |

With missing cells, or integers that no dtype holds, numpy gets objects (numbers: NaN).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medialog.datatypes import table_columns, table_parquet
from medialog.datatypes.files import Sink
from medialog.datatypes.table_cells import CellSink
from medialog.datatypes.table_columns import Column, is_numpy
from medialog.validators.optional import require


def to_numpy(column: Column) -> Any:
    """Return a column as a numpy array of one element (or array) for each row."""
    import numpy as np

    if is_numpy(column.values):
        return column.values.copy()
    cells = column.look()
    missing = any(cell is None for cell in cells)
    kind = column.kind
    if kind == "number" or (kind in ("boolean", "integer") and not missing):
        dtype = "bool" if kind == "boolean" else table_columns.number_dtype(column)
        if dtype is not None:
            return np.array([np.nan if cell is None else cell for cell in cells] if missing else cells, dtype=dtype)
    if kind == "string" and not missing:
        return np.array(cells, dtype=str)
    if kind in ("timestamp", "timestamp_tz") and not any(isinstance(cell, np.datetime64) for cell in cells):
        return np.array([_in_utc(cell) for cell in cells], dtype=f"datetime64[{column.unit or 'us'}]")
    if kind == "ndarray" and cells and not missing and len({cell.shape for cell in cells}) == 1:
        return np.stack(cells)
    return _objects(cells)


def _objects(cells: Sequence[Any]) -> Any:
    import numpy as np

    array = np.empty(len(cells), dtype=object)
    for index, cell in enumerate(cells):
        array[index] = cell
    return array


def _in_utc(cell: Any) -> Any:
    import datetime

    if cell is None or cell.tzinfo is None:
        return cell
    return cell.astimezone(datetime.UTC).replace(tzinfo=None)


def to_pandas(columns: Sequence[Column]) -> Any:
    """Return a pandas DataFrame with a default index."""
    pd = require("pandas", extra="table")
    series = {column.name: _series(pd, column) for column in columns}
    return pd.DataFrame(series, columns=[column.name for column in columns])


def _series(pd: Any, column: Column) -> Any:
    kind = column.kind
    if kind in ("timestamp", "timestamp_tz"):
        zone = table_columns.column_type(column).timezone
        if kind == "timestamp_tz" and not isinstance(zone, str):
            return pd.Series(_objects(column.look()))
        naive = pd.Series(to_numpy(column))
        return naive if kind == "timestamp" else naive.dt.tz_localize("UTC").dt.tz_convert(zone)
    if kind == "number":
        return pd.Series(to_numpy(column))
    cells = column.look()
    if kind == "string":
        return pd.Series(cells, dtype=None if cells else object)
    dtype = table_columns.number_dtype(column) if kind == "integer" else "bool"
    if kind in ("boolean", "integer") and dtype is not None:
        if any(cell is None for cell in cells):
            nullable = "boolean" if kind == "boolean" else dtype.replace("i", "I").replace("uI", "UI")
            return pd.Series(cells, dtype=nullable)
        return pd.Series(to_numpy(column))
    return pd.Series(_objects(cells), dtype=object)


def to_arrow(columns: Sequence[Column], sink: Sink | None) -> Any:
    """Return a pyarrow Table; media cells are the JSON of their descriptors, and their files go to `sink`."""
    types = [table_columns.column_type(column) for column in columns]
    return table_parquet.to_arrow(columns, types, None if sink is None else CellSink(sink))[0]
