"""The open row: what was logged for the current step and is not written yet."""

from __future__ import annotations

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
    """The current step and the tree collected for it. `is_open` once anything was collected, even an empty mapping."""

    def __init__(self, step: int = 0) -> None:
        self.step = step
        self.tree: dict[str, Any] = {}
        self.is_open = False

    def collect(self, tree: dict[str, Any]) -> None:
        """Merge an encoded tree into the row."""
        trees.merge(self.tree, tree)
        self.is_open = True

    def close(self, next_step: int) -> None:
        """Begin the next row."""
        self.tree, self.step, self.is_open = {}, next_step, False
