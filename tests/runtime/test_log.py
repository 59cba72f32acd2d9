"""The row rules of `log`: steps, commits, merging, errors. The cases are W&B's own, but nothing is dropped."""

from __future__ import annotations

import collections
import gc
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import medialog
from medialog.validators.errors import Advice, InvalidInput, InvalidKey, NotInitialised, RunClosed, WrongType

Start = Callable[..., medialog.Run]


def active_run() -> medialog.Run | None:
    return medialog.run


def rows(run: medialog.Run) -> list[tuple[int, dict[str, Any]]]:
    run.finish()
    return list(run.reader().rows())


def test_each_call_is_a_step(start: Start) -> None:
    run = start()

    run.log({"a": 1})
    run.log({"a": 2})

    assert rows(run) == [(0, {"a": 1}), (1, {"a": 2})]


def test_commit_false_collects(start: Start) -> None:
    run = start()

    run.log({"loss": 0.2}, commit=False)
    run.log({"accuracy": 0.8})

    assert rows(run) == [(0, {"loss": 0.2, "accuracy": 0.8})]


def test_finish_writes_the_open_row(start: Start) -> None:
    run = start()

    run.log({"a": 1}, commit=False)

    assert rows(run) == [(0, {"a": 1})]


def test_step_collects_until_a_larger_one(start: Start) -> None:
    run = start()

    run.log({"a": 1}, step=5)
    run.log({"b": 2}, step=5)
    run.log({"c": 3}, step=7)

    assert rows(run) == [(5, {"a": 1, "b": 2}), (7, {"c": 3})]


def test_step_with_commit_writes_and_moves_on(start: Start) -> None:
    run = start()

    run.log({"a": 1}, step=5, commit=True)

    assert run.step == 6
    run.log({"b": 2})
    assert rows(run) == [(5, {"a": 1}), (6, {"b": 2})]


def test_step_then_plain_log_joins_that_step(start: Start) -> None:
    run = start()

    run.log({"a": 1}, step=5)
    run.log({"b": 2})
    run.log({"c": 3})

    assert rows(run) == [(5, {"a": 1, "b": 2}), (6, {"c": 3})]


def test_a_smaller_step_is_a_late_row(start: Start) -> None:
    run = start()
    run.log({"a": 1, "b": 1}, step=3, commit=True)
    run.log({"a": 2}, step=4, commit=True)

    with pytest.warns(Advice, match=r"late row.*\[log\.late\]"):
        run.log({"b": 9, "late": True}, step=3)
    run.log({"b": 10}, step=3)

    assert run.step == 5
    assert rows(run) == [(3, {"a": 1, "b": 10, "late": True}), (4, {"a": 2})]


def test_the_open_row_survives_a_late_one(start: Start) -> None:
    run = start()
    run.log({"a": 1}, step=10)

    with pytest.warns(Advice):
        run.log({"b": 2}, step=2)
    run.log({"c": 3}, step=10)

    assert rows(run) == [(2, {"b": 2}), (10, {"a": 1, "c": 3})]


def test_the_reference_example(start: Start) -> None:
    """W&B's `test_log_multiple_cases_example`, in which steps 2 and 4 are dropped; here they are late rows."""
    run = start()
    run.log({"n": 1})
    run.log({"n": 11}, commit=False)
    run.log({"n": 2}, step=100)
    run.log({"n": 3}, step=100)
    run.log({"n": 8}, step=101)
    run.log({"n": 5}, step=102)
    with pytest.warns(Advice):
        run.log({"cool": 2}, step=2)
    run.log({"cool": 2}, step=4)

    expected = {0: {"n": 1}, 1: {"n": 11}, 2: {"cool": 2}, 4: {"cool": 2}, 100: {"n": 3}, 101: {"n": 8}, 102: {"n": 5}}
    assert expected == dict(rows(run))


def test_an_empty_log_writes_the_open_row_or_an_empty_one(start: Start) -> None:
    run = start()

    run.log({"a": 1}, commit=False)
    run.log({})
    run.log({})

    assert rows(run) == [(0, {"a": 1}), (1, {})]


def test_mappings_merge_deeply_and_media_whole(start: Start) -> None:
    run = start()
    grey, marked = np.zeros((2, 2)), {"m": {"mask_data": np.zeros((2, 2), int)}}

    run.log({"t": {"a": 1, "x": 1}, "i": medialog.Image(grey, caption="old", masks=marked)}, commit=False)
    run.log({"t": {"b": 2, "x": 2}, "i": medialog.Image(grey)}, commit=False)
    run.log({"t": {"c": {"d": 3}}})

    ((_, row),) = rows(run)
    assert row["t"] == {"a": 1, "b": 2, "x": 2, "c": {"d": 3}}
    assert "caption" not in row["i"]
    assert "masks" not in row["i"]


@pytest.mark.parametrize(
    "step", [-1, 1.0, 1.5, True, "3", 2**53 + 1, np.float64(2), np.bool_(True), [1], None.__class__]
)
def test_steps_that_are_none(start: Start, step: Any) -> None:
    run = start()

    with pytest.raises(InvalidInput, match=r"log\.step"):
        run.log({"a": 1}, step=step)

    assert rows(run) == []


@pytest.mark.parametrize("step", [np.int64(3), np.uint8(3), 3, np.array(3)])
def test_numpy_steps(start: Start, step: Any) -> None:
    run = start()

    run.log({"a": 1}, step=step)

    assert rows(run) == [(3, {"a": 1})]


@pytest.mark.parametrize(
    "mapping", [collections.UserDict(a=1), types.MappingProxyType({"a": 1}), collections.OrderedDict(a=1)]
)
def test_any_mapping(start: Start, mapping: Any) -> None:
    run = start()

    run.log(mapping)

    assert rows(run) == [(0, {"a": 1})]


@pytest.mark.parametrize("data", [None, 1, [("a", 1)], "a", {"a"}])
def test_not_a_mapping(start: Start, data: Any) -> None:
    run = start()

    with pytest.raises(WrongType, match=r"log\.row"):
        run.log(data)


@pytest.mark.parametrize("key", [1, None, "", "  ", "_step", "_x", "a\nb", "\u202e", "x" * 257, ("a",), b"a"])
@pytest.mark.parametrize("nested", [False, True])
def test_bad_keys(start: Start, key: Any, nested: bool) -> None:
    run = start()

    with pytest.raises(InvalidKey):
        run.log({"outer": {key: 1}} if nested else {key: 1})

    assert rows(run) == []


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/abs", "..", "CON", "a/b", "a.b", "train-loss", "Test Accuracy", "é"]
)
def test_keys_are_data_and_never_paths(start: Start, key: str, tmp_path: Path) -> None:
    run = start()

    run.log({key: medialog.Image(np.zeros((2, 2)))})

    assert key in rows(run)[0][1]
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and "media" not in path.parts]
    assert all(path.parent.name in ("run00001", "events", "tmp") for path in outside)


def test_a_failing_value_stores_nothing_and_the_run_goes_on(start: Start, tmp_path: Path) -> None:
    run = start()
    run.log({"a": 1})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}

    with pytest.raises(InvalidInput) as caught:
        run.log({"fine": medialog.Image(np.full((2, 2), 7)), "bad": object()})

    assert "'bad'" in str(caught.value)
    assert "value.type" in str(caught.value)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert not list((tmp_path / "runs" / "run00001").glob("media/*/*"))
    assert run.step == 1
    run.log({"a": 2})
    assert rows(run) == [(0, {"a": 1}), (1, {"a": 2})]


def test_a_failing_value_leaves_the_open_row_alone(start: Start) -> None:
    run = start()
    run.log({"a": 1}, commit=False)

    with pytest.raises(InvalidInput):
        run.log({"b": 1, "c": object()})
    run.log({"d": 1})

    assert rows(run) == [(0, {"a": 1, "d": 1})]


def test_the_error_points_at_the_users_line(start: Start) -> None:
    run = start()

    with pytest.raises(InvalidInput) as caught:
        run.log({"examples": [np.zeros(40), b"bytes"]})

    assert "'examples'[1]" in str(caught.value)


def test_the_callers_dict_is_unchanged(start: Start) -> None:
    run = start()
    inner = {"image": medialog.Image(np.zeros((2, 2))), "list": [np.float32(1)]}
    data = {"outer": inner}

    run.log(data)

    assert {"outer": inner} == data
    assert isinstance(inner["image"], medialog.Image)
    assert isinstance(inner["list"][0], np.float32)  # type: ignore[index]


def test_before_init_and_after_finish(start: Start) -> None:
    with pytest.raises(NotInitialised):
        medialog.log({"a": 1})
    with pytest.raises(medialog.Error):
        medialog.define_metric("a")
    with pytest.raises(NotInitialised):
        medialog.summary  # noqa: B018
    assert None is active_run()

    run = start()
    assert run is active_run()
    medialog.finish()

    assert None is active_run()
    with pytest.raises(RunClosed):
        medialog.log({"a": 1})
    with pytest.raises(RunClosed):
        run.log({"a": 1})
    with pytest.raises(RunClosed):
        run.summary["a"] = 1


def test_sync_argument_is_deprecated(start: Start) -> None:
    run = start()

    with pytest.warns(DeprecationWarning, match="sync"):
        run.log({"a": 1}, sync=True)

    assert rows(run) == [(0, {"a": 1})]


def test_lossy_conversions_warn_once_per_key(start: Start) -> None:
    run = start()
    values = np.array([[0.0, 2.0]])

    with pytest.warns(medialog.DataChanged, match=r"a: .*clipped.*\[pixels\.clipped\]") as caught:
        run.log({"a": medialog.Image(values, value_range=(0, 1))})
    run.log({"a": medialog.Image(values, value_range=(0, 1))})
    with pytest.warns(medialog.DataChanged, match="b: "):
        run.log({"b": medialog.Image(values, value_range=(0, 1))})

    assert __file__ == caught[0].filename
    assert rows(run)[0][1]["a"]["changes"][1]["id"] == "pixels.clipped"


def test_strict_runs_refuse_lossy_conversions(start: Start) -> None:
    run = start(strict="error")

    with pytest.raises(InvalidInput, match=r"pixels\.clipped"):
        run.log({"a": medialog.Image([[0.0, 2.0]], value_range=(0, 1))})


def test_limits_of_the_run_hold_while_it_is_open(start: Start) -> None:
    start(limits={"histogram.bins": 600})
    assert len(medialog.Histogram([1.0], num_bins=600).histogram) == 600

    medialog.finish()

    with pytest.raises(InvalidInput, match=r"histogram\.bins"):
        medialog.Histogram([1.0], num_bins=600)


def test_images_in_a_list_above_the_limit_are_refused_and_none_is_dropped(start: Start) -> None:
    run = start(limits={"image.per_list": 3, "image.per_step_advice": 2})
    image = medialog.Image(np.zeros((2, 2)))

    with pytest.raises(InvalidInput, match=r"at most 3 Image objects.*got 4 \[image\.per_list\]"):
        run.log({"a": [image] * 4})
    with pytest.warns(Advice, match=r"image\.per_step_advice"):
        run.log({"a": [image] * 3})

    assert rows(run)[0][1]["a"]["count"] == 3


def test_foreign_objects_are_adopted(start: Start) -> None:
    from PIL import Image as PillowImage

    run = start()

    run.log({"one": PillowImage.new("RGB", (3, 2)), "list": [PillowImage.new("L", (3, 2))] * 2, "big": np.arange(33)})

    row = rows(run)[0][1]
    assert [row[key]["_type"] for key in ("one", "list", "big")] == ["image-file", "images/separated", "histogram"]


def test_a_mixed_list_names_the_odd_item(start: Start) -> None:
    run = start()
    image, histogram = medialog.Image(np.zeros((2, 2))), medialog.Histogram([1, 2])

    with pytest.raises(InvalidInput, match=r"'k'\[1\]: Image like .* got Histogram \[list\.mixed\]"):
        run.log({"k": [image, histogram]})


def test_a_list_of_histograms_is_a_plain_list(start: Start) -> None:
    run = start()

    run.log({"h": [medialog.Histogram([1, 2])] * 2, "arrays": [np.arange(40), np.arange(50)], "empty": []})

    row = rows(run)[0][1]
    assert [item["_type"] for item in row["h"]] == ["histogram"] * 2
    assert [item["_type"] for item in row["arrays"]] == ["histogram"] * 2
    assert row["empty"] == []


@pytest.mark.parametrize("options", [{}, {"commit": False}, {"step": 3}], ids=str)
def test_what_was_logged_is_not_held(start: Start, options: dict[str, Any]) -> None:
    """A summary that knows which row a value is of must not keep the sounds and pictures of that row."""
    run = start()
    sound = medialog.Audio(np.zeros(1000), sample_rate=8000)
    held = weakref.ref(sound)

    run.log({"sound": sound, "loss": 0.5}, **options)
    del sound
    gc.collect()

    assert held() is None


def test_the_same_image_in_a_thousand_steps_is_one_file(start: Start, tmp_path: Path) -> None:
    run = start()
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)

    for _ in range(1000):
        run.log({"image": medialog.Image(pixels)})

    assert len(rows(run)) == 1000
    assert len(list((tmp_path / "runs" / "run00001").glob("media/*/*"))) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)
KEYS = st.text(st.characters(categories=["L", "N"], max_codepoint=127), min_size=1, max_size=6)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=6))
def test_what_is_logged_is_what_is_read(data: list[dict[str, Any]]) -> None:
    with medialog.init(mode="memory", strict="record") as run:
        for row in data:
            run.log(row)

    read = [row for _, row in run.reader().rows()]

    assert repr(data) == repr(read)  # repr: NaN equals NaN
    assert run.reader().problems == []


def test_advice_on_keys(start: Start) -> None:
    run = start(limits={"metric.points_advice": 2})

    run.log({"train-loss": 1, "Test Accuracy": 2})
    with pytest.warns(Advice, match=r"differs from Test Accuracy only by case.*\[metric\.case\]"):
        run.log({"test accuracy": 1})
    run.log({"val/loss": 2})
    with pytest.warns(Advice, match=r"logged as number before and as text now.*\[metric\.type\]"):
        run.log({"train-loss": "high"})
    with pytest.warns(Advice, match=r"more than 2 points.*\[metric\.points_advice\]"):
        run.log({"train-loss": 3})

    run.finish()
    (path,) = Path(str(run.dir)).glob("events/*.jsonl")
    assert '"metric.name":["train-loss","Test Accuracy","test accuracy"]' in path.read_text()


def test_many_keys(start: Start) -> None:
    run = start(limits={"metric.columns_advice": 3})

    run.log({"a": 1, "b": 1, "c": 1})
    with pytest.warns(Advice, match=r"more than 3 keys.*\[metric\.columns_advice\]"):
        run.log({"d": 1})
