"""Time and identity, as arguments: a test can fix both."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class Clock:
    """The system's clocks. `time` is for people; `monotonic` is what medialog measures with.

    Both are the functions of Python themselves: every row asks twice.
    """

    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    """Return seconds of a clock that never goes back."""
    time: Callable[[], float] = staticmethod(time.time)
    """Return unix time in seconds."""


class Identifiers:
    """Random names: run ids of 8 base-36 characters, writer suffixes of 6 random bytes in hexadecimal."""

    def run_id(self) -> str:
        """Return a new run id."""
        return "".join(secrets.choice(_BASE36) for _ in range(8))

    def writer(self) -> str:
        """Return what makes a writer's name its own."""
        return secrets.token_hex(6)
