"""Descriptor -> violations, against the published schemas.

msgspec is the fast yes: a descriptor that its model accepts is structurally valid. On a no the JSON Schema, made from
the same model, lists everything that is wrong. Settable limits are checked against the rules that hold, then what a
schema cannot say: rules across fields, and that each file is named by its hash.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from medialog.validators import checks
from medialog.validators import rules as rulebook
from medialog.validators.errors import InvalidDescriptor, Violation
from medialog.validators.rules import Rules
from medialog.wire import jsontext, kinds, names, schemas
from medialog.wire.fileref import iter_file_refs

DESCRIPTOR_RULES = {
    "descriptor.kind": "a descriptor is a JSON object whose `_type` is a known kind",
    "descriptor.json": "a descriptor holds JSON only: finite numbers, integers of 64 bits, no lone surrogates",
    "descriptor.path": "a file is named by its content: media/<aa>/<sha256>.<suffix>",
    "schema.<keyword>": "the published JSON Schema, by the keyword that is broken (schema.required, schema.type, ...)",
}


def validate(descriptor: Any, rules: Rules | None = None) -> list[Violation]:
    """Return every violation of a descriptor, single or list form; an empty list when it is valid.

    `rules` are those it was written under (`run.json` has them); the rules that hold now by default.
    """
    rules = rules or rulebook.current()
    kind = descriptor.get("_type") if isinstance(descriptor, Mapping) else None
    if not isinstance(kind, str):
        return [Violation("$", "descriptor.kind", "a JSON object with a string `_type`", checks.show(descriptor))]
    try:
        cls = kinds.find_class(kind)
    except KeyError:
        return [Violation("$._type", "descriptor.kind", f"one of {', '.join(kinds.known_kinds())}", repr(kind)[:60])]
    problem = _problem_with_json(descriptor)
    if problem is not None:
        return [problem]
    is_list = kind == cls.list_kind
    model = cls.ListDescriptor if is_list else cls.Descriptor
    found = (
        []
        if _is_structurally_valid(descriptor, kind, model)
        else list(schema_violations(descriptor, _validator(kind, model)))
    )
    found += _limit_violations(descriptor, kind, model, rules)
    if not found:
        found += cls.descriptor_violations(descriptor, rules)
        for reference in iter_file_refs(descriptor):
            wrong = names.problem_with_media_path(reference.path, reference.sha256)
            if wrong is not None:
                found.append(Violation("$.path", "descriptor.path", wrong, reference.path[:100]))
    return found


def check_descriptor(descriptor: Any, rules: Rules | None = None) -> None:
    """Raise `InvalidDescriptor` with every violation when `descriptor` is not valid."""
    found = validate(descriptor, rules)
    if found:
        raise InvalidDescriptor(found)


def without_extensions(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid descriptor of a known kind without its `x-*` keys; a layer or label of such a name stays."""
    stripped: dict[str, Any] = schemas.without_extensions(descriptor, schema_of(descriptor["_type"]))
    return stripped


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind or record: the published one, or another package's, made from its model.

    `KeyError` when nobody writes the kind. The result is shared: do not change it.
    """
    try:
        cls = kinds.find_class(kind)
    except KeyError:
        return schemas.load(kind)
    return _schema(kind, cls.ListDescriptor if kind == cls.list_kind else cls.Descriptor)


def _problem_with_json(document: Any) -> Violation | None:
    """Return what keeps a document from being JSON at all, walked with its own stack: the document may be hostile."""
    stack: list[tuple[Any, str, int]] = [(document, "$", 1)]
    while stack:
        node, place, depth = stack.pop()
        if depth > jsontext.MAX_DEPTH:
            return Violation(place[:60], "descriptor.json", f"at most {jsontext.MAX_DEPTH} levels", "deeper nesting")
        if isinstance(node, Mapping):
            for key, value in node.items():
                if not isinstance(key, str) or _has_surrogate(key):
                    return Violation(place, "descriptor.json", "string keys", checks.show(key))
                stack.append((value, f"{place}.{key}", depth + 1))
        elif isinstance(node, (list, tuple)):
            stack.extend(
                (value, f"{place}[{i}]", depth + 1)
                for i, value in enumerate(node)
                # What is surely fine is passed over here: lists of numbers are long.
                if not (
                    ((kind := type(value)) is int and _LEAST <= value <= _MOST)
                    or (kind is str and value.isascii())
                    or kind is bool
                )
            )
        elif isinstance(node, float):
            if not math.isfinite(node):
                return Violation(place, "descriptor.json", "a finite number", repr(node))
        elif type(node) is str:
            if _has_surrogate(node):
                return Violation(place, "descriptor.json", "text without lone surrogates", checks.show(node))
        elif type(node) is int:
            if not _LEAST <= node <= _MOST:
                return Violation(place, "descriptor.json", "a whole number of 64 bits", checks.show(node))
        elif node is not None and type(node) is not bool:
            return Violation(place, "descriptor.json", "a JSON value", f"{checks.type_name(node)} {checks.show(node)}")
    return None


_LEAST, _MOST = -(2**63), 2**64 - 1  # beyond, whole numbers are written as tagged text


def _has_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_structurally_valid(descriptor: Mapping[str, Any], kind: str, model: Any) -> bool:
    import msgspec

    try:
        msgspec.convert(descriptor, model)
    except (msgspec.ValidationError, OverflowError):
        return False
    tagged = (node for place in _tagged_places(kind, model) for _, node in _values_at(descriptor, place, "$"))
    return all("_type" in node for node in tagged if isinstance(node, dict))


@cache
def _tagged_places(kind: str, model: Any) -> list[tuple[str, ...]]:
    return schemas.tagged_places(_schema(kind, model))


@cache
def _schema(kind: str, model: Any) -> dict[str, Any]:
    return schemas.load(kind) if kind in kinds.KINDS else schemas.build(kind, model)


@cache
def _validator(kind: str, model: Any) -> Any:
    return strict_validator(_schema(kind, model))


def strict_validator(schema: dict[str, Any]) -> Any:
    """Return the validator of a published schema."""
    import jsonschema

    # Stricter than JSON Schema in one point, as the models are: 1.0 is no integer.
    checker = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        jsonschema.Draft202012Validator, type_checker=checker
    )
    return strict(schema)


def schema_violations(document: Any, validator: Any) -> Iterator[Violation]:
    """Yield everything that a document breaks of a schema, given its `strict_validator`."""
    yield from _violations_of_all(validator.iter_errors(document))


def _violations_of_all(errors: Iterable[Any]) -> Iterator[Violation]:
    for error in sorted(errors, key=_place_of):
        yield from _violations_of(error)


def _violations_of(error: Any) -> Iterator[Violation]:
    keyword, value = error.validator, error.validator_value
    place, rule, got = _place_of(error), f"schema.{error.validator}", checks.show(error.instance)
    if keyword == "required":
        missing = [name for name in value if name not in error.instance]
        # One error per missing key comes in; each names its own in the message.
        name = next((name for name in missing if error.message.startswith(repr(name))), missing[0])
        yield Violation(f"{place}.{name}", rule, "a value (the key is required)", "nothing")
    elif keyword == "additionalProperties":
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known and not str(name).startswith("x-"):
                yield Violation(f"{place}.{name}"[:100], rule, f"one of {', '.join(known)}, or x-*", "an unknown key")
    elif keyword == "type":
        wanted = value if isinstance(value, str) else " or ".join(value)
        yield Violation(place, rule, f"a JSON {wanted}", got)
    elif keyword in ("enum", "const"):
        yield Violation(place, rule, f"one of {value}" if keyword == "enum" else f"{value!r}", got)
    elif keyword == "pattern":
        yield Violation(place, rule, f"text that matches {value}", got)
    elif keyword == "anyOf":
        yield from _violations_of_union(error)
    else:
        yield Violation(place, rule, f"{keyword} {checks.show(value)}", got)


def _place_of(error: Any) -> str:
    """Return where an error is, as every place is written here: jsonschema's own way depends on its version."""
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in error.absolute_path)


def _violations_of_union(error: Any) -> Iterator[Violation]:
    """Yield what the branches say that take a value of this JSON type; that none fits, where they say different things.

    An object where an object or null may stand was meant to be that object: what is wrong is said of what is inside.
    """
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    of_another_type = {
        index: inner
        for index, found in branches.items()
        for inner in found
        if inner.validator == "type" and not inner.path
    }
    said = [list(_violations_of_all(found)) for index, found in branches.items() if index not in of_another_type]
    place, got = _place_of(error), checks.show(error.instance)
    if not said:
        names = [inner.validator_value for inner in of_another_type.values()]
        wanted = dict.fromkeys(name for value in names for name in ([value] if isinstance(value, str) else value))
        yield Violation(place, "schema.type", f"a JSON {' or '.join(wanted)}", got)
    elif all(each == said[0] for each in said):
        yield from said[0]
    else:
        yield Violation(place, "schema.anyOf", f"anyOf {checks.show(error.validator_value)}", got)


@cache
def _limit_places(kind: str, model: Any) -> list[tuple[tuple[str, ...], str]]:
    return schemas.limit_places(_schema(kind, model))


def _limit_violations(descriptor: Mapping[str, Any], kind: str, model: Any, rules: Rules) -> Iterator[Violation]:
    for place, limit in _limit_places(kind, model):
        for where, value in _values_at(descriptor, place, "$"):
            count = value if isinstance(value, (int, float)) else len(value)
            violation = checks.at_most(count, limit, where, rules, "(a limit of this run)")
            if violation is not None:
                yield violation


def _values_at(node: Any, place: tuple[str, ...], where: str) -> Iterator[tuple[str, Any]]:
    """Yield `(path, value)` for every number, text, list or object at `place`.

    Places that are not there yield nothing.
    """
    if not place:
        if isinstance(node, (int, float, str, list, dict)) and not isinstance(node, bool):
            yield where, node
        return
    key, rest = place[0], place[1:]
    if key == "*":
        if isinstance(node, Mapping):
            for name, value in node.items():
                yield from _values_at(value, rest, f"{where}.{name}")
        elif isinstance(node, (list, tuple)):
            for index, value in enumerate(node):
                yield from _values_at(value, rest, f"{where}[{index}]")
    elif isinstance(node, Mapping) and key in node:
        yield from _values_at(node[key], rest, f"{where}.{key}")
