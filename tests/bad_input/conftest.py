"""A fresh run for every case, and the heavy libraries imported before anything is measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("bad_input.postcondition")

from bad_input.postcondition import Bench  # noqa: E402  # it is rewritten by the line before


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for variable in ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # power cuts are another test's
    bench = Bench(tmp_path)
    yield bench
    bench.close()
