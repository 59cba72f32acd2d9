"""Each limit is hit exactly: the value at the limit passes, one over fails with its id, or does what it documents.

At the input, and at the descriptor that shows what is limited. Large limits are lowered. The cases stand in
`tests/limit_hits`, by area; the tests of completeness read the very lists that the tests of the hits run.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from limit_hits import documents, images, molecules, objects3d, sounds, tables, values, videos
from limit_hits.hits import InputHit, Shown, described
from medialog.datatypes.base import DataType
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import BoundingBoxes2D, ImageMask
from medialog.validators.descriptors import schema_of
from medialog.validators.errors import InvalidInput
from medialog.validators.limits import LIMITS
from medialog.wire import kinds, schemas

AREAS = (documents, images, molecules, objects3d, sounds, tables, values, videos)
INPUT: list[InputHit] = [hit for area in AREAS for hit in area.INPUT]
DESCRIPTOR: list[Shown] = [hit for area in AREAS for hit in area.DESCRIPTOR]
# Limits that no descriptor breaks, each with the reason.
NOT_SHOWN: dict[str, str] = {id: why for area in AREAS for id, why in area.NOT_SHOWN.items()}


@pytest.mark.parametrize("hit", INPUT, ids=[f"{index} {hit.id}" for index, hit in enumerate(INPUT)])
def test_input(hit: InputHit) -> None:
    hit.check_numbers()
    hit.prove()


@pytest.mark.parametrize("hit", DESCRIPTOR, ids=[f"{index} {hit.id}" for index, hit in enumerate(DESCRIPTOR)])
def test_descriptor(hit: Shown) -> None:
    hit.prove()


# --- nothing is forgotten ---


def test_every_limit_is_hit_at_the_input() -> None:
    assert set(LIMITS) == {hit.id for hit in INPUT}


def test_every_limit_is_hit_at_the_descriptor_or_is_not_shown_there() -> None:
    shown = {hit.id for hit in DESCRIPTOR}

    assert set(LIMITS) - shown == set(NOT_SHOWN)
    assert shown <= set(LIMITS)
    assert all(len(why) > 20 for why in NOT_SHOWN.values())


def test_no_schema_names_a_limit_that_is_said_not_to_be_shown() -> None:
    named = {limit for kind in kinds.KINDS for _, limit in schemas.limit_places(schema_of(kind))}

    assert "caption.length" in named
    assert set() == named & set(NOT_SHOWN)


# The ends of a range, and sets of words; a tuple that is a default is one value.
SEVERAL = {limit.id: set(limit.value) for limit in LIMITS.values() if isinstance(limit.value, tuple) and limit.over}


@pytest.mark.parametrize("id", SEVERAL)
def test_both_ends_and_every_word_are_hit(id: str) -> None:
    assert SEVERAL[id] <= {hit.last for hit in INPUT if hit.id == id}
    if id not in NOT_SHOWN:
        assert SEVERAL[id] == {hit.at for hit in DESCRIPTOR if hit.id == id}


def test_a_limit_that_cannot_be_set_is_hit_at_its_own_number() -> None:
    lowered = {hit.id for hit in INPUT if hit.lowered is not None}

    assert set() == {id for id in lowered if not LIMITS[id].settable}


# --- numbers of formats and wire forms that are no limits ---


@pytest.mark.parametrize(
    ("id", "most", "make"),
    [
        ("overlay.class_labels", 255, lambda n: ImageMask({"mask_data": [[0]], "class_labels": {n: "a"}})),
        (
            "overlay.class_labels",
            65_535,
            lambda n: ImageMask({"mask_data": [[0]], "bits": 16, "class_labels": {n: "a"}}),
        ),
        ("pixels.integer", 255, lambda n: Image([[n]])),
        ("pixels.integer", 65_535, lambda n: Image([[n]], mode="I;16")),
        ("box.class_id", 2**31 - 1, lambda n: BoundingBoxes2D(images.boxes(1, class_id=n))),
    ],
)
def test_numbers_of_formats(id: str, most: int, make: Callable[[int], DataType]) -> None:
    described(make(most))
    with pytest.raises(InvalidInput) as caught:
        make(most + 1)
    assert {id} == {violation.rule for violation in caught.value.violations}
