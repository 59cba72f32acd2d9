"""Foreign objects are recognised by class path, and nothing else is taken for one."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from medialog.datatypes.adopt import FOREIGN, _claim_on, adopt, third_party_adopters
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.plain import prepare
from medialog.validators.errors import InvalidInput, MissingDependency
from medialog.validators.rules import Rules


@pytest.mark.parametrize("location", sorted(set(FOREIGN.values())))
def test_every_row_of_the_table_names_a_callable(location: str) -> None:
    module, _, name = location.partition(":")

    assert callable(getattr(import_module(module), name))


def test_a_pillow_image_is_an_image() -> None:
    picture = Pillow.new("RGB", (4, 3))

    assert Image(picture) == adopt(picture)


def test_subclasses_are_recognised() -> None:
    class Photo(Pillow.Image):
        """As Pillow's own file classes are."""

    photo = Photo()
    photo.im, photo._mode, photo._size = Pillow.new("L", (2, 2)).im, "L", (2, 2)

    assert isinstance(adopt(photo), Image)


class Image2:
    """An unrelated class."""


Image2.__name__ = Image2.__qualname__ = "Image"


@pytest.mark.parametrize(
    "value",
    [None, 1, "text", [], {}, object(), Image2(), Pillow.Image, Pillow, math, np.zeros(3), np],
    ids=lambda v: repr(v).partition(" at 0x")[0][:30],
)
def test_everything_else_is_not_adopted(value: Any) -> None:
    assert adopt(value) is None


def test_what_is_wrong_with_an_adopted_object_is_said() -> None:
    with pytest.raises(InvalidInput, match=r"pixels\.empty"):
        adopt(Pillow.new("RGB", (0, 3)))


class Reading:
    """A class of some library."""


class CalibratedReading(Reading):
    """Its subclass."""


READING = f"{Reading.__module__}.Reading"


def as_histogram(reading: Reading) -> Histogram:
    return Histogram([1.0])


def as_nothing(reading: Reading) -> None:
    return None


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """The entry points of the group, to fill."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: found if group == "medialog.adopters" else [])
    forget()
    yield found
    forget()


def forget() -> None:
    third_party_adopters.cache_clear()
    _claim_on.cache_clear()


def claim(path: str, function: str) -> EntryPoint:
    return EntryPoint(path, f"{__name__}:{function}", "medialog.adopters")


def test_another_package_adopts_a_class_and_its_subclasses(claims: list[EntryPoint]) -> None:
    claims.append(claim(READING, "as_histogram"))

    assert Histogram([1.0]) == adopt(Reading())
    assert Histogram([1.0]) == adopt(CalibratedReading())
    assert Histogram([1.0]) == prepare({"x": Reading()}, "", Rules())["x"]
    assert adopt(object()) is None


def test_the_nearest_base_decides(claims: list[EntryPoint]) -> None:
    class Photo(Pillow.Image):
        """Not stored as a picture: somebody knows better."""

    claims.append(claim(f"{Photo.__module__}.{Photo.__qualname__}", "as_histogram"))

    assert isinstance(adopt(Photo()), Histogram)
    assert isinstance(adopt(Pillow.new("L", (2, 2))), Image)


def test_a_class_that_two_packages_claim_names_both(claims: list[EntryPoint]) -> None:
    claims += [claim(READING, "as_histogram"), EntryPoint(READING, "other:Store", "medialog.adopters")]

    with pytest.raises(
        InvalidInput, match=r"'x': one package that stores .*\.Reading, got 2: .*histogram, other:Store"
    ) as error:
        prepare({"x": Reading()}, "", Rules())
    assert ["adopt.claim"] == [violation.rule for violation in error.value.violations]


def test_a_class_of_ours_cannot_be_taken(claims: list[EntryPoint]) -> None:
    claims.append(EntryPoint("PIL.Image.Image", "other:Store", "medialog.adopters"))

    with pytest.raises(InvalidInput, match=r"medialog.datatypes.image:Image, other:Store"):
        adopt(Pillow.new("L", (2, 2)))


def test_a_package_on_the_path_twice_claims_once(claims: list[EntryPoint]) -> None:
    claims += [claim(READING, "as_histogram"), claim(READING, "as_histogram")]

    assert isinstance(adopt(Reading()), Histogram)


def test_what_cannot_be_loaded_says_so(claims: list[EntryPoint]) -> None:
    for location in ("no_such_module:Store", f"{__name__}:no_such_name"):
        claims[:] = [EntryPoint(READING, location, "medialog.adopters")]
        forget()
        with pytest.raises(MissingDependency, match=f"Reading is stored by {location}, which cannot be loaded"):
            adopt(Reading())


def test_what_a_package_makes_is_an_object_of_medialog(claims: list[EntryPoint]) -> None:
    claims.append(claim(READING, "as_nothing"))

    with pytest.raises(InvalidInput, match=r"as_nothing, which stores .*, got NoneType") as caught:
        adopt(Reading())
    assert ["adopt.result"] == [violation.rule for violation in caught.value.violations]


def test_plain_values_and_arrays_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(group: str) -> list[EntryPoint]:
        raise AssertionError("entry points were read")

    monkeypatch.setattr(importlib.metadata, "entry_points", refuse)
    forget()
    assert [None] * 4 == [adopt(value) for value in (1, "a", np.zeros(3), np.float32(1))]
    forget()
