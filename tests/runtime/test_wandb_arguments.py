"""What scripts written for W&B pass to `init` and set on the run: kept, said to have no effect, or refused."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import medialog
from medialog.validators.errors import InvalidInput, RunError

Start = Callable[..., medialog.Run]


def test_entity_and_job_type_are_recorded(start: Start, tmp_path: Path) -> None:
    run = start(project="p", entity="me", job_type="train", group="g", notes="n", tags=("a",), reinit=True)

    assert ("me", "train", "g", "n", ("a",)) == (run.entity, run.job_type, run.group, run.notes, run.tags)
    assert "me/p/run00001" == run.path
    assert run.url is None
    run.finish()
    info = json.loads((Path(str(run.dir)) / "run.json").read_text())
    assert ("me", "train") == (info["entity"], info["job_type"])
    assert run.id == medialog.Api(tmp_path / "runs").run(run.path).id


def test_what_was_not_given_is_not_recorded(start: Start) -> None:
    run = start(entity=None, job_type=None, settings=None, sync_tensorboard=False, config_exclude_keys=[])
    run.finish()

    info = json.loads((Path(str(run.dir)) / "run.json").read_text())
    assert not {"entity", "job_type", "settings"} & set(info)
    assert "run00001" == run.path


@pytest.mark.parametrize(
    "options",
    [{"anonymous": "allow"}, {"force": True}, {"magic": True}, {"save_code": True}, {"settings": object()}],
    ids=lambda options: next(iter(options)),
)
def test_what_has_no_effect_is_said(start: Start, options: dict[str, Any]) -> None:
    with pytest.warns(medialog.Advice, match=r"has no effect: .* \[init\.argument\]"):
        start(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"reinit": False},
        {"reinit": "create_new"},
        {"config_exclude_keys": ["a"]},
        {"config_include_keys": ["a"]},
        {"fork_from": "a?_step=1"},
        {"resume_from": "a?_step=1"},
        {"monitor_gym": True},
        {"sync_tensorboard": True},
        {"entity": 3},
        {"job_type": b"train"},
        {"tags": "a"},
        {"tags": ["a", 1]},
        {"name": 3},
        {"mode": "shared"},
        {"resume": "yes"},
        {"resume": 1},
        {"resume": "must"},
    ],
    ids=str,
)
def test_what_is_refused(start: Start, tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"\[init\.argument\]"):
        start(**options)
    assert not (tmp_path / "runs").exists()


def test_a_name_that_nobody_knows_is_pythons_own_error(start: Start) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'projct'"):
        start(projct="p")


def test_resume(start: Start) -> None:
    with pytest.raises(RunError, match="does not exist"):
        start(id="one", resume="must")
    words: list[Any] = ["allow", "must", True, "auto"]
    for resume in words:
        run = start(id="one", resume=resume)
        run.log({"a": 1})
        run.finish()
    for resume in ("never", False, None):
        with pytest.raises(RunError, match="exists"):
            start(id="one", resume=resume)
    assert [0, 1, 2, 3] == run.reader().steps
    with pytest.warns(medialog.Advice, match="without id= begins a new run"):
        start(resume=True)


def test_a_run_has_a_name_that_can_be_set(start: Start, tmp_path: Path) -> None:
    run = start(id="one")
    assert "one" == run.name == run.reader().name
    before = (tmp_path / "runs" / "one" / "run.json").read_bytes()

    run.name, run.notes, run.tags = "a better name", "a note", (*run.tags, "best")

    assert ("a better name", "a note", ("best",)) == (run.name, run.notes, run.tags)
    assert "a better name" == run.reader().name
    run.finish()
    assert before == (tmp_path / "runs" / "one" / "run.json").read_bytes()
    again = medialog.open_run(str(run.dir))
    assert ("a better name", "a note", ["best"]) == (again.name, again.info["notes"], again.info["tags"])
    assert [] == again.problems
    resumed = start(id="one", resume=True)
    assert ("a better name", ("best",)) == (resumed.name, resumed.tags)
    resumed.finish()
    stored = medialog.Api(tmp_path / "runs").run("one")
    assert ("a better name", ["best"], "finished") == (stored.name, stored.tags, stored.state)


def test_a_name_is_text(start: Start) -> None:
    run = start()
    with pytest.raises(InvalidInput, match=r"name: a string, got int 3 \[init\.argument\]"):
        run.name = 3  # type: ignore[assignment]
    with pytest.raises(InvalidInput, match=r"tags\[1\]: a string"):
        run.tags = ["a", 1]  # type: ignore[list-item]
    assert "run00001" == run.name


def test_the_second_argument_of_config_update(start: Start) -> None:
    run = start(config={"a": 1})
    run.config.update({"a": 2}, True)
    run.config.update({"a": 3}, allow_val_change=True)

    assert {"a": 3} == run.config.as_dict()


def test_a_stored_run_is_read_by_keys(start: Start, tmp_path: Path) -> None:
    run = start(id="one")
    run.log({"loss": 1.0})
    run.log({"acc": 0.5})
    stored = medialog.Api(tmp_path / "runs").run("one")

    assert "running" == stored.state
    assert [0.5] == [row["acc"] for row in stored.history(keys=["acc"])]
    assert [1.0] == [row["loss"] for row in stored.scan_history(keys=["loss"])]
    assert stored.history(keys="loss") == stored.history(keys=["loss"])


def test_a_directory_that_is_no_run_is_named_plainly(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        medialog.open_run(tmp_path / "nowhere")
    assert f"{tmp_path / 'nowhere'}: not a run directory: there is no run.json in it" == str(caught.value)


def test_the_settings_of_a_disabled_run_are_accepted(start: Start, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = start(mode="disabled", entity="me")
        run.name = "x"
    assert "x" == run.name
    assert not os.path.exists(tmp_path / "runs")
