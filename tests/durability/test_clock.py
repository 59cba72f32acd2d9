"""No byte but `t` depends on the wall clock."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from durability.runs import Process, TickingClock, picture
from durability.test_faults import contents
from medialog.wire.storage import MemoryStorage

NewProcess = Callable[..., Process]
NOW = 1_795_177_742.0


class WallClock(TickingClock):
    def __init__(self, times: Iterator[float]) -> None:
        super().__init__()
        self._times = times

    def time(self) -> float:
        return next(self._times)


WALLS: dict[str, Callable[[], Iterator[float]]] = {
    "an hour ahead": lambda: itertools.repeat(NOW + 3600),
    "an hour behind": lambda: itertools.repeat(NOW - 3600),
    "back and forth": lambda: itertools.cycle((NOW, NOW - 3600, NOW + 3600)),
    "backwards": lambda: itertools.count(NOW, -1.5),
    "1970": lambda: itertools.repeat(0.0),
    "2100": lambda: itertools.repeat(4_102_444_800.0),
}


def written(process: NewProcess, times: Iterator[float]) -> dict[str, bytes]:
    storage = MemoryStorage()
    place = process(storage, WallClock(times))
    run = place.begin(sync_every=0.3)
    for number in range(20):
        run.log({"loss": number / 3, "picture": picture(number % 4)})
        run.log({"loss": -number})
    run.summary["best"] = 1
    run.sync()
    place.die()
    run = place.begin(resume=True, sync_every=0.3)
    run.log({"loss": 5})
    run.finish()
    files = contents(storage).items()
    return {path: _without_time(path, content) for path, content in files if not path.startswith("tmp/")}


def _without_time(path: str, content: bytes) -> bytes:
    if path == "run.json":
        return re.sub(rb'"started": "[^"]*"', b"", content)
    if path.startswith("events/"):
        content = re.sub(rb'"t":[-0-9.e]+|"run_json":"[0-9a-f]{64}"', b"", content)
        return re.sub(rb'"crc":"[0-9a-f]{8}"', b"", content)
    return content


@pytest.mark.parametrize("wall", WALLS)
def test_the_wall_clock_changes_nothing_but_t(process: NewProcess, wall: str) -> None:
    expected = written(process, itertools.repeat(NOW))

    assert written(process, WALLS[wall]()) == expected
    assert sum(content.count(b'"k":"sync"') for content in expected.values()) > 2
