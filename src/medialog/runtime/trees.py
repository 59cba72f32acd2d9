r"""Rows as trees: nested dicts whose leaves are values. A descriptor (a dict with `_type`) is a leaf.

Readers see dotted keys, `val.acc`; a dot that belongs to a key is escaped, `v1\.0`. The exact form is a tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from medialog.wire import jsontext

Path = tuple[str, ...]
KIND = "_type"


def leaves(tree: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield `(path, value)` of every leaf, in order. An empty mapping has none."""
    for key, value in tree.items():
        if type(value) is dict and KIND not in value:
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Merge `new` into a tree: mappings deeply, anything else whole; the later value wins."""
    for key, value in new.items():
        old = into.get(key)
        if type(value) is dict and KIND not in value:
            if not (type(old) is dict and KIND not in old):
                old = into[key] = {}
            merge(old, value)
        else:
            into[key] = value


def insert(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value at `path`, making the mappings on the way."""
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value


def dotted(path: Path) -> str:
    """Return a path as one key."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)


def undotted(key: str) -> Path:
    """Return the path of a dotted key."""
    parts, part, escaped = [], "", False
    for character in key:
        if escaped:
            part, escaped = part + character, False
        elif character == "\\":
            escaped = True
        elif character == ".":
            parts.append(part)
            part = ""
        else:
            part += character
    return (*parts, part)


def encode(tree: Any, encode_value: Callable[[Path, Any], Any], path: Path = ()) -> Any:
    """Return a prepared tree as JSON: every DataType in it is what `encode_value(path, value)` makes of it."""
    if isinstance(tree, dict):
        return {key: encode(value, encode_value, (*path, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        if all(type(value) in _PLAIN for value in tree):
            return tree
        return [encode(value, encode_value, (*path, str(index))) for index, value in enumerate(tree)]
    return encode_value(path, tree) if hasattr(tree, "encode_into") else tree


_PLAIN = frozenset((int, float, str, bool))


def check_numbers(tree: Any) -> None:
    """Raise `ValueError` for a tagged number that is none, wherever `plain` would read one."""
    for value in tree.values() if type(tree) is dict else tree:
        if type(value) is dict:
            if value.get(KIND) == jsontext.NUMBER_KIND:
                jsontext.decode_number(value)
            elif KIND not in value:
                check_numbers(value)
        elif type(value) is list:
            check_numbers(value)


def plain(value: Any) -> Any:
    """Return a stored value as Python has it: tagged numbers as numbers, everything else as it is."""
    if isinstance(value, dict):
        if value.get(KIND) == jsontext.NUMBER_KIND:
            return jsontext.decode_number(value)
        return value if KIND in value else {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def copied(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a tree whose mappings are new; leaves are shared."""
    return {key: copied(value) if type(value) is dict and KIND not in value else value for key, value in tree.items()}


def remove(tree: dict[str, Any], path: Path) -> None:
    """Take what stands at `path` out of a tree, if anything does."""
    node: Any = tree
    for key in path[:-1]:
        node = node.get(key)
        if type(node) is not dict or KIND in node:
            return
    node.pop(path[-1], None)
