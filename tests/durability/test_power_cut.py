"""Power loss: what `sync` or `finish` has returned from is on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import medialog


def test_the_way_to_the_run_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run survives only if every directory that `init` made has its name on the disk."""
    synced = set()
    fsync = os.fsync

    def record(handle: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", record)
    with medialog.init(dir=tmp_path / "new" / "runs", id="a", quiet=True) as run:
        run.log({"loss": 1})
        run.sync()

        folders = {str(tmp_path / folder) for folder in ("", "new", "new/runs", "new/runs/a", "new/runs/a/events")}
        assert folders <= synced
