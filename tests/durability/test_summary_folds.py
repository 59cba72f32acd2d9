"""The summary three times: as the writer has it, as the reader has it, and added up naively."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from durability.oracle import tell
from durability.runs import WIDER, Process
from durability.scenario import Expected, Row, statistics
from durability.test_faults import contents
from medialog.runtime.reader import RunReader
from medialog.wire.storage import MemoryStorage

NewProcess = Callable[..., Process]
pytestmark = pytest.mark.filterwarnings("ignore::medialog.validators.errors.Advice")

KEYS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.one_of(st.integers(-100, 100), st.floats(-1e6, 1e6))
DATA = st.dictionaries(KEYS, NUMBERS, max_size=3)
OPERATIONS = st.one_of(
    st.builds(Row, DATA),
    st.builds(Row, DATA, st.none(), st.just(False)),
    st.builds(Row, DATA, st.integers(0, 12), st.sampled_from([None, True, False])),
    st.tuples(st.just("set"), KEYS, NUMBERS),
    st.tuples(st.just("delete"), KEYS),
    st.sampled_from([("sync",), ("resume",), ("define", "a"), ("define", "b")]),
)


class Naive:
    """The documented rules of a summary, followed to the letter over what was written."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self.manual: dict[str, Any] = {}
        self.defined: set[str] = set()

    def take(self, written: list[tuple[int, dict[str, Any]]]) -> None:
        for step, tree in written:
            for key in tree:
                self.rows.setdefault(key, []).append((step, tree))

    def delete(self, key: str) -> None:
        self.rows.pop(key, None)
        self.manual.pop(key, None)

    def summary(self) -> dict[str, Any]:
        found = {}
        for key, rows in self.rows.items():
            values = statistics(rows, key)
            found[key] = values if key in self.defined else values["last"]
        return {**found, **self.manual}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


@hypothesis.settings(
    max_examples=300 * WIDER, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None
)
@hypothesis.given(st.lists(OPERATIONS, max_size=14))
def test_the_folds_agree(process: NewProcess, operations: list[Any]) -> None:
    storage = MemoryStorage()
    place = process(storage)
    run = place.begin()
    expected, naive, taken = Expected(), Naive(), 0
    for operation in [*operations, ("resume",)]:
        if isinstance(operation, Row):
            operation(run)
            expected.take(operation)
        elif operation[0] == "set":
            run.summary[operation[1]] = operation[2]
            naive.manual[operation[1]] = operation[2]
        elif operation[0] == "delete":
            if operation[1] in run.summary:
                del run.summary[operation[1]]
            naive.delete(operation[1])
        elif operation[0] == "define":
            run.define_metric(operation[1], summary="min,max,mean,last")
            naive.defined.add(operation[1])
        elif operation[0] == "sync":
            run.sync()
        else:
            run.finish()
            expected.close()
            run = place.begin(resume=True)
            expected.step = run.step
        naive.take(expected.written[taken:])
        taken = len(expected.written)
        told = run.summary.to_dict()
        assert same(told, naive.summary()), f"the writer after {operation}"
        assert same(RunReader(storage).summary, told), f"the reader after {operation}"
    assert [(line["step"], line["d"]) for line in tell(contents(storage)).lines] == expected.written
