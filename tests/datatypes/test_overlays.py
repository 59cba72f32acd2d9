"""Masks, boxes and classes: what is stored comes back, and what they refuse."""

from __future__ import annotations

import copy
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

import pictures
from foreign import EagerTensor, Tensor
from laws import TypeLaws, call
from medialog.datatypes.base import decode
from medialog.datatypes.files import MemorySink
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import BoundingBoxes2D, Classes, ImageMask
from medialog.validators import validate
from medialog.validators.errors import DamagedFile, InvalidInput
from medialog.wire import jsontext

IDS = np.arange(12).reshape(3, 4)
CORNERS = {"minX": 0.1, "maxX": 0.9, "minY": 0.2, "maxY": 0.8}
MIDDLE = {"middle": [0.5, 0.25], "width": 0.5, "height": 0.25}


def ids() -> np.ndarray:
    return IDS.copy()


def box(**members: Any) -> dict[str, Any]:
    return {"position": dict(CORNERS), "class_id": 1, **members}


def boxes(*given_boxes: Any, **members: Any) -> dict[str, Any]:
    return {"box_data": list(given_boxes), **members}


def grey_png(mode: str = "L") -> bytes:
    if mode == "I;16":
        return pictures.saved(Pillow.fromarray(IDS.astype(np.uint16) * 1000), "PNG")
    if mode == "P":
        palette = Pillow.frombytes("P", (4, 3), IDS.astype(np.uint8).tobytes())
        palette.putpalette(bytes(range(36)) + bytes(732))
        return pictures.saved(palette, "PNG")
    if mode == "1":
        return pictures.saved(Pillow.fromarray(IDS % 2 == 1), "PNG")
    return pictures.saved(Pillow.fromarray(IDS.astype(np.uint8)).convert(mode), "PNG")


class TestImageMask(TypeLaws):
    type = ImageMask
    valid = {
        "ids": lambda: call({"mask_data": ids(), "class_labels": {0: "background", 1: "road"}}),
        "no labels": lambda: call({"mask_data": ids()}),
        "empty labels": lambda: call({"mask_data": ids(), "class_labels": {}}),
        "labels of None": lambda: call({"mask_data": ids(), "class_labels": None}),
        "lists": lambda: call({"mask_data": [[0, 1], [2, 255]]}),
        "booleans": lambda: call({"mask_data": IDS > 3}),
        "16 bits": lambda: call({"mask_data": IDS * 5000, "bits": 16}),
        "16 bits of small ids": lambda: call({"mask_data": ids(), "bits": 16, "class_labels": {65_535: "last"}}),
        "int labels of numpy": lambda: call(
            {"mask_data": ids(), "class_labels": {np.int64(3): "three", np.uint8(4): "four"}}
        ),
        "label that is nowhere": lambda: call({"mask_data": ids(), "class_labels": {200: "elsewhere"}}),
        "one pixel": lambda: call({"mask_data": [[9]]}),
        "a grey file": lambda: call({"path": grey_png(), "class_labels": {1: "one"}}),
        "a 16-bit file": lambda: call({"path": io.BytesIO(grey_png("I;16")), "bits": 16}),
        "an 8-bit file as 16": lambda: call({"path": grey_png(), "bits": 16}),
        "a palette file": lambda: call({"path": grey_png("P")}),
        "a black-and-white file": lambda: call({"path": grey_png("1")}),
        "names of classes": lambda: call({"mask_data": ids()}, classes={1: "one", 300: "too large for 8 bits"}),
    }
    invalid = {
        "nothing": (lambda: call({}), {"mask.data"}),
        "B10 both": (lambda: call({"mask_data": ids(), "path": "a.png"}), {"mask.data"}),
        "no mapping": (lambda: call(ids()), {"overlay.members"}),
        "B14 unknown member": (lambda: call({"mask_data": ids(), "labels": {}}), {"overlay.members"}),
        "member of no name": (lambda: call({"mask_data": ids(), 5: 1, None: 2}), {"overlay.members"}),
        "None": (lambda: call({"mask_data": None}), {"array.kind"}),
        "B2 three dimensions": (lambda: call({"mask_data": np.zeros((3, 4, 3), int)}), {"mask.shape"}),
        "one dimension": (lambda: call({"mask_data": [1, 2]}), {"mask.shape"}),
        "no pixels": (lambda: call({"mask_data": np.zeros((0, 3), int)}), {"mask.shape"}),
        "B3 floats": (lambda: call({"mask_data": IDS / 2}), {"mask.dtype"}),
        "text": (lambda: call({"mask_data": [["a"]]}), {"array.dtype"}),
        "masked": (lambda: call({"mask_data": np.ma.array([[1, 2]], mask=[[False, True]])}), {"array.masked"}),
        "B5 id 256": (lambda: call({"mask_data": [[256]]}), {"mask.class_id"}),
        "id -1": (lambda: call({"mask_data": [[-1]]}), {"mask.class_id"}),
        "id 65,536": (lambda: call({"mask_data": [[65_536]], "bits": 16}), {"mask.class_id_16"}),
        "12 bits": (lambda: call({"mask_data": ids(), "bits": 12}), {"mask.bits"}),
        "bits of True": (lambda: call({"mask_data": ids(), "bits": True}), {"mask.bits"}),
        "B7 label key of text": (
            lambda: call({"mask_data": ids(), "class_labels": {"1": "a"}}),
            {"overlay.class_labels"},
        ),
        "label key of half": (lambda: call({"mask_data": ids(), "class_labels": {0.5: "a"}}), {"overlay.class_labels"}),
        "label key of True": (
            lambda: call({"mask_data": ids(), "class_labels": {True: "a"}}),
            {"overlay.class_labels"},
        ),
        "label 256": (lambda: call({"mask_data": ids(), "class_labels": {256: "a"}}), {"overlay.class_labels"}),
        "label -1": (lambda: call({"mask_data": ids(), "class_labels": {-1: "a"}}), {"overlay.class_labels"}),
        "name of no text": (lambda: call({"mask_data": ids(), "class_labels": {1: 1}}), {"overlay.class_labels"}),
        "name with NUL": (lambda: call({"mask_data": ids(), "class_labels": {1: "\0"}}), {"overlay.class_labels"}),
        "labels as a list": (lambda: call({"mask_data": ids(), "class_labels": ["a"]}), {"overlay.class_labels"}),
        "file of no kind": (lambda: call({"path": 5}), {"file.kind"}),
        "missing file": (lambda: call({"path": "/no/such/mask.png"}), {"file.missing"}),
        "B11 JPEG file": (lambda: call({"path": pictures.saved(pictures.picture("L"), "JPEG")}), {"mask.file"}),
        "RGB file": (lambda: call({"path": grey_png("RGB")}), {"mask.file"}),
        "grey and alpha file": (lambda: call({"path": grey_png("LA")}), {"mask.file"}),
        "16-bit file as 8": (lambda: call({"path": grey_png("I;16")}), {"mask.file"}),
        "text file": (lambda: call({"path": b"hello"}), {"file.content"}),
        "too wide": (lambda: call({"mask_data": ids()}, limits={"image.side": 3}), {"image.side"}),
        "too large": (lambda: call({"mask_data": ids()}, limits={"image.pixels": 11}), {"image.pixels"}),
        "caption is no argument of layers": (lambda: call({"mask_data": ids()}, strict="x"), {"rules.strict"}),
    }
    spellings = {
        "ids": [
            lambda: call({"mask_data": ids()}),
            lambda: call({"mask_data": IDS.tolist()}),
            lambda: call({"mask_data": IDS.astype(np.uint8)}),
            lambda: call({"mask_data": IDS.astype(">i8")}),
            lambda: call({"mask_data": ids()[:, :, None]}),
            lambda: call({"mask_data": np.asfortranarray(IDS)}),
            lambda: call({"mask_data": Tensor(IDS, device="cuda")}),
            lambda: call({"mask_data": EagerTensor(IDS)}),
            lambda: call({"mask_data": ids(), "bits": 8, "class_labels": {}}, "predictions"),
        ],
        "16 bits": [
            lambda: call({"mask_data": IDS * 1000, "bits": 16}),
            lambda: call({"mask_data": (IDS * 1000).astype(">u2"), "bits": 16}),
        ],
        "labels": [
            lambda: call({"mask_data": [[1]], "class_labels": {1: "a", 2: "b"}}),
            lambda: call({"mask_data": [[1]], "class_labels": {2: "b", 1: "a"}}),
            lambda: call({"mask_data": [[1]], "class_labels": {np.int64(2): "b"}}, classes={1: "a"}),
        ],
    }


@pytest.mark.parametrize("bits", [8, 16])
def test_every_id_comes_back(bits: int) -> None:
    every = np.arange(2**bits).reshape(2 ** (bits // 2), -1)
    sink = MemorySink()
    mask = ImageMask({"mask_data": every, "bits": bits})
    descriptor = mask.encode(sink)

    read = Pillow.open(io.BytesIO(sink.files[descriptor["path"]]))
    assert {8: "L", 16: "I;16"}[bits] == read.mode
    np.testing.assert_array_equal(every, np.asarray(read))
    for again in (mask, decode(descriptor, sink)):
        assert {8: np.uint8, 16: np.uint16}[bits] == again.to_numpy().dtype
        np.testing.assert_array_equal(every, again.to_numpy())
    assert {str(i): f"class_{i}" for i in range(2**bits)} == descriptor["class_labels"]
    assert descriptor["path"].endswith(".mask.png")


@given(hnp.arrays(st.sampled_from([np.int8, np.uint8, np.int64, np.uint16]), hnp.array_shapes(min_dims=2, max_dims=2),
                  elements=st.integers(0, 127)))  # fmt: skip
def test_masks_come_back(ids: np.ndarray) -> None:
    sink = MemorySink()

    loaded = decode(ImageMask({"mask_data": ids}).encode(sink), sink)

    np.testing.assert_array_equal(ids, loaded.to_numpy())


@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=st.integers(0, 9)),
    st.sampled_from([1, 3, 8, 100]),
    st.sampled_from([8, 16]),
)
def test_the_classes_of_a_mask_are_those_that_stand_in_it(ids: np.ndarray, times: int, bits: int) -> None:
    """Also where areas of one class are long, and in an array of any layout."""
    wide = np.repeat(ids, times, axis=1)
    for given_ids in (wide, np.asfortranarray(wide), wide.T):
        mask = ImageMask({"mask_data": given_ids, "bits": bits})

        assert sorted(set(ids.reshape(-1).tolist())) == list(mask.class_labels)


@pytest.mark.parametrize("side", [(300, 400), (401, 299), (1, 60_000), (60_000, 1)], ids=str)
@pytest.mark.parametrize("rare", [None, 3, 9, 255])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_class_of_one_pixel_is_found(side: tuple[int, int], rare: int | None, bits: int) -> None:
    """Whether it stands between the other ids or beyond them, at an edge or where an area of its neighbours is."""
    y, x = np.mgrid[: side[0], : side[1]]
    areas = ((y // 40 + x // 50) % 3 * 2).astype(np.uint8)
    for place in ((0, 0), (side[0] - 1, side[1] - 1), (side[0] // 2, side[1] // 3)):
        ids = areas.copy()
        ids[place] = ids[place] if rare is None else rare

        assert np.unique(ids).tolist() == list(ImageMask({"mask_data": ids, "bits": bits}).class_labels)


def test_the_mask_file_has_no_colour_chunks() -> None:
    sink = MemorySink()
    ImageMask({"mask_data": ids()}).encode(sink)
    (content,) = sink.files.values()

    assert not [name for name in (b"gAMA", b"sRGB", b"iCCP", b"cHRM", b"PLTE", b"tRNS") if name in content]


def test_masks_without_labels_are_named_by_their_ids() -> None:
    mask = ImageMask({"mask_data": [[0, 7], [7, 255]], "class_labels": {7: "seven"}})

    assert {0: "class_0", 7: "seven", 255: "class_255"} == mask.class_labels


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_a_grey_file_is_stored_byte_for_byte(mode: str, tmp_path: Path) -> None:
    content = grey_png(mode)
    (tmp_path / "mask.png").write_bytes(content)
    for form in (content, tmp_path / "mask.png", str(tmp_path / "mask.png"), io.BytesIO(content)):
        sink = MemorySink()
        mask = ImageMask({"path": form, "bits": 8 if mode == "L" else 16, "class_labels": {1: "one"}})
        descriptor = mask.encode(sink)
        assert [content] == list(sink.files.values())
        assert "one" == descriptor["class_labels"]["1"]
        np.testing.assert_array_equal(IDS * (1 if mode == "L" else 1000), mask.to_numpy())


@pytest.mark.parametrize(("mode", "expected"), [("P", IDS), ("1", IDS % 2)])
def test_a_palette_file_is_stored_as_its_ids(mode: str, expected: np.ndarray) -> None:
    sink = MemorySink()
    mask = ImageMask({"path": grey_png(mode)})
    descriptor = mask.encode(sink)

    assert ["mask.regrey"] == [change.id for change in mask.changes]
    np.testing.assert_array_equal(expected, np.asarray(Pillow.open(io.BytesIO(sink.files[descriptor["path"]]))))


def test_the_first_bad_id_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"truth\.mask_data\[0, 1\]: .*0, 255\], got 300 \(2 such elements\)"):
        ImageMask({"mask_data": [[0, 300], [400, 1]]}, "truth")


def test_a_stored_mask_that_is_none_is_damaged() -> None:
    sink = MemorySink()
    descriptor = ImageMask({"mask_data": ids()}).encode(sink)
    for content in (
        b"no png",
        pictures.saved(pictures.picture("RGB"), "PNG"),
        pictures.saved(pictures.picture("L"), "PNG"),
    ):
        reference = sink.write("mask.png", content)
        changed = {**descriptor, "path": reference.path, "sha256": reference.sha256, "size": reference.size}
        with pytest.raises(DamagedFile):
            decode(changed, sink)


class TestBoundingBoxes2D(TypeLaws):
    type = BoundingBoxes2D
    valid = {
        "no boxes": lambda: call(boxes()),
        "corners": lambda: call(boxes(box())),
        "middle": lambda: call(boxes(box(position=copy.deepcopy(MIDDLE)))),
        "both forms in one layer": lambda: call(boxes(box(), box(position=copy.deepcopy(MIDDLE), domain="pixel"))),
        "every member": lambda: call(
            boxes(box(domain="pixel", box_caption="a cat", scores={"p": 0.5, "iou": 1}), class_labels={1: "cat"})
        ),
        "a tuple of boxes": lambda: call({"box_data": (box(), box())}),
        "members of None": lambda: call(boxes(box(domain=None, box_caption=None, scores=None), class_labels=None)),
        "B21 no width": lambda: call(boxes(box(position={"minX": 0.5, "maxX": 0.5, "minY": 0, "maxY": 0}))),
        "no width from the middle": lambda: call(boxes(box(position={"middle": (0, 0), "width": 0, "height": 0}))),
        "outside": lambda: call(boxes(box(position={"minX": -9, "maxX": 9.5, "minY": 1e300, "maxY": 1e301}))),
        "numpy numbers": lambda: call(
            boxes(
                box(
                    position={k: np.float32(v) for k, v in CORNERS.items()},
                    class_id=np.int64(3),
                    scores={"p": np.float64(0.5)},
                ),
                box(
                    position={"middle": np.array([1.5, 2.5]), "width": np.int32(3), "height": np.array(4)},
                    domain="pixel",
                ),
            )
        ),
        "largest id": lambda: call(boxes(box(class_id=2**31 - 1))),
        "empty caption": lambda: call(boxes(box(box_caption="", scores={}))),
        "other names": lambda: call(boxes(box(class_id=0)), classes={0: "zero", 5: "five"}),
    }
    invalid = {
        "nothing": (lambda: call({}), {"boxes.data"}),
        "no mapping": (lambda: call([box()]), {"overlay.members"}),
        "boxes as a mapping": (lambda: call({"box_data": {"a": box()}}), {"boxes.data"}),
        "boxes as an array": (lambda: call({"box_data": np.zeros((2, 4))}), {"boxes.data"}),
        "unknown member": (lambda: call(boxes(box(), colour="red")), {"overlay.members"}),
        "a box of numbers": (lambda: call(boxes([0, 0, 1, 1])), {"box.members"}),
        "unknown member of a box": (lambda: call(boxes(box(color="red"))), {"box.members"}),
        "no position": (lambda: call(boxes({"class_id": 1})), {"box.position"}),
        "position as a list": (lambda: call(boxes(box(position=[0, 0, 1, 1]))), {"box.position"}),
        "half a position": (lambda: call(boxes(box(position={"minX": 0, "maxX": 1}))), {"box.position"}),
        "B19 both forms": (lambda: call(boxes(box(position={**CORNERS, **MIDDLE}))), {"box.position"}),
        "B15 NaN": (lambda: call(boxes(box(position={**CORNERS, "minX": math.nan}))), {"box.position"}),
        "infinite": (lambda: call(boxes(box(position={**CORNERS, "maxX": math.inf}))), {"box.position"}),
        "text": (lambda: call(boxes(box(position={**CORNERS, "minX": "0"}))), {"box.position"}),
        "truth": (lambda: call(boxes(box(position={**CORNERS, "minX": True}))), {"box.position"}),
        "complex": (lambda: call(boxes(box(position={**CORNERS, "minX": 1j}))), {"box.position"}),
        "beyond doubles": (lambda: call(boxes(box(position={**CORNERS, "maxX": 10**400}))), {"box.position"}),
        "min > max": (lambda: call(boxes(box(position={**CORNERS, "minX": 0.95}))), {"box.position"}),
        "B22 negative width": (lambda: call(boxes(box(position={**MIDDLE, "width": -0.1}))), {"box.position"}),
        "middle of one": (lambda: call(boxes(box(position={**MIDDLE, "middle": [1]}))), {"box.position"}),
        "middle of text": (lambda: call(boxes(box(position={**MIDDLE, "middle": "ab"}))), {"box.position"}),
        "middle of no size": (lambda: call(boxes(box(position={**MIDDLE, "middle": np.array(3)}))), {"box.position"}),
        "middle as a set": (lambda: call(boxes(box(position={**MIDDLE, "middle": None}))), {"box.position"}),
        "B23 unknown domain": (lambda: call(boxes(box(domain="pixels"))), {"box.domain"}),
        "domain of no text": (lambda: call(boxes(box(domain=1))), {"box.domain"}),
        "B26 no class": (lambda: call(boxes({"position": dict(CORNERS)})), {"box.class_id"}),
        "B26 half a class": (lambda: call(boxes(box(class_id=1.0))), {"box.class_id"}),
        "class of text": (lambda: call(boxes(box(class_id="1"))), {"box.class_id"}),
        "class of truth": (lambda: call(boxes(box(class_id=True))), {"box.class_id"}),
        "class of numpy truth": (lambda: call(boxes(box(class_id=np.bool_(True)))), {"box.class_id"}),
        "class -1": (lambda: call(boxes(box(class_id=-1))), {"box.class_id"}),
        "class 2**31": (lambda: call(boxes(box(class_id=2**31))), {"box.class_id"}),
        "caption of no text": (lambda: call(boxes(box(box_caption=5))), {"box.caption"}),
        "caption with NUL": (lambda: call(boxes(box(box_caption="a\0"))), {"box.caption"}),
        "caption of 2,001": (lambda: call(boxes(box(box_caption="a" * 2001))), {"caption.length"}),
        "scores as a list": (lambda: call(boxes(box(scores=[0.5]))), {"box.scores"}),
        "score of text": (lambda: call(boxes(box(scores={"p": "0.5"}))), {"box.scores"}),
        "score NaN": (lambda: call(boxes(box(scores={"p": math.nan}))), {"box.scores"}),
        "score of no name": (lambda: call(boxes(box(scores={1: 0.5}))), {"box.scores"}),
        "labels of text keys": (lambda: call(boxes(box(), class_labels={"1": "a"})), {"overlay.class_labels"}),
        "everything at once": (
            lambda: call(boxes(box(domain="x", class_id=-1), box(position={}, box_caption=1, scores=2, colour=3))),
            {"box.domain", "box.class_id", "box.position", "box.caption", "box.scores", "box.members"},
        ),
        "too many": (lambda: call(boxes(box(), box()), limits={"boxes.per_layer": 1}), {"boxes.per_layer"}),
    }
    spellings = {
        "corners": [
            lambda: call(boxes(box(domain="pixel", position={"minX": 1, "maxX": 2, "minY": 3, "maxY": 4}))),
            lambda: call(
                boxes(
                    box(
                        domain="pixel",
                        position={k: np.int16(v) for k, v in {"minX": 1, "maxX": 2, "minY": 3, "maxY": 4}.items()},
                    )
                )
            ),
            lambda: call(
                boxes(box(domain="pixel", position={"minY": 3, "maxY": 4, "minX": 1, "maxX": 2}, class_id=np.uint8(1)))
            ),
            lambda: call({"box_data": (box(domain="pixel", position={"minX": 1, "maxX": 2, "minY": 3, "maxY": 4}),)}),
        ],
        "middle": [
            lambda: call(boxes(box(position={"middle": [0.5, 0.25], "width": 0.5, "height": 0.25}))),
            lambda: call(boxes(box(position={"middle": (0.5, 0.25), "width": np.float64(0.5), "height": 0.25}))),
            lambda: call(
                boxes(box(position={"middle": np.array([0.5, 0.25]), "width": 0.5, "height": np.float32(0.25)}))
            ),
            lambda: call(boxes(box(position={"middle": Tensor([0.5, 0.25]), "width": 0.5, "height": 0.25}))),
        ],
    }


def test_the_file_of_boxes_is_golden() -> None:
    sink = MemorySink()
    layer = BoundingBoxes2D(
        boxes(
            box(domain="pixel", box_caption="a", scores={"p": 0.5}),
            {"class_id": 7, "position": copy.deepcopy(MIDDLE)},
            class_labels={1: "cat"},
        )
    )
    descriptor = layer.encode(sink)

    assert (
        b'{"box_data":[{"position":{"minX":0.1,"maxX":0.9,"minY":0.2,"maxY":0.8},"domain":"pixel","class_id":1,'
        b'"box_caption":"a","scores":{"p":0.5}},{"position":{"middle":[0.5,0.25],"width":0.5,"height":0.25},"class_id":7}],'
        b'"class_labels":{"1":"cat","7":"class_7"}}'
    ) == sink.files[descriptor["path"]]
    assert (2, {"1": "cat", "7": "class_7"}) == (descriptor["count"], descriptor["class_labels"])


coordinates = st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6)


@given(st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates, st.integers(0, 2**31 - 1)), max_size=20))
def test_boxes_come_back(rows: list[Any]) -> None:
    data = [
        box(position={"minX": min(a, b), "maxX": max(a, b), "minY": min(c, d), "maxY": max(c, d)}, class_id=number)
        for a, b, c, d, number in rows
    ]
    sink = MemorySink()

    loaded = decode(BoundingBoxes2D({"box_data": data}).encode(sink), sink)

    assert data == loaded.boxes


@pytest.mark.parametrize(
    ("position", "domain", "outside"),
    [
        ({"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, None, 0),
        ({"minX": 0, "maxX": 1.001, "minY": 0, "maxY": 1}, "percentage", 1),
        ({"minX": -0.001, "maxX": 1, "minY": 0, "maxY": 1}, None, 1),
        ({"minX": 0, "maxX": 40, "minY": 0, "maxY": 30}, "pixel", 0),
        ({"minX": 0, "maxX": 41, "minY": 0, "maxY": 30}, "pixel", 1),
        ({"minX": 0, "maxX": 40, "minY": 0, "maxY": 31}, "pixel", 1),
        ({"middle": [0.7, 0.5], "width": 0.6, "height": 1}, None, 0),  # 0.7 + 0.3 is a little more than 1
        ({"middle": [0.5, 0.5], "width": 1.1, "height": 1}, None, 1),
        ({"middle": [20, 15], "width": 40, "height": 30}, "pixel", 0),
        ({"middle": [20, 15.5], "width": 40, "height": 30}, "pixel", 1),
    ],
)
def test_which_boxes_are_outside(position: dict[str, Any], domain: str | None, outside: int) -> None:
    assert outside == BoundingBoxes2D(boxes(box(position=position, domain=domain))).outside(40, 30)


def test_all_wrong_boxes_are_named_with_their_place() -> None:
    with pytest.raises(InvalidInput) as caught:
        BoundingBoxes2D(boxes(box(), box(class_id=None), box(position={**CORNERS, "minY": math.nan})), "found")

    assert ["found.box_data[1].class_id", "found.box_data[2].position.minY"] == [v.at for v in caught.value.violations]


@pytest.mark.parametrize(
    "content",
    [b"not json", b"[]", b"{}", b'{"box_data":[],"class_labels":{"x":"a"}}', b'{"box_data":5,"class_labels":{}}'],
)
def test_a_stored_file_of_no_boxes_is_damaged(content: bytes) -> None:
    sink = MemorySink()
    reference = sink.write("boxes2D.json", content)
    descriptor = {
        **BoundingBoxes2D(boxes()).encode(sink),
        "path": reference.path,
        "sha256": reference.sha256,
        "size": reference.size,
    }

    with pytest.raises(DamagedFile, match="no layer of boxes"):
        decode(descriptor, sink)


class TestClasses(TypeLaws):
    type = Classes
    valid = {
        "none": lambda: call([]),
        "two": lambda: call([{"id": 2, "name": "b"}, {"id": 0, "name": "a"}]),
        "of numpy": lambda: call([{"id": np.int64(2), "name": "b"}]),
        "a tuple": lambda: call(({"id": 1, "name": ""},)),
    }
    invalid = {
        "text": (lambda: call("ab"), {"classes.entry"}),
        "a mapping": (lambda: call({1: "a"}), {"classes.entry"}),
        "None": (lambda: call(None), {"classes.entry"}),
        "names only": (lambda: call(["a", "b"]), {"classes.entry"}),
        "no name": (lambda: call([{"id": 1}]), {"classes.entry"}),
        "more members": (lambda: call([{"id": 1, "name": "a", "color": "red"}]), {"classes.entry"}),
        "id of text": (lambda: call([{"id": "1", "name": "a"}]), {"classes.entry"}),
        "id -1": (lambda: call([{"id": -1, "name": "a"}]), {"classes.entry"}),
        "id of truth": (lambda: call([{"id": True, "name": "a"}]), {"classes.entry"}),
        "an id twice": (lambda: call([{"id": 1, "name": "a"}, {"id": 1, "name": "a"}]), {"classes.entry"}),
        "name of no text": (lambda: call([{"id": 1, "name": None}]), {"classes.entry"}),
        "name with NUL": (lambda: call([{"id": 1, "name": "\0"}]), {"classes.entry"}),
    }
    spellings = {
        "any order": [
            lambda: call([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]),
            lambda: call([{"name": "b", "id": 2}, {"id": np.int32(1), "name": "a"}]),
        ]
    }


def test_a_class_that_stands_twice_in_a_descriptor() -> None:
    entry = {"id": 1, "name": "a"}
    descriptor = {"_type": "classes", "class_set": [entry, {"id": 0, "name": "a"}, entry]}

    (violation,) = validate(descriptor)
    assert ("$.class_set[2].id", "classes.entry") == (violation.at, violation.rule)
    image = {**Image([[1]]).encode(MemorySink()), "classes": descriptor}
    assert ["$.classes.class_set[2].id"] == [violation.at for violation in validate(image)]


def test_json_of_a_layer_is_our_json() -> None:
    sink = MemorySink()
    BoundingBoxes2D(boxes(box(box_caption="猫"))).encode(sink)
    (content,) = sink.files.values()

    assert "猫" == jsontext.loads(content)["box_data"][0]["box_caption"]
