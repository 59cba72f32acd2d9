"""The config of a run: what it was started with. `config.lr`, `config["lr"]`, `config.update({...})`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from medialog.datatypes import plain
from medialog.runtime import trees
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation, WrongType
from medialog.validators.rules import Rules


def as_mapping(config: Any) -> Mapping[Any, Any]:
    """Return the mapping in a config: a mapping, an `argparse.Namespace`, absl FLAGS or a dataclass. None is empty."""
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return config
    if hasattr(config, "flag_values_dict"):
        flags: Mapping[Any, Any] = config.flag_values_dict()
        return flags
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    if type(config).__name__ == "Namespace" or any(cls.__name__ == "Namespace" for cls in type(config).__mro__):
        attributes: Mapping[Any, Any] = vars(config)
        return attributes
    expected = "a mapping, an argparse.Namespace, absl FLAGS or a dataclass"
    raise checks.wrong_type("config", "config.value", expected, config)


def prepare(config: Any, rules: Rules) -> dict[str, Any]:
    """Return a config as a checked JSON tree; media are refused."""
    tree = plain.prepare_mapping(as_mapping(config), "config", rules)
    for path, value in _objects(tree, ()):
        place = f"config[{trees.dotted(path)!r}]"
        raise WrongType(Violation(place, "config.value", "a plain value (media go into log)", checks.show(value)))
    return tree


def _objects(node: Any, path: trees.Path) -> Iterator[tuple[trees.Path, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _objects(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _objects(value, (*path, str(index)))
    elif hasattr(node, "encode_into"):
        yield path, node


class Config(MutableMapping[str, Any]):
    """A mapping whose changes are written: `on_change(tree)` gets the checked JSON and calls `take`."""

    def __init__(self, tree: dict[str, Any], on_change: Callable[[dict[str, Any]], None] | None, rules: Rules) -> None:
        self.__dict__["_tree"] = tree
        self.__dict__["_on_change"] = on_change
        self.__dict__["_rules"] = rules

    def __getitem__(self, key: str) -> Any:
        return trees.plain(self._tree[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise InvalidInput(Violation(f"config[{key!r}]", "config.value", "keys that stay (set another value)", "del"))

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the config has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def update(self, *others: Any, **values: Any) -> None:
        """Set several keys in one step: all, or none when one is refused. W&B's `allow_val_change` is always so."""
        merged: dict[str, Any] = {}
        if len(others) > 1 and isinstance(others[-1], bool):  # W&B's second argument
            others = others[:-1]
        for other in others:
            merged.update(prepare(other, self._rules))
        values.pop("allow_val_change", None)
        merged.update(prepare(values, self._rules))
        if self._on_change is None:
            raise InvalidInput(Violation("config", "config.value", "the config of an open run", "one that was read"))
        self._on_change(merged)

    def take(self, tree: dict[str, Any]) -> None:
        """Put checked keys in: what `on_change` does once they are stored."""
        self._tree.update(tree)

    def setdefaults(self, defaults: Any) -> None:
        """Set the keys that are not set yet."""
        given = as_mapping(defaults)
        self.update({key: value for key, value in given.items() if key not in self._tree})

    def as_json(self) -> dict[str, Any]:
        """Return the tree as it is stored."""
        return dict(self._tree)

    def as_dict(self) -> dict[str, Any]:
        """Return a copy as nested dicts."""
        copied: dict[str, Any] = trees.plain(self._tree)
        return copied

    def __repr__(self) -> str:
        return f"Config({self.as_dict()!r:.150})"
