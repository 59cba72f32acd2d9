"""Rows of numbers go a shorter way. Nothing may show it: not a byte, not the summary, not a warning, not an error."""

from __future__ import annotations

import gc
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import medialog
from medialog.runtime.call import Call
from medialog.runtime.effects import RowWritten
from medialog.runtime.number_row import NumberRow, Shapes
from medialog.testing import FixedClock, FixedIdentifiers
from medialog.testing.memory import memory_run
from medialog.validators.errors import Advice
from medialog.wire.storage import MemoryStorage

Start = Callable[..., medialog.Run]

keys = st.sampled_from(["a", "b", "c", "val/x", "é"])
numbers = (
    st.floats()
    | st.integers(-(2**64), 2**64)
    | st.booleans()
    | st.sampled_from([1e308, -1e308, np.float64(0.5), 2**63 - 1, -(2**63), "text", None, 10**400])
)
rows = st.dictionaries(keys, numbers, max_size=4)
nested = st.dictionaries(keys, rows | numbers, max_size=3)
actions = st.one_of(
    st.tuples(st.just("log"), rows, st.none(), st.none()),
    st.tuples(st.just("log"), rows | nested, st.none() | st.integers(0, 12), st.none() | st.booleans()),
    st.tuples(st.just("set"), keys, numbers),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("read"), keys),
    st.tuples(st.just("define"), keys, st.sampled_from(["min,max,mean", "first,last", "none"])),
)


def play(script: list[Any]) -> tuple[dict[str, bytes], list[str], dict[str, Any]]:
    """Return the files of a run that did the script, its warnings and errors in order, and its summary."""
    clock, said = FixedClock(), []
    with warnings.catch_warnings(record=True) as caught, memory_run(clock=clock, identifiers=FixedIdentifiers()) as run:
        warnings.simplefilter("always")
        for index, (action, *arguments) in enumerate(script):
            clock.advance(0.3337 + index / 7)
            try:
                if action == "log":
                    run.log(arguments[0], step=arguments[1], commit=arguments[2])
                elif action == "set":
                    run.summary[arguments[0]] = arguments[1]
                elif action == "delete" and arguments[0] in run.summary:
                    del run.summary[arguments[0]]
                elif action == "read":
                    said.append(repr(run.summary.get(arguments[0])))
                elif action == "define":
                    run.define_metric(arguments[0], summary=arguments[1])
            except medialog.InvalidInput as error:
                said.append(str(error))
        run.finish()
        storage: Any = run.reader().source
        assert isinstance(storage.storage, MemoryStorage)
        files = {path: bytes(content) for path, content in storage.storage.files.items() if path != "run.json"}
        assert str(run.summary.to_dict()) == str(run.reader().summary)
        summary = run.summary.to_dict()
    said += [str(warning.message) for warning in caught]
    return files, said, summary


@given(st.lists(actions, max_size=12))
def test_the_shorter_way_cannot_be_told_from_the_longer(script: list[Any]) -> None:
    script = [*script, *script]  # so that keys are known the second time
    shorter = play(script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shapes, "find", lambda *_: None)
        longer = play(script)

    assert shorter[1] == longer[1]
    assert repr(shorter[2]) == repr(longer[2])
    assert shorter[0].keys() == longer[0].keys()
    for path, content in longer[0].items():
        if path.startswith("events/"):  # the first line holds the digest of run.json, which names the packages
            assert shorter[0][path].splitlines()[1:] == content.splitlines()[1:]
        else:
            assert shorter[0][path] == content


def test_it_is_taken(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    take = NumberRow.__call__

    def note(row: NumberRow) -> None:
        taken.append(row.values)
        take(row)

    monkeypatch.setattr(NumberRow, "__call__", note)
    run = start()
    for i in range(4):
        run.log({"a": i / 2, "b": i, "c": True})
    run.log({"b": 1, "a": 0.5, "c": False})  # another order is another shape
    run.log({"a": math.nan, "b": 1, "c": True})
    run.log({"a": 0.5, "b": 1, "c": True}, commit=False)
    run.log({"a": 0.5, "b": 1, "c": True})
    run.log({"a": 0.5, "b": 1, "c": True}, step=run.step, commit=True)
    run.finish()

    assert taken == [(0.5, 1, True), (1.0, 2, True), (1.5, 3, True), (0.5, 1, True)]
    assert len(run.reader().steps) == 8


@pytest.mark.parametrize("others", [{"b": "text"}, {"b": 2}])
def test_advice_on_the_number_of_points_comes_at_the_same_row(start: Start, others: dict[str, Any]) -> None:
    run = start(limits={"metric.points_advice": 9})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(3):
            run.log({"a": i})
        for _ in range(3):
            run.log({"a": 1, **others})
        for i in range(3):
            run.log({"a": i})
    with pytest.warns(Advice, match=r"a: more than 9 points"):
        run.log({"a": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(30):
            run.log({"a": i})


def test_a_row_that_is_changed_while_it_is_logged_is_the_row_that_was_given(start: Start, tmp_path: Path) -> None:
    run = start()
    row = {"a": 1.0}
    for i in range(5):
        row["a"] = float(i)
        run.log(row)
    run.finish()

    assert [row["a"] for row in run.reader().history()] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert run.summary["a"] == 4.0


def test_a_row_with_longer_numbers_may_be_too_long_for_a_line(start: Start) -> None:
    def row(value: float) -> dict[str, float]:
        return {f"k{number}": value for number in range(10, 30)}

    run = start(limits={"line.size": 600})
    run.log(row(0.5))
    with pytest.raises(medialog.InvalidInput, match=r"line\.size"):
        run.log(row(1.2345678901234567e-300))
    run.log(row(0.25))
    run.finish()

    assert [row["k10"] for row in run.reader().history()] == [0.5, 0.25]


def test_a_key_does_not_keep_the_row_it_came_with(start: Start) -> None:
    run = start(mode="memory", limits={"metric.columns_advice": 10_000})
    for i in range(3000):
        run.log({"loss": i / 7, f"layer{i}": i})
    assert run.summary["layer0"] == 0

    alive = [each for each in gc.get_objects() if isinstance(each, (Call, RowWritten, NumberRow))]
    assert len(alive) < 300
