"""Foreign objects are recognised by class path, and nothing else is taken for one."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from medialog.datatypes.adopt import FOREIGN, adopt
from medialog.datatypes.image import Image
from medialog.validators.errors import InvalidInput


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
