"""What must hold of a whole table: the names of its columns, the cells of its key column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medialog.datatypes import table_columns
from medialog.datatypes.base import ChangeLog
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation, WrongType
from medialog.validators.rules import Rules


def refuse_cells(found: Sequence[Violation]) -> None:
    """Raise what is wrong with cells: `WrongType` when all of it is about types."""
    if found:
        raise (WrongType if all(v.rule in ("table.cell", "table.optional") for v in found) else InvalidInput)(found)


def check_names(columns: Any, rules: Rules, log: ChangeLog | None = None) -> list[str]:
    """Return column names as text; `InvalidInput` for names that are none, or stand twice."""
    if hasattr(columns, "columns") or hasattr(columns, "column_names"):  # iterating a frame gives its names: no row
        expected = "a list of names (a frame goes into dataframe=, its columns with it)"
        raise checks.wrong_type("columns", "table.columns", expected, columns)
    if isinstance(columns, (str, bytes, Mapping)) or not isinstance(columns, Iterable):
        raise checks.wrong_type("columns", "table.columns", "a list of names (data= takes a dict of columns)", columns)
    found: list[Violation | None] = []
    names: dict[str, int] = {}
    numbers = 0
    for index, name in enumerate(columns):
        at = f"columns[{index}]"
        number = checks.whole_number(name)
        if number is not None and number.bit_length() <= 64:
            numbers += 1
            name = str(number)  # noqa: PLW2901
        wrong = checks.text(name, at, "table.columns")
        if wrong is None and not name.strip():
            wrong = Violation(at, "table.columns", "a name with a visible character", repr(name)[:40])
        elif wrong is None and len(name) > rules.limit("key.length"):
            wrong = check_length(name, at, rules)
        elif wrong is None and name in names:
            got = f"{checks.show(name)} as columns[{names[name]}]"
            wrong = Violation(at, "table.columns", "a name that stands once", got)
        found.append(wrong)
        if wrong is None:
            names[str.__str__(name)] = index
    checks.refuse(found)
    if numbers and log is not None:
        log.record("table.names", "column names that are whole numbers stored as text", numbers)
    return list(names)


def check_length(name: str, at: str, rules: Rules) -> Violation | None:
    """Hold the length of a column's name against that of any key."""
    return checks.at_most(len(name), "key.length", at, rules, "characters in a column's name")


def key_violations(name: str, cells: Iterable[Any], keys: set[Any], first: int) -> list[Violation]:
    """Return the violation of the first key that is missing, no key, or there already; the others join `keys`."""
    for row, cell in enumerate(cells, first):
        at = table_columns.place(row, name)
        if type(cell) not in (str, int):
            got = "None" if cell is None else f"{checks.type_name(cell)} {checks.show(cell)}"
            return [Violation(at, "table.key", "text or a whole number as key", got)]
        if cell in keys:
            return [Violation(at, "table.key", "a key that no other row has", checks.show(cell))]
        if first == 0:
            keys.add(cell)
    return []
