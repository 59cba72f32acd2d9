"""What a chart draws: the columns of its table that its fields name, as values for a Vega-Lite spec.

A preset sees its columns under the names of its fields (`x`, `y`, `stroke`), so that no column name, whatever
characters it has, becomes part of a Vega expression; the columns' own names are the titles of axes and legends.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from medialog.datatypes.base import DataType
from medialog.validators import checks
from medialog.validators.errors import Violation

if TYPE_CHECKING:
    from medialog.datatypes.table import Table

Kind = Literal["number", "date", "text"]
SCALARS: tuple[Kind, ...] = ("number", "date", "text")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as drawn: its `name`, its `kind`, JSON `values` (None: a gap), and how many numbers were not finite."""

    name: str
    kind: Kind
    values: list[Any]
    not_finite: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a preset: the kinds of column it takes, and whether it may be left out."""

    kinds: tuple[Kind, ...] = SCALARS
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a preset's `draw` gets: the columns by field, the title and the other strings."""

    columns: Mapping[str, Column]
    title: str | None = None
    strings: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Return the inline data: one object for each row, with the fields as keys."""
        names = list(self.columns)
        return [
            dict(zip(names, row, strict=True)) for row in zip(*(c.values for c in self.columns.values()), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Preset:
    """A kind of chart: its name, its fields, and the function that draws it as a complete Vega-Lite spec."""

    name: str
    fields: Mapping[str, Field]
    draw: Callable[[Drawing], dict[str, Any]]


def check_table(table: object) -> None:
    """Raise `WrongType` unless `table` is a Table."""
    from medialog.datatypes.table import Table

    if not isinstance(table, Table):
        raise checks.wrong_type(
            "table", "plot.table", "a medialog.Table (for a DataFrame: Table(dataframe=...))", table
        )


def check_fields(table: Table, fields: Any, known: Mapping[str, Field] | None) -> dict[str, str | None]:
    """Return `fields` as field -> column name; `InvalidInput` for a name that is no column or a field that is none.

    `known` are the fields that the preset has; None where any will do.
    """
    if not isinstance(fields, Mapping):
        raise checks.wrong_type("fields", "plot.fields", "a mapping of field to column name", fields)
    found: list[Violation | None] = []
    result: dict[str, str | None] = {}
    columns = list(table.columns)
    for name, given in fields.items():
        if not isinstance(name, str) or (known is not None and name not in known):
            expected = "a field's name" if known is None else f"one of {', '.join(known)}"
            found.append(Violation(f"fields[{checks.show(name)}]", "plot.fields", expected, "an unknown field"))
            continue
        found.append(checks.text(name, "fields", "plot.fields"))
        number = checks.whole_number(given)
        column = given if number is None else str(number)  # a table's columns may be given as whole numbers
        result[name] = column
        at = name if known is not None else f"fields[{checks.show(name)}]"
        if column is None and known is None:
            found.append(Violation(at, "plot.fields", "a column's name", "None"))
        elif column is not None and column not in columns:
            expected = f"a column of the table: {checks.show(columns, 120)}"
            found.append(Violation(at, "plot.column", expected, checks.show(column)))
    for name, field_ in (known or {}).items():
        if result.get(name) is None:
            if not field_.optional:
                found.append(Violation(name, "plot.fields", "a column's name", "nothing"))
            result[name] = None
    checks.refuse(found)
    return result


def read_columns(table: Table, fields: Mapping[str, str | None], known: Mapping[str, Field]) -> dict[str, Column]:
    """Return the columns that `fields` name, by field; `InvalidInput` for one that the field cannot draw."""
    columns = {}
    wrong: list[Violation | None] = []
    for name, column_name in fields.items():
        if column_name is None:
            continue
        kinds = known[name].kinds if name in known else SCALARS
        column = read_column(column_name, table.get_column(column_name))
        if isinstance(column, Violation):
            wrong.append(column.within(name))
        elif column.kind not in kinds and any(value is not None for value in column.values):
            names = {"number": "numbers", "date": "dates", "text": "text"}
            expected = f"a column of {' or '.join(names[kind] for kind in kinds)}"
            wrong.append(
                Violation(
                    f"{name}: column {checks.show(column_name)}", "plot.column_type", expected, names[column.kind]
                )
            )
        else:
            columns[name] = column
    checks.refuse(wrong)
    return columns


def read_column(name: str, cells: Sequence[Any]) -> Column | Violation:
    """Return a column of a table as drawn, or the violation of its first cell that is no number, date or text."""
    kind: Kind | None = None
    values: list[Any] = []
    not_finite = 0
    for index, cell in enumerate(cells):
        value, cell_kind = _draw_cell(cell)
        if cell_kind is None and value is not None:
            got = f"{checks.type_name(cell)} {checks.show(cell)}"
            return Violation(
                f"column {checks.show(name)}[{index}]", "plot.column_type", "a number, a date or text", got
            )
        if cell_kind is not None and kind not in (None, cell_kind):
            got = f"{checks.type_name(cell)} {checks.show(cell)}"
            return Violation(
                f"column {checks.show(name)}[{index}]", "plot.column_type", f"a {kind} like the cells before it", got
            )
        kind = kind or cell_kind
        if isinstance(value, float) and not math.isfinite(value):
            not_finite, value = not_finite + 1, None
        values.append(value)
    return Column(name, kind or "number", values, not_finite)


def _draw_cell(cell: Any) -> tuple[Any, Kind | None]:
    """Return a cell as JSON and what it is: `(None, None)` for an empty one, `(cell, None)` for what cannot be drawn.

    Dates are drawn by the clock that they show: one without a zone is written as UTC, and the axes are in UTC.
    """
    if cell is None:
        return None, None
    if isinstance(cell, str):
        return cell, "text"
    if isinstance(cell, bool) or type(cell).__name__ in ("bool_", "bool"):
        return ("true" if cell else "false"), "text"
    if isinstance(cell, DataType):
        return cell, None
    if isinstance(cell, datetime.datetime):
        zoned = cell.replace(tzinfo=datetime.UTC) if cell.tzinfo is None else cell.astimezone(datetime.UTC)
        return zoned.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "date"
    if isinstance(cell, datetime.date):
        return f"{cell.isoformat()}T00:00:00.000Z", "date"
    if type(cell).__name__ == "datetime64":
        return _draw_cell(cell.astype("datetime64[us]").item())
    number = checks.real_number(cell)
    return (cell, None) if number is None else (number, "number")


def not_drawn(columns: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    """Yield the advice for numbers that no axis can show."""
    for column in columns.values():
        if column.not_finite:
            what = f"{column.not_finite:,} values of {checks.show(column.name)}"
            yield "plot.not_drawn", f"{what} are NaN or infinite: kept in the table, not drawn"
