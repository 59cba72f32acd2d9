"""What was collected for a step whose row is not written: shown on request, and handed to a run that is resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

import medialog
from handmade_runs import Writer, describe, make_run, put_media
from medialog.runtime.events import OpenRow, read_events
from medialog.wire.storage import LocalStorage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_run(tmp_path / "made")


def opened(path: Path, rank: int = 0) -> object:
    return read_events(LocalStorage(path)).open_row(rank)


def test_parts_are_shown_on_request(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 0})
    writer.part(1, {"a": 1, "n": {"x": 1}})
    writer.part(1, {"b": 2, "n": {"y": {"_type": "number", "value": "NaN"}}})
    writer.drop(1, "a")
    writer.drop(1, "n", "x")
    writer.drop(1, "never", "there")
    reader = medialog.open_run(path)

    assert [0] == reader.steps
    assert [(0, {"a": 0})] == list(reader.rows())
    assert [0] == [row["_step"] for row in reader.history()]
    (row,) = reader.open_rows
    assert (0, writer.name, 1) == row[:3]
    assert {"b", "n"} == set(row.tree)
    assert "nan" == str(row.tree["n"]["y"])
    last = reader.history(include_open=True)[-1]
    assert (1, 2, 1000.0 + 3) == (last["_step"], last["b"], last["_timestamp"])
    assert [0, 1] == [step for step, _ in reader.rows(include_open=True)]
    assert {"a": 0} == reader.summary
    assert [] == reader.problems


def test_the_row_takes_the_place_of_its_parts(path: Path) -> None:
    writer = Writer(path)
    writer.part(0, {"a": 1, "b": 1})
    writer.drop(0, "a")
    reader = medialog.open_run(path)
    assert [(0, {"b": 1})] == list(reader.rows(include_open=True))

    writer.row(0, {"b": 1})
    assert [] == reader.open_rows
    writer.part(0, {"later": True})  # of that step again, after its row

    assert [OpenRow(0, writer.name, 0, {"later": True})] == reader.open_rows
    assert [(0, {"b": 1})] == list(reader.rows())
    assert [(0, {"b": 1, "later": True})] == list(reader.rows(include_open=True))


def test_each_writer_has_its_own(path: Path) -> None:
    first, second = Writer(path), Writer(path, rank=1, start="join")
    first.part(5, {"a": 0, "b": 0})
    second.part(5, {"a": 1})
    second.row(4, {"a": 4})
    reader = medialog.open_run(path)

    assert [(0, 5, {"a": 0, "b": 0}), (1, 5, {"a": 1})] == [(row.rank, row.step, row.tree) for row in reader.open_rows]
    assert [(4, {"a": 4}), (5, {"a": 1})] == list(reader.rows(ranks=1, include_open=True))
    assert [(4, {"a": 4}), (5, {"a": 0, "b": 0})] == list(reader.rows(include_open=True))
    assert 0 == reader.clashes.count  # nothing is decided yet
    assert (5, {"a": 0, "b": 0}) == opened(path, 0)
    assert (5, {"a": 1}) == opened(path, 1)
    assert None is opened(path, 2)


def test_a_part_whose_media_are_missing_is_not_there(path: Path) -> None:
    writer = Writer(path)
    writer.part(0, {"there": put_media(path, b"there"), "n": 1})
    writer.part(0, {"gone": describe(b"gone")})
    reader = medialog.open_run(path)

    assert [{"there", "n"}] == [set(row.tree) for row in reader.open_rows]
    assert ["is missing: the part is left out" in str(problem) for problem in reader.problems] == [True]
    assert [{"there", "n", "gone"}] == [set(row.tree) for row in medialog.open_run(path, "salvage").open_rows]

    put_media(path, b"gone")
    assert [{"there", "n", "gone"}] == [set(row.tree) for row in reader.open_rows]
    assert [] == reader.problems


def test_nothing_but_drops_and_an_empty_part(path: Path) -> None:
    writer = Writer(path)
    writer.drop(3, "a")
    assert [] == medialog.open_run(path).open_rows
    writer.part(3, {})

    assert [{}] == [row.tree for row in medialog.open_run(path).open_rows]
    assert (3, {}) == opened(path)


def test_a_resumed_run_goes_on_with_what_was_open(path: Path) -> None:
    first = Writer(path)
    first.row(0, {"a": 0})
    first.part(1, {"a": 1, "b": 1})
    assert (1, {"a": 1, "b": 1}) == opened(path)

    second = Writer(path, start="resume")  # killed at once: what it took over is not lost
    assert (1, {"a": 1, "b": 1}) == opened(path)
    second.drop(1, "b")
    second.part(1, {"c": 2})
    assert (1, {"a": 1, "c": 2}) == opened(path)

    second.row(1, {"a": 1, "c": 2})
    assert None is opened(path)
    reader = medialog.open_run(path)
    assert [] == reader.open_rows, "the row has what the dead writer had collected, but for what was taken out"
    assert {"a": 1, "c": 2} == dict(reader.rows(include_open=True))[1]


def test_forks_and_edits_leave_nothing_to_go_on_with(path: Path) -> None:
    Writer(path).row(0, {"a": 0})
    Writer(path, start="fork").part(1, {"child": 1})
    Writer(path, start="edit").part(2, {"edit": 1})

    assert None is opened(path)
    assert 2 == len(medialog.open_run(path).open_rows)


def test_a_run_that_went_on_without_it(path: Path) -> None:
    Writer(path).part(3, {"a": 1})
    Writer(path, start="resume").row(4, {"b": 1})

    assert None is opened(path)
