"""The committed fixtures: their scripts make them again, they are what they say, and nothing is missing."""

from __future__ import annotations

import io
import json
import re
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import descriptor_schema_mutations as schema_mutations
import descriptors as script
import jsonschema
import media
import msgspec
import numpy as np
import pytest
from PIL import Image as PillowImage

import medialog
from medialog.datatypes.base import find
from medialog.validators import descriptors, validate
from medialog.validators.catalog import COMMON
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules
from medialog.wire import kinds, schemas

FOLDER = script.FOLDER
KINDS = sorted(kinds.KINDS)
# Files that an encoder library writes: its version may choose other bytes (and so another digest and size).
ENCODED = ("png", "mask.png", "gif", "mp4", "webm", "ogg", "flac", "parquet", "sdf")
# What figures are made of depends on the versions of matplotlib and altair too.
OF_FIGURES = (*ENCODED, "plotly.json", "vl.json")


def paths(group: str, kind: str) -> list[Path]:
    return sorted((FOLDER / group / script.folder_of(kind)).glob("*.json"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


VALID = [path for kind in KINDS for path in paths("valid", kind)]
INVALID = [path for kind in KINDS for path in paths("invalid", kind)]


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def model_of(kind: str) -> Any:
    cls = find(kind)
    return cls.ListDescriptor if kind == cls.list_kind else cls.Descriptor


@cache
def strict(kind: str) -> Any:
    return descriptors._validator(kind, model_of(kind))


def is_valid_by_msgspec(descriptor: Any, kind: str) -> bool:
    return descriptors._is_structurally_valid(descriptor, kind, model_of(kind))


# --- the media files ------------------------------------------------------------------------------------------------


def test_media_files_are_small_and_come_from_the_script() -> None:
    sizes = {path.name: path.stat().st_size for path in media.FOLDER.iterdir()}

    assert {*media.MADE_HERE, *media.ENCODED} == set(sizes)
    assert max(sizes.values()) < 10_000
    assert sum(sizes.values()) < 1_000_000


@pytest.mark.parametrize("name", media.MADE_HERE)
def test_what_the_script_writes_itself_has_the_same_bytes(name: str) -> None:
    assert media.read(name) == media.MADE_HERE[name]()


@pytest.mark.parametrize("name", media.ENCODED)
def test_what_an_encoder_writes_decodes_alike(name: str) -> None:
    """Another version of libjpeg, FFmpeg or libsndfile may write other bytes, for the same picture or sound."""
    committed, made = decoded(name, media.read(name)), decoded(name, media.ENCODED[name]())

    assert committed.shape == made.shape
    np.testing.assert_allclose(committed, made, atol=0 if name.endswith(("png", "gif", "flac")) else 0.1)


def decoded(name: str, data: bytes) -> np.ndarray[Any, Any]:
    """Return pixels or samples in 0..1."""
    if name.startswith("sound"):
        return np.asarray(medialog.Audio(data).to_numpy(), float)
    if name.startswith("clip"):
        return medialog.Video(data).to_numpy() / 255.0
    frames = []
    with PillowImage.open(io.BytesIO(data)) as picture:
        for index in range(getattr(picture, "n_frames", 1)):
            picture.seek(index)
            frames.append(np.asarray(picture.convert("RGB")) / 255.0)
    return np.stack(frames)


# --- the descriptors ------------------------------------------------------------------------------------------------


def test_the_script_makes_the_descriptors_again() -> None:
    made = script.all_files()

    committed = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*.json")}
    assert set(made) == set(committed)
    for name, path in committed.items():
        assert script.text_of(read(path)) == path.read_text(encoding="utf-8"), name
        suffixes = OF_FIGURES if "/figure/" in name else ENCODED
        assert without_encoded(read(path), suffixes) == without_encoded(made[name], suffixes), name


def without_encoded(node: Any, suffixes: tuple[str, ...]) -> Any:
    """Return a document without what depends on the version of an encoder: digests and sizes of what it writes."""
    if isinstance(node, dict):
        place = node.get("path")
        own = isinstance(place, str) and place.partition(".")[2] in suffixes
        left_out = {"sha256", "size"} if own else set()
        if suffixes is OF_FIGURES:
            left_out.add("schema")
        return {key: without_encoded(value, suffixes) for key, value in node.items() if key not in left_out}
    if isinstance(node, list):
        return [without_encoded(item, suffixes) for item in node]
    if isinstance(node, str) and re.fullmatch(rf"media/.*\.({'|'.join(map(re.escape, suffixes))})", node):
        return f"a {node.partition('.')[2]} file"
    return node


@pytest.mark.parametrize("path", VALID, ids=named)
def test_valid_descriptors_are_valid_in_every_way(path: Path) -> None:
    descriptor = read(path)
    kind = descriptor["_type"]

    assert script.folder_of(kind) == path.parent.name
    assert [] == validate(descriptor)
    jsonschema.Draft202012Validator(schemas.load(kind)).validate(descriptor)
    msgspec.convert(descriptors.without_extensions(descriptor), model_of(kind))


@pytest.mark.parametrize("path", INVALID, ids=named)
def test_invalid_descriptors_break_exactly_their_rules(path: Path) -> None:
    case = read(path)
    rules = Rules(case.get("limits", {}))

    found = validate(case["descriptor"], rules)

    assert case["expected"] == sorted({violation.rule for violation in found})
    assert case["why"]
    for violation in found:
        assert violation.at.startswith("$")
        assert violation.expected


@pytest.mark.parametrize("path", INVALID, ids=named)
def test_msgspec_and_the_schema_agree(path: Path) -> None:
    case = read(path)
    kind = next(kind for kind in KINDS if script.folder_of(kind) == path.parent.name)
    breaks = any(rule.startswith("schema.") for rule in case["expected"])
    if case["expected"] in (["descriptor.kind"], ["descriptor.json"]):
        return

    descriptor = {key: value for key, value in case["descriptor"].items() if not key.startswith("x-")}
    assert breaks is not strict(kind).is_valid(descriptor)
    assert breaks is not is_valid_by_msgspec(descriptor, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_msgspec_and_the_schema_agree_on_every_mutation(kind: str) -> None:
    """Every keyword broken at every place where some fixture has a value, not only those that are committed."""
    schema, seen = schemas.load(kind), set()
    for path in paths("valid", kind):
        descriptor = {key: value for key, value in read(path).items() if not key.startswith("x-")}
        for mutation in schema_mutations.mutations(schema, descriptor):
            shape = (mutation.keyword, tuple("*" if isinstance(key, int) else key for key in mutation.place))
            if shape in seen:
                continue
            seen.add(shape)
            changed = mutation.apply(descriptor)
            assert not is_valid_by_msgspec(changed, kind), mutation.why
            assert not strict(kind).is_valid(changed), mutation.why
            assert mutation.rule in {violation.rule for violation in validate(changed)}, mutation.why
    assert len(seen) > 5


# --- nothing is missing ---------------------------------------------------------------------------------------------


def test_every_kind_has_fixtures_and_no_other_folder_is_there() -> None:
    wanted = {script.folder_of(kind) for kind in KINDS}

    for group in ("valid", "invalid"):
        assert wanted == {path.name for path in (FOLDER / group).iterdir()}
    assert all(len(paths("valid", kind)) >= 3 for kind in KINDS)
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.json")) < 2_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_every_keyword_of_a_schema_is_broken_by_a_fixture(kind: str) -> None:
    broken = {path.stem.rpartition(".")[2] for path in paths("invalid", kind) if path.stem.startswith("schema.")}

    used = set().union(*(keywords_reached(schemas.load(kind), read(path)) for path in paths("valid", kind)))
    assert used == broken
    assert broken <= schema_mutations.keywords_of(schemas.load(kind))


def keywords_reached(schema: dict[str, Any], descriptor: Any) -> set[str]:
    return {mutation.keyword for mutation in schema_mutations.mutations(schema, descriptor)}


def test_every_keyword_of_any_schema_has_a_mutation() -> None:
    everything = set().union(*(schema_mutations.keywords_of(schemas.load(kind)) for kind in KINDS))

    broken = {path.stem.rpartition(".")[2] for path in INVALID if path.stem.startswith("schema.")}
    assert everything == broken


def test_every_key_of_every_model_stands_in_a_valid_fixture() -> None:
    wanted: set[tuple[str, str]] = set()
    found: set[tuple[str, str]] = set()
    for kind in KINDS:
        schema = schemas.load(kind)
        wanted |= {(kind, key) for key in schema["properties"]}
        for name, definition in schema.get("$defs", {}).items():
            wanted |= {(name, key) for key in definition.get("properties", {})}
        for path in paths("valid", kind):
            found |= {(definition or kind, key) for definition, key in keys_of(schema, read(path))}

    # A descriptor inside another is the same model as the kind's own.
    tags = {find(kind).Descriptor.__name__: find(kind).kind for kind in KINDS}
    missing = {(tags.get(name, name), key) for name, key in wanted} - {
        (tags.get(name, name), key) for name, key in found
    }
    assert set() == missing


def keys_of(schema: dict[str, Any], descriptor: Any) -> Iterator[tuple[str, str]]:
    """Yield (definition, key) for every key of a document that a model names."""

    def walk(node: dict[str, Any], value: Any, definition: str) -> Iterator[tuple[str, str]]:
        if "$ref" in node:
            definition = node["$ref"].rpartition("/")[2]
            node = schema["$defs"][definition]
        if "anyOf" in node:
            branches = [branch for branch in node["anyOf"] if schema_mutations._fits(schema, branch, value)]
            yield from walk(branches[0], value, definition)
        elif isinstance(value, dict):
            for key, child in value.items():
                if key in node.get("properties", {}):
                    yield definition, key
                    yield from walk(node["properties"][key], child, definition)
                elif isinstance(node.get("additionalProperties"), dict):
                    yield from walk(node["additionalProperties"], child, definition)
        elif isinstance(value, list) and isinstance(node.get("items"), dict):
            for child in value:
                yield from walk(node["items"], child, definition)

    return walk(schema, descriptor, "")


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_that_a_descriptor_of_a_kind_can_break_has_a_fixture(kind: str) -> None:
    cls = find(kind)
    known = {*cls.documented_rules, *LIMITS, *(rule for name in KINDS for rule in find(name).documented_rules)} - {
        *COMMON
    }
    reachable = {name for name in names_in(body_of(cls)) if name in known}
    family = [name for name in (cls.kind, cls.list_kind) if name is not None]

    broken = {rule for name in family for path in paths("invalid", name) for rule in read(path)["expected"]}
    inside = {  # rules of a descriptor inside this one: held by the fixtures of its own kind
        rule
        for other in KINDS
        if find(other) is not cls
        for path in paths("invalid", other)
        for rule in read(path)["expected"]
    }
    own = {rule for rule in reachable if rule in cls.documented_rules}
    assert own <= broken
    assert reachable <= broken | inside
    assert {"descriptor.kind", "descriptor.json"} <= broken


@pytest.mark.parametrize("kind", KINDS)
def test_every_settable_limit_of_a_schema_is_lowered_by_a_fixture(kind: str) -> None:
    wanted = {limit for _, limit in schemas.limit_places(schemas.load(kind))}

    broken = {rule for path in paths("invalid", kind) for rule in read(path)["expected"] if rule in LIMITS}
    elsewhere = {rule for path in INVALID for rule in read(path)["expected"] if rule in LIMITS}
    assert wanted <= elsewhere
    assert not wanted - broken - {"boxes.per_layer", "caption.length"} or kind == "figure"


def body_of(cls: Any) -> Any:
    """Return the function behind a type's class method."""
    return cls.descriptor_violations.__func__


def names_in(function: Any, seen: set[Any] | None = None) -> set[str]:
    """Return the strings of a function and of medialog's functions that it names: the rule ids are among them."""
    seen = set() if seen is None else seen
    if function in seen:
        return set()
    seen.add(function)
    found: set[str] = set()
    codes, used = [function.__code__], set()
    while codes:
        code = codes.pop()
        found |= {constant for constant in code.co_consts if isinstance(constant, str)}
        used |= {*code.co_names}
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    space = function.__globals__
    modules = [space[name] for name in used if isinstance(space.get(name), types.ModuleType)]
    for name in used:
        for value in [space.get(name), *(getattr(module, name, None) for module in modules)]:
            if isinstance(value, types.FunctionType) and value.__module__.startswith("medialog.datatypes"):
                found |= names_in(value, seen)
            elif isinstance(value, type) and hasattr(value, "descriptor_violations"):
                found |= names_in(body_of(value), seen)
    return found
