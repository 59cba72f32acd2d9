"""Differences of values, descriptors and runs: what counts as one, what does not, and how it reads."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

import medialog
from medialog.datatypes.base import DataType
from medialog.testing import (
    Difference,
    assert_same_descriptor,
    assert_same_run,
    compare_descriptors,
    compare_runs,
    memory_run,
)
from medialog.testing.differences import Tolerance, compare


def differences(left: Any, right: Any, **options: Any) -> list[str]:
    return [str(found) for found in compare(left, right, (), Tolerance(**options))]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, []),
        (math.nan, math.nan, []),
        (math.inf, math.inf, []),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, []),
        (1, 2, ["1 != 2 (off by 1)"]),
        (True, 1, ["True != 1"]),
        (1, math.nan, ["1 != nan"]),
        (math.inf, -math.inf, ["inf != -inf"]),
        (2**2000, 1.0, [f"{2**2000} != 1.0"]),
        (None, 0, ["None != 0"]),
        ("a", "b", ["'a' != 'b'"]),
        ({"a": 1}, {"b": 1}, ["a: 1 != nothing", "b: nothing != 1"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b[1]: 2 != 3 (off by 1)"]),
        ([1], [1, 2], ["1 items != 2 items"]),
        (list(range(20)), [*range(19), 0], ["[19]: 19 != 0 (1 of 20 numbers differ, here the most)"]),
        ("a\nb\nc", "a\nx\nc", ["'b' != 'x' (line 2, column 1)"]),
        ("a\n", "a\r\n", ["'a' != 'a' (line 1: another line end)"]),
        ("a\n", "a\nb", ["'' != 'b' (line 2, column 1)"]),
        (np.zeros((2, 2)), np.zeros(4), ["shape (2, 2) != shape (4,)"]),
        (np.array([1, 2]), np.array([1, 5]), ["[1]: 2 != 5 (1 of 2 numbers differ, here the most)"]),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), []),
        (np.array([0.0, 0.0]), np.array([9.0, np.nan]), ["[1]: 0.0 != nan (2 of 2 numbers differ, here the most)"]),
        (np.array(["a"]), np.array(["b"]), None),
    ],
)
def test_differences(left: Any, right: Any, expected: list[str] | None) -> None:
    found = differences(left, right)

    assert (1 == len(found)) if expected is None else (expected == found)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1), st.floats(0, 1))
def test_tolerances_are_those_of_math_isclose(number: float, rel: float, off: float) -> None:
    other = number * (1 + off)

    assert math.isclose(number, other, rel_tol=rel) == (differences(number, other, rel=rel) == [])
    arrays = np.array([number]), np.array([other])
    if math.isfinite(other):
        assert math.isclose(number, other, rel_tol=rel) == (differences(*arrays, rel=rel) == [])


def test_tolerances_are_checked() -> None:
    with pytest.raises(ValueError, match="rel: a tolerance >= 0, got -1"):
        Tolerance(rel=-1)
    with pytest.raises(ValueError, match="abs: a tolerance >= 0, got nan"):
        Tolerance(abs=math.nan)
    with pytest.raises(TypeError, match="a list of patterns, got the text 'caption'"):
        compare_descriptors({}, {}, ignore="caption")


# --- descriptors ---


def stored(value: Any) -> tuple[dict[str, Any], medialog.MemorySink]:
    sink = medialog.MemorySink()
    return value.encode_into(sink), sink


def between(left: Any, right: Any, **options: Any) -> list[str]:
    (one, first), (other, second) = stored(left), stored(right)
    return [str(found) for found in compare_descriptors(one, other, sources=(first, second), **options)]


PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def changed(pixels: np.ndarray) -> np.ndarray:
    other = pixels.copy()
    other[1, 2] += 5
    other[3, 3, 0] += 9
    return other


def as_bytes(pixels: np.ndarray, level: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "png", compress_level=level)
    return buffer.getvalue()


VALUES: dict[str, tuple[Callable[[], DataType], Callable[[], DataType], list[str]]] = {
    "pixels are counted": (
        lambda: medialog.Image(PIXELS),
        lambda: medialog.Image(changed(PIXELS)),
        ["[3, 3, 0]: 45 != 54 (2 of 16 pixels differ, here the most)"],
    ),
    "sizes": (
        lambda: medialog.Image(PIXELS),
        lambda: medialog.Image(PIXELS[:2]),
        ["shape (4, 4, 3) != shape (2, 4, 3)"],
    ),
    "captions": (
        lambda: medialog.Image(PIXELS, caption="a"),
        lambda: medialog.Image(PIXELS),
        ["caption: 'a' != nothing"],
    ),
    "masks": (
        lambda: medialog.Image(PIXELS, masks={"t": {"mask_data": np.zeros((4, 4), int)}}),
        lambda: medialog.Image(PIXELS, masks={"t": {"mask_data": np.eye(4, dtype=int)}}),
        [
            "masks.t[0, 0]: 0 != 1 (4 of 16 pixels differ, here the most)",
            "masks.t.class_labels.1: nothing != 'class_1'",
        ],
    ),
    "samples": (
        lambda: medialog.Audio(np.array([0, 1, 2], np.int16), sample_rate=8),
        lambda: medialog.Audio(np.array([0, 1, 7], np.int16), sample_rate=8),
        ["[2]: 2 != 7 (1 of 3 numbers differ, here the most)"],
    ),
    "rows": (
        lambda: medialog.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]),
        lambda: medialog.Table(columns=["a", "b"], data=[[1, "x"], [2, "z"]]),
        ["rows[1][1]: 'y' != 'z'"],
    ),
    "points": (
        lambda: medialog.Object3D(np.zeros((2, 3))),
        lambda: medialog.Object3D(np.eye(3)[:2]),
        ["[0, 0]: 0.0 != 1.0 (2 of 6 numbers differ, here the most)"],
    ),
    "texts": (
        lambda: medialog.Text("one\ntwo"),
        lambda: medialog.Text("one\ntoo"),
        ["'two' != 'too' (line 2, column 2)"],
    ),
    "tensors": (
        lambda: medialog.Tensor(np.zeros(3)),
        lambda: medialog.Tensor(np.array([0, 0, 1.0])),
        ["[2]: 0.0 != 1.0 (1 of 3 numbers differ, here the most)"],
    ),
    "kinds": (lambda: medialog.Text("x"), lambda: medialog.Histogram([1]), ["text-file != histogram"]),
}


@pytest.mark.parametrize(("left", "right", "expected"), VALUES.values(), ids=VALUES)
def test_files_are_compared_by_what_they_hold(
    left: Callable[[], DataType], right: Callable[[], DataType], expected: list[str]
) -> None:
    assert [] == between(left(), left())
    assert expected == between(left(), right())[: len(expected)]


def test_another_encoder_is_the_same_picture() -> None:
    first, second = medialog.Image(as_bytes(PIXELS, 0)), medialog.Image(as_bytes(PIXELS, 9))

    assert first.encode_into(medialog.MemorySink())["sha256"] != second.encode_into(medialog.MemorySink())["sha256"]
    assert [] == between(first, second)


def test_tolerances_hold_in_files() -> None:
    assert [] == between(medialog.Image(PIXELS), medialog.Image(changed(PIXELS)), abs=9)
    assert 1 == len(between(medialog.Image(PIXELS), medialog.Image(changed(PIXELS)), abs=8))
    table = medialog.Table(columns=["a"], data=[[1.0]]), medialog.Table(columns=["a"], data=[[1.001]])
    assert [] == between(*table, rel=0.01)
    charts = [medialog.plot.line(each, "a", "a") for each in table]
    assert [] == between(*charts, rel=0.01)
    assert "table.rows[0][0]: 1.0 != 1.001 (off by 0.001)" in between(*charts)


def test_lists_are_compared_by_their_items() -> None:
    lists = [medialog.MediaList([medialog.Image(PIXELS), medialog.Image(p)]) for p in (PIXELS, changed(PIXELS))]

    assert ["[1][3, 3, 0]: 45 != 54 (2 of 16 pixels differ, here the most)"] == between(*lists)


def test_without_sources_files_are_compared_by_hash() -> None:
    one, other = stored(medialog.Text("a"))[0], stored(medialog.Text("b"))[0]

    (found,) = compare_descriptors(one, other)
    assert Difference("sha256", one["sha256"][:12] + "...", other["sha256"][:12] + "...", "files not compared") == found
    assert [] == compare_descriptors(one, dict(one))


def test_what_is_ignored() -> None:
    left = medialog.Image(PIXELS, caption="a", masks={"t": {"mask_data": np.zeros((4, 4), int)}})
    right = medialog.Image(PIXELS, caption="b")

    assert [] == between(left, right, ignore=["caption", "masks"])
    assert 1 == len(between(left, right, ignore=["mask?"]))


def test_the_report_of_descriptors() -> None:
    left, right = stored(medialog.Histogram([1, 2]))[0], stored(medialog.Histogram([1, 3]))[0]
    assert_same_descriptor(left, left)

    with pytest.raises(AssertionError) as caught:
        assert_same_descriptor(left, right, rel=1e-3)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("the descriptors differ in ")
    assert lines[0].endswith("places (tolerance: rel=0.001):")
    assert "  max: 2 != 3 (off by 1)" in lines


# --- runs ---


def trained(steps: int = 3, off: float = 0.0, **config: Any) -> medialog.Run:
    with memory_run(config=config) as run:
        for step in range(steps):
            run.log({"loss": 1 / (step + 1) + off, "val": {"image": medialog.Image(PIXELS)}, "time": step * (1 + off)})
        run.summary["best"] = 0.5
    return run


def test_equal_runs() -> None:
    assert [] == compare_runs(trained(lr=0.1), trained(lr=0.1))
    assert_same_run(trained(), trained().reader())


def test_runs_on_disk(tmp_path: Path) -> None:
    for name, off in (("a", 0), ("b", 0), ("c", 1)):
        with medialog.init(dir=tmp_path, id=name) as run:
            run.log({"x": off})

    assert_same_run(tmp_path / "a", str(tmp_path / "b"))
    with pytest.raises(AssertionError) as caught:
        assert_same_run(tmp_path / "a", tmp_path / "c")
    assert "the runs 'a' and 'c' differ in 1 place:\n  step 0, x: 0 != 1 (off by 1)" == str(caught.value)


def test_tolerance_and_ignore() -> None:
    assert_same_run(trained(), trained(off=1e-7), rel=1e-6)
    left, right = trained(seed=1), trained(off=0.5, seed=2)

    assert [] == compare_runs(left, right, ignore=["loss", "time", "config.seed"])
    assert ["config.seed: 1 != 2 (off by 1)"] == [str(found) for found in compare_runs(left, right, ignore=["[lt]*"])]


def test_steps_config_summary_and_keys() -> None:
    left, right = trained(2, lr=0.1), trained(4, lr=0.2)
    with memory_run() as other:
        other.log({"loss": 1.0, "val": {"image": 3}, "more": medialog.Text("x")})
        other.summary["best"] = 0.6

    assert [
        "config.lr: 0.1 != 0.2 (off by 0.1)",
        "steps 2, 3 only in the second run: 2 steps != 4 steps",
        "summary, loss: 0.5 != 0.25 (off by 0.25)",
        "summary, time: 1.0 != 3.0 (off by 2)",
    ] == [str(found) for found in compare_runs(left, right)]
    assert [
        "step 1 only in the first run: 2 steps != 1 steps",
        "step 0, val.image: 'image-file' != 3",
        "step 0, time: 0.0 != nothing",
        "step 0, more: nothing != 'text-file'",
        "summary, loss: 0.5 != 1.0 (off by 0.5)",
        "summary, best: 0.5 != 0.6 (off by 0.1)",
    ] == [str(found) for found in compare_runs(trained(2), other)]


def test_long_reports_are_cut() -> None:
    left, right = trained(20), trained(20, off=1.0)

    with pytest.raises(AssertionError) as caught:
        assert_same_run(left, right)
    lines = str(caught.value).splitlines()
    assert "the runs differ in 39 places:" == lines[0]  # time is 0 in both at step 0
    assert "  step 0, loss: 1.0 != 2.0 (off by 1)" == lines[1]
    assert "  ... and 29 more" == lines[-1]
    assert 12 == len(lines)
