"""The columns of a run are its history, value for value, however its lines were read."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medialog
from handmade_runs import Writer, make_run, put_media
from medialog.runtime import row_batch
from medialog.runtime.columns import Columns
from medialog.runtime.reader import RunReader
from medialog.runtime.row_batch import RowBatch
from medialog.validators.errors import InvalidInput, MissingDependency
from medialog.wire import block
from runtime.test_reader_following import ACTIONS, Script, everything


@contextmanager
def fewest(lines: int, rows: int) -> Iterator[None]:
    """As many lines and rows are taken at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block, "FEWEST", lines)
        patch.setattr(row_batch, "FEWEST", rows)
        yield


ONE_BY_ONE = 10**9, 10**9
number = (
    st.integers(-3, 3)
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1])
    | st.floats()
)
leaf = (
    number | st.booleans() | st.none() | st.text("ab\\é", max_size=3) | st.lists(number, max_size=2) | st.just("media")
)
tree = st.recursive(
    st.dictionaries(st.sampled_from(["a", "b", "c.d", "é"]), leaf, max_size=4),
    lambda inner: st.dictionaries(st.sampled_from(["a", "n"]), leaf | inner, max_size=3),
    max_leaves=6,
)
# Runs of rows alike, as most are, between any others.
alike = st.tuples(st.integers(1, 12), st.dictionaries(st.sampled_from("abc"), number | st.booleans(), min_size=1))
rows = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 8), tree) | alike, max_size=8)


def stored(value: Any, path: Path) -> Any:
    from medialog.wire import jsontext

    if isinstance(value, dict):
        return {key: stored(item, path) for key, item in value.items()}
    if isinstance(value, list):
        return [stored(item, path) for item in value]
    if value == "media" and isinstance(value, str):
        return put_media(path, b"content")
    return jsontext.encode_number(value) if isinstance(value, (int, float)) and value is not True else value


def write(path: Path, rows: list[Any]) -> Path:
    make_run(path)
    writers: dict[int, Writer] = {}
    step = 0
    for each in rows:
        if len(each) == 2:
            for _ in range(each[0]):
                step += 1
                _writer(writers, 0, path).row(step, stored(each[1], path))
            continue
        rank, late, tree = each
        step += 1
        writer = _writer(writers, rank, path)
        if late == 3:
            writer.part(step, stored(tree, path))
        else:
            writer.row(late if late >= 0 else step, stored(tree, path))
    return path


def _writer(writers: dict[int, Writer], rank: int, path: Path) -> Writer:
    if rank not in writers:
        writers[rank] = Writer(path, rank=rank, start="join" if writers else "new")
    return writers[rank]


def same(one: Any, other: Any) -> bool:
    """Say whether two values are the same: of numbers, the value; NaN is NaN; true is no 1."""
    if isinstance(one, (bool, np.bool_)) != isinstance(other, (bool, np.bool_)):
        return False
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def cell(columns: Columns, key: str, index: int) -> tuple[bool, Any]:
    column = columns.keys[key]
    value = column.values[index]
    return column.valid is None or bool(column.valid[index]), value.item() if isinstance(value, np.generic) else value


def check(columns: Columns, history: list[dict[str, Any]]) -> None:
    facts = ["_step", "_timestamp", "_runtime"] + (["_rank"] if columns.rank is not None else [])
    arrays = [columns.step, columns.timestamp, columns.runtime] + ([columns.rank] if columns.rank is not None else [])
    assert [[row[name] for row in history] for name in facts] == [array.tolist() for array in arrays]
    keys = {key for row in history for key in row if key not in facts}
    assert keys == set(columns.keys)
    for key in keys:
        for index, row in enumerate(history):
            is_there, value = cell(columns, key, index)
            assert is_there == (row.get(key) is not None), (key, index)
            assert not is_there or same(row[key], value), (key, index, row[key], value)


def check_frame(frame: Any, columns: Columns, history: list[dict[str, Any]]) -> None:
    """Against what pandas makes of the dicts; it changes whole numbers beyond 2**53, so the dicts say those."""
    plain = pd.DataFrame(history)
    assert set(plain.columns) == set(frame.columns) or not history
    assert len(frame) == len(history)
    for name in plain.columns:
        for index, row in enumerate(history):
            value = frame[name].iloc[index]
            if name in columns.keys and not cell(columns, name, index)[0]:
                assert pd.isna(value)
            else:
                assert same(row[name], value.item() if isinstance(value, np.generic) else value)
        kinds = {type(row[name]) for row in history if row.get(name) is not None}
        everywhere = all(row.get(name) is not None for row in history)
        if everywhere and kinds in ({float}, {bool}, {str}):
            assert plain[name].dtype == frame[name].dtype


@settings(max_examples=250)
@given(rows, st.sampled_from([(1, 1), (1, 3), (2, 2), ONE_BY_ONE]), st.sampled_from(["merged", "all", 0, 1]), st.data())
def test_columns_are_the_history(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], at_once: tuple[int, int], ranks: Any, data: st.DataObject
) -> None:
    path = write(tmp_path_factory.mktemp("runs") / "made", rows)
    keys = data.draw(st.none() | st.sets(st.sampled_from(["a", "b", "a.a", "n.n", r"c\.d", "é"])))
    include_open = data.draw(st.booleans())
    with fewest(*ONE_BY_ONE):
        history = medialog.open_run(path).history(keys, ranks=ranks, include_open=include_open)
    with fewest(*at_once):
        reader = medialog.open_run(path)
        columns = reader.columns(keys, ranks=ranks, include_open=include_open)
        again = reader.history(keys, ranks=ranks, include_open=include_open)

    assert repr(sorted(map(sorted_items, history))) == repr(sorted(map(sorted_items, again)))
    check(columns, history)
    check_frame(columns.to_pandas(), columns, history)


def sorted_items(row: dict[str, Any]) -> list[Any]:
    return sorted((key, repr(value)) for key, value in row.items())


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=25),
    st.sampled_from(["recover", "salvage"]),
    st.sampled_from([(1, 1), (2, 1), (1, 2)]),
)
def test_it_does_not_matter_how_lines_are_read(
    tmp_path_factory: pytest.TempPathFactory,
    actions: list[tuple[int, str, int]],
    recovery: Any,
    at_once: tuple[int, int],
) -> None:
    """Damage, gaps, repetitions, torn tails, media that are missing or come late, followed live."""
    script = Script(tmp_path_factory.mktemp("runs") / "made")
    with fewest(*at_once):
        kept = medialog.open_run(script.path, recovery)
    for which, action, step in actions:
        if action == "poll":
            with fewest(*at_once):
                everything(kept) if step else kept.columns()
        else:
            script.do(which, action, step)
    with fewest(*ONE_BY_ONE):
        expected = everything(medialog.open_run(script.path, recovery))
    with fewest(*at_once):
        assert expected == everything(medialog.open_run(script.path, recovery))
        assert expected == everything(kept)
        check(kept.columns(), expected["merged"])


def run_of(path: Path, trees: list[dict[str, Any]]) -> RunReader:
    writer = Writer(make_run(path / "made"))
    for step, tree in enumerate(trees):
        writer.row(step, stored(tree, path / "made"))
    return medialog.open_run(path / "made")


@pytest.mark.parametrize(
    ("values", "dtype", "in_frame"),
    [
        ([1.5, 2.5], "float64", "float64"),
        ([1.5, None], "float64", "float64"),
        ([1.5, math.nan], "float64", "float64"),
        ([1, 2.5], "float64", "float64"),
        ([2**53, 2.5], "float64", "float64"),
        ([2**53 + 1, 2.5], "object", "object"),
        ([2**53 + 1, 2], "int64", "int64"),
        ([2**53 + 1, None], "int64", "Int64"),
        ([2**53 + 1, ...], "int64", "Int64"),
        ([2**64 - 1, 0], "uint64", "uint64"),
        ([2**64 - 1, ...], "uint64", "UInt64"),
        ([2**64 - 1, -1], "object", "object"),
        ([2**64, 1], "object", "object"),
        ([True, False], "bool", "bool"),
        ([True, ...], "bool", "boolean"),
        ([True, 1], "object", "object"),
        (["a", "b"], "object", pd.Series(["a", "b"]).dtype),
        (["a", ...], "object", pd.Series(["a", None]).dtype),
        (["a", 1], "object", "object"),
        ([[1, 2], ...], "object", "object"),
        (["media", ...], "object", "object"),
        ([None, None], "object", "object"),
    ],
)
@pytest.mark.parametrize("at_once", [(1, 1), ONE_BY_ONE], ids=["columns", "rows"])
def test_the_dtype_of_a_key(
    values: list[Any], dtype: str, in_frame: Any, at_once: tuple[int, int], tmp_path: Path
) -> None:
    with fewest(*at_once):
        reader = run_of(tmp_path, [{"x": 0.5} | ({} if value is ... else {"key": value}) for value in values])
        column = reader.columns().keys["key"]
        frame = reader.frame()

    assert dtype == column.values.dtype
    assert in_frame == frame["key"].dtype
    assert [value is ... or value is None for value in values] == frame["key"].isna().tolist() or "nan" in str(values)
    assert [value not in (..., None) for value in values] == (
        [True, True] if column.valid is None else column.valid.tolist()
    )
    if dtype == "float64" and column.valid is not None:
        assert np.isnan(column.values[~column.valid]).all()


def test_keys_come_in_the_order_of_the_run(tmp_path: Path) -> None:
    trees: list[dict[str, Any]] = [{"z": 1, "n": {"b": 1.0}}, {"a": 1, "z": 1, "n": {"b": 1.0, "a": 2}}, {"m": 1}]
    for at_once in ((1, 1), ONE_BY_ONE):
        with fewest(*at_once):
            reader = run_of(tmp_path / str(at_once[0]), trees * 3)
            assert ["z", "n.b", "a", "n.a", "m"] == list(reader.columns().keys)
            assert ["_step", "_timestamp", "_runtime", "z", "n.b", "a", "n.a", "m"] == list(reader.frame().columns)


def test_an_empty_run(tmp_path: Path) -> None:
    reader = run_of(tmp_path, [])

    assert 0 == len(reader.columns())
    assert ["_step", "_timestamp", "_runtime"] == list(reader.frame().columns)
    assert ["_step", "_timestamp", "_runtime", "_rank"] == list(reader.frame(ranks="all").columns)
    assert 0 == len(reader.frame("a"))


def test_only_the_steps_that_have_a_key(tmp_path: Path) -> None:
    reader = run_of(tmp_path, [{"a": 1}, {"b": 1}, {"a": None, "b": 2}])

    columns = reader.columns("a")

    assert [0, 2] == columns.step.tolist()
    assert ["a"] == list(columns.keys)
    assert [0, 2] == reader.frame(["a"])["_step"].tolist()


def test_a_bad_rank_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="ranks"):
        run_of(tmp_path, []).columns(ranks="some")  # type: ignore[arg-type]


def test_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = run_of(tmp_path, [{"a": 1}])
    monkeypatch.setitem(sys.modules, "pandas", None)

    assert [1] == reader.columns().keys["a"].values.tolist()
    with pytest.raises(MissingDependency, match=r'this needs pandas, .*: pip install "medialog\[table\]"'):
        reader.frame()


def test_a_long_run_is_held_as_columns(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="long", quiet=True) as run:
        for step in range(2000):
            run.log({"loss": 1 / (step + 1), "epoch": step // 100, "split": {"val": step % 7 == 0}})
    reader = medialog.open_run(tmp_path / "long")

    entries = reader._read().batches

    assert 2000 == sum(entry.size if isinstance(entry, RowBatch) else 1 for entry in entries)
    assert len(entries) < 100
    with fewest(*ONE_BY_ONE):
        slow = medialog.open_run(tmp_path / "long")
        assert slow.history() == reader.history()
        assert slow.summary == reader.summary == medialog.open_run(tmp_path / "long").summary
        assert repr(slow.summary) == repr(reader.summary)
        pd.testing.assert_frame_equal(pd.DataFrame(slow.history()), reader.frame())
