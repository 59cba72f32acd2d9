"""Process death: what `log` has returned from survives SIGKILL at any moment, and no row is ever half there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import medialog
from durability import kill_loop, scripts, workload

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """In memory a sync takes no time, and many kills are in writes; on a disk many are in syncs."""
    if request.param == "disk" or not os.access(SHARED_MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY, prefix="medialog-") as found:
        yield Path(found)


def test_nothing_acknowledged_is_lost(folder: Path) -> None:
    on_disk = folder.is_relative_to(SHARED_MEMORY) is False
    kills = workload.times(40, 200) if on_disk else workload.times(160, 800)

    found = scripts.report("kill_loop", folder, kills, workload.SEED + on_disk, timeout=20 + 5 * kills)

    print(found)
    assert found["wrong"] == []
    assert found["kills"] == kills
    assert found["acknowledged"] > kills  # not all were killed before they logged
    assert {"init", "log", "finish"} <= found["moments"].keys()
    assert on_disk or found["torn"] > 0  # some were killed in the midst of a write


def test_the_loop_sees_what_is_not_as_promised(tmp_path: Path) -> None:
    with medialog.init(dir=tmp_path, id="run", quiet=True) as run:
        for step in range(6):
            run.log(workload.row(step))
    (events,) = (tmp_path / "run" / "events").iterdir()
    picture = tmp_path / "run" / run.reader().history()[3]["picture"]["path"]
    lines, pixels = events.read_bytes(), picture.read_bytes()
    assert kill_loop.read(tmp_path, list(range(6))) == (list(range(6)), [])

    assert kill_loop.read(tmp_path, [6])[1] == ["lost: 6"]
    picture.write_bytes(pixels[:-1])
    assert "lost: 3" in kill_loop.read(tmp_path, [3])[1]
    picture.write_bytes(pixels)
    events.write_bytes(lines.replace(b'"number":2', b'"number":3'))
    assert "lost: 2" in kill_loop.read(tmp_path, [2])[1]
    events.write_bytes(b"".join(lines.splitlines(keepends=True)[:-4]))
    assert "lost: 5" in kill_loop.read(tmp_path, [5])[1]
    (tmp_path / "run" / "run.json").unlink()
    assert kill_loop.read(tmp_path, [0])[1][0].startswith("unreadable")
    assert kill_loop.read(tmp_path, []) == ([], [])
