from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import medialog
from medialog.runtime.clock import Clock, Identifiers


class FixedClock(Clock):
    """Time that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_795_177_742.0
        self.ticks = 100.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.ticks


class FixedIdentifiers(Identifiers):
    def __init__(self) -> None:
        self._count = 0

    def run_id(self) -> str:
        return "run00001"

    def writer(self) -> str:
        self._count += 1
        return f"{self._count:012x}"


@pytest.fixture(autouse=True)
def clean_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees another's run, or the ranks of the machine it runs on."""
    from medialog.runtime import session

    for variable in ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(session, "_active", None)
    yield
    medialog.finish()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def start(tmp_path: Path, clock: FixedClock) -> Callable[..., medialog.Run]:
    """Begin a run in a temporary directory, with fixed clock and ids; no two writers of a test have one name."""
    identifiers = FixedIdentifiers()

    def begin(**options: Any) -> medialog.Run:
        options.setdefault("dir", tmp_path / "runs")
        options.setdefault("clock", clock)
        options.setdefault("identifiers", identifiers)
        return medialog.init(**options)

    return begin
