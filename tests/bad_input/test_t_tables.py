"""T: tables."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import medialog
from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_value
from medialog import Image, Table
from medialog.validators.errors import InvalidInput, WrongType

GREY = np.zeros((2, 2), np.uint8)


def table(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    """Return a refused table, alone and beside a good one in the same row."""
    return refused(name, lambda at: make(), *rules, error=error, **options)


def rows(
    name: str, data: Any, *rules: str, columns: Any = ("a", "b"), error: type[Exception] | None = None, **options: Any
) -> list[Case]:
    return table(name, lambda: Table(list(columns), data() if callable(data) else data, **options), *rules, error=error)


def names(name: str, columns: Any, *rules: str, error: type[Exception] | None = None) -> list[Case]:
    return table(name, lambda: Table(columns, [[1]]), *rules, error=error)


def cell(name: str, make: Any, *rules: str, error: type[Exception] = InvalidInput) -> list[Case]:
    """Return a refused cell: given at once, among others, as a column, added, and in a list in a cell."""
    return flat(
        refused(name, lambda at: Table(["a"], [[make()]]), *rules, error=error),
        refused(f"{name}, third row", lambda at: Table(["a"], [[None], [None], [make()]]), *rules, error=error),
        refused(
            f"{name}, mixed",
            lambda at: Table(["a"], [[1], ["b"], [make()]], allow_mixed_types=True),
            *rules,
            error=error,
        ),
        refused(f"{name}, as a column", lambda at: Table(data={"a": [make()]}), *rules, error=error),
        refused(f"{name}, added", lambda at: added(make()), *rules, error=error),
        refused(f"{name}, added column", lambda at: column_added(make()), *rules, error=error),
        refused(f"{name}, in a list", lambda at: Table(["a"], [[[1, make()]]]), *rules, error=error),
        refused(f"{name}, in a mapping", lambda at: Table(["a"], [[{"k": make()}]]), *rules, error=error),
    )


def added(value: Any) -> Table:
    found = Table(["a"], [[None]])
    found.add_data(value)
    return found


def column_added(value: Any) -> Table:
    found = Table(["a"], [[None]])
    found.add_column("b", [value])
    return found


class Frame(pd.DataFrame):
    """A subclass of DataFrame whose columns raise."""

    @property
    def columns(self) -> Any:
        raise nasty.Rude("no columns")


class Stream:
    """An Arrow stream that raises."""

    def __arrow_c_stream__(self, schema: Any = None) -> Any:
        raise nasty.Rude("no stream")


CASES = flat(
    rows("T1 a row too short", [[1, 2], [3]], "table.width"),
    rows("T1 a row too long", [[1, 2, 3]], "table.width"),
    rows("T1 an empty row", [[]], "table.width"),
    rows("T1 a row that is text", ["ab"], "table.data", error=WrongType),
    rows("T1 a row that is a number", [5], "table.data", error=WrongType),
    rows("T1 a row that is None", [None], "table.data", error=WrongType),
    rows("T1 a row without iteration", [nasty.NoIteration([1, 2])], "value.read"),
    rows("T1 rows that are text", "ab", "table.data", error=WrongType),
    rows("T1 rows that are a number", 5, "table.data", error=WrongType),
    rows("T1 rows that are an object", nasty.NoAttributes(), "table.data", error=WrongType),
    names("T2 names twice", ["a", "a"], "table.columns"),
    names("T2 a number and its text", [1, "1"], "table.columns"),
    names("T3 None", [None], "table.columns"),
    names("T3 a float", [1.5], "table.columns"),
    names("T3 True", [True], "table.columns"),
    names("T3 bytes", [b"a"], "table.columns"),
    names("T3 NUL", ["a\0"], "table.columns"),
    names("T3 an escape", ["a\x1b[31m"], "table.columns"),
    names("T3 a surrogate", ["\ud800"], "table.columns"),
    names("T3 10 KB", ["a" * 10_000], "key.length"),
    names("T3 empty", [""], "table.columns"),
    names("T3 spaces", ["  "], "table.columns"),
    names("T3 without repr", [nasty.NoRepr()], "table.columns"),
    names("T3 10**5000", [10**5000], "table.columns"),
    names("T3 names that are text", "ab", "table.columns", error=WrongType),
    names("T3 names that are a number", 5, "table.columns", error=WrongType),
    names("T3 names that are a mapping", {"a": 1}, "table.columns", error=WrongType),
    names("T3 names without iteration", nasty.NoIteration(["a"]), "value.read"),
    rows("T4 10,001 rows", lambda: [[1, 2]] * 10_001, "table.rows"),
    rows("T4 endless rows", lambda: iter(lambda: [1, 2], None), "table.rows"),
    rows("T4 a range of rows", lambda: range(10**12), "table.rows"),
    table("T4 10,001 rows of an array", lambda: Table(["a"], np.zeros((10_001, 1))), "table.rows"),
    table("T4 10**12 rows of an array", lambda: Table(["a"], np.broadcast_to(0.5, (10**12, 1))), "table.rows"),
    table("T4 10,001 rows of a frame", lambda: Table(dataframe=pd.DataFrame({"a": range(10_001)})), "table.rows"),
    table("T4 10,001 rows of polars", lambda: Table(dataframe=pl.DataFrame({"a": range(10_001)})), "table.rows"),
    table("T4 10,001 rows of Arrow", lambda: Table(dataframe=pa.table({"a": range(10_001)})), "table.rows"),
    table("T4 a row added to 10,000", lambda: full().add_data(1), "table.rows"),
    cell("T9 object()", object, "table.cell", error=WrongType),
    cell("T9 an object without repr", nasty.NoRepr, "table.cell", error=WrongType),
    cell("T9 an object of a dirty repr", nasty.DirtyRepr, "table.cell", error=WrongType),
    cell("T9 a complex number", lambda: 1j, "table.cell", error=WrongType),
    cell("T9 an object whose attributes raise", nasty.NoAttributes, "table.cell", error=WrongType),
    cell("T9 an object whose class raises", nasty.NoClass, "value.read"),
    cell("T9 a mapping without items", nasty.NoItems, "value.read"),
    cell("T9 a list without iteration", lambda: nasty.NoIteration([1]), "value.read"),
    cell("T9 a generator", lambda: (x for x in [1]), "table.cell", error=WrongType),
    cell("T9 a lone surrogate", lambda: "a\ud800", "table.text"),
    cell("T9 a reserved key", lambda: {"_type": "image-file"}, "key.reserved"),
    cell("T9 a key that is a number", lambda: {5: 1}, "key.type"),
    cell("T9 an array of complex numbers", lambda: np.zeros(3, complex), "table.cell", error=WrongType),
    cell("T9 an array of objects", lambda: np.array([object()], object), "table.cell", error=WrongType),
    cell("T9 an array that raises", nasty.NoArray, "array.kind"),
    cell("T9 a masked array", lambda: np.ma.masked_equal(np.eye(2), 1), "array.masked"),
    cell("T10 a cyclic list", nasty.cycle, "json.depth"),
    cell("T10 a cyclic mapping", nasty.cyclic_dict, "json.depth"),
    cell("T11 nesting of 2,000", lambda: nasty.nested(2_000), "json.depth"),
    cell("T11 nesting of 100,000", lambda: nasty.nested(100_000), "json.depth"),
    cell("T19 an image that is none", lambda: PillowOf(0), "pixels.empty"),
    rows("T8 text after numbers", [[1, 2], ["a", 2]], "table.cell", error=WrongType),
    rows("T8 a list after numbers", [[1, 2], [[1], 2]], "table.cell", error=WrongType),
    rows("T8 an image after numbers", lambda: [[1, 2], [Image(GREY), 2]], "table.cell", error=WrongType),
    rows("T8 True after numbers", [[1, 2], [True, 2]], "table.cell", error=WrongType),
    rows(
        "T8 None where nothing may be missing", [[1, 2], [None, 2]], "table.optional", optional=False, error=WrongType
    ),
    table("T12 a 1-D array", lambda: Table(["a"], np.zeros(3)), "table.data"),
    table("T12 a 0-D array", lambda: Table(["a"], np.zeros(())), "table.data"),
    table("T12 an array of other width", lambda: Table(["a"], np.zeros((3, 2))), "table.width"),
    table("T12 columns of other lengths", lambda: Table(data={"a": [1], "b": [1, 2]}), "table.length"),
    table("T12 a column of text", lambda: Table(data={"a": "abc"}), "table.data", error=WrongType),
    table("T12 a column of a number", lambda: Table(data={"a": 5}), "table.data", error=WrongType),
    table("T12 a column that is a mapping", lambda: Table(data={"a": {}}), "table.data", error=WrongType),
    table("T12 a column that is endless", lambda: Table(data={"a": iter(int, 1)}), "table.rows"),
    table("T12 a mapping without items", lambda: Table(data=nasty.NoItems()), "value.read"),
    table("T12 a masked array", lambda: Table(["a", "b"], np.ma.masked_equal(np.eye(2), 1)), "array.masked"),
    table("T12 a masked column", lambda: Table(data={"a": np.ma.masked_equal(np.arange(3), 1)}), "array.masked"),
    table("T12 records with an unknown key", lambda: Table(["a"], [{"a": 1}, {"b": 1}]), "table.columns"),
    table("T12 records of numbers", lambda: Table(["a"], [{"a": 1, None: 2}]), "table.columns"),
    refused_value(
        "T17 MultiIndex columns",
        lambda at: pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])),
        "table.columns",
        cell="table.columns",
    ),
    refused_value(
        "T17 columns twice",
        lambda at: pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "table.columns",
        cell="table.columns",
    ),
    refused_value("T17 a frame of objects", lambda at: pd.DataFrame({"a": [object()]}), "table.cell", error=WrongType),
    refused_value(
        "T17 a frame of polars objects", lambda at: pl.DataFrame({"a": [object()]}), "table.cell", error=WrongType
    ),
    refused_value("T17 a frame whose columns raise", lambda at: Frame({"a": [1]}), "value.read", cell="value.read"),
    table("T17 an Arrow stream that raises", lambda: Table(dataframe=Stream()), "value.read"),
    table("T17 a frame that is a list", lambda: Table(dataframe=[[1]]), "table.data", error=WrongType),
    table("T17 a frame that is None in rows", lambda: Table(dataframe=5), "table.data", error=WrongType),
    table(
        "T19 a table with a bad image in row 2",
        lambda: Table(["a"], [[Image(GREY + 1)], [Image(np.zeros((0, 0)))]]),
        "pixels.empty",
    ),
    table("T21 a generator that raises in row 3", lambda: Table(["a"], nasty.raising(3)), "value.read", says="row 3"),
    table("T21 a row that raises", lambda: Table(["a"], [nasty.raising(1)]), "value.read"),
    table("T21 a column that raises", lambda: Table(data={"a": nasty.raising(2)}), "value.read"),
    table("T22 data and dataframe", lambda: Table(["a"], [[1]], dataframe=pd.DataFrame({"a": [1]})), "table.input"),
    table("T22 data and rows", lambda: Table(["a"], [[1]], [[1]]), "table.input"),
    rows("T+ a dtype of an unknown name", [[1, 2]], "table.dtype", dtype="quaternion", error=WrongType),
    rows("T+ too few dtypes", [[1, 2]], "table.dtype", dtype=["integer"]),
    rows("T+ a dtype that is a number", [[1, 2]], "table.dtype", dtype=5, error=WrongType),
    rows("T+ a dtype without repr", [[1, 2]], "table.dtype", dtype=nasty.NoRepr(), error=WrongType),
    rows("T+ a dtype that the cells are not", [["x", 2]], "table.cell", dtype=int, error=WrongType),
    rows("T+ log_mode EVENTUAL", [[1, 2]], "table.log_mode", log_mode="EVENTUAL"),
    rows("T+ log_mode None", [[1, 2]], "table.log_mode", log_mode=5),
    rows("T+ a key column that is none", [[1, 2]], "table.column", key_column="z"),
    rows("T+ a key twice", [[1, 2], [1, 2]], "table.key", key_column="a"),
    rows("T+ a missing key", [[1, 2], [None, 2]], "table.key", key_column="a"),
    rows("T+ a key of a float", [[1.5, 2]], "table.key", key_column="a"),
    table("T+ a column of an unknown name", lambda: Table(["a"], [[1]]).get_column("b"), "table.column"),
    table("T+ a column added twice", lambda: Table(["a"], [[1]]).add_column("a", [1]), "table.column"),
    table("T+ a column of another length", lambda: Table(["a"], [[1]]).add_column("b", [1, 2]), "table.length"),
    table("T+ a row too long added", lambda: Table(["a"], [[1]]).add_data(1, 2), "table.width"),
    # what is taken
    accepted("T5 NaN", lambda at: Table(["a"], [[float("nan")]])),
    accepted("T6 infinity", lambda at: Table(["a"], [[float("inf")]])),
    accepted("T7 2**70", lambda at: Table(["a"], [[2**70]]), lambda row: loaded(row).data == [[2**70]]),
    accepted(
        "T7 -2**70 among others",
        lambda at: Table(["a"], [[1], [-(2**70)], [None]]),
        lambda row: loaded(row).data == [[1], [-(2**70)], [None]],
    ),
    accepted(
        "T13 formulas",
        lambda at: Table(["a"], [["=HYPERLINK(1)"], ["@SUM"]]),
        lambda row: loaded(row).data == [["=HYPERLINK(1)"], ["@SUM"]],
    ),
    accepted(
        "T14 HTML",
        lambda at: Table(["a"], [["<img onerror=x>"]]),
        lambda row: loaded(row).data == [["<img onerror=x>"]],
    ),
    accepted(
        "T15 a naive datetime",
        lambda at: Table(["a"], [[datetime.datetime(2026, 1, 1)]]),
        lambda row: loaded(row).data == [[datetime.datetime(2026, 1, 1)]],
    ),
    accepted(
        "T16 year 1 and 9999",
        lambda at: Table(["a"], [[datetime.datetime.min], [datetime.datetime.max]]),
        lambda row: loaded(row).data[1] == [datetime.datetime.max],
    ),
    accepted("T18 a duplicate index", lambda at: pd.DataFrame({"a": [1, 2]}, index=[5, 5])),
    accepted(
        "T+ pandas' NA and NaT",
        lambda at: Table(["a"], [[pd.NA], [pd.NaT], [None]]),
        lambda row: loaded(row).data == [[None]] * 3,
    ),
    accepted("T+ no rows", lambda at: Table(["a"], [])),
    accepted("T+ no columns", lambda at: Table([], [])),
    accepted("T+ an empty frame", lambda at: pd.DataFrame()),
    accepted("T+ 10,000 rows", lambda at: Table(["a"], [[1]] * 10_000)),
    accepted("T+ NUL in text", lambda at: Table(["a"], [["a\0b"]]), lambda row: loaded(row).data == [["a\0b"]]),
)


def loaded(row: dict[str, Any]) -> Table:
    run = medialog.run
    assert run is not None
    found: Table = medialog.load(row[KEY], run.dir)
    return found


def full() -> Table:
    return Table(["a"], [[1]] * 10_000)


def PillowOf(side: int) -> Any:
    from PIL import Image as Pillow

    return Pillow.new("L", (side, side))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_tables(case: Case, bench: Bench) -> None:
    bench.hold(case)


def test_a_bad_row_added_leaves_the_table_as_it_was(bench: Bench) -> None:
    table = Table(["a"], [[1]])

    with pytest.raises(InvalidInput):
        table.add_data("x")

    bench.run.log({"t": table})
    assert bench.run.reader().media("t").data == [[1]]
