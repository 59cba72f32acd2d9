"""Ctrl-C, or another call, between any two op codes of the writer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import medialog
from durability.opcodes import at_opcode
from durability.oracle import tell
from durability.runs import WIDER, Process, picture
from durability.scenario import as_json, statistics
from durability.test_faults import contents
from medialog.runtime import summary
from medialog.runtime.metric import define
from medialog.runtime.number_row import NumberRow, Shape
from medialog.runtime.summary import SummaryFold
from medialog.wire.storage import MemoryStorage

NewProcess = Callable[..., Process]
Written = list[tuple[int, dict[str, Any]]]
STRIDE = 1 if WIDER > 1 else 3


def interrupt() -> None:
    raise KeyboardInterrupt


def written_of(storage: MemoryStorage) -> Written:
    return [(line["step"], line["d"]) for line in tell(contents(storage)).lines]


def each_point(call: Callable[[int, Callable[[Callable[[], object]], bool]], object]) -> int:
    """Give `call` one point after the other, until the op codes are used up; return how many there were."""
    number, made = 1, 0
    while True:
        happened = False

        def interrupted(do: Callable[[], object], number: int = number) -> bool:
            nonlocal happened
            try:
                happened = at_opcode(number, interrupt, do)
            except KeyboardInterrupt:
                happened = True
                return True
            return False

        call(number, interrupted)
        if not happened:
            return made
        made += 1
        number += STRIDE


ROWS: dict[str, Callable[[int], tuple[dict[str, Any], dict[str, Any]]]] = {
    "numbers": lambda number: ({"loss": number / 7, "number": number}, {}),
    "text": lambda number: ({"loss": number / 7, "text": str(number)}, {}),
    "media": lambda number: ({"loss": number / 7, "picture": picture(number)}, {}),
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("jump", [False, True])
def test_log(process: NewProcess, kind: str, jump: bool) -> None:
    storage = MemoryStorage()
    run = process(storage).begin()
    run.define_metric("loss", summary="min,max,mean,last")
    expected: Written = []

    def log(number: int, interrupted: Callable[[Callable[[], object]], bool]) -> None:
        data, _ = ROWS[kind](number)
        step = run.step
        options: dict[str, Any] = {}
        if jump:
            run.log({"open": number}, commit=False)
            expected.append((step, {"open": number}))
            step += 3
            options = {"step": step, "commit": True}
        expected.append((step, as_json(data)))
        if interrupted(lambda: run.log(data, **options)) and run.step <= step:
            run.log(data, **options)
        assert run.step == step + 1

    points = each_point(log)
    process_ends(run, storage, expected)
    assert points > 50


def test_log_without_commit(process: NewProcess) -> None:
    storage = MemoryStorage()
    run = process(storage).begin()
    expected: Written = []

    def log(number: int, interrupted: Callable[[Callable[[], object]], bool]) -> None:
        step = run.step
        data = {"loss": number / 7, "picture": picture(number)}
        if interrupted(lambda: run.log(data, commit=False)):
            run.log(data, commit=False)  # made twice, it is what it is made once
        run.log({"last": number})
        expected.append((step, {**as_json(data), "last": number}))

    points = each_point(log)
    process_ends(run, storage, expected)
    assert points > 50


def process_ends(run: medialog.Run, storage: MemoryStorage, expected: Written) -> None:
    summary = run.summary.to_dict()
    run.finish()
    assert written_of(storage) == expected
    assert not tell(contents(storage)).problems
    wanted = statistics(expected, "loss")
    found = summary["loss"]
    if isinstance(found, dict):
        assert found == pytest.approx(wanted)
    else:
        assert found == wanted["last"]


def _set(run: medialog.Run, number: int) -> None:
    run.summary["best"] = number


def _configure(run: medialog.Run, number: int) -> None:
    run.config.update({"rate": number})


OTHERS: dict[str, Callable[[medialog.Run, int], object]] = {
    "summary": _set,
    "config": _configure,
    "sync": lambda run, number: run.sync(),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_calls(process: NewProcess, name: str) -> None:
    storage = MemoryStorage()
    run = process(storage).begin()
    run.define_metric("loss", summary="min,max,mean,last")
    expected: Written = []

    def call(number: int, interrupted: Callable[[Callable[[], object]], bool]) -> None:
        expected.append((run.step, {"loss": number}))
        run.log({"loss": number})
        if interrupted(lambda: OTHERS[name](run, number)):
            OTHERS[name](run, number)
        if name != "sync":
            assert (run.summary["best"] if name == "summary" else run.config["rate"]) == number

    points = each_point(call)
    process_ends(run, storage, expected)
    assert points > 50


def test_finish(process: NewProcess) -> None:
    number, points = 1, 0
    while True:
        storage = MemoryStorage()
        place = process(storage)
        run = place.begin()
        run.log({"loss": 1.0})
        run.log({"loss": 2.0}, commit=False)
        try:
            happened = at_opcode(number, interrupt, run.finish)
        except KeyboardInterrupt:
            happened = True
        run.finish()
        assert written_of(storage) == [(0, {"loss": 1.0}), (1, {"loss": 2.0})], f"op code {number}"
        assert tell(contents(storage)).finished, f"op code {number}"
        if not happened:
            break
        number, points = number + STRIDE, points + 1
    assert points > 100


@pytest.mark.parametrize("kind", ROWS)
def test_a_log_from_within_a_log(process: NewProcess, kind: str) -> None:
    """A signal handler, or a `__del__`, logs too: both rows are there, once."""
    storage = MemoryStorage()
    run = process(storage).begin()
    number = 1
    while True:
        data = ROWS[kind](number)[0]
        if not at_opcode(number, partial(run.log, {"inner": number}), partial(run.log, data)):
            break
        number += STRIDE
    run.finish()

    rows = [tree for _, tree in written_of(storage)]
    steps = [step for step, _ in written_of(storage)]
    asked = range(1, number, STRIDE)
    assert [tree["inner"] for tree in rows if "inner" in tree] == list(asked)
    assert [tree["loss"] for tree in rows if "loss" in tree] == [each / 7 for each in (*asked, number)]
    assert steps == sorted(set(steps))


class Rank:
    _rank = 0


def test_gathered_rows_are_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of two shapes that share a key, gathered until there are too many, as `log` and its repetition do it."""
    monkeypatch.setattr(summary, "_GATHER", 4)
    shapes = [Shape((("a",),), [float]), Shape((("b",), ("a",)), [bool, float])]
    number = 1
    while True:
        fold, happened = SummaryFold(), False
        fold.define(define("*", summary="min,max,mean,last,first"))
        for step in range(10):
            shape = shapes[step % 2]
            row = NumberRow(Rank(), shape, (True, step / 7)[-len(shape.paths) :], step)
            if step != 8:
                fold.add_numbers(row)
                continue
            try:
                happened = at_opcode(number, interrupt, partial(fold.add_numbers, row))
            except KeyboardInterrupt:
                happened = True
                fold.add_numbers(row)
        numbers = [step / 7 for step in range(10)]
        expected = {"min": 0.0, "max": 9 / 7, "mean": sum(numbers) / 10, "last": 9 / 7, "first": 0.0}
        assert fold.to_json() == {"a": expected, "b": {"last": True, "first": True}}, f"op code {number}"
        if not happened:
            break
        number += 1
    assert number > 50
