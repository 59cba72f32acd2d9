"""B: masks, boxes and classes of an image."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import pictures
from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused
from medialog import Image
from medialog.validators.errors import WrongType

GREY = np.zeros((3, 4), np.uint8)
IDS = np.zeros((3, 4), int)
BOX = {"position": {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.6}, "class_id": 1}
MASK_FILE = pictures.saved(Pillow.fromarray(GREY), "PNG")


def mask(name: str, layer: Any, *rules: str, error: type[Exception] | None = None) -> list[Case]:
    """Return a refused layer of masks, alone and in the second image of a list."""
    return flat(
        refused(name, lambda at: Image(GREY, masks={"m": made(layer)}), *rules, error=error),
        refused(
            f"{name}, in a list",
            lambda at: [Image(GREY + 5), Image(GREY, masks={"m": made(layer)})],
            *rules,
            error=error,
        ),
    )


def masks(name: str, layers: Any, *rules: str, **options: Any) -> list[Case]:
    return refused(name, lambda at: Image(GREY, masks=made(layers)), *rules, **options)


def box(name: str, *rules: str, without: str = "", **members: Any) -> list[Case]:
    """Return a refused box, as the only one and after a good one."""
    wrong = {key: value for key, value in {**BOX, **members}.items() if key != without}
    return flat(
        refused(name, lambda at: Image(GREY, boxes={"b": {"box_data": [wrong]}}), *rules),
        refused(
            f"{name}, second",
            lambda at: Image(GREY, boxes={"b": {"box_data": [BOX, wrong]}}),
            *rules,
            says="" if "value.read" in rules else "[1]",
        ),
    )


def boxes(name: str, layers: Any, *rules: str, **options: Any) -> list[Case]:
    return refused(name, lambda at: Image(GREY, boxes=made(layers)), *rules, **options)


def position(name: str, *rules: str, domain: str = "percentage", **numbers: Any) -> list[Case]:
    return box(name, *rules, position=numbers, domain=domain)


def corners(**changed: Any) -> dict[str, Any]:
    return {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.6, **changed}


def made(value: Any) -> Any:
    return value() if callable(value) and not isinstance(value, type) else value


NAN, INF = float("nan"), float("inf")

CASES = flat(
    mask("B1 another size", {"mask_data": IDS.T}, "mask.size"),
    mask("B1 another size by one", {"mask_data": IDS[:, :-1]}, "mask.size"),
    mask("B2 3-D", {"mask_data": np.zeros((3, 4, 3), int)}, "mask.shape"),
    mask("B2 1-D", {"mask_data": np.zeros(12, int)}, "mask.shape"),
    mask("B2 0-D", {"mask_data": np.zeros((), int)}, "mask.shape"),
    mask("B2 empty", {"mask_data": np.zeros((0, 4), int)}, "mask.shape"),
    mask("B3 floats", {"mask_data": np.zeros((3, 4))}, "mask.dtype"),
    mask("B3 floats of NaN", {"mask_data": np.full((3, 4), NAN)}, "mask.dtype"),
    mask("B3 complex", {"mask_data": np.zeros((3, 4), complex)}, "array.dtype"),
    mask("B3 text", {"mask_data": np.full((3, 4), "a")}, "array.dtype"),
    mask("B3 objects", {"mask_data": np.zeros((3, 4), object)}, "array.dtype"),
    mask("B3 masked", {"mask_data": np.ma.masked_equal(IDS, 0)}, "array.masked"),
    mask("B4 ragged", {"mask_data": [[1, 2], [3]]}, "array.ragged"),
    mask("B4 a list in itself", {"mask_data": nasty.cycle()}, "array.ragged"),
    mask("B4 an array that raises", {"mask_data": nasty.NoArray()}, "array.kind"),
    mask("B4 None", {"mask_data": None}, "array.kind", error=WrongType),
    mask("B4 a number", {"mask_data": 5}, "array.kind", error=WrongType),
    mask("B5 id 256", {"mask_data": IDS + 256}, "mask.class_id"),
    mask("B5 id -1", {"mask_data": IDS - 1}, "mask.class_id"),
    mask("B5 id 2**63", {"mask_data": np.full((3, 4), 2**63, np.uint64)}, "mask.class_id"),
    mask("B5 id 65,536 in 16 bits", {"mask_data": IDS + 65_536, "bits": 16}, "mask.class_id_16"),
    mask("B5 12 bits", {"mask_data": IDS, "bits": 12}, "mask.bits"),
    mask("B5 True bits", {"mask_data": IDS, "bits": True}, "mask.bits"),
    mask("B7 a label's key is text", {"mask_data": IDS, "class_labels": {"1": "cat"}}, "overlay.class_labels"),
    mask("B7 a label's key is a float", {"mask_data": IDS, "class_labels": {1.0: "cat"}}, "overlay.class_labels"),
    mask("B7 a label's key is True", {"mask_data": IDS, "class_labels": {True: "cat"}}, "overlay.class_labels"),
    mask("B7 a label's key is -1", {"mask_data": IDS, "class_labels": {-1: "cat"}}, "overlay.class_labels"),
    mask("B7 a label is a number", {"mask_data": IDS, "class_labels": {1: 5}}, "overlay.class_labels"),
    mask("B7 a label is None", {"mask_data": IDS, "class_labels": {1: None}}, "overlay.class_labels"),
    mask("B7 a label has NUL", {"mask_data": IDS, "class_labels": {1: "a\0"}}, "overlay.class_labels"),
    mask("B7 a label has a surrogate", {"mask_data": IDS, "class_labels": {1: "\ud800"}}, "overlay.class_labels"),
    mask("B7 labels are a list", {"mask_data": IDS, "class_labels": ["cat"]}, "overlay.class_labels", error=WrongType),
    mask("B7 labels without items", {"mask_data": IDS, "class_labels": nasty.NoItems()}, "value.read"),
    mask("B10 path and mask_data", {"mask_data": IDS, "path": "x.png"}, "mask.data"),
    mask("B10 neither", {}, "mask.data"),
    mask("B11 a JPEG", {"path": lambda: None, "mask_data": IDS}, "mask.data"),
    mask("B11 a JPEG file", lambda: {"path": io.BytesIO(pictures.saved(Pillow.new("L", (4, 3)), "JPEG"))}, "mask.file"),
    mask(
        "B11 an RGB file", lambda: {"path": io.BytesIO(pictures.saved(Pillow.new("RGB", (4, 3)), "PNG"))}, "mask.file"
    ),
    mask("B11 a cut file", lambda: {"path": io.BytesIO(MASK_FILE[:-20])}, "file.content"),
    mask("B11 text", lambda: {"path": io.BytesIO(b"hello")}, "file.content"),
    mask("B11 a bomb", lambda: {"path": io.BytesIO(pictures.png(20_000, 20_000))}, "image.pixels"),
    mask("B11 a missing file", {"path": "/no/such.png"}, "file.missing"),
    mask("B11 a URL", {"path": "https://example.org/a.png"}, "file.url"),
    mask("B11 a number", {"path": 5}, "file.kind", error=WrongType),
    mask("B11 None", {"path": None}, "file.kind", error=WrongType),
    mask("B14 an unknown member", {"mask_data": IDS, "colour": 1}, "overlay.members"),
    mask("B14 a member that is no text", {"mask_data": IDS, 5: 1}, "overlay.members"),
    mask("B14 a list", [IDS], "overlay.members", error=WrongType),
    mask("B14 an array", IDS, "overlay.members", error=WrongType),
    mask("B14 None", None, "overlay.members", error=WrongType),
    mask("B14 without items", nasty.NoItems(), "overlay.members"),
    masks("B14 masks are a list", [{"mask_data": IDS}], "image.layers", error=WrongType),
    masks("B14 masks are text", "m", "image.layers", error=WrongType),
    masks("B14 masks are True", True, "image.layers", error=WrongType),
    masks("B9 an empty name", {"": {"mask_data": IDS}}, "image.layers"),
    masks("B9 a name that is a number", {5: {"mask_data": IDS}}, "image.layers"),
    masks("B9 a name of 100 KB", {"m" * 100_000: {"mask_data": IDS}}, "key.length"),
    masks("B9 a name with NUL", {"a\0": {"mask_data": IDS}}, "image.layers"),
    masks("B9 a name with a surrogate", {"\ud800": {"mask_data": IDS}}, "image.layers"),
    # boxes
    position("B15 NaN", "box.position", **corners(minX=NAN)),
    position("B15 infinity", "box.position", **corners(maxX=INF)),
    position("B15 text", "box.position", **corners(minX="0.1")),
    position("B15 None", "box.position", **corners(minX=None)),
    position("B15 True", "box.position", **corners(minX=True)),
    position("B15 a complex number", "box.position", **corners(minX=1j)),
    position("B15 10**400", "box.position", **corners(maxX=10**400)),
    position("B15 a list", "box.position", **corners(minX=[0.1])),
    position("B15 a number that raises", "box.position", **corners(minX=nasty.OddIndex(nasty.Rude("x")))),
    position("B16 min over max", "box.position", **corners(minX=0.9)),
    position("B16 min over max in y", "box.position", **corners(maxY=0.1)),
    position("B19 mixed", "box.position", minX=0.1, maxX=0.2, middle=[0.1, 0.1]),
    position("B19 three corners", "box.position", minX=0.1, maxX=0.2, minY=0.1),
    position("B19 none", "box.position"),
    position("B20 middle of one", "box.position", middle=[0.5], width=0.1, height=0.1),
    position("B20 middle of NaN", "box.position", middle=[0.5, NAN], width=0.1, height=0.1),
    position("B20 middle of text", "box.position", middle="ab", width=0.1, height=0.1),
    position("B20 middle without iteration", "value.read", middle=nasty.NoIteration([1, 2]), width=0.1, height=0.1),
    position("B22 negative width", "box.position", middle=[0.5, 0.5], width=-0.1, height=0.1),
    position("B22 infinite height", "box.position", middle=[0.5, 0.5], width=0.1, height=INF),
    position("B23 domain pixels", "box.domain", domain="pixels", **corners()),
    position("B23 domain without repr", "box.domain", domain=nasty.NoRepr(), **corners()),
    box("B24 position is a list", "box.position", position=[0, 0, 1, 1]),
    box("B24 position is None", "box.position", position=None),
    box("B24 position without items", "box.position", position=nasty.NoItems()),
    box("B24 no position", "box.position", without="position"),
    box("B26 no class_id", "box.class_id", without="class_id"),
    box("B26 class_id is a float", "box.class_id", class_id=1.0),
    box("B26 class_id is True", "box.class_id", class_id=True),
    box("B26 class_id is -1", "box.class_id", class_id=-1),
    box("B26 class_id is text", "box.class_id", class_id="cat"),
    box("B26 class_id is 2**70", "box.class_id", class_id=2**70),
    box("B26 class_id is None", "box.class_id", class_id=None),
    box("B+ caption is a number", "box.caption", box_caption=5),
    box("B+ caption has NUL", "box.caption", box_caption="a\0"),
    box("B+ caption of 2,001", "caption.length", box_caption="c" * 2_001),
    box("B+ scores are a list", "box.scores", scores=[0.5]),
    box("B+ a score of NaN", "box.scores", scores={"a": NAN}),
    box("B+ a score of text", "box.scores", scores={"a": "0.5"}),
    box("B+ a score's name is a number", "box.scores", scores={5: 0.5}),
    box("B+ a score's name is a surrogate", "box.scores", scores={"\ud800": 0.5}),
    box("B+ scores without items", "value.read", scores=nasty.NoItems()),
    box("B+ an unknown member", "box.members", colour=5),
    boxes("B+ a box is a list", {"b": {"box_data": [[0, 0, 1, 1]]}}, "box.members", error=WrongType),
    boxes("B+ a box is None", {"b": {"box_data": [None]}}, "box.members", error=WrongType),
    boxes("B+ a box without items", {"b": {"box_data": [nasty.NoItems()]}}, "value.read"),
    boxes("B+ box_data is None", {"b": {"box_data": None}}, "boxes.data", error=WrongType),
    boxes("B+ box_data is text", {"b": {"box_data": "ab"}}, "boxes.data", error=WrongType),
    boxes("B+ box_data is a mapping", {"b": {"box_data": {}}}, "boxes.data", error=WrongType),
    boxes("B+ box_data raises", lambda: {"b": {"box_data": nasty.NoIteration([1])}}, "value.read"),
    boxes("B+ no box_data", {"b": {}}, "boxes.data", error=WrongType),
    boxes("B+ a layer is a list", {"b": [BOX]}, "overlay.members", error=WrongType),
    boxes("B+ boxes are a list", [BOX], "image.layers", error=WrongType),
    boxes("B25 1,000,001 boxes", lambda: {"b": {"box_data": [None] * 1_000_001}}, "boxes.per_layer"),
    # classes
    refused("B+ classes are text", lambda at: Image(GREY, classes="cat"), "classes.entry", error=WrongType),
    refused("B+ a class is text", lambda at: Image(GREY, classes=["cat"]), "classes.entry"),
    refused("B+ a class without a name", lambda at: Image(GREY, classes=[{"id": 1}]), "classes.entry"),
    refused("B+ a class of a float", lambda at: Image(GREY, classes=[{"id": 1.5, "name": "a"}]), "classes.entry"),
    refused("B+ a class twice", lambda at: Image(GREY, classes=[{"id": 1, "name": "a"}] * 2), "classes.entry"),
    refused(
        "B+ a class of a surrogate", lambda at: Image(GREY, classes=[{"id": 1, "name": "\ud800"}]), "classes.entry"
    ),
    refused("B+ classes without iteration", lambda at: Image(GREY, classes=nasty.NoIteration([1])), "value.read"),
    # what is taken
    accepted("B6 an id without a label", lambda at: Image(GREY, masks={"m": {"mask_data": IDS + 7}})),
    accepted(
        "B9 a name ../x",
        lambda at: Image(GREY, masks={"../x": {"mask_data": IDS}}),
        lambda row: list(row[KEY]["masks"]) == ["../x"],
    ),
    accepted("B13 no masks", lambda at: Image(GREY, masks={}), lambda row: "masks" not in row[KEY]),
    accepted("B13 no boxes", lambda at: Image(GREY, boxes={"b": {"box_data": []}})),
    accepted(
        "B17 percentage 1.5",
        lambda at: Image(GREY, boxes={"b": {"box_data": [{**BOX, "position": corners(maxX=1.5)}]}}),
    ),
    accepted(
        "B18 a pixel beyond the image",
        lambda at: Image(GREY, boxes={"b": {"box_data": [{**BOX, "domain": "pixel", "position": corners(maxX=900)}]}}),
    ),
    accepted(
        "B21 zero width", lambda at: Image(GREY, boxes={"b": {"box_data": [{**BOX, "position": corners(maxX=0.1)}]}})
    ),
    accepted("B+ ids of booleans", lambda at: Image(GREY, masks={"m": {"mask_data": IDS == 1}})),
    accepted(
        "B+ a numpy class id", lambda at: Image(GREY, boxes={"b": {"box_data": [{**BOX, "class_id": np.int64(3)}]}})
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_masks_and_boxes(case: Case, bench: Bench) -> None:
    bench.hold(case)
