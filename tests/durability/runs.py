"""Runs over a storage of the test's own, begun by the public `init`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import medialog
from durability.workload import times
from medialog.datatypes import plain
from medialog.datatypes.files import MemorySink
from medialog.runtime import session, trees
from medialog.runtime.clock import Clock, Identifiers
from medialog.validators import rules
from medialog.wire.storage import Storage

RUN_ID = "torture"
WIDER = times(1, 5)  # how many times as much as the tests of a change look at


class TickingClock(Clock):
    """Each look at the monotonic clock takes `tick` seconds; the wall clock says what it was told to."""

    def __init__(self, tick: float = 0.01) -> None:
        self.tick, self.ticks, self.wall = tick, 100.0, 1_795_177_742.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        self.ticks += self.tick
        return self.ticks


class CountedIdentifiers(Identifiers):
    """Writers are numbered, so that what is written is the same each time."""

    def __init__(self) -> None:
        self.count = 0

    def run_id(self) -> str:
        return RUN_ID

    def writer(self) -> str:
        self.count += 1
        return f"{self.count:012x}"


class Process:
    """What `init` needs beside the storage: it begins runs in it, one after the other or, as ranks, side by side."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, storage: Storage, clock: Clock | None = None) -> None:
        self.storage = storage
        self.clock = clock or TickingClock()
        self.identifiers = CountedIdentifiers()
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(session, "LocalStorage", lambda path: self.storage)

    def begin(self, *, rank: int = 0, **options: Any) -> medialog.Run:
        self.die()
        self._monkeypatch.setenv("RANK", str(rank))
        options.setdefault("sync_every", 1e9)
        return medialog.init(id=RUN_ID, clock=self.clock, identifiers=self.identifiers, **options)

    def die(self) -> None:
        """Forget the active run as the end of a process does: without a last word."""
        self._monkeypatch.setattr(session, "_active", None)


def picture(number: int) -> medialog.Image:
    """Return a picture that no other number has."""
    pixels = np.array([[[number % 256, number // 256 % 256, 7]]], np.uint8)
    return medialog.Image(pixels)


def page(number: int) -> medialog.Html:
    return medialog.Html(f"<p>{number}</p>", inject=False)


def described(value: Any) -> Any:
    """Return the descriptor that a value has in any run."""
    prepared = plain.prepare(value, "value", rules.current())
    return trees.encode(prepared, lambda _, item: item.encode_into(MemorySink()))
