"""What a table can be made of, column by column: rows, arrays, mappings, and the frames of pandas, polars and pyarrow.

A given column is a sequence of objects, a numpy array or an Arrow array; `fill` makes a `Column` of it. Frames are
recognised by the path of their class or by Arrow's own protocol, and never walked row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from medialog.datatypes import arrays, table_columns, table_filling, table_times
from medialog.datatypes.table_cells import CellReader
from medialog.datatypes.table_columns import Column
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation, WrongType
from medialog.validators.rules import Rules

RAISE_LIMIT = "; more with Table(..., limits={'table.rows': n}) or init(limits={'table.rows': n})"
EXPECTED = "a list of rows, a 2-D array, a mapping of columns, or a DataFrame"


@dataclass
class Given:
    """What was handed in: column names (None: the caller's or the default ones) and one sequence of cells each.

    `notes` are conversions to record, `(id, detail, count)`.
    """

    names: list[Any] | None
    columns: list[Any]
    rows: int
    notes: list[tuple[str, str, int | None]] = field(default_factory=list)


class Nullable(NamedTuple):
    """A column of numbers with missing cells, and the dtype of the numbers."""

    cells: list[Any]
    dtype: str


class Zoned(NamedTuple):
    """A column of datetime64 in UTC, and the zone in which they are read."""

    instants: Any
    zone: str


def check_rows(rows: int, rules: Rules, at: str = "Table") -> None:
    """Raise `InvalidInput` for more rows than `table.rows`; the message says how to raise the limit."""
    if rows > rules.limit("table.rows"):
        checks.refuse([checks.at_most(rows, "table.rows", at, rules, f"rows{RAISE_LIMIT}")])


def read(data: Any, names: Sequence[str] | None, rules: Rules, at: str) -> Given:
    """Return the columns of any accepted form. `WrongType` for one that is none."""
    if is_pandas_frame(data):
        return _read_pandas(data, rules)
    if _is_arrow(data):
        return _read_arrow(data, rules)
    if isinstance(data, Mapping):
        return _read_mapping(data, rules, at)
    if arrays.is_array_like(data):
        return _read_array(data, rules, at)
    if isinstance(data, (str, bytes, bytearray)) or not isinstance(data, Iterable):
        raise checks.wrong_type(at, "table.data", EXPECTED, data)
    return _read_rows(data, names, rules, at)


def is_frame(value: Any) -> bool:
    """Say whether `value` is a DataFrame or an Arrow table."""
    return is_pandas_frame(value) or _is_arrow(value)


def is_pandas_frame(value: Any) -> bool:
    """Say whether `value` is a pandas DataFrame, by its class path."""
    return any(
        cls.__module__.partition(".")[0] == "pandas" and cls.__name__ == "DataFrame" for cls in type(value).__mro__
    )


def _is_arrow(value: Any) -> bool:
    return checks.has(value, "__arrow_c_stream__") and not isinstance(value, type) and not _is_pandas_series(value)


def _is_pandas_series(value: Any) -> bool:
    return any(cls.__module__.partition(".")[0] == "pandas" and cls.__name__ == "Series" for cls in type(value).__mro__)


# --- rows -----------------------------------------------------------------------------------------------------------


def _read_rows(data: Iterable[Any], names: Sequence[str] | None, rules: Rules, at: str) -> Given:
    most = rules.limit("table.rows")
    rows = data if isinstance(data, (list, tuple)) else list(islice(data, most + 1))
    check_rows(len(rows), rules, at)
    if rows and all(isinstance(row, Mapping) for row in rows):
        return _read_records(rows, names, at)
    read = [row if type(row) in (list, tuple) else _read_row(row, f"{at}[{index}]") for index, row in enumerate(rows)]
    wanted = rules.limit("table.columns_default") if names is None else names
    checks.refuse(wrong_widths(read, wanted, at))
    return Given(None, [list(cells) for cells in zip(*read, strict=True)] or [[] for _ in wanted], len(read))


def wrong_widths(rows: Sequence[Sequence[Any]], names: Sequence[str], at: str) -> list[Violation]:
    """Return the violation of the rows that have not one cell for each column."""
    wrong = [index for index, row in enumerate(rows) if len(row) != len(names)]
    if not wrong:
        return []
    listed = ", ".join(checks.show(name, 30) for name in names[:10]) + (", ..." if len(names) > 10 else "")
    expected = f"{len(names)} cells, one for each column ({listed}; columns= names others)"
    more = f" ({len(wrong):,} such rows)" if len(wrong) > 1 else ""
    return [Violation(f"{at}[{wrong[0]}]", "table.width", expected, f"{len(rows[wrong[0]])}{more}")]


def _read_row(row: Any, at: str) -> Sequence[Any]:
    if isinstance(row, (str, bytes, bytearray, Mapping)) or not isinstance(row, Iterable):
        raise checks.wrong_type(at, "table.data", "a row: a list of cells", row)
    if arrays.is_array_like(row) and getattr(row, "ndim", 1) == 0:
        raise checks.wrong_type(at, "table.data", "a row: a list of cells", row)
    return list(row)


def _read_records(rows: Sequence[Mapping[Any, Any]], names: Sequence[str] | None, at: str) -> Given:
    """Return a list of mappings as columns, in the order in which their keys first stand; a key not there is None."""
    seen: dict[Any, None] = {}
    for row in rows:
        seen.update(dict.fromkeys(row))
    if names is not None:
        unknown = [key for key in seen if str(key) not in names]
        if unknown:
            expected = f"keys among columns= ({', '.join(names)})"[:160]
            raise InvalidInput(Violation(at, "table.columns", expected, checks.show(unknown[0])))
        by_name = {str(key): key for key in seen}
        seen = {by_name.get(name, name): None for name in names}
    absent = sum(len(seen) - len(row) for row in rows)
    given = Given(list(seen), [[row.get(key) for row in rows] for key in seen], len(rows))
    if absent:
        given.notes.append(("table.absent", "keys that a row does not have stored as missing cells", absent))
    return given


# --- arrays and mappings --------------------------------------------------------------------------------------------


def _read_array(data: Any, rules: Rules, at: str) -> Given:
    import numpy as np

    array = arrays.unmasked(data, at) if isinstance(data, np.ndarray) else arrays.to_numpy(data, at)
    if array.dtype.names is not None and array.ndim == 1:
        check_rows(len(array), rules, at)
        return Given(list(array.dtype.names), [array[name] for name in array.dtype.names], len(array))
    if array.ndim < 2:
        expected = "a 2-D array of rows x columns (a.reshape(-1, 1) makes one column)"
        raise InvalidInput(Violation(at, "table.data", expected, f"shape {array.shape}"))
    check_rows(len(array), rules, at)
    return Given(None, [array[:, index] for index in range(array.shape[1])], len(array))


def _read_mapping(data: Mapping[Any, Any], rules: Rules, at: str) -> Given:
    columns = []
    for name, values in data.items():
        columns.append(sequence(values, f"{at}[{checks.show(name)}]", rules.limit("table.rows")))
    lengths = {length(values) for values in columns}
    if len(lengths) > 1:
        got = ", ".join(
            f"{checks.show(name, 20)}: {length(values):,}" for name, values in zip(data, columns, strict=True)
        )[:160]
        raise InvalidInput(Violation(at, "table.length", "columns of equal length", got))
    rows = lengths.pop() if lengths else 0
    check_rows(rows, rules, at)
    return Given(list(data), columns, rows)


def sequence(values: Any, at: str, most: int) -> Any:
    """Return the cells of one column: a list, a numpy array or an Arrow array. `WrongType` for what is no sequence."""
    if type(values).__module__.startswith("pyarrow") and hasattr(values, "to_pylist"):
        return values
    if _is_pandas_series(values):
        return _pandas_values(values, [])
    if arrays.is_array_like(values) and not hasattr(values, "to_list"):
        import numpy as np

        array = arrays.unmasked(values, at) if isinstance(values, np.ndarray) else arrays.to_numpy(values, at)
        if array.ndim:
            return array
    elif hasattr(values, "to_list"):  # a polars Series
        return list(values.to_list())
    elif isinstance(values, range):
        return list(values[: most + 1])
    elif isinstance(values, Iterable) and not isinstance(values, (str, bytes, bytearray, Mapping)):
        return list(islice(values, most + 1)) if not isinstance(values, Sequence) else list(values)
    raise checks.wrong_type(at, "table.data", "a list of cells", values)


# --- frames ---------------------------------------------------------------------------------------------------------


def _read_pandas(frame: Any, rules: Rules) -> Given:
    if getattr(frame.columns, "nlevels", 1) > 1:
        got = f"a MultiIndex of {frame.columns.nlevels} levels"
        expected = "one name for each column (df.columns = ['_'.join(c) for c in df.columns] joins the levels)"
        raise InvalidInput(Violation("dataframe.columns", "table.columns", expected, got))
    check_rows(len(frame), rules, "dataframe")
    names: list[Any] = []
    given = Given(names, [], len(frame))
    series = [(name, frame.iloc[:, index]) for index, name in enumerate(frame.columns)]
    for index_name, values in _index_columns(frame.index):
        given.notes.append(("table.index", f"the index stored as column {index_name!r}", None))
        series.insert(len(given.notes) - 1, (index_name, values))
    categories: list[str] = []
    for name, values in series:
        names.append(name)
        given.columns.append(_pandas_values(values, categories))
    if categories:
        detail = f"stored as their values, without their own dtype: {', '.join(categories)}"
        given.notes.append(("table.dtype", detail[:300], len(categories)))
    return given


def _index_columns(index: Any) -> list[tuple[Any, Any]]:
    """Return the index as columns, unless it is the plain 0, 1, 2, ... that holds nothing."""
    if type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1 and index.name is None:
        return []
    levels = getattr(index, "nlevels", 1)
    columns = []
    for level in range(levels):
        name = index.names[level]
        default = "index" if levels == 1 else f"level_{level}"
        columns.append((default if name is None else name, index.get_level_values(level).to_series()))
    return columns


def _pandas_values(series: Any, categories: list[str]) -> Any:
    """Return the cells of a pandas Series; a dtype that has no column type of its own joins `categories`."""
    import numpy as np

    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        values = series.to_numpy()
        return values if dtype.kind != "O" else values.tolist()
    name = type(dtype).__name__
    if name == "DatetimeTZDtype":
        zone = table_times.zone_text(dtype.tz)
        if zone is not None and table_times.zone_info(zone) is not None:
            return Zoned(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), zone)
        return series.tolist()
    if name == "ArrowDtype":
        return series.array.__arrow_array__()
    if name in ("CategoricalDtype", "PeriodDtype", "IntervalDtype", "SparseDtype"):
        categories.append(f"{checks.show(series.name, 40)} ({name.removesuffix('Dtype').lower()})")
        if name == "SparseDtype":
            return np.asarray(series.array)
        if name == "CategoricalDtype":
            return _pandas_values(series.astype(dtype.categories.dtype), [])
        return [None if missing else str(value) for value, missing in zip(series.tolist(), series.isna(), strict=True)]
    if getattr(dtype, "kind", "O") in "biuf" and hasattr(dtype, "numpy_dtype") and not series.isna().any():
        return series.to_numpy(dtype=dtype.numpy_dtype)
    if hasattr(series.array, "__arrow_array__") and getattr(dtype, "kind", "O") in "biuf":
        return Nullable(series.array.to_numpy(dtype=object, na_value=None).tolist(), str(dtype.numpy_dtype))
    return series.array.to_numpy(dtype=object, na_value=None).tolist()


def _read_arrow(data: Any, rules: Rules) -> Given:
    from medialog.datatypes.table_parquet import require_pyarrow

    pa = require_pyarrow()
    if hasattr(data, "num_rows") or hasattr(data, "height"):
        check_rows(getattr(data, "num_rows", getattr(data, "height", 0)), rules, "dataframe")
    _refuse_objects(data)
    table = data if isinstance(data, pa.Table) else _to_arrow(pa, data)
    check_rows(table.num_rows, rules, "dataframe")
    # Arrow arrays may lie over memory that the caller can still write to: one copy of the bytes makes them ours.
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, table.schema) as stream:
        stream.write_table(table)
    owned = pa.ipc.open_stream(buffer.getvalue()).read_all()
    return Given(list(owned.column_names), list(owned.columns), owned.num_rows)


def _refuse_objects(frame: Any) -> None:
    """Refuse polars columns of Python objects: Arrow would be given their addresses in memory."""
    if not type(frame).__module__.startswith("polars"):
        return
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if str(dtype) == "Object":
            expected = "a column of numbers, text, dates or lists of them"
            got = "polars' dtype Object"
            raise WrongType(Violation(f"dataframe[{checks.show(name)}]", "table.cell", expected, got))


def _to_arrow(pa: Any, data: Any) -> Any:
    try:
        return pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        got = f"{checks.type_name(data)}: {str(error).splitlines()[0][:120]}"
        raise WrongType(Violation("dataframe", "table.data", "a table (an Arrow stream of records)", got)) from error


# --- filling --------------------------------------------------------------------------------------------------------


def length(values: Any) -> int:
    """Return how many cells a given column has."""
    return len(values[0] if isinstance(values, (Zoned, Nullable)) else values)


def fill(column: Column, values: Any, reader: CellReader, found: list[Violation]) -> None:
    """Fill an empty column with a given sequence of cells; what is wrong joins `found`."""
    if isinstance(values, Zoned):
        table_filling.from_numpy(column, values.instants, reader, found, values.zone)
    elif isinstance(values, Nullable):
        table_filling.from_cells(column, values.cells, reader, found)
        column.dtype = values.dtype if column.kind in ("integer", "number") else None
    elif table_columns.is_numpy(values):
        table_filling.from_numpy(column, values, reader, found)
    elif type(values).__module__.startswith("pyarrow"):
        table_filling.from_arrow(column, values, reader, found)
    else:
        table_filling.from_cells(column, values, reader, found)
