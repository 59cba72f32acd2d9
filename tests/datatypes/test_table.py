from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import hashlib
import io
import json
import math
import pathlib
import pickle
import sys
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from laws import TypeLaws, call
from medialog.datatypes import adopt
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink, read_reference
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.table import Table
from medialog.validators import validate
from medialog.validators.errors import (
    Advice,
    DamagedFile,
    DataChanged,
    InvalidInput,
    MissingDependency,
    WrongType,
)
from medialog.wire.fileref import FileRef, build_refs, iter_file_refs, parse_refs
from medialog.wire.storage import MemoryStorage

UTC = datetime.UTC
NOON = datetime.datetime(2026, 3, 1, 12, 0, 0, 250)
PARIS = ZoneInfo("Europe/Paris")


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)


def cyclic() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def one(*cells: Any, **options: Any) -> Any:
    return call(columns=["x"], data=[[cell] for cell in cells], **options)


def frame(rows: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "i": np.arange(rows),
            "f": np.linspace(0, 1, rows, dtype=np.float32),
            "s": [f"row {i}" for i in range(rows)],
            "t": pd.date_range("2026-01-01", periods=rows, tz="Europe/Paris"),
            "b": np.arange(rows) % 2 == 0,
            "n": pd.array([None, *range(1, rows)], dtype="Int64"),
        }
    )


class TestTable(TypeLaws):
    type = Table
    valid = {
        "defaults, empty": lambda: call(),
        "defaults": lambda: call(data=[["a", "b", "c"], ["d", "e", None]]),
        "named": lambda: call(["Text", "Label"], [["I love my phone", "1"], ["My phone sucks", "0"]]),
        "rows=": lambda: call(columns=["a"], rows=[[1], [2]]),
        "no columns": lambda: call(columns=[]),
        "no rows": lambda: call(columns=["a", "b"], data=[]),
        "numbers": lambda: one(1, 2.5, float("nan"), float("inf"), -float("inf"), None),
        "integers": lambda: one(0, -1, 2**62, None),
        "unsigned": lambda: one(0, 2**64 - 1),
        "huge integers": lambda: one(2**70, -(2**70), 1),
        "huge integers among floats": lambda: one(2**70, 2**53 + 1, 0.5),
        "booleans": lambda: one(True, False, None),
        "only None": lambda: one(None, None),
        "only NaN": lambda: one(float("nan"), float("nan")),
        "NaN among text": lambda: one("a", float("nan"), "b"),
        "NaN before text": lambda: one(float("nan"), "b"),
        "datetimes": lambda: one(NOON, None, NOON.replace(year=1)),
        "zoned": lambda: one(NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=UTC)),
        "zoned by name": lambda: one(NOON.replace(tzinfo=PARIS), NOON.replace(month=7, tzinfo=PARIS)),
        "zoned by offset": lambda: one(
            NOON.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-3, minutes=-30)))
        ),
        "zones": lambda: one(NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=PARIS)),
        "dates": lambda: one(NOON.date(), None),
        "times": lambda: one(NOON.time(), None),
        "times with zone": lambda: one(NOON.time().replace(tzinfo=UTC)),
        "durations": lambda: one(datetime.timedelta(days=-1, microseconds=3), None),
        "decimals": lambda: one(decimal.Decimal("1.50"), decimal.Decimal("NaN"), None),
        "bytes": lambda: one(b"\x00\xff", b"", None),
        "lists": lambda: one([1, 2], [], None, [3]),
        "lists of floats": lambda: one([1, 2.5], [float("nan")]),
        "mixed lists": lambda: one([1, "a", None, [NOON]], [b"x", 2**70]),
        "dicts": lambda: one({"a": 1, "b": [1, {"c": NOON}]}, {}, None),
        "arrays": lambda: one(np.arange(3.0), np.arange(3.0) + 1, None),
        "2-D arrays": lambda: one(np.arange(6, dtype=np.int8).reshape(2, 3)),
        "float16 arrays": lambda: one(np.arange(3, dtype=np.float16)),
        "boolean arrays": lambda: one(np.array([True, False])),
        "ragged arrays": lambda: one(np.arange(3), np.arange(4.0), np.zeros((0, 2))),
        "arrays in dicts": lambda: one({"a": np.arange(3)}, {"a": None}),
        "images": lambda: call(
            ["i", "x"], [[Image(picture()), 1], [Image(picture(1), caption="second"), 2], [None, 3]]
        ),
        "histograms": lambda: one(Histogram([1, 2, 3])),
        "lists of images": lambda: one([Image(picture()), Image(picture(1))], []),
        "tables in a table": lambda: one(Table(["a"], [[1]]), None),
        "mixed types": lambda: one(1, "a", NOON, None, Image(picture()), [1], b"x", allow_mixed_types=True),
        "mixed with arrays": lambda: one(1, np.arange(3), allow_mixed_types=True),
        "numpy scalars": lambda: one(np.float32(0.5), np.int64(1), np.float64(2)),
        "numpy array": lambda: call(["a", "b"], np.arange(6, dtype=np.int16).reshape(3, 2)),
        "3-D array": lambda: call(["a", "b"], np.arange(12.0).reshape(2, 2, 3)),
        "text array": lambda: call(["a"], np.array([["x"], ["y"]])),
        "object array": lambda: call(["a", "b"], np.array([["x", 1], ["y", None]], dtype=object)),
        "structured array": lambda: call(data=np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f4")])),
        "numpy datetimes": lambda: call({"a": 0}.keys(), np.array([["2026-01-01T01"], ["NaT"]], dtype="M8[s]")),
        "nanoseconds": lambda: call(data={"a": np.array(["2026-01-01T01:00:00.000000001", "NaT"], dtype="M8[ns]")}),
        "numpy dates": lambda: call(data={"a": np.array(["2026-01-01", "NaT"], dtype="M8[D]")}),
        "numpy durations": lambda: call(data={"a": np.array([1, 2], dtype="m8[ms]")}),
        "columns": lambda: call(data={"a": [1, 2], "b": np.array([0.5, 1.5], np.float32), "c": ("x", None)}),
        "records": lambda: call(data=[{"a": 1, "b": 2}, {"b": 3, "c": 4}]),
        "generator": lambda: call(["a", "b"], ((i, str(i)) for i in range(3))),
        "integer names": lambda: call([0, 1], [[1, 2]]),
        "pandas": lambda: call(dataframe=frame()),
        "pandas as data": lambda: call(data=frame()),
        "pandas, large": lambda: call(dataframe=frame(1001)),
        "pandas, filtered": lambda: call(dataframe=frame()[lambda df: df.i > 1]),
        "pandas, named index": lambda: call(dataframe=frame().set_index("s")),
        "pandas, MultiIndex": lambda: call(dataframe=frame().set_index(["s", "i"])),
        "pandas, duplicate index": lambda: call(dataframe=pd.DataFrame({"a": [1, 2]}, index=[7, 7])),
        "pandas, categories": lambda: call(dataframe=pd.DataFrame({"a": pd.Categorical(["x", None, "y"])})),
        "pandas, periods": lambda: call(dataframe=pd.DataFrame({"a": pd.period_range("2026", periods=2, freq="M")})),
        "pandas, objects": lambda: call(dataframe=pd.DataFrame({"a": [PillowImage.new("RGB", (2, 2)), None]})),
        "pandas, NA": lambda: call(dataframe=pd.DataFrame({"a": ["x", pd.NA], "b": [pd.NaT, pd.Timestamp(0)]})),
        "pandas, empty": lambda: call(dataframe=pd.DataFrame()),
        "polars": lambda: call(
            dataframe=pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [[1, 2], [3]], "d": [0.5, None]})
        ),
        "arrow": lambda: call(dataframe=pa.table({"a": [1, None], "b": ["x", None], "c": [{"k": 1}, {"k": None}]})),
        "arrow, dictionary": lambda: call(dataframe=pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()})),
        "arrow, decimals": lambda: call(
            dataframe=pa.table({"a": pa.array([decimal.Decimal("1.5")], pa.decimal128(9, 2))})
        ),
        "arrow, embeddings": lambda: call(
            dataframe=pa.table({"a": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2))})
        ),
        "optional=False": lambda: one(1, 2, optional=False),
        "dtype": lambda: call(["a", "b", "c"], [[1, "x", None]], dtype=[float, str, Image]),
        "key": lambda: call(["id", "v"], [["a", 1], ["b", 2]], key_column="id"),
        "mutable": lambda: one(1, log_mode="MUTABLE"),
        "incremental": lambda: one(1, log_mode="INCREMENTAL"),
        "objects with a plain form": lambda: call(
            ["a", "b", "c", "d"], [[Colour.RED, pathlib.PurePosixPath("a/b"), Point(1, 2.5), {3, 1}]]
        ),
        "not markup": lambda: one("<img onerror=alert(1)>", '=HYPERLINK("x")', "@SUM(A1)", "\u202e"),
        "1,001 rows": lambda: call(["a"], [[i] for i in range(1001)]),
    }
    invalid = {
        "short row": (lambda: call(["a", "b"], [[1, 2], [1]]), {"table.width"}),
        "default columns": (lambda: call(data=[[1, 2]]), {"table.width"}),
        "array of other width": (lambda: call(["a"], np.zeros((2, 2))), {"table.width"}),
        "1-D array": (lambda: call(["a"], np.zeros(2)), {"table.data"}),
        "text as data": (lambda: call(["a"], "abc"), {"table.data"}),
        "number as data": (lambda: call(["a"], 3), {"table.data"}),
        "text as row": (lambda: call(["a", "b", "c"], ["abc"]), {"table.data"}),
        "number as row": (lambda: call(["a"], [1]), {"table.data"}),
        "list as dataframe": (lambda: call(dataframe=[[1]]), {"table.data"}),
        "columns of unequal length": (lambda: call(data={"a": [1], "b": [1, 2]}), {"table.length"}),
        "duplicate names": (lambda: call(["a", "a"]), {"table.columns"}),
        "duplicate after text": (lambda: call(["1", 1]), {"table.columns"}),
        "duplicate in a frame": (lambda: call(dataframe=pd.DataFrame([[1, 2]], columns=["a", "a"])), {"table.columns"}),
        "a frame as columns": (lambda: call(pd.DataFrame({"a": [1]})), {"table.columns"}),
        "polars as columns": (lambda: call(pl.DataFrame({"a": [1]})), {"table.columns"}),
        "arrow as columns": (lambda: call(pa.table({"a": [1]})), {"table.columns"}),
        "a dict as columns": (lambda: call({"a": [1]}), {"table.columns"}),
        "float name": (lambda: call([1.5]), {"table.columns"}),
        "bool name": (lambda: call([True]), {"table.columns"}),
        "NUL in name": (lambda: call(["a\0"]), {"table.columns"}),
        "blank name": (lambda: call([" "]), {"table.columns"}),
        "10 KB name": (lambda: call(["a" * 10_000]), {"key.length"}),
        "names as text": (lambda: call("abc"), {"table.columns"}),
        "MultiIndex": (
            lambda: call(dataframe=pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")]))),
            {"table.columns"},
        ),
        "other columns than the frame's": (lambda: call(["x"], dataframe=frame()), {"table.columns"}),
        "unknown key in a record": (lambda: call(["a"], [{"b": 1}]), {"table.columns"}),
        "index name taken": (lambda: call(dataframe=pd.DataFrame({"index": [1]}, index=[5])), {"table.columns"}),
        "data and dataframe": (lambda: call(data=[[1]], dataframe=frame()), {"table.input"}),
        "data and rows": (lambda: call(data=[[1]], rows=[[1]]), {"table.input"}),
        "text after number": (lambda: one(1, "a"), {"table.cell"}),
        "number after text": (lambda: one("a", 1), {"table.cell"}),
        "bool after number": (lambda: one(1, True), {"table.cell"}),
        "zone after none": (lambda: one(NOON, NOON.replace(tzinfo=UTC)), {"table.cell"}),
        "histogram after image": (lambda: one(Image(picture()), Histogram([1])), {"table.cell"}),
        "object": (lambda: one(object()), {"table.cell"}),
        "complex": (lambda: one(1j), {"table.cell"}),
        "complex array": (lambda: one(np.array([1j])), {"table.cell"}),
        "unsortable set": (lambda: one({1, "a"}), {"table.cell"}),
        "cycle": (lambda: one(cyclic()), {"json.depth"}),
        "nesting 2,000": (lambda: one(nested(2000)), {"json.depth"}),
        "reserved key": (lambda: one({"_type": "image-file"}), {"key.reserved"}),
        "key that is no text": (lambda: one({1: 2}), {"key.type"}),
        "surrogate": (lambda: one("a\ud800"), {"table.text"}),
        "surrogate in a list": (lambda: one(["a\ud800"]), {"table.text"}),
        "bad image": (lambda: one(PillowImage.new("RGB", (65_501, 1))), {"image.side"}),
        "missing": (lambda: one(1, None, optional=False), {"table.optional"}),
        "missing by array": (lambda: call(data={"a": np.array(["NaT"], "M8[s]")}, optional=False), {"table.optional"}),
        "optional as text": (lambda: call(optional="yes"), {"table.optional"}),
        "short optional": (lambda: call(optional=[True]), {"table.optional"}),
        "not the dtype": (lambda: one(1.5, dtype=int), {"table.cell"}),
        "not the dtype, array": (lambda: call(["x"], np.zeros((1, 1)), dtype=str), {"table.cell"}),
        "unknown dtype": (lambda: one(1, dtype="quaternion"), {"table.dtype"}),
        "dtype of another class": (lambda: one(1, dtype=Colour), {"table.dtype"}),
        "short dtype": (lambda: call(dtype=[int]), {"table.dtype"}),
        "dtype of no column": (lambda: one(1, dtype={"y": int}), {"table.dtype"}),
        "log mode": (lambda: call(log_mode="EVENTUAL"), {"table.log_mode"}),
        "no log mode": (lambda: call(log_mode=None), {"table.log_mode"}),
        "key twice": (lambda: one("a", "a", key_column="x"), {"table.key"}),
        "key missing": (lambda: one("a", None, key_column="x"), {"table.key"}),
        "key a float": (lambda: one(0.5, key_column="x"), {"table.key"}),
        "key of no column": (lambda: one("a", key_column="y"), {"table.column"}),
        "10,001 rows": (lambda: call(["a"], [[1]] * 10_001), {"table.rows"}),
        "10,001 rows of an array": (lambda: call(["a"], np.zeros((10_001, 1))), {"table.rows"}),
        "10,001 rows of a frame": (lambda: call(dataframe=frame(10_001)), {"table.rows"}),
        "10,001 rows of arrow": (lambda: call(dataframe=pa.table({"a": range(10_001)})), {"table.rows"}),
        "10,001 cells": (lambda: call(data={"a": range(10_001)}), {"table.rows"}),
        "endless generator": (lambda: call(["a"], ([1] for _ in iter(int, 1))), {"table.rows"}),
    }
    spellings = {
        "rows": [
            lambda: call(["a", "b"], [[1, "x"], [2, "y"]]),
            lambda: call(("a", "b"), ((1, "x"), (2, "y"))),
            lambda: call(columns=["a", "b"], rows=[[1, "x"], [2, "y"]]),
            lambda: call(np.array(["a", "b"]), np.array([[1, "x"], [2, "y"]], dtype=object)),
            lambda: call(data={"a": [1, 2], "b": ["x", "y"]}),
            lambda: call(data=[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
            lambda: call(dataframe=pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})),
            lambda: call(dataframe=pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})),
            lambda: call(dataframe=pa.table({"a": [1, 2], "b": ["x", "y"]})),
            lambda: call(dataframe=pa.record_batch({"a": [1, 2], "b": ["x", "y"]})),
            lambda: call(["a", "b"], iter([[np.int64(1), np.str_("x")], [2, "y"]])),
        ],
        "floats": [
            lambda: call(["a", "b"], [[1.0, 2.0], [3.0, float("nan")]]),
            lambda: call(["a", "b"], np.array([[1.0, 2.0], [3.0, np.nan]])),
            lambda: call(dataframe=pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, np.nan]})),
            lambda: call(dataframe=pl.DataFrame({"a": [1.0, 3.0], "b": [2.0, float("nan")]})),
        ],
        "embeddings": [
            lambda: call(["a"], [[np.array([1.0, 2.0])], [np.array([3.0, 4.0])]]),
            lambda: call(data={"a": np.array([[1.0, 2.0], [3.0, 4.0]])}),
            lambda: call(dataframe=pa.table({"a": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float64(), 2))})),
        ],
        "images": [
            lambda: one(Image(picture())),
            lambda: one(PillowImage.fromarray(picture())),
        ],
        "times": [
            lambda: one(NOON.replace(tzinfo=PARIS)),
            lambda: one(pd.Timestamp(NOON.replace(tzinfo=PARIS))),
            lambda: call(data={"x": pd.Series([NOON.replace(tzinfo=PARIS)]).dt.as_unit("us")}),
            lambda: call(dataframe=pl.DataFrame({"x": [NOON.replace(tzinfo=PARIS)]})),
        ],
    }


def remove(sink: MemorySink, path: str) -> None:
    assert isinstance(sink.storage, MemoryStorage)
    del sink.storage.files[path]


def stored(table: Table) -> tuple[dict[str, Any], MemorySink]:
    sink = MemorySink()
    return json.loads(json.dumps(table.encode_into(sink))), sink


def reloaded(table: Table) -> Table:
    descriptor, sink = stored(table)
    loaded = decode(descriptor, sink)
    assert isinstance(loaded, Table)
    return loaded


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    if isinstance(first, list):
        return type(second) is list and len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if first != first:
        return second != second and type(first) is type(second)
    return type(first) is type(second) and first == second


# --- the wire form --------------------------------------------------------------------------------------------------


def test_golden_json() -> None:
    table = Table(["x", "label"], [[1, "cat"], [2, None]])

    descriptor, sink = stored(table)

    content = (
        b'{"columns":["x","label"],"data":[[1,"cat"],[2,null]],"column_types":'
        b'[{"type":"integer","optional":true,"dtype":"int64"},{"type":"string","optional":true}]}'
    )
    assert {descriptor["path"]: content} == sink.files
    assert {
        "_type": "table-file",
        "path": descriptor["path"],
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "format": "json",
        "ncols": 2,
        "nrows": 2,
        "columns": ["x", "label"],
        "column_types": [
            {"type": "integer", "optional": True, "dtype": "int64"},
            {"type": "string", "optional": True},
        ],
        "log_mode": "IMMUTABLE",
        "lossless": True,
    } == descriptor


def test_golden_cells() -> None:
    cells = [NOON, NOON.date(), decimal.Decimal("1.50"), b"\x00", float("nan"), 2**70, {"a": NOON}, [1, b"x"]]
    _, sink = stored(Table(list("abcdefgh"), [cells]))

    (content,) = sink.files.values()

    assert [
        "2026-03-01T12:00:00.000250",
        "2026-03-01",
        "1.50",
        "AA==",
        {"_type": "number", "value": "NaN"},
        {"_type": "number", "value": "1180591620717411303424"},
        {"a": {"_type": "timestamp", "value": "2026-03-01T12:00:00.000250"}},
        [1, {"_type": "bytes", "value": "eA=="}],
    ] == json.loads(content)["data"][0]


def test_media_cell_is_its_descriptor() -> None:
    picture_cell = Image(picture())

    descriptor, sink = stored(Table(["i"], [[picture_cell]]))

    cell = json.loads(sink.files[descriptor["path"]])["data"][0][0]
    assert picture_cell.encode_into(MemorySink()) == cell
    assert [{key: cell[key] for key in ("path", "sha256", "size")}] == descriptor["files"]


@pytest.mark.parametrize(("rows", "format"), [(0, "json"), (1000, "json"), (1001, "parquet")])
def test_form_follows_the_rows(rows: int, format: str) -> None:
    descriptor, sink = stored(Table(["a"], [[i] for i in range(rows)]))

    assert (format, rows, 1) == (descriptor["format"], descriptor["nrows"], len(sink.files))


def test_arrays_make_it_parquet() -> None:
    descriptor, sink = stored(Table(["a"], [[np.arange(3, dtype=np.float32)], [None]]))

    table = pq.read_table(io.BytesIO(sink.files[descriptor["path"]]))

    assert "parquet" == descriptor["format"]
    assert [[0.0, 1.0, 2.0], None] == table.column("a").to_pylist()
    assert pa.list_(pa.float32(), 3) == table.schema.field("a").type
    assert [{"type": "ndarray", "optional": True, "dtype": "float32", "shape": [3]}] == descriptor["column_types"]


def test_parquet_reads_without_us() -> None:
    descriptor, sink = stored(Table(dataframe=frame(1500)))

    read = pq.read_table(io.BytesIO(sink.files[descriptor["path"]]))

    expected = pa.Table.from_pandas(frame(1500), preserve_index=False)
    assert expected.cast(read.schema).equals(read)
    assert ["int64", "float", "string", "timestamp[us, tz=Europe/Paris]", "bool", "int64"] == list(
        map(str, read.schema.types)
    )
    assert descriptor["columns"] == json.loads(read.schema.metadata[b"medialog"])["columns"]
    assert (
        "ZSTD" == pq.ParquetFile(io.BytesIO(sink.files[descriptor["path"]])).metadata.row_group(0).column(0).compression
    )


# --- cells come back ------------------------------------------------------------------------------------------------

CELLS: dict[str, list[Any]] = {
    "text": ["a", "", "ü\n\t\0", None],
    "booleans": [True, False, None],
    "integers": [1, -(2**63), 2**63 - 1, None],
    "huge": [2**70, -(10**100), 0],
    "floats": [0.1, -0.0, float("nan"), float("inf"), -float("inf"), 5e-324, None],
    "datetimes": [NOON, datetime.datetime.min, datetime.datetime.max, None],
    "zoned": [NOON.replace(tzinfo=UTC), None],
    "Paris": [NOON.replace(tzinfo=PARIS), NOON.replace(month=7, tzinfo=PARIS)],
    "dates": [datetime.date.min, datetime.date.max, None],
    "times": [datetime.time.min, datetime.time.max, None],
    "durations": [datetime.timedelta(days=-3, microseconds=1), datetime.timedelta(0), None],
    "long durations": [datetime.timedelta.max, datetime.timedelta.min],
    "decimals": [decimal.Decimal("1.50"), decimal.Decimal("-1E+400"), decimal.Decimal("Infinity"), None],
    "bytes": [b"", bytes(range(256)), None],
    "lists": [[1, 2], [], [None], None],
    "lists of text": [["a"], ["b", None]],
    "lists of huge": [[2**70], [1]],
    "dicts": [{"a": {"b": [1, 2.5, None, NOON, b"x"]}}, {}, None],
    "arrays": [np.arange(3.0), np.array([np.nan, np.inf, 0]), None],
    "arrays of each": [
        np.arange(2, dtype=np.uint8),
        np.arange(4, dtype=np.int16).reshape(2, 2),
        np.array([], np.float16),
    ],
}


@pytest.mark.parametrize("mixed", [False, True], ids=["typed", "mixed"])
@pytest.mark.parametrize("rows", [1, 1001], ids=["json", "parquet"])
@pytest.mark.parametrize("name", list(CELLS))
def test_cells_come_back(name: str, rows: int, mixed: bool) -> None:
    cells = CELLS[name] + [None] * (rows - 1)

    column = reloaded(Table(["x"], [[cell] for cell in cells], allow_mixed_types=mixed)).get_column("x")

    assert same(cells, column)


def test_number_columns_hold_integers_as_equal_floats() -> None:
    cells = [1, 2.5] + [None] * 1000

    assert cells == reloaded(Table(["x"], [[cell] for cell in cells])).get_column("x")


def test_media_come_back_as_objects() -> None:
    table = Table(["i", "l"], [[Image(picture(), caption="one"), [Histogram([1, 2])]], [None, []]])

    loaded = reloaded(table)

    assert table.data == loaded.data
    np.testing.assert_array_equal(picture(), loaded.data[0][0].to_numpy())


def test_media_are_decoded_only_when_looked_at() -> None:
    descriptor, sink = stored(Table(["i", "x"], [[Image(picture()), 1]]))
    (child,) = descriptor["files"]
    remove(sink, child["path"])

    loaded = decode(descriptor, sink)

    assert [1] == loaded.get_column("x")
    with pytest.raises(DamagedFile):
        loaded.get_column("i")


def test_a_loaded_table_pickles_without_its_source(tmp_path: pathlib.Path) -> None:
    from medialog.datatypes.files import DirectorySink, DirectorySource

    descriptor = Table(["i"], [[Image(picture())]]).encode(DirectorySink(tmp_path))
    pickled = pickle.dumps(decode(descriptor, DirectorySource(tmp_path)))
    for file in tmp_path.rglob("*.png"):
        file.unlink()

    np.testing.assert_array_equal(picture(), pickle.loads(pickled).data[0][0].to_numpy())


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(), st.datetimes(), st.dates(), st.times(), st.timedeltas(), st.decimals(allow_nan=False),
    st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip
keys = st.text("abcxyz", min_size=1)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=10
)


@given(st.lists(st.tuples(anything, anything), max_size=6))
def test_any_cells_come_back_from_mixed_columns(rows: list[tuple[Any, Any]]) -> None:
    loaded = reloaded(Table(["a", "b"], rows, allow_mixed_types=True))

    assert same([list(row) for row in rows], loaded.data)


@settings(max_examples=30)
@given(st.data())
def test_typed_columns_come_back_in_both_forms(data: st.DataObject) -> None:
    kinds = [st.booleans(), st.integers(), st.floats(), st.text("abc\u00fc"), st.binary(), st.datetimes(), st.dates(),
             st.timedeltas(), st.lists(st.integers()), st.lists(st.floats()),
             st.dictionaries(keys, anything)]  # fmt: skip
    cells = data.draw(st.lists(st.none() | data.draw(st.sampled_from(kinds)), max_size=8))
    cells += [None] * data.draw(st.sampled_from([0, 1000]))

    loaded = reloaded(Table(["x"], [[cell] for cell in cells]))

    assert same(cells, loaded.get_column("x"))
    assert Table(["x"], [[cell] for cell in cells]) == loaded


@pytest.mark.parametrize("rows", [1, 1001])
def test_the_deepest_cell_comes_back(rows: int) -> None:
    deep = nested(48)

    with pytest.raises(InvalidInput, match=r"json\.depth"):
        Table(["x"], [[nested(60)]])
    assert deep == reloaded(Table(["x"], [[deep]] + [[None]] * (rows - 1))).get_column("x")[0]


@pytest.mark.parametrize("dtype", ["M8[s]", "M8[D]", "M8[us]"])
@pytest.mark.parametrize("rows", [2, 1001])
def test_years_beyond_datetime_come_back(dtype: str, rows: int) -> None:
    times = np.array(["20000-01-01", "NaT", *["2026-01-01"] * (rows - 2)], dtype)

    table = Table(data={"t": times})

    np.testing.assert_array_equal(times, reloaded(table).get_column("t", convert_to="numpy").astype(times.dtype))
    assert np.datetime64("20000-01-01") == table.get_column("t")[0]


# --- frames ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [4, 1001])
def test_pandas_comes_back(rows: int) -> None:
    pd.testing.assert_frame_equal(frame(rows), reloaded(Table(dataframe=frame(rows))).to_pandas())


@pytest.mark.parametrize("rows", [4, 1001])
def test_polars_and_arrow_come_back(rows: int) -> None:
    given = pl.from_pandas(frame(rows))

    loaded = reloaded(Table(dataframe=given))

    assert given.equals(pl.DataFrame(loaded.to_arrow()))
    assert pl.DataFrame(loaded.to_arrow()).schema == given.schema
    again = reloaded(Table(dataframe=given.to_arrow()))
    assert loaded == again


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris", "+05:30"])
@pytest.mark.parametrize("rows", [2, 1001])
def test_times_of_frames_keep_unit_and_zone(unit: str, zone: str | None, rows: int) -> None:
    times = pd.Series(pd.to_datetime([None] + [1_700_000_000_000_000_001] * (rows - 1), unit="ns")).dt.as_unit(unit)
    given = pd.DataFrame({"t": times if zone is None else times.dt.tz_localize(zone)})

    loaded = reloaded(Table(dataframe=given)).to_pandas()

    pd.testing.assert_series_equal(given.t, loaded.t, check_dtype=zone != "+05:30")
    assert unit == loaded.t.dt.unit


@pytest.mark.parametrize(
    "dtype",
    ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "bool"],
)
@pytest.mark.parametrize("rows", [3, 1001])
def test_dtypes_of_arrays_are_kept(dtype: str, rows: int) -> None:
    values = np.arange(rows).astype(dtype)

    loaded = reloaded(Table(data={"x": values}))

    column = loaded.get_column("x", convert_to="numpy")
    assert values.dtype == column.dtype
    np.testing.assert_array_equal(values, column)
    assert values.dtype == loaded.to_pandas().x.dtype


@pytest.mark.parametrize("dtype", ["Int8", "UInt32", "Int64", "boolean"])
def test_nullable_dtypes_are_kept(dtype: str) -> None:
    given = pd.DataFrame({"x": pd.array([1, None, 0], dtype=dtype)})

    pd.testing.assert_frame_equal(given, reloaded(Table(dataframe=given)).to_pandas())


def test_an_index_becomes_a_column() -> None:
    table = Table(dataframe=pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="name")))

    assert ["name", "a"] == table.columns
    assert [["x", 1], ["y", 2]] == table.data
    assert ["table.index"] == [change.id for change in table.changes]


def test_a_missing_float_and_nan_differ_in_arrow() -> None:
    table = reloaded(Table(["x"], [[1.0], [None], [float("nan")]]))

    column = table.to_arrow().column("x")

    assert 1 == column.null_count
    assert column[2].as_py() != column[2].as_py()


def test_arrow_memory_is_copied() -> None:
    memory = np.arange(5)
    table = Table(dataframe=pa.table({"a": pa.array(memory)}))

    memory[:] = 9

    assert [0, 1, 2, 3, 4] == table.get_column("a")


def test_numpy_columns() -> None:
    table = Table(["n", "t", "i", "e"], [[1, "a", None, np.zeros(2)], [2.5, "b", 3, np.ones(2)]])

    np.testing.assert_array_equal(np.array([1.0, 2.5]), table.get_column("n", convert_to="numpy"))
    np.testing.assert_array_equal(np.array(["a", "b"]), table.get_column("t", convert_to="numpy"))
    assert [None, 3] == table.get_column("i", convert_to="numpy").tolist()
    np.testing.assert_array_equal(np.array([[0.0, 0.0], [1.0, 1.0]]), table.get_column("e", convert_to="numpy"))


class _Counting:
    """Counts the Python-level calls while a block runs."""

    def __enter__(self) -> _Counting:
        self.calls = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            self.calls += event == "call"

        sys.setprofile(count)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_are_taken_column_by_column(library: str) -> None:
    calls = []
    for rows in (2_000, 200_000):
        given: Any = frame(rows)
        if library != "pandas":
            given = pl.from_pandas(given) if library == "polars" else pa.Table.from_pandas(given, preserve_index=False)
        table = Table(dataframe=given, limits={"table.rows": 200_000})  # whatever is imported is imported now
        table.encode_into(MemorySink())
        with _Counting() as counted:
            descriptor = Table(dataframe=given, limits={"table.rows": 200_000}).encode_into(MemorySink())
        assert rows == descriptor["nrows"]
        calls.append(counted.calls)

    assert calls[1] < calls[0] + 500  # a hundred times the rows, and no more calls


def test_a_large_table_loads_under_the_default_limit() -> None:
    descriptor, sink = stored(Table(data={"a": np.arange(20_000)}, limits={"table.rows": 20_000}))

    loaded = decode(descriptor, sink)

    assert 20_000 == len(loaded)
    assert ["table.rows"] == [violation.rule for violation in validate(descriptor)]


# --- rows and columns -----------------------------------------------------------------------------------------------


def test_documented_example() -> None:
    table = Table(columns=["Text", "Predicted Label", "True Label"])
    table.add_data("I love my phone", "1", "1")
    table.add_data("My phone sucks", "0", "-1")

    data = [["I love my phone", "1", "1"], ["My phone sucks", "0", "-1"]]
    assert Table(data=data, columns=["Text", "Predicted Label", "True Label"]) == table
    assert ["Input", "Output", "Expected"] == Table().columns


def test_rows_added_are_the_rows_given() -> None:
    rows: list[list[Any]] = [[1, "a", None, NOON], [2.5, None, np.ones(2), None], [None, "b", np.zeros(2), NOON]]
    grown = Table(list("abcd"))
    for row in rows:
        grown.add_data(*row)

    assert Table(list("abcd"), rows) == grown
    assert 3 == len(grown)


@pytest.mark.parametrize("source", ["list", "numpy", "arrow"])
def test_a_wrong_row_adds_nothing(source: str) -> None:
    data: Any = {
        "list": [[1.5, "a"]],
        "numpy": pd.DataFrame({"a": [1.5], "b": ["a"]}),
        "arrow": pa.table({"a": [1.5], "b": ["a"]}),
    }[source]
    table = Table(["a", "b"], data)
    before = table.encode_into(MemorySink())

    with pytest.raises(WrongType) as caught:
        table.add_data("x", 3)

    why = "or None like the rows before (allow_mixed_types=True takes anything)"
    assert [
        f"row 1, column 'a': number {why}, got string 'x' [table.cell]",
        f"row 1, column 'b': string {why}, got integer 3 [table.cell]",
    ] == str(caught.value).splitlines()
    assert isinstance(caught.value, TypeError)
    assert before == table.encode_into(MemorySink())
    table.log_mode = "MUTABLE"
    table.add_data(2, "b")
    assert [[1.5, "a"], [2, "b"]] == table.data


def test_the_message_counts_wrong_cells() -> None:
    with pytest.raises(WrongType, match=r"row 1, column 'x'.*got string 'a' \(3 such cells\)"):
        Table(["x"], [[1], ["a"], ["b"], [2], ["c"]])


def test_row_limit_is_hit_exactly() -> None:
    table = Table(["a"], [[1]] * 4, limits={"table.rows": 5})

    table.add_data(2)
    with pytest.raises(InvalidInput, match=r"at most 5 rows; more with Table\(\.\.\., limits=\{'table\.rows': n\}\)"):
        table.add_data(3)

    assert 5 == len(table)
    assert 10_000 == len(Table(["a"], [[1]] * 10_000))


def test_wrong_width() -> None:
    table = Table(["a", "b"])

    with pytest.raises(
        InvalidInput, match=r"2 cells \(a, b\); add_data takes one argument for each cell, got 1 \[table.width\]"
    ):
        table.add_data([1, 2])


def test_nan_is_missing_where_there_are_no_numbers() -> None:
    table = Table(["x"], [["a"]])
    table.add_data(float("nan"))
    late = Table(["x"], [[float("nan")]])
    late.add_data("a")

    assert ["a", None] == table.get_column("x")
    assert [None, "a"] == late.get_column("x")
    assert [("table.missing", 1)] == [(c.id, c.count) for c in table.changes] == [(c.id, c.count) for c in late.changes]


def test_add_column() -> None:
    table = Table(["a"], [[1], [2]])

    table.add_column("b", np.array([0.5, 1.5]))
    table.add_column("c", ["x", None])

    assert [[1, 0.5, "x"], [2, 1.5, None]] == table.data
    with pytest.raises(InvalidInput, match=r"table\.length"):
        table.add_column("d", [1])
    with pytest.raises(InvalidInput, match=r"table\.column\]"):
        table.add_column("a", [1, 2])
    with pytest.raises(WrongType, match=r"table\.cell"):
        table.add_column("d", [1, "x"])
    assert ["a", "b", "c"] == table.columns


def test_computed_columns() -> None:
    table = Table(["a"], [[1], [2]])

    table.add_computed_columns(lambda index, row: {"twice": row["a"] * 2, "index": index})

    assert [[1, 2, 0], [2, 4, 1]] == table.data


def test_columns_of_an_empty_table_give_the_rows() -> None:
    table = Table(columns=[])

    table.add_column("a", [1, 2])

    assert [[1], [2]] == table.data


def test_reading() -> None:
    table = Table(["a", 7], [[1, "x"], [2, "y"]])

    assert ["x", "y"] == table.get_column(7) == table.get_column("7")
    assert [0, 1] == table.get_index()
    assert [(0, [1, "x"]), (1, [2, "y"])] == list(table.iterrows())
    with pytest.raises(InvalidInput, match=r"table\.column"):
        table.get_column("b")


def test_what_is_read_is_a_copy() -> None:
    table = Table(["a", "b", "c"], [[[1], {"k": [1]}, np.zeros(2)]])
    before = table.encode_into(MemorySink())

    row = table.data[0]
    row[0].append(2)
    row[1]["k"].append(2)
    row[2][:] = 5
    table.columns.append("d")

    assert before == table.encode_into(MemorySink())


def test_keys_stay_unique() -> None:
    table = Table(["id"], [["a"]], key_column="id")
    table.add_data("b")

    with pytest.raises(InvalidInput, match=r"row 2, column 'id': a key that no other row has, got 'b' \[table.key\]"):
        table.add_data("b")

    loaded = reloaded(table)
    assert "id" == loaded.key_column
    with pytest.raises(InvalidInput, match=r"table\.key"):
        loaded.add_data("a")


def test_an_error_of_the_users_generator_is_named() -> None:
    def rows() -> Any:
        yield [1]
        yield [2]
        raise KeyError("row 3")

    with pytest.raises(InvalidInput, match=r"KeyError: 'row 3' \[value\.read\]") as caught:
        Table(["a"], rows())
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_bad_image_names_its_row() -> None:
    with pytest.raises(InvalidInput, match=r"row 1, column 'i'.*image\.side"):
        Table(["i"], [[None], [PillowImage.new("RGB", (65_501, 1))]])


def test_longdouble_is_lossy_and_recorded() -> None:
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long double is double here")
    value = np.longdouble(1) + np.finfo(np.longdouble).eps

    with pytest.warns(DataChanged, match=r"table\.longdouble"):
        descriptor = Table(data={"x": np.array([value])}).encode(MemorySink())
    assert descriptor["lossless"] is False
    with pytest.raises(InvalidInput, match=r"table\.longdouble"):
        Table(["x"], [[value]], strict="error")


def test_lossy_media_make_a_lossy_table() -> None:
    table = Table(["i"], [[Image(picture(), file_type="jpg", strict="record")]])

    assert stored(table)[0]["lossless"] is False


@pytest.mark.parametrize(
    "given",
    [pd.DataFrame({"a": [1]}), pl.DataFrame({"a": [1]}), pa.table({"a": [1]}), pa.record_batch({"a": [1]})],
    ids=["pandas", "polars", "pyarrow", "batch"],
)
def test_frames_are_adopted(given: Any) -> None:
    assert Table(["a"], [[1]]) == adopt.adopt(given)


# --- log modes ------------------------------------------------------------------------------------------------------


def test_an_immutable_table_stays_as_it_was_logged() -> None:
    table = Table(["a"], [[1]])
    sink = MemorySink()
    first = table.encode(sink)

    with pytest.warns(Advice, match=r"table\.immutable"):
        table.add_data(2)
    table.add_data(3)

    assert first == table.encode(sink)
    assert 1 == first["nrows"] == len(decode(first, sink))
    assert 3 == len(table)


def test_an_immutable_table_refuses_rows_when_strict() -> None:
    table = Table(["a"], [[1]], strict="error")
    table.encode(MemorySink())

    with pytest.raises(InvalidInput, match=r"table\.immutable"):
        table.add_data(2)

    assert [[1]] == table.data


def test_a_mutable_table_is_stored_whole_again() -> None:
    table = Table(["a"], [[1]], log_mode="MUTABLE")
    sink = MemorySink()
    first = table.encode(sink)

    table.add_data(2)
    second = table.encode(sink)

    assert (1, 2) == (first["nrows"], second["nrows"])
    assert [[1], [2]] == decode(second, sink).data
    assert [[1]] == decode(first, sink).data


def test_comparing_does_not_log() -> None:
    table = Table(["a"], [[1]])

    assert table == Table(["a"], [[1]])
    table.add_data(2)

    assert 2 == table.encode(MemorySink())["nrows"]


# --- many files -----------------------------------------------------------------------------------------------------


def images(count: int) -> Table:
    rng = np.random.default_rng(1)
    return Table(["i"], [[Image(rng.integers(0, 256, (2, 2, 3), dtype=np.uint8))] for _ in range(count)])


@pytest.mark.parametrize(("count", "listed"), [(64, 64), (65, 1)])
def test_many_files_stand_in_a_refs_file(count: int, listed: int) -> None:
    descriptor, sink = stored(images(count))
    shallow = list(iter_file_refs(descriptor))

    deep = set(iter_file_refs(descriptor, lambda reference: read_reference(sink, reference)))

    assert listed == len(descriptor["files"])
    assert 1 + listed == len(shallow)
    assert set(sink.files) == {reference.path for reference in deep}
    assert all(len(sink.files[reference.path]) == reference.size for reference in deep)
    assert validate(descriptor) == []
    assert images(count) == decode(descriptor, sink)


def test_a_table_of_tables_lists_everything() -> None:
    descriptor, sink = stored(Table(["t"], [[images(65)], [images(3)]]))
    table = decode(descriptor, sink)
    other = MemorySink()

    assert descriptor == table.encode_into(other)
    assert sink.files == other.files
    assert set(sink.files) == {ref.path for ref in iter_file_refs(descriptor, lambda ref: read_reference(sink, ref))}


def test_refs_files_hold_no_paths() -> None:
    references = [FileRef(f"media/{c * 2}/{c * 64}.mask.png", c * 64, 3) for c in "ab"]

    content = build_refs(references)

    assert b"media" not in content
    assert references == parse_refs(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"files":3}', b'{"files":[3]}', b'{"files":[{"sha256":"x","format":"png","size":1}]}',
     b'{"files":[{"sha256":"../../etc","format":"png","size":1}]}',
     b'{"files":[{"sha256":1,"format":"png","size":1}]}'],
)  # fmt: skip
def test_bad_refs_files(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_refs(content)


# --- hostile and damaged files --------------------------------------------------------------------------------------


def forged(table: Table, change: Any) -> tuple[dict[str, Any], MemorySink]:
    """Return a table whose file was replaced by what `change` makes of its document, hashes and size put right."""
    descriptor, sink = stored(table)
    document = json.loads(sink.files[descriptor["path"]])
    content = change(document)
    reference = sink.write("table.json", content if isinstance(content, bytes) else json.dumps(content).encode())
    return {**descriptor, "path": reference.path, "sha256": reference.sha256, "size": reference.size}, sink


@pytest.mark.parametrize(
    "change",
    [
        lambda document: b"",
        lambda document: b"[]",
        lambda document: b"{",
        lambda document: b'{"columns":["x"],"data":[[NaN]],"column_types":[]}',
        lambda document: {**document, "data": [[1]]},
        lambda document: {**document, "data": [[1], [2], [3]]},
        lambda document: {**document, "data": [[1], []]},
        lambda document: {**document, "data": [[1], ["a"]]},
        lambda document: {**document, "data": [[1], [True]]},
        lambda document: {**document, "data": [[1], [{"_type": "number", "value": "x"}]]},
        lambda document: {**document, "data": [[1], [{"_type": "nothing"}]]},
        lambda document: {**document, "data": [[1], [{"_type": "ndarray", "dtype": "O", "shape": [1], "value": ""}]]},
        lambda document: {**document, "data": 3},
        lambda document: {**document, "columns": ["y"]},
        lambda document: {**document, "column_types": [{"type": "string", "optional": True}]},
        lambda document: {**document, "column_types": [{"type": "quaternion", "optional": True}]},
    ],
)
def test_a_file_that_is_not_what_the_descriptor_says(change: Any) -> None:
    descriptor, sink = forged(Table(["x"], [[1], [2]]), change)

    with pytest.raises(DamagedFile):
        decode(descriptor, sink)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_cut_parquet_file(keep: float) -> None:
    descriptor, sink = stored(Table(data={"x": np.arange(1001)}))
    content = sink.files[descriptor["path"]]
    reference = sink.write("parquet", content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    broken = {**descriptor, "path": reference.path, "sha256": reference.sha256, "size": reference.size}

    with pytest.raises(DamagedFile):
        decode(broken, sink)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"ncols": 3}, "table.columns"),
        ({"columns": ["x", "x"]}, "table.columns"),
        ({"key_column": "y"}, "table.key"),
        ({"format": "parquet"}, "table.format"),
        ({"nrows": 10_001}, "table.rows"),
        ({"nrows": -1}, "schema.minimum"),
        ({"log_mode": "x"}, "schema.enum"),
        ({"column_types": [{"type": "quaternion", "optional": True}] * 2}, "table.dtype"),
        ({"files": [{"path": f"media/aa/{'a' * 64}.png", "sha256": "a" * 64, "size": 1}] * 65}, "files.inline"),
        ({"files": [{"path": "../x", "sha256": "a" * 64, "size": 1}]}, "schema.pattern"),
        ({"more": 1}, "schema.additionalProperties"),
    ],
)
def test_bad_descriptors(change: dict[str, Any], rule: str) -> None:
    descriptor, _ = stored(Table(["x", "z"], [[1, 2]]))

    assert rule in {violation.rule for violation in validate({**descriptor, **change})}


# --- without the extra ----------------------------------------------------------------------------------------------


def test_small_tables_need_no_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    table = Table(["a", "b"], [[1, NOON], [None, None]])

    assert table == reloaded(table)
    with pytest.raises(
        MissingDependency, match=r'this needs pyarrow, which is not installed: pip install "medialog\[table\]"'
    ):
        Table(["a"], [[np.zeros(3)]]).encode(MemorySink())
    with pytest.raises(MissingDependency, match=r"medialog\[table\]"):
        table.to_pandas()
    with pytest.raises(MissingDependency, match=r"medialog\[table\]"):
        table.to_arrow()


def test_pandas_frames_need_no_pyarrow_when_small(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pd.DataFrame({"a": [1, 2], "b": np.array(["x", "y"], dtype=object), "t": pd.date_range("2026", periods=2)})
    expected = stored(Table(dataframe=given))[0]
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert expected == stored(Table(dataframe=given))[0]


# --- rows of the types of the row before go a shorter way ---

_cells = st.sampled_from([1, 2**63, -(2**64), 0.5, math.nan, math.inf, True, None, "a", "é", b"b"]) | st.text(
    max_size=3
)
_rows = st.lists(st.tuples(_cells, _cells), max_size=12)


@given(
    rows=_rows, optional=st.booleans(), mixed=st.booleans(), dtype=st.sampled_from([None, [float, None], [int, str]])
)
def test_the_shorter_way_of_adding_rows_cannot_be_told_from_the_longer(
    rows: list[tuple[Any, Any]], optional: bool, mixed: bool, dtype: Any
) -> None:
    def grown(shorter: bool) -> tuple[list[str], Any]:
        table = Table(
            columns=["a", "b"], optional=optional, allow_mixed_types=mixed, dtype=dtype, limits={"table.rows": 20}
        )
        errors = []
        for row in [each for one in rows for each in (one, one)]:  # each twice, so that its types are known
            if not shorter:
                table._plain_row = None
            try:
                table.add_data(*row)
            except InvalidInput as error:
                errors.append(str(error))
        sink = MemorySink()
        return errors, (table.encode_into(sink), sink.files)

    assert grown(shorter=True) == grown(shorter=False)


def test_a_row_goes_the_shorter_way(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(columns=["a", "b"], log_mode="MUTABLE")
    taken = []
    add = Table._add_plain

    def note(self: Table, row: tuple[Any, ...]) -> bool:
        taken.append(row)
        return add(self, row)

    monkeypatch.setattr(Table, "_add_plain", note)
    for i in range(4):
        table.add_data(i, "x")
    table.add_data(4, None)
    assert taken == [(1, "x"), (2, "x"), (3, "x")]
    assert len(table) == 5
