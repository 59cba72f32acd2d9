"""Every combination of step, commit, open row, content and ending, against a model of the documented rules.

The rules, from `Run.log` and docs/run-directory.md: each `log` is a step; `commit=False` collects into the open row;
`step=n` collects into row n (and commits only when told to); the same n merges; a larger n writes the open row and
opens n; a smaller one is a late row of its step, merged when it is read; `log({})` writes the open row; a call that
raises changes nothing. A process that is killed leaves its rows, and its open row to whoever resumes.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import medialog
from durability.runs import Process
from medialog.validators import is_note
from medialog.validators.errors import InvalidInput
from medialog.wire.storage import MemoryStorage

pytestmark = pytest.mark.filterwarnings("ignore::medialog.MedialogWarning")

Tree = dict[str, Any]
HUGE = 2**53


class Model:
    """What a run is after some calls of `log`, by the rules and nothing else."""

    def __init__(self) -> None:
        self.step = 0
        self.open: Tree | None = None
        self.rows: list[tuple[int, Tree]] = []

    def log(self, data: Tree, step: Any = None, commit: bool | None = None) -> None:
        if commit is None:
            commit = step is None
        target = self.step if step is None else int(step)
        if target < self.step:
            self.rows.append((target, copy.deepcopy(data)))
            return
        if target > self.step:
            self.write()
            self.step = target
        self.open = merged(self.open or {}, data)
        if commit:
            self.write()
            self.step = target + 1

    def write(self) -> None:
        if self.open is not None:
            self.rows.append((self.step, self.open))
        self.open = None

    def finish(self) -> None:
        if self.open is not None:
            self.write()
            self.step += 1

    def resume(self) -> None:
        """Go on after the end: with the open row that is left, else after the last row."""
        if self.open is None:
            self.step = max((step for step, _ in self.rows), default=-1) + 1

    def history(self) -> list[tuple[int, Tree]]:
        by_step: dict[int, Tree] = {}
        for step, tree in self.rows:
            by_step[step] = merged(by_step.get(step, {}), tree)
        return sorted(by_step.items())

    def summary(self) -> Tree:
        """The last value of each key: of its largest step, there the one that was logged last."""
        summary: Tree = {}
        for _, row in sorted(self.rows, key=lambda row: row[0]):
            summary = merged(summary, row)
        return without_empty(summary)


def merged(into: Tree, new: Tree) -> Tree:
    result = dict(into)
    for key, value in new.items():
        old = result.get(key)
        result[key] = merged(old if isinstance(old, dict) else {}, value) if isinstance(value, dict) else value
    return result


def without_empty(tree: Tree) -> Tree:
    pruned = {key: without_empty(value) if isinstance(value, dict) else value for key, value in tree.items()}
    return {key: value for key, value in pruned.items() if value != {}}


class Broken(medialog.Html):
    """A value that is fine until its files are made."""

    def encode_into(self, sink: Any) -> Any:
        super().encode_into(sink)
        raise InvalidInput(medialog.Violation("page", "html.content", "a page", "none"))


Log = Callable[..., None]


def fresh(log: Log) -> None:
    pass


def nothing_open(log: Log) -> None:
    log({"a": 0})
    log({"a": 1, "nested": {"x": 0}}, step=3, commit=True)


def open_row(log: Log) -> None:
    nothing_open(log)
    log({"a": 2, "nested": {"x": 1}}, commit=False)


def open_parts(log: Log) -> None:
    open_row(log)
    log({"b": 3}, step=4)
    log({"nested": {"y": 2}, "a": 4}, step=4)


def open_far(log: Log) -> None:
    nothing_open(log)
    log({"b": 1}, step=40)


def open_and_empty(log: Log) -> None:
    nothing_open(log)
    log({}, commit=False)


STATES = [fresh, nothing_open, open_row, open_parts, open_far, open_and_empty]
STEPS: dict[str, Callable[[int], Any]] = {
    "none": lambda at: None,
    "equal": lambda at: at,
    "next": lambda at: at + 1,
    "larger": lambda at: at + 7,
    "late": lambda at: 1,
    "late, there": lambda at: 3,
    "first": lambda at: 0,
    "numpy": lambda at: np.int64(at + 2),
    "numpy, small": lambda at: np.uint8(at),
    "huge": lambda at: HUGE,
}
COMMITS = [None, True, False]
ROWS: dict[str, Tree] = {
    "empty": {},
    "number": {"a": 9},
    "new key": {"c": 9, "d": "text"},
    "nested": {"nested": {"x": 5, "z": {"deep": 6}}},
    "empty inside": {"nested": {}},
}
BAD_ROWS: dict[str, Callable[[], Any]] = {
    "reserved key": lambda: {"c": 1, "_step": 2, "d": 3},
    "key that is no text": lambda: {"c": 1, 3: 2},
    "value in the middle": lambda: {"c": 1, "bad": object(), "d": 2},
    "value deep in it": lambda: {"c": 1, "nested": {"x": 1, "list": [1, {"bad": object()}]}},
    "value that fails late": lambda: {"c": medialog.Html("<p>c</p>"), "page": Broken("<p>d</p>"), "d": 2},
    "no mapping": lambda: [("c", 1)],
}
BAD_STEPS: list[Any] = [-1, 1.5, "3", HUGE + 1, np.float32(0.5), np.nan, [1]]
ENDINGS = ["finish", "sync", "kill", "finish and resume", "kill and resume"]


class Pair:
    """A run and its model, told the same."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.run = process.begin(quiet=True)
        self.model = Model()

    def log(self, data: Tree, step: Any = None, commit: bool | None = None) -> None:
        self.run.log(data, step=step, commit=commit)
        self.model.log(data, step, commit)
        assert self.run.step == self.model.step

    def end(self, how: str) -> None:
        """Come to an ending; where it is a resume, log on."""
        if "sync" in how:
            self.run.sync()
        if "finish" in how:
            self.run.finish()
            self.model.finish()
        if "resume" in how:
            self.run = self.process.begin(resume=True, quiet=True)
            self.model.resume()
            assert self.run.step == self.model.step
            self.log({"resumed": 1}, commit=False)
            self.log({"resumed": 2, "a": 11})
            self.run.finish()
            self.model.finish()

    def compare(self) -> None:
        reader = medialog.RunReader(self.process.storage)
        assert list(reader.rows()) == self.model.history()
        assert reader.summary == self.model.summary()
        assert reader.problems == []
        assert without_empty(self.run.summary.to_dict()) == self.model.summary()
        if self.model.open is not None:
            (open_row,) = reader.open_rows
            assert (open_row.step, open_row.tree) == (self.model.step, self.model.open)
        violations = medialog.validate_run(self.process.storage)
        assert [str(each) for each in violations if not is_note(each)] == []


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("state", STATES)
def test_a_call(state: Callable[[Log], None], ending: str, process: Callable[..., Process]) -> None:
    for step, commit, content in itertools.product(STEPS, COMMITS, ROWS):
        pair = Pair(process(MemoryStorage()))
        state(pair.log)
        try:
            pair.log(ROWS[content], STEPS[step](pair.model.step), commit)
            if pair.model.step <= HUGE:
                pair.log({"after": 1})
            pair.end(ending)
            pair.compare()
        except Exception as error:
            error.add_note(f"{content!r}, step {step}, commit={commit}")
            raise


@pytest.mark.parametrize("ending", ["finish", "kill and resume"])
@pytest.mark.parametrize("state", STATES)
def test_a_call_that_fails(state: Callable[[Log], None], ending: str, process: Callable[..., Process]) -> None:
    """It changes nothing: not the step, not the open row, no file."""
    for step, commit, content in itertools.product(STEPS, COMMITS, BAD_ROWS):
        storage = MemoryStorage()
        pair = Pair(process(storage))
        state(pair.log)
        before = copy.deepcopy(storage.files)
        with pytest.raises(InvalidInput):
            pair.run.log(BAD_ROWS[content](), step=STEPS[step](pair.model.step), commit=commit)

        assert pair.run.step == pair.model.step
        assert storage.files == before, (content, step, commit)
        pair.end(ending)
        pair.compare()


@pytest.mark.parametrize("state", STATES)
def test_a_step_that_is_none(state: Callable[[Log], None], process: Callable[..., Process]) -> None:
    for step, commit in itertools.product(BAD_STEPS, COMMITS):
        pair = Pair(process(MemoryStorage()))
        state(pair.log)
        with pytest.raises(InvalidInput, match=r"\[log.step\]"):
            pair.run.log({"c": 1}, step=step, commit=commit)
        pair.end("finish")
        pair.compare()
