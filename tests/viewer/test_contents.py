"""What a report takes of a run, many rows at once or one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

import medialog
from medialog.viewer.contents import Contents, read_contents
from runtime.test_columns import ONE_BY_ONE, fewest, rows, write


def everything(contents: Contents) -> str:
    """All of it, the order of keys included."""
    series = [(each.path, each.rows, each.values, each.kinds) for each in contents.series.values()]
    return repr((contents.steps, contents.times, contents.runtimes, series, list(contents.items.values())))


@settings(max_examples=200)
@given(rows)
def test_it_does_not_matter_how_lines_are_read(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = write(tmp_path_factory.mktemp("runs") / "made", rows)
    with fewest(*ONE_BY_ONE):
        expected = read_contents(medialog.open_run(path, "salvage"))
    with fewest(1, 1):
        found = read_contents(medialog.open_run(path, "salvage"))

    assert everything(expected) == everything(found)


def test_rows_of_a_batch_are_columns(tmp_path: Any) -> None:
    with medialog.init(dir=tmp_path, id="long", quiet=True) as run:
        for step in range(200):
            run.log(
                {"loss": step / 4, "good": step > 100}
                | ({"late": 7} if step % 3 == 2 else {})
                | {"split": "ab"[step % 2]}
            )

    contents = read_contents(medialog.open_run(tmp_path / "long"))

    assert [("loss",), ("good",), ("late",)] == list(contents.series)
    assert [step / 4 for step in range(200)] == contents.series["loss",].values.tolist()
    assert list(range(2, 200, 3)) == contents.series["late",].rows.tolist()
    assert {"boolean": None} == contents.series["good",].kinds
    assert ["a", "b"] * 100 == [entry.value for entry in contents.items["split",].entries]
    assert list(range(200)) == contents.steps.tolist()
