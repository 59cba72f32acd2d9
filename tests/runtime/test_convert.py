from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from medialog.validators.errors import InvalidInput, InvalidName, WrongType


def test_a_value_becomes_files_and_a_descriptor(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    descriptor = medialog.convert(medialog.Image(pixels, caption="c"), tmp_path / "out", name="picture")

    assert descriptor == json.loads((tmp_path / "out" / "picture.medialog.json").read_text())
    assert (tmp_path / "out" / descriptor["path"]).stat().st_size == descriptor["size"]
    assert [] == medialog.validate(descriptor)
    np.testing.assert_array_equal(pixels, medialog.load(descriptor, tmp_path / "out").to_numpy())
    assert not list((tmp_path / "out" / "tmp").iterdir())


def test_the_directory_can_be_moved(tmp_path: Path) -> None:
    descriptor = medialog.convert([medialog.Image(np.eye(2)), medialog.Image(np.eye(3))], tmp_path / "out")
    shutil.move(tmp_path / "out", tmp_path / "elsewhere")

    images = medialog.load(descriptor, tmp_path / "elsewhere")

    assert [(2, 2), (3, 3)] == [image.to_numpy().shape for image in images]


def test_without_a_name_the_content_names_it(tmp_path: Path) -> None:
    for _ in range(2):
        medialog.convert(np.arange(100), tmp_path)
    medialog.convert(np.arange(101), tmp_path)

    assert 2 == len(list(tmp_path.glob("*.medialog.json")))


@pytest.mark.parametrize("value", [1, "text", [1, 2], {"a": 1}, np.zeros(3), None, [], [medialog.Image([[0]]), 1]])
def test_values_without_a_descriptor(tmp_path: Path, value: Any) -> None:
    with pytest.raises(InvalidInput):
        medialog.convert(value, tmp_path / "out")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".x"])
def test_bad_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        medialog.convert(medialog.Histogram([1]), tmp_path, name=name)


def test_losses_are_said_once(tmp_path: Path) -> None:
    with pytest.warns(medialog.DataChanged, match=r"pixels\.clipped") as caught:
        medialog.convert(medialog.Image([[0.0, 5.0]], value_range=(0, 1)), tmp_path)

    assert [__file__] == [warning.filename for warning in caught]


def test_unknown_object(tmp_path: Path) -> None:
    with pytest.raises(WrongType, match=r"value: .*object.*\[value\.type\]"):
        medialog.convert(object(), tmp_path)


def test_load_refuses_what_is_no_descriptor(tmp_path: Path) -> None:
    with pytest.raises(medialog.UnknownKind, match=r"known kinds: .*image-file"):
        medialog.load({"_type": "hologram"}, tmp_path)
    with pytest.raises(medialog.InvalidDescriptor):
        medialog.load({"path": "x"}, tmp_path)
    with pytest.raises(medialog.InvalidDescriptor):
        medialog.load({"_type": "image-file"}, tmp_path)
    path = "media/aa/" + "a" * 64 + ".png"
    whole = {"_type": "image-file", "path": path, "sha256": "a" * 64, "size": 3, "format": "png"}
    whole |= {"width": 1, "height": 1, "mode": "L", "lossless": True}
    with pytest.raises(medialog.DamagedFile):
        medialog.load(whole, tmp_path)
    with pytest.raises(medialog.InvalidDescriptor, match=r"\$\.path"):
        medialog.load({**whole, "path": "../../etc/passwd"}, tmp_path)
