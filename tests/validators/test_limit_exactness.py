"""Each limit is hit exactly: the value at the limit passes, one over fails with that id.

At the input, and at the descriptor where the schema or a rule across fields names the limit. Large limits are lowered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image as Pillow

import medialog
import pictures
from medialog.datatypes.base import DataType, MediaList
from medialog.datatypes.files import MemorySink, read_input
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import BoundingBoxes2D, ImageMask
from medialog.datatypes.plain import prepare
from medialog.validators import validate
from medialog.validators.errors import Advice, InvalidInput
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules


class Hit(NamedTuple):
    """`make(n, limits)` gives something of size n; `most` is the limit it is held against, `lowered` where set."""

    id: str
    most: int
    make: Callable[[int, dict[str, Any]], Any]
    lowered: bool = False
    also: dict[str, Any] = {}
    in_descriptor: bool = True


def box(n: int) -> dict[str, Any]:
    return {"box_data": [{"position": {"middle": [0, 0], "width": 0, "height": 0}, "class_id": 0}] * n}


def grey(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


HITS = [
    Hit("caption.length", 2000, lambda n, limits: Image([[1]], caption="é" * n, limits=limits)),
    Hit(
        "caption.length",
        2000,
        lambda n, _: BoundingBoxes2D({"box_data": [{**box(1)["box_data"][0], "box_caption": "a" * n}]}),
        in_descriptor=False,
    ),
    Hit("histogram.bins", 512, lambda n, limits: Histogram([1, 2], num_bins=n, limits=limits)),
    Hit("histogram.bins", 512, lambda n, limits: Histogram(np_histogram=(np.ones(n), np.arange(n + 1)), limits=limits)),
    Hit("image.side", 65_500, lambda n, limits: Image(grey(1, n), limits=limits)),
    Hit(
        "image.side",
        65_500,
        lambda n, limits: Image(pictures.saved(Pillow.new("1", (1, n)), "PNG"), limits=limits),
    ),
    Hit("image.side", 65_500, lambda n, limits: Image(Pillow.new("L", (n, 1)), limits=limits)),
    Hit("image.side", 65_500, lambda n, limits: ImageMask({"mask_data": grey(n, 1)}, limits=limits)),
    Hit("image.side", 9, lambda n, limits: Image(grey(n, 2), limits=limits), lowered=True),
    Hit("image.pixels", 12, lambda n, limits: Image(grey(1, n), limits=limits), lowered=True),
    Hit(
        "image.pixels",
        12,
        lambda n, limits: Image(pictures.saved(Pillow.new("L", (n, 1)), "BMP"), limits=limits),
        lowered=True,
    ),
    Hit("image.frames", 3, lambda n, limits: Image(pictures.animation("GIF", n), limits=limits), lowered=True),
    Hit("image.frames", 1000, lambda n, limits: Image(pictures.gif(1, 1, n), limits=limits)),
    Hit("image.frames_pixels", 12, lambda n, limits: Image(pictures.gif(n // 3, 1, 3), limits=limits), lowered=True),
    Hit("image.per_list", 108, lambda n, _: MediaList([Image([[1]])] * n)),
    Hit("boxes.per_layer", 5, lambda n, limits: BoundingBoxes2D(box(n), limits=limits), lowered=True),
    Hit("boxes.per_layer", 5, lambda n, limits: Image([[1]], boxes={"b": box(n)}, limits=limits), lowered=True),
]
NAMES = [f"{index} {hit.id}" for index, hit in enumerate(HITS)]
STEP = {"image.frames_pixels": 3}


def descriptor_of(value: DataType | MediaList) -> Any:
    return value.encode_into(MemorySink())


@pytest.mark.parametrize("hit", HITS, ids=NAMES)
def test_at_the_limit_passes_and_one_over_fails(hit: Hit) -> None:
    limits = {hit.id: hit.most} if hit.lowered else {}
    assert hit.lowered or hit.most == LIMITS[hit.id].value

    hit.make(hit.most, limits)
    with pytest.raises(InvalidInput) as caught:
        hit.make(hit.most + STEP.get(hit.id, 1), limits)
    assert {hit.id} == {violation.rule for violation in caught.value.violations}
    assert f"{hit.most:,}" in str(caught.value)


@pytest.mark.parametrize(
    "hit",
    [hit for hit in HITS if hit.in_descriptor],
    ids=[n for n, h in zip(NAMES, HITS, strict=True) if h.in_descriptor],
)
def test_descriptors_are_held_against_the_same_number(hit: Hit) -> None:
    descriptor = descriptor_of(hit.make(hit.most, {hit.id: hit.most} if hit.lowered else {}))

    assert [] == validate(descriptor, Rules({hit.id: hit.most}))
    assert {hit.id} == {violation.rule for violation in validate(descriptor, Rules({hit.id: hit.most - 1}))}


@pytest.mark.parametrize(
    "hit",
    [hit for hit in HITS if not hit.lowered and "limits" in hit.make.__code__.co_varnames],
    ids=lambda hit: hit.id,
)
def test_a_raised_limit_lets_more_in(hit: Hit) -> None:
    hit.make(hit.most + 1, {hit.id: hit.most + 1})


# --- limits of formats and wire forms, which nobody can change ---


@pytest.mark.parametrize(
    ("id", "most", "make"),
    [
        ("image.side_jpeg", 65_500, lambda n: Image(grey(1, n), file_type="jpg", limits={"image.side": 10**6})),
        ("image.side_webp", 16_383, lambda n: Image(grey(n, 1), file_type="webp")),
        ("mask.class_id", 255, lambda n: ImageMask({"mask_data": [[n]]})),
        ("mask.class_id", 65_535, lambda n: ImageMask({"mask_data": [[n]], "bits": 16})),
        ("overlay.class_labels", 255, lambda n: ImageMask({"mask_data": [[0]], "class_labels": {n: "a"}})),
        (
            "overlay.class_labels",
            65_535,
            lambda n: ImageMask({"mask_data": [[0]], "bits": 16, "class_labels": {n: "a"}}),
        ),
        ("pixels.integer", 255, lambda n: Image([[n]])),
        ("pixels.integer", 65_535, lambda n: Image([[n]], mode="I;16")),
        (
            "box.class_id",
            2**31 - 1,
            lambda n: BoundingBoxes2D({"box_data": [{**box(1)["box_data"][0], "class_id": n}]}),
        ),
    ],
)
def test_limits_of_formats(id: str, most: int, make: Callable[[int], DataType]) -> None:
    descriptor_of(make(most))
    with pytest.raises(InvalidInput) as caught:
        make(most + 1)
    assert {id} == {violation.rule for violation in caught.value.violations}


# --- limits of plain values ---


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


PLAIN: dict[str, Callable[[int], Any]] = {
    "json.depth": nested,
    "key.length": lambda n: {"k" * n: 1},
    "list.numbers": lambda n: [1] * n,
    "array.text": lambda n: np.array(["a"] * n),
}


@pytest.mark.parametrize("id", PLAIN)
@pytest.mark.parametrize("lowered", [False, True])
def test_plain_values(id: str, lowered: bool) -> None:
    rules = Rules({id: 7} if lowered else {})
    most = rules.limit(id)

    prepare(PLAIN[id](most), "key", rules)
    with pytest.raises(InvalidInput) as caught:
        prepare(PLAIN[id](most + 1), "key", rules)
    assert {id} == {violation.rule for violation in caught.value.violations}


# --- limits that refuse nothing ---


def test_tensors_above_the_inline_limit_are_histograms() -> None:
    for rules in (Rules(), Rules({"tensor.inline": 5})):
        most = rules.limit("tensor.inline")
        assert isinstance(prepare(np.zeros(most), "key", rules), list)
        assert isinstance(prepare(np.zeros(most + 1), "key", rules), Histogram)


def test_the_default_number_of_bins() -> None:
    assert 64 == len(Histogram([1, 2]).counts)
    assert 7 == len(Histogram([1, 2], limits={"histogram.bins_default": 7}).counts)
    assert 5 == len(Histogram([1, 2], limits={"histogram.bins": 5}).counts)


def test_files_above_the_memory_limit_stay_where_they_are(tmp_path: Any) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    held, left = (read_input(tmp_path / "file", "at", Rules({"file.in_memory": most})) for most in (5, 4))

    assert held is not None
    assert left is not None
    assert (b"12345", None) == (held.data, left.data)


def test_advice_begins_one_over() -> None:
    image = Image([[1]])

    for rules, most in ((Rules(), 50), (Rules({"image.per_step_advice": 2}), 2)):
        assert [] == list(MediaList([image] * most, rules).notices())
        assert [(Advice, "image.per_step_advice")] == [
            notice[:2] for notice in MediaList([image] * (most + 1), rules).notices()
        ]


# --- nothing is forgotten ---

# Written down for types and parts that do not exist yet.
NOT_YET_ENFORCED: set[str] = set()
# Hit in the test of their own type, which gives the number and not the id.
HIT_BY_NUMBER = {"object3d.points", "table.columns_default", "table.json_rows", "video.formats", "video.fps_default"}
HIT_ABOVE = (
    {hit.id for hit in HITS}
    | set(PLAIN)
    | {
        "image.side_jpeg",
        "image.side_webp",
        "mask.class_id",
        "mask.class_id_16",
        "tensor.inline",
        "histogram.bins_default",
        "file.in_memory",
        "image.per_step_advice",
    }
)
SOURCE = "\n".join(path.read_text() for path in Path(medialog.__file__).parent.rglob("*.py") if path.stem != "limits")
OTHER_TESTS = "\n".join(
    path.read_text()
    for path in Path(__file__).parent.parent.rglob("test_*.py")
    if path.name not in ("test_limits.py", "test_limit_exactness.py")
)


@pytest.mark.parametrize("id", [id for id in LIMITS if id not in HIT_ABOVE | HIT_BY_NUMBER])
def test_every_other_limit_is_named_by_the_test_of_its_own_type(id: str) -> None:
    enforced = f'"{id}"' in SOURCE
    assert enforced == (id not in NOT_YET_ENFORCED)
    if enforced:
        assert id in OTHER_TESTS.replace("\\.", "."), f"no test hits {id}"
