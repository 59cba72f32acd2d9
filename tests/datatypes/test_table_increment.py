from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laws import TypeLaws, call
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.table import Table
from medialog.datatypes.table_increment import TableIncrement
from medialog.validators import validate
from medialog.validators.errors import DamagedFile, InvalidDescriptor, InvalidInput
from medialog.wire.storage import MemoryStorage


def table(rows: int = 3, **options: Any) -> Table:
    return Table(["a", "b"], [[i, f"row {i}"] for i in range(rows)], log_mode="INCREMENTAL", **options)


def first() -> dict[str, Any]:
    return table(2).encode_rows(MemorySink())


class TestTableIncrement(TypeLaws):
    type = TableIncrement
    valid = {
        "the first": lambda: call(table()),
        "no rows": lambda: call(table(0)),
        "the next": lambda: call(table(), 2, first()),
        "of a new object": lambda: call(table(), 0, first()),
        "large": lambda: call(table(1001)),
        "media": lambda: call(Table(["i"], [[Image(np.zeros((2, 2), np.uint8))], [None]]), 0),
        "arrays": lambda: call(Table(["i"], [[np.zeros(2)], [np.ones(2)]]), 1),
        "key": lambda: call(table(key_column="b"), 1),
    }
    invalid = {
        "no table": (lambda: call([[1]]), {"table.data"}),
        "start beyond the end": (lambda: call(table(), 4), {"table.increment"}),
        "negative start": (lambda: call(table(), -1), {"table.increment"}),
        "half a row": (lambda: call(table(), 0.5), {"table.increment"}),
        "other columns": (lambda: call(Table(["a"], [[1]]), 0, first()), {"table.increment"}),
        "after a whole table": (lambda: call(table(), 0, table().encode_into(MemorySink())), {"table.increment"}),
        "after nothing known": (lambda: call(table(), 0, {"_type": "x"}), {"table.increment"}),
        "after a broken one": (lambda: call(table(), 0, {**first(), "start": -1}), {"table.increment"}),
    }
    spellings = {"start": [lambda: call(table(), 1), lambda: call(table(), np.int64(1))]}


class RunOfOneKey:
    """Plays the runtime: keeps the cursor of one key, moves it on commit, and stores each step's descriptor."""

    def __init__(self) -> None:
        self.sink = MemorySink()
        self.history: list[dict[str, Any]] = []
        self.cursor: tuple[Table, int] | None = None

    def log(self, table: Table, *, fails: bool = False) -> dict[str, Any]:
        logged = self.cursor[1] if self.cursor is not None and self.cursor[0] is table else 0
        previous = self.history[-1] if self.history else None
        descriptor: dict[str, Any] = json.loads(
            json.dumps(table.encode_rows(self.sink, start=logged, previous=previous))
        )
        assert validate(descriptor) == []
        if fails:
            return descriptor
        if descriptor != previous:
            self.cursor = table, logged + descriptor["nrows"]
        self.history.append(descriptor)
        return descriptor

    def whole(self) -> Table:
        return Table.decode_increments(self.history, self.sink)


def test_each_log_writes_only_the_new_rows() -> None:
    run, grown = RunOfOneKey(), table(2)

    run.log(grown)
    grown.add_data(2, "row 2")
    run.log(grown)
    grown.add_data(3, "row 3")
    grown.add_data(4, None)
    last = run.log(grown)

    assert [(0, 0, 2), (1, 2, 1), (2, 3, 2)] == [(d["increment_num"], d["start"], d["nrows"]) for d in run.history]
    assert [[3, "row 3"], [4, None]] == json.loads(run.sink.files[last["path"]])["data"]
    assert 3 == len(run.sink.files)
    assert grown.data == run.whole().data
    assert grown == run.whole()


def test_the_last_descriptor_is_enough() -> None:
    run, grown = RunOfOneKey(), table(1)
    for i in range(5):
        run.log(grown)
        grown.add_data(i, "more")

    whole = Table.decode_increments(run.history[-1:], run.sink)

    assert run.whole() == whole
    assert 5 == len(whole)


def test_without_new_rows_nothing_is_written() -> None:
    run, grown = RunOfOneKey(), table(1)
    run.log(grown)
    files = set(run.sink.files)

    again = run.log(grown)

    assert run.history[0] == again
    assert files == set(run.sink.files)
    assert grown == run.whole()


def test_a_step_that_fails_loses_no_rows() -> None:
    run, grown = RunOfOneKey(), table(1)
    run.log(grown)
    grown.add_data(1, "x")

    lost = run.log(grown, fails=True)
    kept = run.log(grown)

    assert lost == kept
    assert grown == run.whole()


def test_another_object_continues_after_a_resume() -> None:
    run = RunOfOneKey()
    run.log(table(2))
    resumed = Table(["a", "b"], [[9, "later"]], log_mode="INCREMENTAL")

    run.log(resumed)
    resumed.add_data(10, "last")
    run.log(resumed)

    assert [[0, "row 0"], [1, "row 1"], [9, "later"], [10, "last"]] == run.whole().data


def test_media_and_arrays_grow() -> None:
    run, grown = RunOfOneKey(), Table(["h", "e", "t"], log_mode="INCREMENTAL")
    for i in range(4):
        time = datetime.datetime(2026, 1, 1 + i, tzinfo=datetime.UTC)
        grown.add_data(Histogram([i, i + 1]), np.full(3, i, np.float32), time)
        run.log(grown)

    assert grown == run.whole()


def test_the_kind_of_a_column_may_become_known_later() -> None:
    run, grown = RunOfOneKey(), Table(["x", "y"], log_mode="INCREMENTAL")
    for row in ([None, 1], ["a", 2.5], [None, 2**70]):
        grown.add_data(*row)
        run.log(grown)

    assert [[None, 1], ["a", 2.5], [None, 2**70]] == run.whole().data
    assert grown == run.whole()


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(st.none() | st.integers(), st.none() | st.text("ab")), max_size=3), min_size=1, max_size=6
    )
)
def test_any_growth_comes_back(steps: list[list[tuple[Any, Any]]]) -> None:
    run, grown = RunOfOneKey(), Table(["a", "b"], log_mode="INCREMENTAL")
    for rows in steps:
        for row in rows:
            grown.add_data(*row)
        run.log(grown)

    assert grown == run.whole()
    assert grown == Table.decode_increments(run.history[-1:], run.sink)


def test_encoding_whole_stays_a_table() -> None:
    descriptor = table(2).encode(MemorySink())

    assert ("table-file", "INCREMENTAL", 2) == (descriptor["_type"], descriptor["log_mode"], descriptor["nrows"])


def test_columns_added_after_a_log_are_refused() -> None:
    run, grown = RunOfOneKey(), table(2)
    run.log(grown)

    grown.add_column("c", [1, 2])

    with pytest.raises(InvalidInput, match=r"keeps them, got a, b, c \[table.increment\]"):
        run.log(grown)


def chain(count: int = 3) -> RunOfOneKey:
    run, grown = RunOfOneKey(), table(0)
    for i in range(count):
        grown.add_data(i, "x")
        run.log(grown)
    return run


@pytest.mark.parametrize("order", [[0, 2], [1, 0], [0, 1, 0], [0, 0, 2], [1, 2, 1]])
def test_gaps_and_disorder_are_noticed(order: list[int]) -> None:
    run = chain()

    with pytest.raises(DamagedFile):
        Table.decode_increments([run.history[i] for i in order], run.sink)


def test_a_chain_may_begin_later() -> None:
    run = chain()

    assert run.whole() == Table.decode_increments(run.history[1:], run.sink)


def test_a_missing_file_is_noticed() -> None:
    run = chain()
    assert isinstance(run.sink.storage, MemoryStorage)
    del run.sink.storage.files[run.history[0]["path"]]

    with pytest.raises(DamagedFile):
        Table.decode_increments(run.history[-1:], run.sink)


def test_nothing_is_no_table() -> None:
    with pytest.raises(InvalidDescriptor):
        Table.decode_increments([], MemorySink())


def test_the_place_in_the_chain_is_in_the_file() -> None:
    run = chain()
    moved = {**run.history[1], "start": 7}

    assert validate(moved) == []
    with pytest.raises(DamagedFile, match="place among the increments"):
        decode(moved, run.sink)


def test_no_file_holds_a_path() -> None:
    run = chain()

    document = json.loads(run.sink.files[run.history[2]["path"]])

    assert {"sha256": run.history[1]["sha256"], "format": "table.json", "size": run.history[1]["size"]} == document[
        "previous"
    ]
    assert not any(b"media/" in content for content in run.sink.files.values())


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"increment_num": 0}, "table.increment"),
        ({"increment_num": -1}, "schema.minimum"),
        ({"log_mode": "MUTABLE"}, "table.log_mode"),
        ({"ncols": 3}, "table.columns"),
    ],
)
def test_bad_descriptors(change: dict[str, Any], rule: str) -> None:
    assert rule in {violation.rule for violation in validate({**chain().history[1], **change})}
