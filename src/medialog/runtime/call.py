"""Call: one `log` on its way to the file, and what it does to the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.datatypes.files import StagedSink


class Call:
    """A `log` that was checked. `taken` once its line is in the file, so that it is never taken twice.

    `action` is set for anything else that came while another call was at work and waits for its end.
    """

    __slots__ = ("action", "commit", "error", "is_encoded", "is_plain", "prepared", "sink", "step", "taken", "weight")

    def __init__(self, prepared: dict[str, Any], step: int | None, commit: bool | None) -> None:
        self.prepared = prepared
        self.step = step
        self.commit = step is None if commit is None else commit
        self.taken = False
        self.sink: StagedSink | None = None  # what was encoded ahead, in the background
        self.is_encoded = self.is_plain = False  # plain: there is nothing to encode
        self.error: Exception | None = None
        self.action: Callable[[], object] | None = None
        self.weight = 0

    @classmethod
    def of(cls, action: Callable[[], object]) -> Call:
        """Return a call that does something else than log."""
        call = cls({}, None, None)
        call.action = action
        return call

    def take(self) -> None:
        """Note that the line is in the file, and let go of the values: the summary holds what took the line."""
        self.taken = True
        self.prepared = {}

    def discard(self) -> None:
        """Remove the files of a call that is not made after all."""
        if self.sink is not None:
            self.sink.discard()

    def step_after(self, step: int) -> int:
        """Return the step that the row after this call collects for, when it was `step` before."""
        if self.step is not None and self.step < step:
            return step  # a late row
        target = step if self.step is None else self.step
        return target + 1 if self.commit else target
