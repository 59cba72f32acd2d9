"""Resume: a run that was finished, or killed, goes on as if nothing had been between."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import medialog
from durability import workload
from durability.runs import Process
from medialog.validators import is_note
from medialog.validators.errors import RunError
from medialog.wire.storage import MemoryStorage

pytestmark = pytest.mark.filterwarnings("ignore::medialog.MedialogWarning")

NewProcess = Callable[..., Process]
ENDS = pytest.mark.parametrize("killed", [False, True], ids=["finished", "killed"])
Call = Callable[[medialog.Run], object]


def end(run: medialog.Run, killed: bool) -> None:
    if not killed:
        run.finish()


@pytest.fixture
def one(process: NewProcess) -> Process:
    return process(MemoryStorage())


@ENDS
def test_steps_go_on(one: Process, killed: bool) -> None:
    run = one.begin()
    run.log({"a": 0})
    run.log({"a": 7}, step=7, commit=True)
    run.log({"late": 3}, step=3)
    end(run, killed)

    run = one.begin(resume=True)

    assert run.step == 8
    run.log({"a": 8})
    assert run.reader().steps == [0, 3, 7, 8]


@ENDS
def test_a_run_without_rows_goes_on_at_0(one: Process, killed: bool) -> None:
    end(one.begin(config={"lr": 1}), killed)

    assert one.begin(resume=True).step == 0


@ENDS
def test_the_summary_goes_on(one: Process, killed: bool) -> None:
    run = one.begin()
    run.define_metric("loss", summary="min,max,mean,first,last,best", goal="minimize")
    run.define_metric("hidden/*", summary="none")
    for loss in (4.0, 1.0, math.nan):
        run.log({"loss": loss, "accuracy": 1 - loss / 10, "hidden/a": 1, "set": 1, "gone": 1})
    run.summary["set"] = 50
    run.summary["nested"] = {"a": 1, "b": {"c": 2}}
    run.summary["array"] = np.arange(100)
    del run.summary["gone"]
    expected = {"min": 1.0, "max": 4.0, "mean": 2.5, "first": 4.0, "last": pytest.approx(math.nan, nan_ok=True)}
    assert run.summary["loss"].to_dict() == {**expected, "best": 1.0, "nan": 1}
    before = run.summary.to_dict()
    end(run, killed)

    run = one.begin(resume=True)

    assert repr(run.summary.to_dict()) == repr(before)
    run.log({"loss": 7.0, "set": 2, "gone": 3})
    run.log({"loss": 0.0})
    then = {"min": 0.0, "max": 7.0, "mean": 3.0, "first": 4.0, "last": 0.0, "best": 0.0, "nan": 1}
    assert run.summary["loss"].to_dict() == then
    assert run.summary["set"] == 50  # set by hand: it stays
    assert run.summary["gone"] == 3  # deleted: `log` updates it again
    assert run.summary["nested"].to_dict() == {"a": 1, "b": {"c": 2}}
    assert "hidden/a" not in run.summary
    assert run.summary["array"]["_type"] == before["array"]["_type"]
    assert run.summary.to_dict() == run.reader().summary


@ENDS
def test_the_config_goes_on(one: Process, killed: bool) -> None:
    run = one.begin(config={"lr": 0.1, "layers": [1, 2]})
    run.config["seed"] = 3
    end(run, killed)

    run = one.begin(resume=True, config={"lr": 0.2, "new": True})

    expected = {"lr": 0.2, "layers": [1, 2], "seed": 3, "new": True}
    assert dict(run.config) == expected
    assert dict(run.reader().config) == expected


@ENDS
def test_metrics_go_on(one: Process, killed: bool) -> None:
    """Their definitions, and the last value of a step metric that rows lack."""
    run = one.begin()
    run.define_metric("val/*", step_metric="epoch", summary="max")
    run.log({"epoch": 3, "val/accuracy": 0.5})
    end(run, killed)

    run = one.begin(resume=True)
    run.log({"val/accuracy": 0.4})

    assert run.reader().history()[-1]["epoch"] == 3
    assert run.summary["val/accuracy"].to_dict() == {"max": 0.5}


@ENDS
def test_name_and_tags_go_on(one: Process, killed: bool) -> None:
    run = one.begin(name="first", tags=["a"])
    run.name = "second"
    end(run, killed)

    run = one.begin(resume=True)

    assert run.reader().name == "second"
    assert run.reader().info["tags"] == ["a"]


@ENDS
def test_each_rank_goes_on_with_its_own_steps(one: Process, killed: bool) -> None:
    for rank, count in ((0, 2), (1, 5)):
        run = one.begin(rank=rank)
        for step in range(count):
            run.log({f"rank{rank}": step})
        end(run, killed)

    assert one.begin(rank=0, resume=True).step == 2
    assert one.begin(rank=1, resume=True).step == 5


@ENDS
def test_what_must_and_must_not_be_there(one: Process, killed: bool) -> None:
    with pytest.raises(RunError, match="does not exist"):
        one.begin(resume="must")
    run = one.begin(resume="never")
    run.log({"a": 1})
    end(run, killed)
    with pytest.raises(RunError, match="exists"):
        one.begin(resume="never")

    assert one.begin(resume="must").step == 1


# --- any run, cut anywhere ---


def draw_call(draw: random.Random, number: int) -> Call:
    """Return something that a training does."""
    values: dict[str, Any] = {key: draw.choice([draw.random(), draw.randrange(9)]) for key in draw.sample("abcd", 2)}
    if draw.random() < 0.3:
        values["picture"] = medialog.Image(workload.pixels(number % 5 + 1))
    if draw.random() < 0.3:
        values["nested"] = {"x": number, **({"y": {"z": number}} if draw.random() < 0.5 else {})}
    kind = draw.random()
    if kind < 0.45:
        return lambda run: run.log(copy.copy(values))
    if kind < 0.6:
        return lambda run: run.log(copy.copy(values), commit=False)
    if kind < 0.75:
        offset, commit = draw.choice([0, 1, 5]), draw.choice([None, True])
        return lambda run: run.log(copy.copy(values), step=run.step + offset, commit=commit)
    if kind < 0.8:
        return lambda run: run.log(copy.copy(values), step=run.step // 2)
    if kind < 0.85:
        return lambda run: run.summary.update({draw.choice("ab"): number, "by hand": {"n": number}})
    if kind < 0.9:
        return lambda run: run.summary.pop("a", None)
    if kind < 0.95:
        key, summary = draw.choice(["c", "nested.*", "d"]), draw.choice(["min", "max,mean", "first,last"])
        return lambda run: run.define_metric(key, summary=summary)
    return lambda run: run.config.update({draw.choice("lm"): number}, allow_val_change=True)


def outcome(storage: MemoryStorage) -> list[Any]:
    reader = medialog.RunReader(storage)
    assert reader.problems == []
    assert reader.finished
    assert [str(each) for each in medialog.validate_run(storage) if not is_note(each)] == []
    return [list(reader.rows()), reader.summary, dict(reader.config)]


@pytest.mark.parametrize("seed", range(workload.times(60, 1000)))
def test_a_run_that_was_cut_is_the_run_that_was_not(seed: int, process: NewProcess) -> None:
    """Cut after any call: killed anywhere, finished where no row is open."""
    outcomes = []
    for pieces in (False, True):
        draw = random.Random(workload.SEED * 10_000 + seed)
        cuts = draw.sample(range(25), draw.randrange(1, 12))
        storage = MemoryStorage()
        begin = process(storage).begin
        run = begin(config={"l": -1})
        for number in range(25):
            draw_call(draw, number)(run)
            if pieces and number in cuts:
                if not run.history.row and cuts.index(number) % 2:
                    run.finish()
                run = begin(resume=True)
        run.finish()
        outcomes.append(outcome(storage))

    assert outcomes[0] == outcomes[1]
