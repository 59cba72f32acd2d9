"""JSON Schema -> strategy, for the keywords that our schemas use; another keyword is a `NotImplementedError`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SHORT = 4
NOTES = frozenset(("$schema", "$id", "$comment", "$defs", "title", "description", "examples", "default", "deprecated"))
_HANDLED = frozenset(
    (
        *("type", "enum", "const", "anyOf", "oneOf", "$ref"),
        *("properties", "required", "additionalProperties", "patternProperties", "items"),
        *("pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minItems", "maxItems", "minLength", "maxLength"),
    )
)
DEEPEST = 4
_LARGE = 1_000_000


def documents(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for documents that hold to `schema`: small ones, nested at most a few levels."""
    return _strategy(schema, schema, 0)


def resolve(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Return what a description refers to."""
    while "$ref" in node:
        node = root["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _strategy(node: dict[str, Any], root: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    node = resolve(node, root)
    unknown = [key for key in node if key not in NOTES | _HANDLED and not key.startswith("x-")]
    if unknown:
        raise NotImplementedError(f"no strategy for the keyword {unknown[0]!r}")
    if "const" in node:
        return st.just(node["const"])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    branches = node.get("anyOf") or node.get("oneOf")
    if branches:
        plain = [branch for branch in branches if "properties" not in resolve(branch, root)]
        chosen = plain if depth > DEEPEST and plain else branches
        return st.one_of([_strategy(branch, root, depth) for branch in chosen])
    kind = node.get("type")
    if isinstance(kind, list):
        return st.one_of([_strategy({**node, "type": each}, root, depth) for each in kind])
    if kind == "object":
        return _object(node, root, depth)
    if kind == "array":
        return _array(node, root, depth)
    return _scalar(node, kind)


def _object(node: dict[str, Any], root: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    required = node.get("required", ())
    fields = node.get("properties", {})
    needed = {key: _deferred(fields[key], root, depth) for key in required if key in fields}
    optional = {key: _deferred(fields[key], root, depth) for key in fields if key not in required}
    known = st.fixed_dictionaries(needed, optional={} if depth > DEEPEST else optional)
    others = node.get("additionalProperties")
    if not isinstance(others, dict):
        return known
    names = st.text("abcxyz0123", min_size=1, max_size=SHORT).filter(lambda name: name not in fields)
    most = 0 if depth > DEEPEST else 3
    more = st.dictionaries(names, _deferred(others, root, depth), max_size=most)
    return st.builds(lambda one, other: {**other, **one}, known, more)


def _array(node: dict[str, Any], root: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    least = node.get("minItems", 0)
    most = min(node.get("maxItems", least + SHORT), least + SHORT)
    items = node.get("items")
    item = _deferred(items, root, depth) if isinstance(items, dict) else st.none() | st.booleans() | st.integers(0, 9)
    return st.lists(item, min_size=least, max_size=max(least, most if depth <= DEEPEST else least))


def _deferred(node: dict[str, Any], root: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: _strategy(node, root, depth + 1))


def _scalar(node: dict[str, Any], kind: str | None) -> st.SearchStrategy[Any]:
    if kind == "string":
        return _text(node)
    if kind == "integer":
        low, high = node.get("minimum"), node.get("maximum")
        low = node["exclusiveMinimum"] + 1 if "exclusiveMinimum" in node else low
        high = node["exclusiveMaximum"] - 1 if "exclusiveMaximum" in node else high
        low = -_LARGE if low is None else low
        return st.integers(low, low + _LARGE if high is None else high)
    if kind == "number":
        low, high = node.get("minimum"), node.get("maximum")
        open_low, open_high = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
        return st.floats(
            low if open_low is None else open_low,
            high if open_high is None else open_high,
            exclude_min=open_low is not None,
            exclude_max=open_high is not None,
            allow_nan=False,
            allow_infinity=False,
        )
    if kind == "boolean":
        return st.booleans()
    if kind == "null":
        return st.none()
    return st.none() | st.booleans() | st.integers(0, 9) | st.text("abc", max_size=SHORT)


def _text(node: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in node:
        # JSON Schema's `$` is the end; Python's would also let a line feed follow.
        return st.from_regex(node["pattern"].removeprefix("^").removesuffix("$"), fullmatch=True)
    least = node.get("minLength", 0)
    most = max(least, min(node.get("maxLength", 4 * SHORT), least + 4 * SHORT))
    characters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
    return st.text(characters, min_size=least, max_size=most)
