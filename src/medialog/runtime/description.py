"""What a run says of itself in words: name, notes, group, tags. Given to `init`, or set later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from medialog.validators import checks
from medialog.validators.errors import Violation

_RULE = "init.argument"


def check(**words: Any) -> dict[str, Any]:
    """Return the words as they are stored; `InvalidInput` for a text that is none, or tags that are no texts."""
    wrong: list[Violation | None] = []
    checked: dict[str, Any] = {}
    for key, value in words.items():
        if key == "tags":
            checked[key], problem = _tags(value)
            wrong.append(problem)
            continue
        checked[key] = value
        if value is not None:
            wrong.append(checks.text(value, key, _RULE))
    checks.refuse(wrong)
    return checked


def _tags(value: Any) -> tuple[list[str], Violation | None]:
    if value is None:
        return [], None
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [], Violation("tags", _RULE, "a list of texts", checks.show(value))
    tags = list(value)
    for index, tag in enumerate(tags):
        problem = checks.text(tag, f"tags[{index}]", _RULE)
        if problem is not None:
            return [], problem
    return tags, None
