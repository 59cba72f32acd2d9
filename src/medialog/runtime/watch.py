"""KeyWatch: what the documents advise about keys, noticed as rows are written. Never an exception."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from medialog.runtime.trees import KIND, Path, dotted
from medialog.validators.rules import Rules
from medialog.wire import jsontext

_SEPARATORS = re.compile(r"[/.]")


class KeyWatch:
    """Notes each key's kind of value and count, and yields a notice the first time a piece of advice is not met."""

    def __init__(self, rules: Rules) -> None:
        # A run may have a hundred thousand keys: of one that was logged once, only its kind is kept.
        self._kind: dict[Path, str] = {}  # "null" until another is seen
        self._points: dict[Path, int] = {}  # of the keys that have more than one
        self._most_seen = 0  # points of one key
        self._folded: dict[Path, Path] = {}  # without case: the first of them, where that has case
        self._columns = 0  # keys, case aside
        self._name = re.compile(str(rules.limit("metric.name")))
        self._most_points = rules.limit("metric.points_advice")
        self._most_columns = rules.limit("metric.columns_advice")
        self._mixed: set[Path] = set()
        self._told_points = False
        self.bad_names: list[str] = []

    def see(self, leaves: Iterable[tuple[Path, Any]]) -> Iterator[tuple[str, str]]:
        """Take the leaves of a row; yield `(rule, sentence)` for each piece of advice that is newly not met."""
        for path, value in leaves:
            kind = _KINDS.get(type(value)) or _kind(value)
            known = self._kind.get(path)
            points = 1
            if known is None:
                yield from self._see_name(path)
                self._kind[path] = kind
            else:
                if known == "null":
                    self._kind[path] = kind
                elif kind not in (known, "null") and path not in self._mixed:
                    self._mixed.add(path)
                    yield "metric.type", f"{dotted(path)}: logged as {known} before and as {kind} now; both are kept"
                points = self._points[path] = self._points.get(path, 1) + 1
            self._most_seen = max(self._most_seen, points)
            if points == self._most_points + 1 and not self._told_points:
                self._told_points = True
                sentence = f"{dotted(path)}: more than {self._most_points:,} points, fewer are recommended"
                yield "metric.points_advice", sentence

    def rows_left(self) -> float:
        """Return how many more rows of known keys can go by before there is something to say of their number."""
        return math.inf if self._told_points else int(self._most_points) - self._most_seen

    def count(self, paths: Iterable[Path], rows: int) -> None:
        """Count rows that went by without being looked at."""
        for path in paths:
            points = self._points[path] = self._points.get(path, 1) + rows
            self._most_seen = max(self._most_seen, points)

    def _see_name(self, path: Path) -> Iterator[tuple[str, str]]:
        key = dotted(path)
        if not all(all(map(self._name.search, _SEPARATORS.split(name))) for name in path):
            self.bad_names.append(key)
        folded = tuple(name.casefold() for name in path)
        other = self._folded.get(folded)
        if other is None and folded != path:
            if folded in self._kind:
                other = folded
            else:
                self._folded[folded] = path
        if other is None:
            self._columns += 1
        elif other != path:
            yield "metric.case", f"{key}: differs from {dotted(other)} only by case; some tools take them for one"
        if self._columns == self._most_columns + 1:
            yield "metric.columns_advice", f"more than {self._most_columns} keys in one run, fewer are recommended"


_KINDS = {int: "number", float: "number", str: "text", bool: "boolean", type(None): "null"}


def kind_of(value: Any) -> str:
    """Return the kind of a stored value: number, text, boolean, null, list, or the `_type` of a descriptor."""
    return _KINDS.get(type(value)) or _kind(value)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        kind = str(value.get(KIND, "mapping"))
        return "number" if kind == jsontext.NUMBER_KIND else kind
    if isinstance(value, list):
        first = value[0] if value else None
        return f"list of {first[KIND]}" if isinstance(first, dict) and KIND in first else "list"
    return type(value).__name__
