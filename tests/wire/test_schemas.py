from __future__ import annotations

import json
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest

from medialog.datatypes.base import Model, find
from medialog.validators import published, validate
from medialog.validators.descriptors import schema_violations, strict_validator
from medialog.validators.limits import LIMITS
from medialog.wire import kinds, records, schemas
from medialog.wire.line import Line, encode


def model_of(kind: str) -> Any:
    cls = find(kind)
    return cls.ListDescriptor if kind == cls.list_kind else cls.Descriptor


def without_examples(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a published schema as it is built at run time: its examples are documents of the fixtures."""
    return {key: value for key, value in schema.items() if key != "examples"}


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_kind_has_a_fresh_published_schema(kind: str) -> None:
    schema = schemas.load(kind)

    assert without_examples(schema) == json.loads(json.dumps(published.build(kind, model_of(kind))))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schemas.DIALECT, f"urn:medialog:schema:v1:{kind}", kind) == (
        schema["$schema"],
        schema["$id"],
        schema["x-medialog-kind"],
    )


@pytest.mark.parametrize("name", records.NAMES)
def test_every_record_has_a_fresh_published_schema(name: str) -> None:
    assert without_examples(schemas.load(name)) == json.loads(json.dumps(records.build(name)))


@pytest.mark.parametrize("name", [*kinds.KINDS, *records.NAMES])
def test_the_examples_of_a_schema_are_valid_documents(name: str) -> None:
    schema = schemas.load(name)

    assert 1 <= len(schema["examples"]) <= (2 if name != "line" else len(records.LINES) + 1)
    for example in schema["examples"]:
        assert [] == list(schema_violations(example, strict_validator(schema)))
        if name in kinds.KINDS:
            assert (name, []) == (example["_type"], validate(example))


def test_the_examples_of_a_line_are_whole_lines_of_every_kind_that_is_written() -> None:
    examples = schemas.load("line")["examples"]

    assert {*records.LINES} - {"part"} == {example["k"] for example in examples}
    for example in examples:
        sealed = Line(example["seq"], example["k"], example["t"], example["m"], example["d"], example.get("step"))
        assert example == json.loads(encode(sealed))


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_schemas_are_closed_but_for_extensions_and_refer_to_nothing_outside(kind: str) -> None:
    stack: list[Any] = [without_examples(schemas.load(kind))]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if "properties" in node and node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert {"^x-": {}} == node["patternProperties"]
            if isinstance(node.get("$ref"), str):
                assert node["$ref"].startswith("#/$defs/")
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_limits_in_schemas_are_limits(kind: str) -> None:
    for place, limit in schemas.limit_places(schemas.load(kind)):
        assert LIMITS[limit].settable
        assert all(isinstance(part, str) for part in place)


def test_an_unknown_kind_has_no_schema() -> None:
    assert schemas.published("no-such-kind") is None
    assert schemas.published("../../__init__") is None
    with pytest.raises(KeyError):
        schemas.load("no-such-kind")


def test_file_names() -> None:
    assert ["mask.schema.json", "images-separated.schema.json"] == [
        schemas.file_name(kind) for kind in ("mask", "images/separated")
    ]


Length = Annotated[str, msgspec.Meta(extra_json_schema={"x-medialog-limit": "caption.length"})]


class Leaf(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Length
    below: list[Leaf] | None = None


class Tree(Model, tag="test-tree", kw_only=True):
    title: Length | None = None
    leaves: Annotated[list[Leaf], msgspec.Meta(extra_json_schema={"x-medialog-limit": "table.rows"})]
    named: dict[str, Leaf] = {}
    free: dict[str, str] = {}


TREE = schemas.build("test-tree", Tree)


def test_limit_places_follow_references_lists_and_mappings_and_end() -> None:
    assert [
        (("leaves",), "table.rows"),
        (("leaves", "*", "name"), "caption.length"),
        (("named", "*", "name"), "caption.length"),
        (("title",), "caption.length"),
    ] == schemas.limit_places(TREE)


def test_tagged_places_are_the_objects_that_say_their_type() -> None:
    assert [(), ("boxes", "*"), ("classes",), ("masks", "*")] == schemas.tagged_places(schemas.load("image-file"))
    assert [()] == schemas.tagged_places(schemas.load("histogram"))


def test_extensions_are_removed_and_data_of_such_a_name_stay() -> None:
    leaf = {"name": "a", "x-l": 1, "below": [{"name": "b", "x-m": {"x-n": 1}}]}
    document = {
        "_type": "test-tree",
        "x-top": [1],
        "leaves": [leaf],
        "named": {"x-ray": leaf},
        "free": {"x-data": "kept"},
    }
    jsonschema.Draft202012Validator(TREE).validate(document)
    expected = {"name": "a", "below": [{"name": "b"}]}

    assert {"_type": "test-tree", "leaves": [expected], "named": {"x-ray": expected}, "free": {"x-data": "kept"}} == (
        schemas.without_extensions(document, TREE)
    )
    assert "x-top" in document
