from __future__ import annotations

from collections.abc import Callable

import pytest

from durability.runs import Process
from medialog.runtime import environment, session
from medialog.runtime.clock import Clock
from medialog.wire.storage import Storage

NewProcess = Callable[..., Process]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees another's run, or the ranks of the machine; what the machine is matters to none of them."""
    for variable in ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(session, "_active", None)
    monkeypatch.setattr(environment, "describe", dict)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> NewProcess:
    """Return a function that makes a `Process` over a storage."""

    def make(storage: Storage, clock: Clock | None = None) -> Process:
        return Process(monkeypatch, storage, clock)

    return make
