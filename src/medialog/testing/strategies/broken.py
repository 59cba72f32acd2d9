"""Near-valid descriptors: a valid one with at most one thing changed, and the rule that it then breaks."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from medialog.testing.strategies.arrays import Draw
from medialog.testing.strategies.descriptors import descriptors
from medialog.testing.strategies.schema import resolve
from medialog.validators.descriptors import schema_of


@dataclass(frozen=True)
class _Change:
    """A change of a descriptor in place, and the rule that it breaks; None for one that breaks none."""

    rule: str | None
    apply: Callable[[], Any]


@st.composite
def near_valid_descriptors(draw: Draw, kind: str) -> tuple[dict[str, Any], str | None]:
    """Draw `(descriptor, rule)`: a valid descriptor with at most one thing changed, and the rule id that it breaks.

    `rule` is None when the descriptor is valid: as it was, or with an `x-*` key added. Else it is among the rules that
    `validate` names: a required key is missing, a key is unknown, a value has another type, is out of its range, not
    one of the listed ones or not as its pattern says, a number is NaN, a file is not named by its hash.
    """
    descriptor = copy.deepcopy(draw(descriptors(kind)))
    if draw(st.integers(0, 7)) == 0:
        return descriptor, None
    schema = schema_of(kind)
    changes = list(_changes(descriptor, schema, schema))
    rules = sorted({change.rule or "" for change in changes})
    rule = draw(st.sampled_from(rules))  # first the rule, so that a rule with few places is drawn as often as others
    change = draw(st.sampled_from([change for change in changes if (change.rule or "") == rule]))
    change.apply()
    return descriptor, change.rule


def _changes(value: Any, node: dict[str, Any], root: dict[str, Any]) -> Iterator[_Change]:
    """Yield every change inside a value whose rule the schema tells exactly: of unions only those with null."""
    node = resolve(node, root)
    if isinstance(value, dict) and "properties" in node:
        yield from _changes_of_object(value, node, root)
    elif isinstance(value, dict) and isinstance(node.get("additionalProperties"), dict):
        for key in value:
            yield from _changes_of_item(value, key, node["additionalProperties"], root)
    elif isinstance(value, list) and isinstance(node.get("items"), dict):
        for index in range(len(value)):
            yield from _changes_of_item(value, index, node["items"], root)


def _changes_of_object(value: dict[str, Any], node: dict[str, Any], root: dict[str, Any]) -> Iterator[_Change]:
    for key in node.get("required", ()):
        if key != "_type":  # without it nobody knows what the rest should be
            yield _Change("schema.required", _deleter(value, key))
    if node.get("additionalProperties") is False:
        yield _Change("schema.additionalProperties", _setter(value, "surprise", 1))
    if "^x-" in node.get("patternProperties", {}):
        yield _Change(None, _setter(value, "x-note", {"free": ["form", None]}))
    if {"path", "sha256", "size"} <= set(value):
        yield _Change("descriptor.path", _setter(value, "sha256", "0" * 64))
    for key in value:
        if key != "_type" and key in node["properties"]:
            yield from _changes_of_item(value, key, node["properties"][key], root)


def _changes_of_item(holder: Any, key: Any, node: dict[str, Any], root: dict[str, Any]) -> Iterator[_Change]:
    node = _not_null(resolve(node, root), root)
    for rule, wrong in _wrong_values(node):
        yield _Change(rule, _setter(holder, key, wrong))
    yield from _changes(holder[key], node, root)


def _not_null(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Return what a value is that may also be null: the union hides nothing of what is wrong with it."""
    others = [
        branch for branch in (resolve(each, root) for each in node.get("anyOf", ())) if branch.get("type") != "null"
    ]
    return others[0] if len(others) == 1 else node


def _wrong_values(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield `(rule, value)` for values that a description refuses."""
    if "const" in node:
        yield "schema.const", "no such value"
    elif "enum" in node:
        yield "schema.enum", "no such value"
    elif "type" in node and isinstance(node["type"], str):
        yield "schema.type", {"string": 7, "boolean": "yes", "integer": 1.5}.get(node["type"], "text")
        if node["type"] == "number":
            yield "descriptor.json", float("nan")
        if node["type"] in ("integer", "number"):
            for keyword, beyond in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
                if keyword in node:
                    yield f"schema.{keyword}", node[keyword] + beyond
        if "pattern" in node and not re.search(node["pattern"], "../../etc/passwd"):
            yield "schema.pattern", "../../etc/passwd"
        if node.get("minLength", 0) > 0:
            yield "schema.minLength", ""
        if node.get("minItems", 0) > 0:
            yield "schema.minItems", []


def _setter(holder: Any, key: Any, value: Any) -> Callable[[], None]:
    def apply() -> None:
        holder[key] = value

    return apply


def _deleter(holder: dict[str, Any], key: str) -> Callable[[], None]:
    def apply() -> None:
        del holder[key]

    return apply
