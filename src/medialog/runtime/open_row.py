"""The open row: what was logged for the current step and is not written as a row yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medialog.runtime import trees
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation

MOST_STEPS = 2**53  # the largest number that every JSON reader holds exactly


def check_step(step: Any) -> int | None:
    """Return a step as an int; None stays None. `InvalidInput` for anything but a whole number in 0..2**53."""
    if step is None or (type(step) is int and 0 <= step <= MOST_STEPS):
        return step
    number = checks.whole_number(step)
    if number is None or not 0 <= number <= MOST_STEPS:
        raise InvalidInput(Violation("step", "log.step", "a whole number >= 0", checks.show(step)))
    return number


class OpenRow:
    """The current step and the tree collected for it. `is_open` once anything was collected, even an empty mapping.

    The next row is a new object, put in place of this one at once. `collect` may be made again after an interruption.
    """

    def __init__(self, step: int = 0, tree: Mapping[str, Any] | None = None) -> None:
        self.step = step
        self.tree: dict[str, Any] = dict(tree or {})
        self.is_open = tree is not None

    def collect(self, tree: dict[str, Any]) -> None:
        """Merge an encoded tree into the row."""
        trees.merge(self.tree, tree)
        self.is_open = True

    def merged(self, tree: dict[str, Any]) -> dict[str, Any]:
        """Return what the row would be with `tree` merged into it; the row stays as it is."""
        if not self.tree:
            return tree
        result: dict[str, Any] = {}
        trees.merge(result, self.tree)
        trees.merge(result, tree)
        return result
