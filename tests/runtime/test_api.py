from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import medialog
from medialog.validators.errors import InvalidName, RunError

Start = Callable[..., medialog.Run]


@pytest.fixture
def api(start: Start, tmp_path: Path) -> medialog.Api:
    for name, project in (("one", "p"), ("two", "q"), ("three", None)):
        run = start(id=name, project=project, config={"name": name})
        run.log({"loss": 0.5})
        run.finish()
    (tmp_path / "runs" / "not-a-run").mkdir()
    return medialog.Api(tmp_path / "runs")


@pytest.mark.parametrize("path", ["one", "p/one", "me/p/one", "/me/p/one", "anyone/p/three"])
def test_paths(api: medialog.Api, path: str) -> None:
    run = api.run(path)

    assert path.rpartition("/")[2] == run.id == run.config["name"]
    assert 0.5 == run.history()[0]["loss"]


@pytest.mark.parametrize("path", ["", "a/b/c/d", "me/p/..", "p/.one"])
def test_paths_that_are_none(api: medialog.Api, path: str) -> None:
    with pytest.raises(InvalidName):
        api.run(path)


@pytest.mark.parametrize("path", ["four", "q/one", "not-a-run", "../one"])
def test_runs_that_are_not_there(api: medialog.Api, path: str) -> None:
    with pytest.raises(RunError):
        api.run(path)


def test_runs(api: medialog.Api) -> None:
    assert ["one", "three", "two"] == [run.id for run in api.runs()]
    assert ["one"] == [run.id for run in api.runs("me/p")]


def test_the_summary_of_a_finished_run_is_set_from_outside(api: medialog.Api, tmp_path: Path) -> None:
    tensor = np.random.default_rng(0).random(1000)
    run = api.run("username/p/one")
    run.summary["tensor"] = tensor
    run.summary["n"] = {"a": 1}
    run.summary["n"]["b"] = 2
    del run.summary["loss"]
    run.summary.update()
    run.summary.update({"best": 0.9})

    read = medialog.open_run(tmp_path / "runs" / "one")
    assert {"a": 1, "b": 2} == read.summary["n"]
    assert 0.9 == read.summary["best"] == api.run("one").summary["best"]
    assert "loss" not in read.summary
    np.testing.assert_array_equal(tensor, medialog.load(read.summary["tensor"], read).to_numpy())
    assert [0] == read.steps
    assert read.finished
    assert [] == read.problems
