"""The summary: last values, definitions, what is set by hand, and that the reader folds to the same."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import medialog
from medialog.runtime import trees
from medialog.runtime.metric import Metric
from medialog.runtime.summary import SummaryFold
from medialog.validators.errors import InvalidInput

Start = Callable[..., medialog.Run]


def test_last_committed_value(start: Start) -> None:
    run = start()
    run.log({"a": 1, "val": {"acc": 0.1, "loss": 3}})
    run.log({"val": {"acc": 0.2}})
    run.log({"a": 5}, commit=False)

    assert run.summary.to_dict() == {"a": 1, "val": {"acc": 0.2, "loss": 3}}


def test_it_is_a_mapping(start: Start) -> None:
    run = start()
    run.log({"a": 1, "val": {"acc": 0.1}})

    summary = run.summary
    assert "a" in summary
    assert "b" not in summary
    assert len(summary) == 2
    assert list(summary) == ["a", "val"]
    assert 1 == summary["a"] == summary.a == summary.get("a")
    assert 0.1 == summary["val"]["acc"] == summary.val.acc
    assert None is summary.get("missing")
    with pytest.raises(KeyError):
        summary["missing"]
    with pytest.raises(AttributeError):
        summary.missing  # noqa: B018
    assert summary == {"a": 1, "val": {"acc": 0.1}}
    assert "'acc': 0.1" in repr(summary)


def test_what_is_set_by_hand_stays_until_it_is_deleted(start: Start) -> None:
    run = start()
    run.summary["accuracy"] = 0.9
    run.log({"accuracy": 0.5})
    assert run.summary["accuracy"] == 0.9

    del run.summary["accuracy"]
    assert "accuracy" not in run.summary
    run.log({"accuracy": 0.6})
    assert run.summary["accuracy"] == 0.6


def test_stickiness_is_per_leaf(start: Start) -> None:
    run = start()
    run.log({"n": {"a": 1, "b": 1}})
    run.summary["n"]["b"] = 10
    run.log({"n": {"a": 2, "b": 2}})

    assert run.summary["n"] == {"a": 2, "b": 10}


def test_nested_assignment_keeps_siblings(start: Start) -> None:
    run = start()
    run.summary["n"] = {"a": 1}
    run.summary["n"]["b"] = 2
    run.summary.n.c = 3

    assert run.summary.to_dict() == {"n": {"a": 1, "b": 2, "c": 3}}


def test_assigning_a_mapping_replaces_what_was_there(start: Start) -> None:
    run = start()
    run.log({"n": {"old": 1}})
    run.summary["n"] = {"new": 2}

    assert run.summary.to_dict() == {"n": {"new": 2}}


def test_a_leaf_replaces_a_tree_and_a_tree_a_leaf(start: Start) -> None:
    run = start()
    run.log({"a": {"b": {"c": 1}, "d": 2}, "x": 1})
    run.log({"a": 5, "x": {"y": 2}})
    assert run.summary.to_dict() == {"a": 5, "x": {"y": 2}}

    run.log({"a": {"b": 3}})
    assert run.summary.to_dict() == {"a": {"b": 3}, "x": {"y": 2}}


def test_keys_with_dots_are_not_paths(start: Start) -> None:
    run = start()
    run.log({"a.b": 1, "a": {"b": 2}})

    assert run.summary.to_dict() == {"a.b": 1, "a": {"b": 2}}


def test_media_are_whole_descriptors(start: Start) -> None:
    run = start()
    marked = {"m": {"mask_data": np.zeros((2, 2), int)}}
    run.log({"m": medialog.Image(np.zeros((2, 2)), caption="old", masks=marked)})
    run.log({"m": medialog.Image(np.ones((2, 2)))})

    assert "caption" not in run.summary["m"]
    assert "masks" not in run.summary["m"]
    run.summary["h"] = medialog.Histogram([1, 2, 3])
    assert run.summary["h"]["_type"] == "histogram"
    run.summary.update({"gradients": medialog.Histogram(np_histogram=np.histogram([1, 2, 3]))})
    assert len(run.summary["gradients"]["values"]) == 10


def test_update_is_all_or_nothing(start: Start) -> None:
    run = start()

    with pytest.raises(InvalidInput):
        run.summary.update({"a": 1, "b": object()})

    assert run.summary.to_dict() == {}
    run.summary.update({"a": 1}, b=2)
    assert run.summary.to_dict() == {"a": 1, "b": 2}


def test_large_arrays_are_stored_whole_with_statistics(start: Start) -> None:
    run = start()
    values = np.random.default_rng(0).normal(size=(10, 100)).astype(np.float32)
    values[0, 0] = np.nan

    run.summary["tensor"] = values

    finite = values[np.isfinite(values)].astype(np.float64)
    found = run.summary["tensor"]
    assert found["_type"] == "numpy.ndarray"
    assert (found["size"], found["shape"], found["dtype"], found["nan"]) == (1000, [10, 100], "float32", 1)
    expected = {"mean": finite.mean(), "var": finite.var(), "std": finite.std(), "median": np.median(finite)}
    expected |= {"min": finite.min(), "max": finite.max()}
    expected |= {f"{q}%": np.percentile(finite, q) for q in (5, 25, 75, 95)}
    for name, value in expected.items():
        assert math.isclose(value, found[name], rel_tol=1e-12), name
    np.testing.assert_array_equal(values, medialog.load(found, run.dir).to_numpy())


@pytest.mark.parametrize(("value", "expected"), [(np.arange(3), [0, 1, 2]), (np.array([7]), 7), (np.zeros(0), [])])
def test_small_arrays_are_values(start: Start, value: Any, expected: Any) -> None:
    run = start()

    run.summary["a"] = value

    assert expected == run.summary["a"]


def test_summary_values_that_are_no_numbers(start: Start) -> None:
    run = start()
    run.summary["none"] = None
    run.summary["nan"] = math.nan
    run.summary["inf"] = -math.inf

    assert None is run.summary["none"]
    assert math.isnan(run.summary["nan"])
    assert -math.inf == run.summary["inf"]


@pytest.mark.parametrize(
    ("summary", "goal", "expected"),
    [
        ("min", None, {"min": 1}),
        ("max", None, {"max": 3}),
        ("mean", None, {"mean": 2.0}),
        ("last", None, {"last": 2}),
        ("first", None, {"first": 3}),
        ("min,max", None, {"min": 1, "max": 3}),
        ("min, MAX", None, {"min": 1, "max": 3}),
        ("best", None, {"best": 1}),
        ("best", "minimize", {"best": 1}),
        ("best", "maximize", {"best": 3}),
        ("copy", None, 2),
        (None, None, 2),
    ],
)
@pytest.mark.parametrize("defined_late", [False, True])
def test_definitions(start: Start, summary: str | None, goal: str | None, expected: Any, defined_late: bool) -> None:
    run = start()
    if not defined_late:
        run.define_metric("v", summary=summary, goal=goal)
    for value in (3, 1, 2):
        run.log({"v": value})
    if defined_late:
        run.define_metric("v", summary=summary, goal=goal)

    assert {"v": expected} == run.summary.to_dict()
    run.finish()
    assert {"v": expected} == run.reader().summary


def test_none_is_absent(start: Start) -> None:
    run = start()
    run.define_metric("v", summary="none")

    run.log({"v": 1, "w": 2})

    assert run.summary.to_dict() == {"w": 2}


def test_nan_is_counted_and_skipped(start: Start) -> None:
    run = start()
    run.define_metric("v", summary="min,max,mean,last")
    for value in (2.0, math.nan, 4.0, math.nan):
        run.log({"v": value})

    found = run.summary["v"].to_dict()
    assert math.isnan(found.pop("last"))
    assert found == {"min": 2.0, "max": 4.0, "mean": 3.0, "nan": 2}


def test_text_and_media_have_no_minimum(start: Start) -> None:
    run = start()
    run.define_metric("*", summary="min")
    run.log({"text": "a", "h": medialog.Histogram([1])})

    assert run.summary["text"] == "a"
    assert run.summary["h"]["_type"] == "histogram"


def test_globs_nested_names_and_precedence(start: Start) -> None:
    run = start()
    run.define_metric("val/*", summary="max")
    run.define_metric("val/loss", summary="min")
    run.define_metric("deep.*", summary="first")
    for value in (2, 3, 1):
        run.log({"val/acc": value, "val/loss": value, "deep": {"x": value}, "train/acc": value})

    expected = {"val/acc": {"max": 3}, "val/loss": {"min": 1}, "deep": {"x": {"first": 2}}, "train/acc": 1}
    assert expected == run.summary.to_dict()


def test_definitions_add_up_unless_overwritten(start: Start) -> None:
    run = start()
    run.define_metric("v", summary="min")
    assert run.define_metric("v", summary="max").summary == ("min", "max")
    assert run.define_metric("v", summary="mean", overwrite=True).summary == ("mean",)


def test_step_metrics_are_written_into_rows_that_lack_them(start: Start) -> None:
    run = start()
    run.define_metric("epoch", hidden=True)
    run.define_metric("val/*", step_metric="epoch")
    run.log({"val/acc": 0.0})
    run.log({"epoch": 3})
    run.log({"val/acc": 0.5})
    run.log({"other": 1})
    run.log({"val/acc": 0.6, "epoch": 4})
    run.finish()

    assert [row.get("epoch") for row in run.reader().history()] == [None, 3, 3, None, 4]


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": ""},
        {"name": 3},
        {"name": "a*b"},
        {"name": "*a"},
        {"name": "v", "summary": "median"},
        {"name": "v", "summary": ["min"]},
        {"name": "v", "goal": "maximize"},
        {"name": "v", "summary": "best", "goal": "up"},
        {"name": "v", "step_metric": 3},
        {"name": "v", "step_metric": "a*"},
    ],
)
def test_bad_definitions(start: Start, arguments: dict[str, Any]) -> None:
    run = start()

    with pytest.raises(InvalidInput, match=r"metric\.definition"):
        run.define_metric(**arguments)


def test_late_rows_do_not_turn_the_last_value_back(start: Start) -> None:
    run = start()
    run.define_metric("v", summary="last,first,min,max")
    run.log({"v": 5}, step=5, commit=True)
    with pytest.warns(medialog.Advice):
        run.log({"v": 1}, step=2)

    assert run.summary["v"] == {"last": 5, "first": 1, "min": 1, "max": 5}


def test_the_file_is_current_at_finish_and_plain_json(start: Start) -> None:
    run = start()
    run.log({"a": 1, "val": {"loss": math.nan}})
    run.summary["best"] = 0.9
    run.finish()

    text = (Path(str(run.dir)) / "summary.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "a": 1,
        "val": {"loss": {"_type": "number", "value": "NaN"}},
        "best": 0.9,
    }


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)
VALUES = st.integers(-5, 5) | st.floats(-5, 5) | st.just("text")
EVENTS = st.one_of(
    st.tuples(st.just("row"), st.integers(0, 9), st.dictionaries(PATHS, VALUES, max_size=3)),
    st.tuples(st.just("set"), PATHS, VALUES),
    st.tuples(st.just("delete"), PATHS, st.none()),
)


@given(st.lists(EVENTS, max_size=25))
def test_the_fold_is_a_tree_whatever_comes(events: list[Any]) -> None:
    """No event leaves a leaf above or below another, and the state behind it holds no dead weight."""
    fold = SummaryFold()
    for kind, first, second in events:
        if kind == "row":
            tree: dict[str, Any] = {}
            for path, value in second.items():
                nested: dict[str, Any] = {}
                trees.insert(nested, path, value)
                trees.merge(tree, nested)
            fold.add_row(trees.leaves(tree), first)
        elif kind == "set":
            fold.set(first, second)
        else:
            fold.delete(first)

        paths = [path for path, _ in fold.items()]
        assert len(paths) == len(set(paths))
        assert not any(a != b and b[: len(a)] == a for a in paths for b in paths)
        assert dict(trees.leaves(fold.to_json())) == dict(fold.items())


def test_fold_of_definitions_round_trips() -> None:
    metric = Metric("a*", step_metric="epoch", step_sync=True, summary=("min", "best"), goal="maximize")

    assert metric == Metric.from_json(json.loads(json.dumps({**metric.to_json(), "later": 1})))
