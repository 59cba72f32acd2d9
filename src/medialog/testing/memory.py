"""A run in memory for a test, with a clock and ids that do not change from one execution to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from medialog.runtime import session
from medialog.runtime.clock import Clock, Identifiers
from medialog.runtime.run import Run


class FixedClock(Clock):
    """Time that moves only when it is told to: `clock.advance(seconds)`. It begins at 2026-01-01 00:00 UTC."""

    def __init__(self, now: float = 1_767_225_600.0) -> None:
        self.now = now
        self.ticks = 0.0

    def time(self) -> float:
        """Return unix time in seconds."""
        return self.now

    def monotonic(self) -> float:
        """Return the seconds that this clock was advanced by."""
        return self.ticks

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds}")
        self.now += seconds
        self.ticks += seconds


class FixedIdentifiers(Identifiers):
    """Run ids `run00001`, `run00002` ... and writers that are counted too."""

    def __init__(self) -> None:
        self._runs = self._writers = 0

    def run_id(self) -> str:
        """Return the next run id."""
        self._runs += 1
        return f"run{self._runs:05d}"

    def writer(self) -> str:
        """Return the next writer's suffix."""
        self._writers += 1
        return f"{self._writers:012x}"


@contextmanager
def memory_run(*, clock: Clock | None = None, identifiers: Identifiers | None = None, **options: Any) -> Iterator[Run]:
    """Keep a run in memory active for a block.

    `options` are those of `medialog.init`. Every `init` in the block, too, begins a run in memory with this clock and
    these identifiers, unless it is disabled. What was active before is put aside, and back after the block.
    """
    with session.in_memory(clock or FixedClock(), identifiers or FixedIdentifiers()):
        yield session.init(**options)
