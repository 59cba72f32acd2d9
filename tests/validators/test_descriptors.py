"""Descriptors: msgspec, the published schema and the rules across fields say the same, and say everything."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialog.datatypes.base import DataType, MediaList, decode, find
from medialog.datatypes.files import MemorySink
from medialog.datatypes.histogram import Histogram
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import BoundingBoxes2D, Classes, ImageMask
from medialog.validators import check_descriptor, validate
from medialog.validators.descriptors import (
    _is_structurally_valid,
    schema_violations,
    strict_validator,
    without_extensions,
)
from medialog.validators.errors import DamagedFile, InvalidDescriptor, InvalidInput, UnknownKind, UnsafePath
from medialog.validators.rules import Rules
from medialog.wire import schemas

MASK = {"mask_data": [[1, 2], [3, 4]], "class_labels": {1: "a"}}
LAYER = {"box_data": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}]}


def examples() -> dict[str, dict[str, Any]]:
    image = Image(
        np.array([[0.0, 0.5], [1.0, 0.25]]),
        caption="a",
        grouping=1,
        masks={"m": MASK},
        boxes={"b": LAYER},
        classes=[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    )
    values: list[DataType | MediaList] = [
        Histogram([1, 2, 2.5, np.nan], num_bins=3),
        Histogram([1.0, np.nextafter(1.0, 2.0)], num_bins=2),
        image,
        ImageMask(MASK),
        BoundingBoxes2D(LAYER),
        Classes([{"id": 1, "name": "a"}]),
        MediaList([image, Image([[1]])]),
    ]
    found = [value.encode_into(MemorySink()) for value in values]
    return {
        f"{index} {descriptor['_type']}": descriptor
        for index, descriptor in enumerate(found)
        if isinstance(descriptor, dict)
    }


EXAMPLES = examples()


def mutated(name: str) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLES[name])


def rules_of(descriptor: Any, rules: Rules | None = None) -> list[str]:
    return sorted(violation.rule for violation in validate(descriptor, rules))


IMAGE, HISTOGRAM, IMAGES, PLAIN = "2 image-file", "0 histogram", "6 images/separated", "5 classes"


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_we_write_is_valid(name: str) -> None:
    assert [] == validate(EXAMPLES[name])
    check_descriptor(EXAMPLES[name])
    jsonschema.Draft202012Validator(schemas.load(EXAMPLES[name]["_type"])).validate(EXAMPLES[name])


# --- every violation id ---


@pytest.mark.parametrize(
    "document", [None, 5, "x", [], {}, {"_type": None}, {"_type": 5}, {"_type": ["image-file"]}, {"_type": "nobody"}]
)
def test_documents_of_no_kind(document: Any) -> None:
    assert ["descriptor.kind"] == rules_of(document)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        {1: 2},
        {"a": {None: 1}},
        object(),
        b"bytes",
        {1, 2},
        np.int64(3),
        np.zeros(2),
        [[float("nan")]],
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0],
)
def test_what_is_no_json(value: Any) -> None:
    assert ["descriptor.json"] == rules_of({**EXAMPLES[IMAGE], "x-own": value})


def test_deep_and_endless_documents() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert ["descriptor.json"] == rules_of({**EXAMPLES[IMAGE], "x-own": deep})
    while isinstance(deep, list):
        deep = deep.pop()
    endless: dict[str, Any] = {}
    endless["a"] = endless
    assert ["descriptor.json"] == rules_of({**EXAMPLES[IMAGE], "x-own": endless})


@pytest.mark.parametrize(
    ("name", "change", "at", "rule"),
    [
        (IMAGE, {"width": "9"}, "$.width", "schema.type"),
        (IMAGE, {"width": 2.0}, "$.width", "schema.type"),
        (IMAGE, {"width": True}, "$.width", "schema.type"),
        (IMAGE, {"width": 0}, "$.width", "schema.minimum"),
        (IMAGE, {"size": -1}, "$.size", "schema.minimum"),
        (IMAGE, {"format": "tiff"}, "$.format", "schema.enum"),
        (IMAGE, {"caption": None}, "$.caption", "schema.type"),
        (IMAGE, {"changes": []}, "$.changes", "schema.minItems"),
        (IMAGE, {"changes": [{"id": "", "detail": "", "lossy": False}]}, "$.changes[0].id", "schema.minLength"),
        (IMAGE, {"changes": [{"id": "a", "detail": ""}]}, "$.changes[0].lossy", "schema.required"),
        (IMAGE, {"sha256": "A" * 64}, "$.sha256", "schema.pattern"),
        (IMAGE, {"path": "../../etc/passwd"}, "$.path", "schema.pattern"),
        (IMAGE, {"path": "/media/x.png"}, "$.path", "schema.pattern"),
        (IMAGE, {"colour": "red"}, "$.colour", "schema.additionalProperties"),
        (IMAGE, {"masks": []}, "$.masks", "schema.type"),
        (IMAGE, {"masks": {"m": {"_type": "boxes2D"}}}, None, "schema.enum"),
        (HISTOGRAM, {"values": []}, "$.values", "schema.minItems"),
        (HISTOGRAM, {"values": [1, "2"]}, "$.values[1]", "schema.type"),
        (HISTOGRAM, {"values": [1, -2, 1]}, "$.values[1]", "schema.minimum"),
        (HISTOGRAM, {"values": [1, -2.5, 1]}, "$.values[1]", "schema.minimum"),
        (HISTOGRAM, {"bins": [1]}, "$.bins", "schema.minItems"),
        (HISTOGRAM, {"nan": -1}, "$.nan", "schema.minimum"),
        (HISTOGRAM, {"bins": [1, 2]}, "$.bins", "histogram.lengths"),
        (HISTOGRAM, {"bins": [1, 3, 2, 4]}, "$.bins[2]", "histogram.edges"),
        (HISTOGRAM, {"count": 99}, "$.count", "histogram.counts"),
        (IMAGES, {"items": []}, "$.items", "schema.minItems"),
        (IMAGES, {"count": 9}, "$.count", "image.list"),
        (IMAGE, {"classes": {"class_set": []}}, "$.classes._type", "schema.required"),
        (PLAIN, {"class_set": [{"id": 1}]}, "$.class_set[0].name", "schema.required"),
        (
            PLAIN,
            {"class_set": [{"id": 1, "name": "a", "colour": 5}]},
            "$.class_set[0].colour",
            "schema.additionalProperties",
        ),
        (IMAGE, {"sha256": "0" * 64}, "$.path", "descriptor.path"),
    ],
)
def test_each_rule_with_its_place(name: str, change: dict[str, Any], at: str | None, rule: str) -> None:
    found = validate({**mutated(name), **change})

    assert rule in {violation.rule for violation in found}
    if at is not None:
        assert [(at, rule)] == [(violation.at, violation.rule) for violation in found]
    assert all(str(violation).isprintable() for violation in found)


def test_a_wrong_descriptor_gets_all_its_problems_at_once() -> None:
    descriptor = mutated(IMAGE)
    del descriptor["sha256"], descriptor["lossless"]
    descriptor.update(width=0, format="tiff", colour=1, shape=2, caption="a" * 2001)
    descriptor["masks"]["m"]["bits"] = 12

    with pytest.raises(InvalidDescriptor) as caught:
        check_descriptor(descriptor)

    assert {
        ("$.sha256", "schema.required"),
        ("$.lossless", "schema.required"),
        ("$.width", "schema.minimum"),
        ("$.format", "schema.enum"),
        ("$.colour", "schema.additionalProperties"),
        ("$.shape", "schema.additionalProperties"),
        ("$.masks.m.bits", "schema.enum"),
        ("$.caption", "caption.length"),
    } == {(violation.at, violation.rule) for violation in caught.value.violations}
    assert 8 == len(caught.value.violations)


# What is inside a value that may also be null: `change` is made at all_masks[0].m or all_boxes[0].b.
@pytest.mark.parametrize(
    ("layer", "change", "at", "rule", "expected"),
    [
        ("all_masks", {"width": "7"}, "$.all_masks[0].m.width", "schema.type", "a JSON integer"),
        ("all_masks", {"width": 0}, "$.all_masks[0].m.width", "schema.minimum", "minimum 1"),
        ("all_masks", {"bits": 12}, "$.all_masks[0].m.bits", "schema.enum", "one of [8, 16]"),
        ("all_masks", {"changes": [{}]}, "$.all_masks[0].m.changes[0].id", "schema.required", None),
        ("all_boxes", {"colour": 1}, "$.all_boxes[0].b.colour", "schema.additionalProperties", None),
        ("all_boxes", {"count": -1}, "$.all_boxes[0].b.count", "schema.minimum", "minimum 0"),
        ("all_boxes", {"class_labels": {"1": 5}}, "$.all_boxes[0].b.class_labels.1", "schema.type", "a JSON string"),
    ],
)
def test_inside_a_layer_that_may_be_null(
    layer: str, change: dict[str, Any], at: str, rule: str, expected: str | None
) -> None:
    descriptor = json.loads(json.dumps(EXAMPLES[IMAGES]))  # nothing shared
    descriptor[layer][0]["m" if layer == "all_masks" else "b"].update(change)

    found = validate(descriptor)

    assert {rule} == {violation.rule for violation in found}
    assert at in {violation.at for violation in found}
    assert expected in (None, *(violation.expected for violation in found))


def test_a_layer_that_may_be_null_gets_all_its_problems_at_once() -> None:
    descriptor = json.loads(json.dumps(EXAMPLES[IMAGES]))  # nothing shared
    del descriptor["all_masks"][0]["m"]["sha256"], descriptor["all_masks"][0]["m"]["size"]
    descriptor["all_boxes"][0]["b"]["_type"] = "mask"

    assert {
        ("$.all_masks[0].m.sha256", "schema.required"),
        ("$.all_masks[0].m.size", "schema.required"),
        ("$.all_boxes[0].b._type", "schema.enum"),
    } == {(violation.at, violation.rule) for violation in validate(descriptor)}


@pytest.mark.parametrize(
    ("change", "at", "expected"),
    [
        ({"all_masks": [7, None]}, "$.all_masks[0]", "a JSON object or null"),
        ({"all_boxes": [None, [None]]}, "$.all_boxes[1]", "a JSON object or null"),
        ({"captions": ["a", 7]}, "$.captions[1]", "a JSON string or null"),
    ],
)
def test_neither_null_nor_what_may_stand_beside_it(change: dict[str, Any], at: str, expected: str) -> None:
    found = validate({**mutated(IMAGES), **change})

    assert [(at, "schema.type", expected)] == [(each.at, each.rule, each.expected) for each in found]


def test_limits_hold_inside_a_layer_that_may_be_null() -> None:
    descriptor = json.loads(json.dumps(EXAMPLES[IMAGES]))  # nothing shared
    descriptor["all_masks"][0]["m"]["width"] = 70_000
    descriptor["all_boxes"][0]["b"]["count"] = 9

    found = {(each.at, each.rule) for each in validate(descriptor, Rules({"boxes.per_layer": 8}))}

    assert {("$.all_masks[0].m.width", "image.side"), ("$.all_boxes[0].b.count", "boxes.per_layer")} <= found


def test_where_the_branches_of_a_union_say_different_things_the_union_is_named() -> None:
    validator = strict_validator(schemas.load("config"))

    found = list(schema_violations({"lr": {"_private": 1}}, validator))

    assert [("$.lr", "schema.anyOf")] == [(violation.at, violation.rule) for violation in found]


def test_one_branch_of_a_union_takes_an_array() -> None:
    videos = {"captions": ["a", 7]}
    schema = {"properties": {"captions": schemas.load("videos")["properties"]["captions"]}}

    found = list(schema_violations(videos, strict_validator(schema)))

    assert [("$.captions[1]", "schema.type", "a JSON string or null", "7")] == [
        (each.at, each.rule, each.expected, each.got) for each in found
    ]


def test_inner_places_stand_in_list_forms() -> None:
    descriptor = mutated(IMAGES)
    descriptor["items"][0]["masks"]["m"]["width"] = 7
    descriptor["all_masks"][0]["m"]["width"] = 7

    assert ["$.items[0].masks.m"] == [violation.at for violation in validate(descriptor)]


def test_paths_of_children_are_checked_too() -> None:
    descriptor = mutated(IMAGE)
    mask = descriptor["masks"]["m"]
    mask["path"] = mask["path"].replace(f"media/{mask['sha256'][:2]}", "media/00")

    assert ["descriptor.path"] == rules_of(descriptor)


def test_a_newline_at_the_end_is_no_match() -> None:
    for key in ("path", "sha256"):
        descriptor = mutated(IMAGE)
        descriptor[key] += "\n"
        assert validate(descriptor)


# --- settable limits ---


@pytest.mark.parametrize(
    ("name", "limit", "most"),
    [
        (HISTOGRAM, "histogram.bins", 3),
        (IMAGE, "caption.length", 1),
        (IMAGE, "image.side", 2),
        (IMAGE, "boxes.per_layer", 1),
        (IMAGE, "image.pixels", 4),
        (IMAGES, "image.per_list", 2),
        (IMAGES, "caption.length", 1),
    ],
)
def test_settable_limits_are_those_of_the_rules_given(name: str, limit: str, most: int) -> None:
    assert [] == rules_of(EXAMPLES[name], Rules({limit: most}))
    assert {limit} == set(rules_of(EXAMPLES[name], Rules({limit: most - 1})))
    with Rules({limit: most - 1}).use():
        assert {limit} == set(rules_of(EXAMPLES[name]))


# --- extensions ---


@pytest.mark.parametrize("name", EXAMPLES)
def test_extensions_are_allowed(name: str) -> None:
    descriptor = {**mutated(name), "x-mine": {"a": [1, None]}, "x-": 1}

    assert [] == validate(descriptor)
    assert EXAMPLES[name] == without_extensions(descriptor)
    assert ["schema.additionalProperties"] == rules_of({**mutated(name), "X-mine": 1})


# --- msgspec and the schema agree ---


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        found += places(value, (*path, key))
    return found


SCALARS = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        1.0,
        0.5,
        -0.5,
        1e300,
        2**63,
        2**70,
        "",
        "a",
        "png",
        "mask",
        "image-file",
        "0" * 64,
        [],
        {},
        [1],
        ["a"],
        {"a": 1},
        {"id": 1, "name": "a"},
        [None],
        "a\n",
        16,
    ]
)


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    descriptor: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(list(EXAMPLES.values()))))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(descriptor)))
        node: Any = descriptor
        for key in place[:-1]:
            node = node[key]
        match draw(st.sampled_from(["replace", "remove", "add", "copy"])):
            case "replace":
                node[place[-1]] = copy.deepcopy(draw(SCALARS))
            case "remove":
                del node[place[-1]]
            case "add" if isinstance(node, dict):
                node[draw(st.sampled_from(["x-a", "extra", "caption", "changes", "nan", "", "frames", "_type"]))] = (
                    copy.deepcopy(draw(SCALARS))
                )
            case "copy" if isinstance(node, list):
                node.append(copy.deepcopy(node[place[-1]]))
        if not places(descriptor) or "_type" not in descriptor:
            break
    return descriptor


@settings(max_examples=1500)
@given(mutations())
def test_the_model_and_the_schema_agree(descriptor: dict[str, Any]) -> None:
    try:
        cls = find(descriptor["_type"])
    except (UnknownKind, KeyError, TypeError):
        assert ["descriptor.kind"] == rules_of(descriptor)
        return
    if type(descriptor["_type"]) is not str:
        return
    model = cls.ListDescriptor if descriptor["_type"] == cls.list_kind else cls.Descriptor
    schema = schemas.load(descriptor["_type"])
    by_schema = jsonschema.Draft202012Validator(schema).is_valid(descriptor)

    # 1.0 is an integer to JSON Schema at large and none to us; x-* keys are known to the schema only.
    found = validate(descriptor)
    structural = [v for v in found if v.rule.startswith("schema.")]
    if [v.rule for v in found] == ["descriptor.json"]:
        return  # what is no JSON that we write, an integer beyond 64 bits, is said before anything else
    if not by_schema:
        assert structural
    elif structural:
        assert {"schema.type", "schema.anyOf"} >= {v.rule for v in structural}
        assert "1.0" in json.dumps(descriptor) or "1e+300" in json.dumps(descriptor)
    else:
        assert _is_structurally_valid(schemas.without_extensions(descriptor, schema), descriptor["_type"], model)


@settings(max_examples=500)
@given(mutations())
def test_what_is_valid_can_be_read_and_the_rest_is_named(descriptor: dict[str, Any]) -> None:
    sink = MemorySink()
    for value in (ImageMask(MASK), BoundingBoxes2D(LAYER), Image(np.array([[0.0, 0.5], [1.0, 0.25]])), Image([[1]])):
        value.encode_into(sink)
    found = validate(descriptor)

    if found:
        with pytest.raises((InvalidDescriptor, UnknownKind)):
            decode(descriptor, sink)
    else:
        with contextlib.suppress(DamagedFile, UnsafePath, InvalidInput):
            decode(descriptor, sink)


def test_a_kind_of_another_package_is_held_against_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.datatypes.base import Model
    from medialog.wire import kinds

    class NoteDescriptor(Model, tag="test-note"):
        text: str

    monkeypatch.setattr(kinds, "_claimed", dict(kinds._claimed))
    note = type("Note", (DataType,), {"Descriptor": NoteDescriptor}, kind="test-note")

    assert note is find("test-note")
    assert [] == rules_of({"_type": "test-note", "text": "a", "x-b": 1})
    assert ["schema.additionalProperties", "schema.type"] == rules_of({"_type": "test-note", "text": 5, "more": 1})


def test_msgspec_alone_knows_no_extensions() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**EXAMPLES[PLAIN], "x-a": 1}, Classes.Descriptor)


def test_what_looks_like_a_file_in_an_own_key_is_none() -> None:
    source = {"path": "data/train.csv", "sha256": "0" * 64, "size": 5}

    assert [] == validate({**EXAMPLES[PLAIN], "x-source": source})
    assert [] == validate({**EXAMPLES[IMAGE], "x-source": [{"files": [source]}]})
