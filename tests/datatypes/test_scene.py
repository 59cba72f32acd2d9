from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from medialog.datatypes.files import MemorySink
from medialog.datatypes.object3d import Object3D
from medialog.datatypes.scene import box3d
from medialog.validators.errors import InvalidInput

UNIT = np.array(list(itertools.product((0.0, 1.0), repeat=3)))


def scene(*boxes: Any, **members: Any) -> Object3D:
    return Object3D({"type": "lidar/beta", "boxes": list(boxes), **members})


def stored(value: Object3D) -> dict[str, Any]:
    sink = MemorySink()
    descriptor = value.encode_into(sink)
    result: dict[str, Any] = json.loads(sink.files[descriptor["path"]])
    return result


def rules_of(*args: Any, **keywords: Any) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        box3d(*args, **keywords)
    return {violation.rule for violation in caught.value.violations}


numbers = st.floats(-1e3, 1e3)
lengths = st.floats(0.01, 100)
parts = st.floats(-1, 1).filter(lambda part: part == 0 or abs(part) > 1e-6)
quaternions = st.tuples(parts, parts, parts, parts).filter(any)


@given(st.tuples(numbers, numbers, numbers), st.tuples(lengths, lengths, lengths), quaternions, st.floats(1e-3, 1e3))
def test_box3d_turns_as_scipy_does(center: Any, size: Any, quaternion: Any, factor: float) -> None:
    box = box3d(center, size, np.array(quaternion) * factor, (255, 0, 0))

    signs = np.array(list(itertools.product((-1, 1), repeat=3)))
    rotation = Rotation.from_quat(quaternion, scalar_first=True)
    expected = rotation.apply(signs * np.array(size) / 2) + center
    np.testing.assert_allclose(expected, box["corners"], atol=1e-9)


def test_box3d_keeps_the_sign_of_a_turn() -> None:
    there = Rotation.from_euler("z", 30, degrees=True).as_quat(scalar_first=True)
    back = Rotation.from_euler("z", -30, degrees=True).as_quat(scalar_first=True)

    left, right = (np.array(box3d((0, 0, 0), (4, 2, 1), turn, (255, 0, 0))["corners"]) for turn in (there, back))

    assert not np.allclose(left, right)
    np.testing.assert_allclose(left[:, 1], -right[[2, 3, 0, 1, 6, 7, 4, 5], 1])


@given(
    st.tuples(numbers, numbers, numbers), st.tuples(lengths, lengths, lengths), quaternions, st.permutations(range(8))
)
def test_corners_in_any_order_are_a_box_with_its_edges(
    center: Any, size: Any, quaternion: Any, order: list[int]
) -> None:
    corners = np.array(box3d(center, size, quaternion, (255, 0, 0))["corners"])[order]

    (box,) = stored(scene({"corners": corners}))["boxes"]

    assert corners.tolist() == box["corners"]
    ends = np.array(box["edges"])
    assert (12, 2) == ends.shape
    found = np.sort(np.linalg.norm(corners[ends[:, 0]] - corners[ends[:, 1]], axis=1))
    np.testing.assert_allclose(np.sort(np.repeat(size, 4)), found, rtol=1e-6, atol=1e-6)


def test_a_leaning_and_a_flat_box() -> None:
    leaning = UNIT @ np.array([[1, 0, 0], [0.5, 1, 0], [0.2, 0.3, 2]])
    flat = UNIT * [3, 2, 0]

    boxes = stored(scene({"corners": leaning}, {"corners": flat}))["boxes"]

    assert [leaning.tolist(), flat.tolist()] == [box["corners"] for box in boxes]
    assert [12, 12] == [len(box["edges"]) for box in boxes]


def test_corners_rounded_to_centimetres_far_from_the_origin() -> None:
    turn = Rotation.from_euler("z", 33, degrees=True).as_quat(scalar_first=True)
    near = np.round(box3d((0, 0, 0), (0.6, 0.6, 1.7), turn, (1, 0, 0))["corners"], 2)
    far = (np.array(box3d((5e5, 5e6, 100), (4, 2, 1.5), turn, (1, 0, 0))["corners"])).astype(np.float32)

    assert 2 == len(stored(scene({"corners": near}, {"corners": far}))["boxes"])


@pytest.mark.parametrize(
    ("corners", "rule"),
    [
        (np.random.default_rng(0).random((8, 3)), "object3d.box_tolerance"),
        (np.vstack([UNIT[:7], [[1, 1, 1.2]]]), "object3d.box_tolerance"),
        (np.vstack([UNIT[:7], UNIT[:1]]), "object3d.box_tolerance"),
        (np.zeros((8, 3)), "object3d.corners"),
        (UNIT[:7], "object3d.corners"),
        (np.vstack([UNIT, UNIT[:1]]), "object3d.corners"),
        (UNIT[:, :2], "object3d.corners"),
        (np.where(UNIT == 1, np.nan, 0), "object3d.corners"),
        (np.where(UNIT == 1, 1e39, 0), "object3d.corners"),
        ("corners", "object3d.corners"),
        (None, "object3d.corners"),
    ],
)
def test_what_is_no_box(corners: Any, rule: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        scene({"corners": UNIT}, {"corners": corners})

    (violation,) = caught.value.violations
    assert rule == violation.rule
    assert violation.at.startswith("scene.boxes[1].corners")


def test_the_tolerance_is_a_limit() -> None:
    # The corner is 0.1 away: 5.8% of the unit box's diagonal.
    corners = np.vstack([UNIT[:7], [[1, 1, 1.1]]])

    with pytest.raises(InvalidInput, match=r"object3d\.box_tolerance"):
        scene({"corners": corners})
    wide = Object3D({"type": "lidar/beta", "boxes": [{"corners": corners}]}, limits={"object3d.box_tolerance": 0.06})
    assert 12 == len(stored(wide)["boxes"][0]["edges"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [((0.5, 0.5, 1), [128, 128, 255]), ((0, 1, 0), [0, 255, 0]), ((0, 0, 0), [0, 0, 0]), ((2, 0, 255), [2, 0, 255])],
)
def test_box3d_colours(given: Any, expected: list[float]) -> None:
    (box,) = stored(scene(box3d((0, 0, 0), (1, 1, 1), (1, 0, 0, 0), given)))["boxes"]

    assert expected == box["color"]


def test_a_box_of_box3d_is_a_box_of_a_scene() -> None:
    score: Any = np.float32(0.5)
    box = box3d((1, 2, 3), (2, 4, 6), (1, 0, 0, 0), (255, 0, 0), label="car", score=score)

    (kept,) = stored(scene(box))["boxes"]

    assert [[0, 0, 0], [2, 4, 6]] == [kept["corners"][0], kept["corners"][7]]
    assert ("car", 0.5, [255, 0, 0]) == (kept["label"], kept["score"], kept["color"])


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"center": (0, 0)}, "box3d.center"),
        ({"center": (0, 0, np.nan)}, "box3d.center"),
        ({"center": "here"}, "box3d.center"),
        ({"size": (1, 1, -1)}, "box3d.size"),
        ({"size": (0, 0, 0)}, "box3d.size"),
        ({"size": (1, np.inf, 1)}, "box3d.size"),
        ({"orientation": (0, 0, 0, 0)}, "box3d.orientation"),
        ({"orientation": (1, 0, 0)}, "box3d.orientation"),
        ({"orientation": (np.nan, 0, 0, 1)}, "box3d.orientation"),
        ({"color": (1, 2)}, "box3d.color"),
        ({"color": "red"}, "box3d.color"),
        ({"label": 3}, "box3d.label"),
        ({"score": "high"}, "box3d.score"),
        ({"score": np.nan}, "box3d.score"),
    ],
)
def test_box3d_names_what_is_wrong(changes: dict[str, Any], rule: str) -> None:
    right: dict[str, Any] = {"center": (0, 0, 0), "size": (1, 1, 1), "orientation": (1, 0, 0, 0), "color": (255, 0, 0)}

    assert {rule} == rules_of(**{**right, **changes})


def test_box3d_names_everything_that_is_wrong() -> None:
    assert {"box3d.center", "box3d.color", "box3d.label"} == rules_of((0,), (1, 1, 1), (1, 0, 0, 0), "red", label=3)


def test_tiny_and_huge_quaternions() -> None:
    expected = box3d((0, 0, 0), (1, 2, 3), (1, 1, 0, 0), (255, 0, 0))

    for factor in (1e-200, 1e37):
        found = box3d((0, 0, 0), (1, 2, 3), (factor, factor, 0, 0), (255, 0, 0))
        np.testing.assert_allclose(expected["corners"], found["corners"], atol=1e-12)


def test_a_thousand_boxes_of_different_places_in_one_batch_and_a_bit() -> None:
    boxes = [box3d((i, 0, 0), (1, 2, 3), (1, i, 0, 1), (255, 0, 0)) for i in range(1, 1_026)]

    assert 1_025 == len(stored(scene(*boxes))["boxes"])
