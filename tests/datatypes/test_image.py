"""Images: what is stored, read back by Pillow, against computations of numpy; and every input that is refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import threading
import warnings
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from PIL import ImageCms

import pictures
from foreign import DlpackArray, EagerTensor, JaxArray, Parameter, Tensor
from laws import TypeLaws, call
from medialog.datatypes.base import MediaList, decode
from medialog.datatypes.files import DirectorySink, MemorySink
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import BoundingBoxes2D, Classes, ImageMask
from medialog.datatypes.pillow_modes import HELD_MODES
from medialog.validators import validate
from medialog.validators.errors import Advice, DamagedFile, DataChanged, InvalidInput, WrongType
from medialog.validators.rules import Rules

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
RGB = np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7
RGBA = np.arange(48, dtype=np.uint8).reshape(3, 4, 4) * 5
SIXTEEN = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
MASK: dict[str, Any] = {"mask_data": np.arange(12).reshape(3, 4), "class_labels": {1: "one", 2: "two"}}
BOX: dict[str, Any] = {
    "position": {"minX": 0.1, "maxX": 0.9, "minY": 0.2, "maxY": 0.8},
    "class_id": 2,
    "scores": {"p": 0.5},
}
TYPES = ("png", "jpg", "jpeg", "bmp", "webp")


def grey() -> np.ndarray:
    return GREY.copy()


def masks() -> dict[str, Any]:
    return {
        "truth": {"mask_data": MASK["mask_data"].copy(), "class_labels": {1: "one"}},
        "x-ray": {"mask_data": grey()},
    }


def boxes() -> dict[str, Any]:
    return {"found": {"box_data": [json.loads(json.dumps(BOX))], "class_labels": {2: "cat"}}}


class TestImage(TypeLaws):
    type = Image
    valid = {
        "grey": lambda: call(grey()),
        "one pixel": lambda: call([[7]]),
        "H x W x 1": lambda: call(grey()[:, :, None]),
        "RGB": lambda: call(RGB.copy()),
        "RGBA": lambda: call(RGBA.copy()),
        "booleans": lambda: call(GREY > 100),
        "int64": lambda: call(GREY.astype(np.int64)),
        "unit floats": lambda: call(GREY / 255),
        "signed floats": lambda: call((RGB / 127.5 - 1).astype(np.float32)),
        "floats to 255": lambda: call(GREY + 0.25),
        "half precision": lambda: call((GREY / 255).astype(np.float16)),
        "16 bits": lambda: call(SIXTEEN.copy(), mode="I;16"),
        "value range": lambda: call(SIXTEEN.copy(), value_range=(0, 55_000)),
        "clipped": lambda: call(GREY / 10, value_range=(3, 9), strict="record"),
        "not normalized": lambda: call(GREY / 255, normalize=False),
        "every argument": lambda: call(
            RGB.copy(),
            mode="RGB",
            caption="a cat",
            grouping=3,
            classes=[{"id": 1, "name": "cat"}, {"id": 5, "name": "dog"}],
            boxes=boxes(),
            masks=masks(),
            file_type="png",
        ),
        "caption of many scripts": lambda: call(grey(), caption="猫 <b>&amp;</b> \n\t🐈"),
        "empty layers": lambda: call(grey(), masks={}, boxes={}),
        "16-bit mask": lambda: call(grey(), masks={"m": {"mask_data": SIXTEEN.copy(), "bits": 16}}),
        "overhanging box": lambda: call(
            grey(), boxes={"b": {"box_data": [{**BOX, "position": {"middle": [0, 0], "width": 1, "height": 1}}]}}
        ),
        "layers as objects": lambda: call(
            grey(), masks={"m": ImageMask(MASK)}, boxes={"b": BoundingBoxes2D({"box_data": [BOX]})}, classes=Classes([])
        ),
        "an image": lambda: call(Image(RGB, caption="first", masks={"m": MASK})),
        "an image as jpeg": lambda: call(Image(RGB, masks={"m": MASK}), file_type="jpg", quality=70),
        "tensor": lambda: call(Tensor(RGB.transpose(2, 0, 1))),
        "gif file": lambda: call(pictures.animation("GIF", 3)),
        **{f"Pillow {mode}": partial(lambda mode: call(pictures.picture(mode)), mode) for mode in pictures.MODES},
        **{f"Pillow {mode}": partial(lambda mode: call(pictures.picture(mode)), mode) for mode in pictures.TRANSPARENT},
        **{f"as {kind}": partial(lambda kind: call(RGB.copy(), file_type=kind), kind) for kind in TYPES},
        **{f"a file of {name}": partial(lambda data: call(io.BytesIO(data)), data) for name, data in pictures.files()},
        "lossy webp": lambda: call(RGB.copy(), file_type="webp", quality=50),
        **{
            f"mode {mode}": partial(lambda mode: call(RGB.copy(), mode=mode), mode)
            for mode in HELD_MODES["png"]
            if mode != "I;16"
        },
    }
    invalid = {
        "nothing": (lambda: call(None), {"array.kind"}),
        "an object": (lambda: call(object()), {"array.kind"}),
        "a number": (lambda: call(5), {"array.kind"}),
        "1-D": (lambda: call(np.zeros(4, np.uint8)), {"image.shape"}),
        "0-D": (lambda: call(np.uint8(3)), {"image.shape"}),
        "4-D": (lambda: call(np.zeros((2, 3, 4, 3), np.uint8)), {"image.shape"}),
        "two channels": (lambda: call(np.zeros((3, 4, 2), np.uint8)), {"image.shape"}),
        "five channels": (lambda: call(np.zeros((3, 4, 5), np.uint8)), {"image.shape"}),
        "C x H x W": (lambda: call(np.zeros((3, 8, 8), np.uint8)), {"image.shape"}),
        "tensor H x W x C": (lambda: call(Tensor(np.zeros((8, 8, 3), np.uint8))), {"image.shape"}),
        "tensor batch": (lambda: call(Tensor(np.zeros((2, 3, 8, 8), np.uint8))), {"image.shape"}),
        "no rows": (lambda: call(np.zeros((0, 4), np.uint8)), {"pixels.empty"}),
        "no rows of floats": (lambda: call(np.zeros((0, 4))), {"pixels.empty"}),
        "no rows of 16 bits": (lambda: call(np.zeros((0, 4), np.uint16), mode="I;16"), {"pixels.empty"}),
        "an empty Pillow image": (lambda: call(Pillow.new("RGB", (0, 5))), {"pixels.empty"}),
        "text": (lambda: call([["a"]]), {"array.dtype"}),
        "objects": (lambda: call(np.array([[None]])), {"array.dtype"}),
        "complex": (lambda: call(np.array([[1j]])), {"array.dtype"}),
        "ragged": (lambda: call([[1, 2], [3]]), {"array.ragged"}),
        "masked": (lambda: call(np.ma.array([[1, 2]], mask=[[False, True]])), {"array.masked"}),
        "NaN": (lambda: call([[0.5, np.nan]]), {"pixels.finite"}),
        "infinity": (lambda: call([[0.5, np.inf]]), {"pixels.finite"}),
        "above one": (lambda: call([[0.5, 1.5]]), {"pixels.float"}),
        "above 255": (lambda: call([[0.5, 255.5]]), {"pixels.float"}),
        "below -1": (lambda: call([[-1.1, 0.5]]), {"pixels.float"}),
        "300": (lambda: call([[300]]), {"pixels.integer"}),
        "-1": (lambda: call([[-1]]), {"pixels.integer"}),
        "65,536 in 16 bits": (lambda: call([[65_536]], mode="I;16"), {"pixels.integer"}),
        "not 0..255": (lambda: call([[256.0]], normalize=False), {"pixels.normalize"}),
        "range of nothing": (lambda: call([[1.0]], value_range=(1, 1)), {"pixels.value_range"}),
        "unknown mode": (lambda: call(grey(), mode="CMYK"), {"image.mode"}),
        "16 bits of colours": (lambda: call(RGB.copy(), mode="I;16"), {"image.mode"}),
        "16 bits of floats": (lambda: call([[0.5]], mode="I;16"), {"image.mode"}),
        "alpha in a jpeg": (lambda: call(RGBA.copy(), mode="RGBA", file_type="jpg"), {"image.mode"}),
        "unknown type": (lambda: call(grey(), file_type="tiff"), {"image.file_type"}),
        "type in capitals": (lambda: call(grey(), file_type="PNG"), {"image.file_type"}),
        "written gif": (lambda: call(grey(), file_type="gif"), {"image.file_type"}),
        "quality 0": (lambda: call(grey(), file_type="jpg", quality=0), {"image.quality"}),
        "quality 101": (lambda: call(grey(), file_type="jpg", quality=101), {"image.quality"}),
        "true quality": (lambda: call(grey(), file_type="jpg", quality=True), {"image.quality"}),
        "quality of a png": (lambda: call(grey(), quality=90), {"image.quality"}),
        "many at once": (
            lambda: call(grey(), mode="X", file_type="Y", grouping=0.5, quality="high"),
            {"image.mode", "image.file_type", "image.grouping", "image.quality"},
        ),
        "half a grouping": (lambda: call(grey(), grouping=1.5), {"image.grouping"}),
        "true grouping": (lambda: call(grey(), grouping=True), {"image.grouping"}),
        "caption of bytes": (lambda: call(grey(), caption=b"a"), {"caption.text"}),
        "caption with NUL": (lambda: call(grey(), caption="a\0"), {"caption.text"}),
        "caption with half a character": (lambda: call(grey(), caption="\ud800"), {"caption.text"}),
        "caption of 2,001": (lambda: call(grey(), caption="a" * 2001), {"caption.length"}),
        "file with a type": (
            lambda: call(pictures.saved(pictures.picture("RGB"), "PNG"), file_type="jpg"),
            {"image.file_options"},
        ),
        "file with a mode": (
            lambda: call(pictures.saved(pictures.picture("RGB"), "PNG"), mode="L"),
            {"image.file_options"},
        ),
        "file with a range": (
            lambda: call(pictures.saved(pictures.picture("RGB"), "PNG"), value_range=(0, 1)),
            {"image.file_options"},
        ),
        "8-bit Pillow with a range": (lambda: call(pictures.picture("L"), value_range=(0, 9)), {"image.file_options"}),
        "an image with a range": (lambda: call(Image(GREY), value_range=(0, 9)), {"image.file_options"}),
        "Pillow 16 bits as jpeg": (lambda: call(pictures.picture("I;16"), file_type="jpg"), {"image.file_type"}),
        "Pillow 16 bits, other order, as webp": (
            lambda: call(pictures.picture("I;16B"), file_type="webp"),
            {"image.file_type"},
        ),
        "Pillow 16 bits as 8": (lambda: call(pictures.picture("I;16"), mode="L"), {"pixels.integer"}),
        "Pillow 16 bits as colours": (lambda: call(pictures.picture("I;16B"), mode="RGB"), {"pixels.integer"}),
        "a URL": (lambda: call("https://example.org/a.png"), {"file.url"}),
        "a list of layers": (lambda: call(grey(), masks=[MASK]), {"image.layers"}),
        "a layer of no name": (lambda: call(grey(), masks={1: MASK}), {"image.layers"}),
        "B1 mask of another size": (
            lambda: call(grey(), masks={"m": {"mask_data": np.zeros((4, 3), int)}}),
            {"mask.size"},
        ),
        "B1 mask object of another size": (
            lambda: call(grey(), masks={"m": ImageMask({"mask_data": np.zeros((4, 3), int)})}),
            {"mask.size"},
        ),
        "B15 box of NaN": (
            lambda: call(grey(), boxes={"b": {"box_data": [{**BOX, "position": {**BOX["position"], "minX": np.nan}}]}}),
            {"box.position"},
        ),
        "classes of text": (lambda: call(grey(), classes="cat"), {"classes.entry"}),
        "lossy when strict": (lambda: call(RGBA.copy(), file_type="jpg", strict="error"), {"image.alpha"}),
        "clipped when strict": (lambda: call([[9]], value_range=(0, 1), strict="error"), {"pixels.clipped"}),
        "unknown limit": (lambda: call(grey(), limits={"image.colour": 1}), {"rules.limits"}),
        "fixed limit": (lambda: call(grey(), limits={"image.side_jpeg": 1}), {"rules.limits"}),
        "unknown strictness": (lambda: call(grey(), strict="ignore"), {"rules.strict"}),
    }
    spellings = {
        "grey": [
            lambda: call(grey()),
            lambda: call(GREY.tolist()),
            lambda: call(tuple(map(tuple, GREY.tolist()))),
            lambda: call(grey()[:, :, None]),
            lambda: call(np.asfortranarray(GREY)),
            lambda: call(np.repeat(GREY, 2, axis=1)[:, ::2]),
            lambda: call(GREY[::-1][::-1]),
            lambda: call(GREY.astype(">i4")),
            lambda: call(GREY.astype(np.uint64)),
            lambda: call(Tensor(GREY)),
            lambda: call(Tensor(GREY[None])),
            lambda: call(Tensor(GREY, device="cuda:0")),
            lambda: call(EagerTensor(GREY)),
            lambda: call(JaxArray(GREY)),
            lambda: call(DlpackArray(GREY)),
            lambda: call(Pillow.fromarray(GREY)),
            lambda: call(Pillow.fromarray(GREY.astype(np.int32))),
            lambda: call(Image(GREY)),
            lambda: call(GREY, file_type="png", mode="L"),
        ],
        "RGB": [
            lambda: call(RGB.copy()),
            lambda: call(RGB.tolist()),
            lambda: call(Tensor(RGB.transpose(2, 0, 1))),
            lambda: call(Pillow.fromarray(RGB)),
        ],
        "floats": [
            lambda: call((GREY / 255).astype(np.float32)),
            lambda: call((GREY / 255).astype(">f4")),
            lambda: call(Tensor((GREY / 255).astype(np.float32), requires_grad=True)),
            lambda: call(Parameter((GREY / 255).astype(np.float32))),
            lambda: call(Tensor((GREY / 255).astype(np.float32), "bfloat16")),
            lambda: call(Pillow.fromarray((GREY / 255).astype(np.float32))),
        ],
        "16 bits": [
            lambda: call(SIXTEEN.copy(), mode="I;16"),
            lambda: call(SIXTEEN.astype(">u2"), mode="I;16"),
            lambda: call(SIXTEEN.astype(np.int32).tolist(), mode="I;16"),
            lambda: call(Pillow.fromarray(SIXTEEN)),
            lambda: call(Pillow.fromarray(SIXTEEN), mode="I;16"),
            lambda: call(Pillow.fromarray(SIXTEEN.astype(np.int32)), mode="I;16"),
        ],
        "jpeg": [
            lambda: call(RGB.copy(), file_type="jpg"),
            lambda: call(RGB.copy(), file_type="jpeg"),
            lambda: call(RGB.copy(), file_type="jpg", quality=90),
            lambda: call(RGB.copy(), file_type="jpg", quality=np.int64(90)),
        ],
        "layers": [
            lambda: call(grey(), masks={"m": dict(MASK)}, boxes={"b": {"box_data": [dict(BOX)]}}),
            lambda: call(grey(), masks={"m": ImageMask(MASK)}, boxes={"b": BoundingBoxes2D({"box_data": [BOX]})}),
        ],
        "classes": [
            lambda: call(grey(), classes=[{"id": 2, "name": "b"}, {"id": 1, "name": "a"}]),
            lambda: call(grey(), classes=Classes([{"id": np.int64(1), "name": "a"}, {"id": 2, "name": "b"}])),
        ],
    }


def stored(image: Image) -> Any:
    """Return the picture that Pillow reads from the stored file."""
    sink = MemorySink()
    descriptor = image.encode_into(sink)
    read = Pillow.open(io.BytesIO(sink.files[descriptor["path"]]))
    read.load()
    if (descriptor["format"], descriptor["mode"], read.mode) == ("webp", "RGBA", "RGB"):
        read, format = read.convert("RGBA"), read.format  # type: ignore[assignment]  # WebP leaves out an alpha that is opaque everywhere
        read.format = format
    assert (descriptor["mode"], descriptor["width"], descriptor["height"]) == (read.mode, *read.size)
    assert descriptor["format"].upper() == read.format
    return read


def changes(image: Image) -> list[str]:
    return [change.id for change in image.changes]


# --- pixel truth ---


@settings(max_examples=60)
@given(st.data(), st.sampled_from([(), (1,), (3,), (4,)]))
def test_the_file_holds_the_very_pixels(data: st.DataObject, channels: tuple[int, ...]) -> None:
    shape = (*data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9))), *channels)
    pixels = data.draw(hnp.arrays(np.uint8, shape))
    image = Image(pixels)

    read = stored(image)

    expected = pixels[:, :, 0] if channels == (1,) else pixels
    np.testing.assert_array_equal(expected, np.asarray(read))
    np.testing.assert_array_equal(expected, image.to_numpy())
    assert {(): "L", (1,): "L", (3,): "RGB", (4,): "RGBA"}[channels] == read.mode
    assert image.lossless
    assert not image.changes


@settings(max_examples=40)
@given(st.data())
def test_tensors_have_their_channels_first(data: st.DataObject) -> None:
    shape = (data.draw(st.sampled_from([1, 3, 4])), *data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7))))
    values = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32)))

    read = np.asarray(stored(Image(Tensor(values, requires_grad=True))))

    expected = np.rint(values * np.float32(255)).astype(np.uint8).transpose(1, 2, 0)
    np.testing.assert_array_equal(expected[:, :, 0] if shape[0] == 1 else expected, read)


@settings(max_examples=40)
@given(hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7)))
def test_sixteen_bits_stay_sixteen_bits(values: np.ndarray) -> None:
    image = Image(values, mode="I;16")

    read = stored(image)

    assert "I;16" == read.mode
    np.testing.assert_array_equal(values, np.asarray(read))
    np.testing.assert_array_equal(values, image.to_numpy())
    assert image.lossless


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", ">u2", ">i8"])
def test_other_integers_are_kept(dtype: str) -> None:
    values = np.array([[0, 1], [126, 127]], dtype)

    assert values.tolist() == np.asarray(stored(Image(values))).tolist()


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_pillow_reads_the_png_as_given(bits: int) -> None:
    given_picture = {1: pictures.picture("1"), 8: pictures.picture("RGBA"), 16: pictures.picture("I;16")}[bits]

    read = stored(Image(given_picture))

    assert given_picture.mode == read.mode
    assert given_picture.tobytes() == read.tobytes()


def test_golden_bytes_of_a_small_png() -> None:
    sink = MemorySink()
    descriptor = Image([[0, 128], [255, 7]], caption="four pixels").encode(sink)

    read = Pillow.open(io.BytesIO(sink.files[descriptor["path"]]))
    assert [[0, 128], [255, 7]] == np.asarray(read).tolist()
    chunks = [b"IHDR", b"IDAT", b"IEND"]  # no colour, no time, no software: nothing but the pixels
    content = sink.files[descriptor["path"]]
    assert [content.count(name) for name in chunks] == [1, 1, 1]
    assert len(content) == 8 + 25 + (12 + content.index(b"IEND") - 4 - content.index(b"IDAT") - 4 - 4) + 12
    digest = hashlib.sha256(content).hexdigest()
    assert {
        "_type": "image-file",
        "path": f"media/{digest[:2]}/{digest}.png",
        "sha256": digest,
        "size": len(content),
        "format": "png",
        "width": 2,
        "height": 2,
        "mode": "L",
        "lossless": True,
        "caption": "four pixels",
    } == descriptor


# --- Pillow's modes in every format ---


@pytest.mark.parametrize("kind", [None, *TYPES[1:]])
@pytest.mark.parametrize("mode", [*pictures.MODES, *pictures.TRANSPARENT])
def test_every_mode_in_every_format(mode: str, kind: str | None) -> None:
    source = pictures.picture(mode)
    if mode.startswith("I;16") and kind is not None:
        with pytest.raises(InvalidInput, match=r"image\.file_type"):
            Image(source, file_type=kind)
        return
    image = Image(source, file_type=kind, strict="record")

    read = stored(image)

    assert (5, 6) == read.size
    holds_alpha = kind in (None, "webp")
    assert source.has_transparency_data == (
        "image.alpha" in changes(image) or (holds_alpha and read.has_transparency_data)
    )
    if kind in ("jpg", "jpeg"):
        assert not image.lossless
        assert "image.jpeg" in changes(image)
    elif image.lossless:
        assert_same_pixels(source, read)
    else:
        assert {"image.converted", "image.alpha", "pixels.unit"} & set(changes(image))
    for change in image.changes:
        assert change.lossy == (change.id == "image.alpha")


def assert_same_pixels(source: Any, read: Any) -> None:
    """Compare as RGBA, or as numbers where a mode has more than 8 bits."""
    if source.mode in ("I", "F") or source.mode.startswith("I;16"):
        np.testing.assert_array_equal(
            np.asarray(source).astype(int), np.asarray(read.convert("L") if read.mode == "RGB" else read)
        )
    else:
        # Pillow converts PA by way of its palette only, and 1 with a transparent colour by way of L.
        np.testing.assert_array_equal(np.asarray(source.convert("RGBA")), np.asarray(read.convert("RGBA")))


def test_colour_models_become_rgb_as_pillow_converts_them() -> None:
    for mode in ("CMYK", "YCbCr", "HSV", "RGBX"):
        source = pictures.picture(mode)
        np.testing.assert_array_equal(np.asarray(source.convert("RGB")), np.asarray(stored(Image(source))))


def test_lab_becomes_srgb_again() -> None:
    original = np.asarray(pictures.picture("RGB")).astype(int)

    read = stored(Image(pictures.picture("LAB")))

    assert np.abs(original - np.asarray(read)).max() <= 16  # 8-bit LAB is coarse
    assert "icc_profile" not in read.info


def test_premultiplied_alpha_is_divided_out() -> None:
    source = pictures.picture("RGBa")

    assert "RGBA" == stored(Image(source)).mode
    np.testing.assert_array_equal(np.asarray(source.convert("RGBA")), np.asarray(stored(Image(source))))


@pytest.mark.parametrize("kind", [None, "jpg", "webp"])
def test_a_colour_profile_of_the_stored_colours_is_kept(kind: str | None) -> None:
    source = pictures.picture("RGB")
    source.info["icc_profile"] = profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert profile == stored(Image(source, file_type=kind)).info["icc_profile"]


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "bmp"), ("CMYK", "png"), ("CMYK", "jpg")])
def test_a_colour_profile_that_cannot_be_kept_is_named(mode: str, kind: str) -> None:
    source = pictures.picture(mode)
    source.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image(source, file_type=kind, strict="record")

    assert "image.profile" in changes(image)
    assert "icc_profile" not in stored(image).info
    assert "icc_profile" in source.info


def test_what_a_camera_attached_is_not_stored() -> None:
    source = pictures.picture("RGB")
    source.info.update(comment="secret place", dpi=(1, 1), exif=b"Exif\0\0secret")

    assert not {"comment", "dpi", "exif"} & set(stored(Image(source)).info)


@pytest.mark.parametrize("mode", [mode for mode in HELD_MODES["png"] if mode != "I;16"])
@pytest.mark.parametrize("source", ["L", "P", "RGB", "RGBA", "CMYK"])
def test_mode_asks_for_pillows_mode(source: str, mode: str) -> None:
    image = Image(pictures.picture(source), mode=mode)

    assert mode == stored(image).mode
    assert changes(image) == ([] if source == mode else ["image.mode"])


@pytest.mark.parametrize(("kind", "held"), list(HELD_MODES.items()))
def test_a_mode_that_the_format_cannot_hold_is_refused(kind: str, held: tuple[str, ...]) -> None:
    for mode in set(HELD_MODES["png"]) - set(held):
        with pytest.raises(InvalidInput, match=r"image\.mode"):
            Image(GREY, mode=mode, file_type=kind)


def test_jpeg_quality_is_pillows() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)

    for quality, options in ((None, {"quality": 90}), (10, {"quality": 10}), (100, {"quality": 100})):
        expected = Pillow.open(io.BytesIO(pictures.saved(Pillow.fromarray(photo), "JPEG", **options)))
        image = Image(photo, file_type="jpg", quality=quality)
        assert expected.tobytes() == stored(image).tobytes()
        assert f"stored as JPEG of quality {quality or 90}" == image.changes[0].detail
        assert not image.lossless


def test_webp_is_exact_without_quality() -> None:
    transparent = RGBA.copy()
    transparent[..., 3] = 0

    assert transparent.tolist() == np.asarray(stored(Image(transparent, file_type="webp"))).tolist()
    assert Image(transparent, file_type="webp").lossless
    lossy = Image(RGBA, file_type="webp", quality=20)
    assert not lossy.lossless
    assert ["image.webp"] == changes(lossy)


def test_an_opaque_alpha_survives_webp() -> None:
    opaque = RGBA.copy()
    opaque[..., 3] = 255
    image = Image(opaque, file_type="webp")
    image.encode(MemorySink())

    assert ("RGBA", opaque.tolist()) == (image.to_pil().mode, image.to_numpy().tolist())


def test_alpha_is_dropped_with_a_warning() -> None:
    image = Image(RGBA, file_type="jpg")

    with pytest.warns(DataChanged, match=r"image\.alpha"):
        image.encode(MemorySink())
    image.encode(MemorySink())  # warned of once: a second warning would be an error here


def test_strict_record_warns_of_nothing() -> None:
    Image(RGBA, file_type="jpg", strict="record").encode(MemorySink())


# --- files ---


@pytest.mark.parametrize(("suffix", "content"), list(pictures.files()), ids=[name for name, _ in pictures.files()])
def test_files_are_stored_byte_for_byte(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"a picture.{suffix}"
    path.write_bytes(content)
    text = path.open("r", errors="surrogateescape")
    half_read = io.BytesIO(b"before" + content)
    half_read.seek(6)
    with path.open("rb") as binary, path.open("rb", buffering=0) as raw, text:
        given_forms = [str(path), path, content, bytearray(content),
                       memoryview(content), io.BytesIO(content), half_read, binary, raw, text]  # fmt: skip
        for form in given_forms:
            sink = MemorySink()
            descriptor = Image(form).encode(sink)
            assert [content] == list(sink.files.values())
            assert descriptor["path"].endswith(f".{suffix}")
            assert descriptor["lossless"]
            assert "changes" not in descriptor
        assert not any(file.closed for file in (binary, raw, text, half_read))


@pytest.mark.parametrize(("format", "name"), [("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp")])
def test_animated_files_say_how_many_frames(format: str, name: str) -> None:
    descriptor = Image(pictures.animation(format, 5)).encode(MemorySink())

    assert (5, name) == (descriptor["frames"], descriptor["format"])


def test_a_jpeg_with_more_exposures_is_one_picture() -> None:
    several = pictures.saved(
        Pillow.new("RGB", (40, 40)), "MPO", save_all=True, append_images=[Pillow.new("RGB", (40, 40), "red")]
    )

    assert "frames" not in Image(several).encode(MemorySink())


def test_one_frame_of_an_animated_pillow_image_is_named() -> None:
    opened = Pillow.open(io.BytesIO(pictures.animation("GIF", 3)))
    opened.seek(2)
    image = Image(opened, strict="record")

    assert ["image.frame"] == [change.id for change in image.changes if change.lossy]
    assert (4, 4) == stored(image).size
    assert 2 == opened.tell()
    assert "image.frame" in changes(Image(Image(pictures.animation("GIF", 3)), file_type="webp", strict="record"))


@pytest.mark.parametrize(("suffix", "content"), list(pictures.files()), ids=[name for name, _ in pictures.files()])
def test_a_file_that_is_cut_anywhere_is_refused(suffix: str, content: bytes) -> None:
    refused = 0
    lengths = range(0, len(content) - 16, max(1, len(content) // 12))
    for length in lengths:
        try:
            image = Image(content[:length])
        except InvalidInput as error:
            refused += {violation.rule for violation in error.violations} == {"file.content"}
        else:  # a GIF that ends after a frame is a shorter GIF
            refused += suffix == "gif" and image.to_pil().size == (4, 4)

    assert refused == len(lengths)


def test_a_broken_file_behind_a_pillow_image_is_refused() -> None:
    whole = pictures.saved(Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)), "PNG")

    with pytest.raises(InvalidInput, match=r"file\.content"):
        Image(Pillow.open(io.BytesIO(whole[: len(whole) // 2])))


def test_pillows_own_size_limit_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 4)
    content = pictures.saved(pictures.picture("RGB"), "PNG")

    image = Image(content, limits={"image.pixels": 30})

    assert (6, 5, 3) == image.to_numpy().shape
    with pytest.raises(InvalidInput, match=r"image\.pixels"):
        Image(content, limits={"image.pixels": 29})


# --- the bad inputs of the reliability research, section 7 ---

CORRUPT, LARGE, MISSING = {"file.content"}, {"image.side", "image.pixels"}, {"file.missing"}
PHOTO = pictures.saved(Pillow.fromarray(np.random.default_rng(3).integers(0, 256, (32, 32, 3), dtype=np.uint8)), "JPEG")
WHOLE = pictures.saved(pictures.picture("RGB"), "PNG")
BAD_FILES = {
    "I1 20,000 x 20,000 of one bit": (pictures.png(20_000, 20_000, depth=1), {"image.pixels"}),
    "I2 13,000 x 13,000": (pictures.png(13_000, 13_000), {"image.pixels"}),
    "I3 side of 65,501": (pictures.png(65_501, 1), {"image.side"}),
    "I5 width of 2**31 - 1": (pictures.png(2**31 - 1, 1), LARGE),
    "I6 data cut": (WHOLE[:-30], CORRUPT),
    "I7 bad checksum": (WHOLE[:-20] + bytes([WHOLE[-20] ^ 1]) + WHOLE[-19:], CORRUPT),
    "I9 colour profile bomb": (
        pictures.png(1, 1, before=pictures.chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(2**26)))),
        CORRUPT,
    ),
    "I10 PNG of 10,000 frames": (
        pictures.png(1, 1, before=pictures.chunk(b"acTL", (10_000).to_bytes(4, "big") + bytes(4)), data=b"\0\0"),
        {"image.frames"},
    ),
    "I11 GIF of 2,000 frames of 4,000 x 4,000": (
        pictures.gif(4000, 4000, 2000),
        {"image.frames", "image.frames_pixels"},
    ),
    "I11 GIF of 30 frames of 4,000 x 4,000": (pictures.gif(4000, 4000, 30), {"image.frames_pixels"}),
    "I13 JPEG cut at half": (PHOTO[: len(PHOTO) // 2], CORRUPT),
    "I14 JPEG of 65,535 x 65,535": (pictures.jpeg_claiming(65_535, 65_535), LARGE),
    "I15 TIFF whose directory is itself": (b"II*\0\x08\0\0\0\x01\0" + bytes(12) + b"\x08\0\0\0", CORRUPT),
    "I17 empty": (b"", CORRUPT),
    "I18 text": (b"not a picture", CORRUPT),
    "I21 SVG": (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", CORRUPT),
    "I22 PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", CORRUPT),
    "I23 BMP of 60,000 x 60,000 runs": (pictures.bmp_with_endless_run(60_000, 60_000), {"image.pixels"}),
}


@pytest.mark.parametrize("form", ["path", "bytes", "BytesIO"])
@pytest.mark.parametrize("case", list(BAD_FILES))
def test_bad_files_are_named(case: str, form: str, tmp_path: Path) -> None:
    content, expected = BAD_FILES[case]
    (tmp_path / "picture.png").write_bytes(content)
    value = {"path": tmp_path / "picture.png", "bytes": content, "BytesIO": io.BytesIO(content)}[form]

    with pytest.raises(InvalidInput) as caught:
        Image(value)

    if form == "path" and content[1:4] != b"PNG" and expected != CORRUPT:
        expected = CORRUPT  # it is no PNG, as its name says
    assert expected == {violation.rule for violation in caught.value.violations}
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (PHOTO, "a.png", "a JPEG file"),
        (WHOLE, "a.jpg", "a PNG file"),
        (WHOLE, "a.JPEG", "a PNG file"),
        (b"<svg/>", "a.png", "SVG"),
        (b"II*\0", "a.tif", "TIFF"),
        (b"%PDF-1.7", "a.pdf", "PDF"),
        (b"", "a.png", "an empty file"),
        (b"\0\0\0\x1cftypavif", "a.avif", "AVIF"),
    ],
)
def test_i19_the_error_says_what_the_file_is(content: bytes, name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InvalidInput, match=says):
        Image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a", "a.bin", "a.jpg.png", ".png"])
def test_names_that_do_not_contradict_the_content(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(WHOLE)

    assert "png" == Image(tmp_path / name).format


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    paths = [
        tmp_path,
        tmp_path / "fifo.png",
        "/dev/zero",
        tmp_path / "none.png",
        tmp_path / "loop.png",
        "a\0b",
        "x" * 5000,
        "",
    ]
    for path in paths:
        with pytest.raises(InvalidInput) as caught:
            Image(path)
        assert ["file.missing"] == [violation.rule for violation in caught.value.violations]
        assert len(str(caught.value)) < 400


def test_i29_a_file_that_grows_while_it_is_read_is_one_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    path.write_bytes(pictures.saved(pictures.picture("RGB"), "BMP"))
    image = Image(path)
    path.write_bytes(b"other")
    sink = MemorySink()

    descriptor = image.encode(sink)

    assert descriptor["sha256"] == hashlib.sha256(sink.files[descriptor["path"]]).hexdigest()
    assert (5, 6) == image.to_pil().size


# --- figures ---


@pytest.fixture
def pyplot() -> Any:
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_a_figure_in_every_form_is_its_exact_picture(pyplot: Any) -> None:
    figure, axes = pyplot.subplots(figsize=(2, 1), dpi=50)
    (line,) = axes.plot([1, 3, 2])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})

    for form in (figure, axes, line, pyplot):
        sink = MemorySink()
        Image(form).encode(sink)
        assert [buffer.getvalue()] == list(sink.files.values())


def test_parts_of_subfigures_are_the_whole_figure(pyplot: Any) -> None:
    figure = pyplot.figure(figsize=(2, 1), dpi=50)
    inner = figure.subfigures(1, 2)[0].subfigures(1, 2)[1]
    axes = inner.subplots()
    (line,) = axes.plot([1])

    assert Image(figure) == Image(inner) == Image(axes) == Image(line)


def test_a_figure_in_another_format(pyplot: Any) -> None:
    figure = pyplot.figure(figsize=(2, 1), dpi=50)

    assert "JPEG" == stored(Image(figure, file_type="jpg", strict="record")).format
    assert "L" == stored(Image(figure, mode="L")).mode


def test_pyplot_without_a_figure_is_refused_and_makes_none(pyplot: Any) -> None:
    with pytest.raises(InvalidInput, match=r"figure\.none"):
        Image(pyplot)

    assert [] == pyplot.get_fignums()


def test_an_artist_of_no_figure_and_another_module_are_no_pictures(pyplot: Any) -> None:
    from matplotlib.lines import Line2D

    for value in (np, pyplot.Figure):
        with pytest.raises(WrongType):
            Image(value)
    with pytest.raises(InvalidInput, match=r"figure\.none"):
        Image(Line2D([0], [0]))


# --- an image of an image ---


def test_an_image_of_an_image_takes_everything_that_is_not_given_anew() -> None:
    original = Image(RGB, caption="first", grouping=2, masks={"m": MASK}, boxes={"b": {"box_data": [BOX]}}, classes=[])

    assert original == Image(original)
    again = Image(original, caption="second", grouping=5, masks={"n": MASK})
    assert ("second", 5, ["m", "n"], ["b"]) == (again.caption, again.grouping, list(again.masks), list(again.boxes))
    assert ("first", 2, ["m"]) == (original.caption, original.grouping, list(original.masks))
    assert original.encode(MemorySink())["path"] == again.encode(MemorySink())["path"]


def test_an_image_of_an_image_remembers_what_was_changed() -> None:
    original = Image([[0.0, 3.0]], value_range=(0, 1), strict="record")

    for again in (Image(original), Image(original, mode="RGB")):
        assert ["pixels.range", "pixels.clipped"] == changes(again)[:2]
        assert not again.lossless
    lossy = Image(RGB, file_type="jpg")
    assert ["image.jpeg"] == changes(Image(lossy, file_type="png"))
    assert not Image(lossy, file_type="png").lossless


def test_an_image_of_an_image_is_held_against_the_limits_given() -> None:
    with pytest.raises(InvalidInput, match=r"image\.side"):
        Image(Image(GREY), limits={"image.side": 3})


# --- layers ---


def test_layers_take_names_from_classes_and_keep_their_own() -> None:
    classes = [{"id": 1, "name": "class one"}, {"id": 9, "name": "class nine"}]
    image = Image(
        GREY,
        classes=classes,
        masks={
            "own": {"mask_data": np.ones((3, 4), int), "class_labels": {1: "mine"}},
            "none": {"mask_data": np.ones((3, 4), int)},
        },
        boxes={"own": {"box_data": [{**BOX, "class_id": 1}], "class_labels": {1: "car"}}, "none": {"box_data": [BOX]}},
    )
    descriptor = image.encode(MemorySink())

    assert {"1": "mine", "9": "class nine"} == descriptor["masks"]["own"]["class_labels"]
    assert {"1": "class one", "9": "class nine"} == descriptor["masks"]["none"]["class_labels"]
    assert {"1": "car", "9": "class nine"} == descriptor["boxes"]["own"]["class_labels"]
    assert {"1": "class one", "2": "class_2", "9": "class nine"} == descriptor["boxes"]["none"]["class_labels"]
    assert classes == descriptor["classes"]["class_set"]


def test_b9_a_layers_name_is_data() -> None:
    sink = MemorySink()
    descriptor = Image(GREY, masks={"../x": MASK, "x-y": MASK}).encode(sink)

    assert ["../x", "x-y"] == list(descriptor["masks"])
    assert all(path.startswith("media/") for path in sink.files)
    assert ["../x", "x-y"] == list(decode(descriptor, sink).masks)


def test_b17_and_b18_boxes_that_overhang_are_kept_with_one_warning() -> None:
    over = {
        "box_data": [
            {**BOX, "position": {"minX": 0, "maxX": 1.5, "minY": 0, "maxY": 1}},
            BOX,
            {**BOX, "domain": "pixel", "position": {"minX": 0, "maxX": 5, "minY": 0, "maxY": 1}},
        ]
    }

    with pytest.warns(Advice, match=r"boxes\['b'\]: 2 of 3 boxes reach beyond the picture \[box\.outside\]"):
        descriptor = Image(GREY, boxes={"b": over}).encode(MemorySink())

    assert 3 == descriptor["boxes"]["b"]["count"]
    assert "changes" not in descriptor


def test_layers_obey_the_images_own_rules() -> None:
    with pytest.raises(InvalidInput, match=r"boxes\.per_layer"):
        Image(GREY, boxes={"b": {"box_data": [BOX, BOX]}}, limits={"boxes.per_layer": 1})


# --- grouping, lists, storage ---


@pytest.mark.parametrize("grouping", [0, -3, np.int64(7), np.uint8(9)])
def test_grouping_is_kept_also_when_it_is_zero(grouping: Any) -> None:
    assert int(grouping) == Image(GREY, grouping=grouping).encode(MemorySink())["grouping"]


def test_the_list_form_has_the_documented_columns() -> None:
    sink = MemorySink()
    images = [Image(RGB, caption="z", masks={"m": MASK}), Image(GREY), Image(RGBA, boxes={"b": {"box_data": [BOX]}})]
    descriptor = MediaList(images).encode_into(sink)

    assert isinstance(descriptor, dict)
    items = descriptor["items"]
    assert [
        "_type",
        "count",
        "width",
        "height",
        "format",
        "filenames",
        "captions",
        "all_masks",
        "all_boxes",
        "items",
    ] == list(descriptor)
    assert ("images/separated", 3, 4, 3, "png") == tuple(descriptor[name] for name in list(descriptor)[:5])
    assert [item["path"] for item in items] == descriptor["filenames"]
    assert ["z", None, None] == descriptor["captions"]
    assert [items[0]["masks"], None, None] == descriptor["all_masks"]
    assert [None, None, items[2]["boxes"]] == descriptor["all_boxes"]
    assert images == decode(descriptor, sink)
    assert not {"captions", "all_masks", "all_boxes"} & set(MediaList([Image(GREY)]).encode_into(sink))


def test_a_mixed_list_names_the_odd_item() -> None:
    with pytest.raises(InvalidInput, match=r"\[1\]: Image like the other items .* got ImageMask \[list\.mixed\]"):
        MediaList([Image(GREY), ImageMask(MASK)])
    for odd in ([1, Image(GREY)], [1, 2], [[Image(GREY)]], []):
        with pytest.raises(InvalidInput, match=r"list\.mixed"):
            MediaList(odd)  # type: ignore[arg-type]


def test_more_than_fifty_images_are_advised_against_and_kept() -> None:
    image = Image(GREY)

    assert [] == list(MediaList([image] * 50).notices())
    ((category, rule, _),) = MediaList([image] * 51).notices()
    assert (Advice, "image.per_step_advice") == (category, rule)


def test_a_thousand_encodes_are_one_file(tmp_path: Path) -> None:
    sink, image = DirectorySink(tmp_path), Image(RGB)

    descriptors = [image.encode(sink) for _ in range(500)] + [Image(RGB).encode(sink) for _ in range(500)]

    assert all(descriptor == descriptors[0] for descriptor in descriptors)
    assert [descriptors[0]["path"]] == [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()]


def test_threads_that_encode_one_image_agree() -> None:
    for _ in range(20):
        image = Image(np.zeros((64, 64, 3), np.uint8))
        found: list[Any] = []
        threads = [threading.Thread(target=lambda i=image, f=found: f.append(i.encode(MemorySink()))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 4 == len(found)
        assert all(descriptor == found[0] for descriptor in found)


def test_an_encoded_image_lets_its_pixels_go_and_still_reads() -> None:
    image = Image(RGB)
    before = image.to_numpy()
    image.encode(MemorySink())

    assert image._picture is None
    np.testing.assert_array_equal(before, image.to_numpy())
    assert image == pickle.loads(pickle.dumps(image))


def test_readers_give_copies() -> None:
    image = Image(GREY)
    image.to_numpy()[...] = 1
    image.to_pil().paste(1, (0, 0, 4, 3))

    np.testing.assert_array_equal(GREY, image.to_numpy())


def test_palettes_are_read_as_colours() -> None:
    assert (6, 5, 3) == Image(pictures.picture("P")).to_numpy().shape
    assert (6, 5, 4) == Image(pictures.picture("P+transparency")).to_numpy().shape


def test_a_stored_file_that_is_no_picture_is_damaged() -> None:
    sink = MemorySink()
    reference = sink.write("png", b"no picture")
    descriptor = {
        "_type": "image-file",
        **{n: getattr(reference, n) for n in ("path", "sha256", "size")},
        "format": "png",
        "width": 1,
        "height": 1,
        "mode": "L",
        "lossless": True,
    }

    with pytest.raises(DamagedFile, match="not a whole png"):
        decode(descriptor, sink).to_pil()


# --- descriptors ---


def broken(**changed: Any) -> list[str]:
    """Return the rules that a changed list descriptor breaks."""
    sink = MemorySink()
    made = MediaList([Image(GREY, caption="a", masks={"m": MASK}), Image(GREY, boxes={"b": {"box_data": [BOX]}})])
    descriptor = {**made.encode_into(sink), **changed}  # type: ignore[dict-item]
    return [violation.rule for violation in validate(descriptor)]


@pytest.mark.parametrize(
    "changed",
    [{"count": 3}, {"width": 5}, {"height": 9}, {"format": "gif"}, {"captions": ["b", None]}, {"filenames": []},
     {"all_masks": [None, None]}, {"all_boxes": [None, None]}],
    ids=str,
)  # fmt: skip
def test_columns_that_do_not_agree_with_the_items(changed: dict[str, Any]) -> None:
    assert broken() == []
    assert broken(**changed) == ["image.list"]


def test_sizes_of_a_descriptor_are_held_against_the_rules() -> None:
    descriptor = Image(GREY, masks={"m": MASK}).encode(MemorySink())

    assert [] == validate(descriptor, Rules({"image.pixels": 12, "image.side": 4}))
    assert ["image.pixels"] == [v.rule for v in validate(descriptor, Rules({"image.pixels": 11}))]
    assert {"image.side"} == {v.rule for v in validate(descriptor, Rules({"image.side": 3}))}
    frames = Image(pictures.animation("GIF", 3)).encode(MemorySink())
    assert ["image.frames"] == [v.rule for v in validate(frames, Rules({"image.frames": 2}))]
    assert ["image.frames_pixels"] == [v.rule for v in validate(frames, Rules({"image.frames_pixels": 47}))]
    assert [] == validate(frames, Rules({"image.frames_pixels": 48, "image.frames": 3}))


def test_a_mask_of_another_size_in_a_descriptor() -> None:
    descriptor = Image(GREY, masks={"m": MASK}).encode(MemorySink())
    descriptor["masks"]["m"]["width"] = 3

    (violation,) = validate(descriptor)
    assert ("$.masks.m", "mask.size") == (violation.at, violation.rule)


def test_labels_that_are_no_ids_in_a_descriptor() -> None:
    descriptor = Image(GREY, masks={"m": MASK}, boxes={"b": {"box_data": [BOX]}}).encode(MemorySink())
    descriptor["masks"]["m"]["class_labels"] = {"256": "a", "-1": "b", "x": "c"}
    descriptor["boxes"]["b"]["class_labels"] = {"99999999999": "a"}

    assert ["overlay.class_labels"] * 4 == [violation.rule for violation in validate(descriptor)]


def test_extensions_are_allowed_at_every_level_and_read_over() -> None:
    sink = MemorySink()
    descriptor = Image(
        GREY / 255, classes=[{"id": 1, "name": "a"}], masks={"x-m": MASK}, boxes={"b": {"box_data": [BOX]}}
    ).encode(sink)
    original = decode(msgspec.to_builtins(descriptor), sink)
    for node in (descriptor, descriptor["masks"]["x-m"], descriptor["boxes"]["b"], descriptor["classes"],
                 descriptor["classes"]["class_set"][0], descriptor["changes"][0]):  # fmt: skip
        node["x-other"] = {"anything": [1]}

    assert [] == validate(descriptor)
    assert original == decode(descriptor, sink)


def test_nothing_is_warned_of_that_is_lossless() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Image(GREY / 255, file_type="webp").encode(MemorySink())
