"""Lives of runs on a recorded disk, and what must hold of every state that a power cut may leave of them."""

from __future__ import annotations

import errno
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import medialog
from durability.disk import Disk, Files, RecordingDisk, as_storage
from durability.oracle import is_sound, media, tell
from durability.runs import Process, page, picture
from durability.scenario import as_json
from medialog.runtime.reader import RunReader
from medialog.validators.errors import DurabilityLost, RunError

Rows = dict[int, dict[str, Any]]
Scenario = Callable[["Life"], None]


class Life:
    """Does what a scenario says, and marks in the trace what the caller was promised."""

    def __init__(self, process: Process, disk: RecordingDisk) -> None:
        self.process, self.disk = process, disk
        self.asked: Rows = {}
        self.logged: Rows = {}

    def begin(self, **options: Any) -> medialog.Run:
        return self.process.begin(**options)

    def log(self, run: medialog.Run, data: dict[str, Any]) -> None:
        tree = as_json(data)
        self.asked[run.step] = tree
        self.disk.mark("asked", dict(self.asked))
        self.logged[run.step] = tree
        run.log(data)
        self.disk.mark("logged", dict(self.logged))

    def sync(self, run: medialog.Run, *, fails: bool = False, mine: Rows | None = None) -> None:
        before = dict(self.logged if mine is None else mine)
        try:
            run.sync()
        except DurabilityLost:
            assert fails
            return
        assert not fails, "sync() returned, and an fsync had failed"
        self.disk.mark("synced", before)

    def finish(self, run: medialog.Run, mine: Rows | None = None) -> None:
        run.finish()
        self.disk.mark("synced", dict(self.logged if mine is None else mine))


def scalars(life: Life) -> None:
    run = life.begin(config={"rate": 0.1})
    for number in range(4):
        life.log(run, {"loss": number / 4})
    life.sync(run)
    for number in range(3):
        life.log(run, {"loss": number / 8})
    life.finish(run)


def with_media(life: Life) -> None:
    run = life.begin()
    life.log(run, {"picture": picture(1), "loss": 1})
    life.sync(run)
    life.log(run, {"picture": picture(2), "page": page(1)})
    life.log(run, {"picture": picture(1)})
    life.sync(run)
    life.log(run, {"picture": picture(3)})
    life.finish(run)


def resumed(life: Life) -> None:
    run = life.begin()
    life.log(run, {"loss": 1, "picture": picture(1)})
    life.log(run, {"loss": 2})
    life.sync(run)
    life.log(run, {"loss": 3, "picture": picture(2)})
    life.process.die()
    run = life.begin(resume=True)
    life.log(run, {"loss": 4, "picture": picture(2)})
    life.sync(run)  # the lines and media of the dead writer, too
    life.log(run, {"loss": 5, "page": page(2)})
    life.finish(run)


def failing(life: Life) -> None:
    """Every kind of `fsync` fails once, and what is not certain goes into a further file."""
    run = life.begin()
    life.log(run, {"loss": 1, "picture": picture(1)})
    life.sync(run)
    for number, (what, path) in enumerate(
        [("fsync", "events/"), ("fsync folder", "events"), ("fsync", "media/"), ("fsync folder", "media")]
    ):
        life.log(run, {"loss": number, "picture": picture(10 + number)})
        fail_once(life.disk, what, path)
        life.sync(run, fails=True)
        life.log(run, {"loss": -number})
        life.sync(run)
    life.log(run, {"loss": 9, "picture": picture(2)})
    life.finish(run)


def two_writers(life: Life) -> None:
    first = life.begin()
    second = life.begin(rank=1)
    both = picture(1)
    own: Rows = {}
    life.log(first, {"picture": both, "a": 1})
    second.log({}, step=100)
    for number, value in enumerate((both, picture(2))):
        step = second.step
        life.log(second, {"picture": value, "b": number})
        own[step] = life.logged[step]
        life.sync(second, mine=own)
        life.log(first, {"a": number})
    life.log(first, {"picture": picture(2)})
    life.sync(first, mine={step: tree for step, tree in life.logged.items() if step < 100})
    second.finish()
    life.finish(first)


def fail_once(disk: RecordingDisk, what: str, path: str) -> None:
    def fails(doing: str, where: str) -> int | None:
        if doing == what and where.startswith(path):
            disk.fails = lambda doing, where: None
            return errno.EIO
        return None

    disk.fails = fails


SCENARIOS: list[Scenario] = [scalars, with_media, resumed, failing, two_writers]


@dataclass
class Result:
    """How many states there were, and what did not hold in which."""

    points: int = 0
    states: int = 0
    resumed: int = 0
    violations: list[str] = field(default_factory=list)


def record(process: Callable[[Any], Process], scenario: Scenario, prepare: Callable[[RecordingDisk], None]) -> Life:
    disk = RecordingDisk()
    prepare(disk)
    life = Life(process(disk), disk)
    try:
        scenario(life)
    finally:
        life.process.die()
    return life


def examine(
    process: Callable[[Any], Process],
    scenario: Scenario,
    *,
    most: int,
    prepare: Callable[[RecordingDisk], None] = lambda disk: None,
    resume_every: int = 0,
    enough: int = 0,
) -> Result:
    """Cut the power at every point of a scenario, and look at the states; stop after `enough` violations."""
    result, seen, chance = Result(), set(), random.Random(scenario.__name__)
    trace = record(process, scenario, prepare).disk.trace
    disk, eligible = Disk(), 0
    told: dict[str, Rows] = {"asked": {}, "logged": {}, "synced": {}}
    for number, step in enumerate(trace):
        if step.what == "mark":
            told[step.where] = {**told[step.where], **step.more}
        else:
            disk.take(step)
        result.points += 1
        place = f"{scenario.__name__}, cut {number}"
        states: list[tuple[Files, Rows, bool]] = [(disk.as_it_is(), told["logged"], True)]
        states += [(state, told["synced"], False) for state in disk.after_power_cut(most, chance)]
        for state, needed, is_death in states:
            key = _key(state), tuple(needed), is_death
            if key in seen:
                continue
            seen.add(key)
            result.states += 1
            found = [f"{place}: {problem}" for problem in problems(state, needed, told["asked"], is_death)]
            eligible += bool(needed)
            if resume_every and not found and needed and eligible % resume_every == 0:
                result.resumed += 1
                found = [
                    f"{place}, resumed: {each}" for each in problems_of_resuming(process, state, needed, told["asked"])
                ]
            result.violations += found
            if enough and len(result.violations) >= enough:
                return result
    return result


def _key(state: Files) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(state):
        if not path.startswith("tmp/"):
            digest.update(f"{path} {len(state[path])} ".encode() + state[path])
    return digest.digest()


def problems(files: Files, needed: Rows, asked: Rows, is_death: bool) -> list[str]:
    """Hold a state against what was promised: `needed` rows are there, others are whole or not there."""
    told = tell(files)
    found = _of_rows("oracle", told.rows, needed, asked)
    found += [
        f"step {step} shows {path}, which is damaged"
        for step, tree in told.rows.items()
        for path in media(tree)
        if not is_sound(path, files[path])
    ]
    if needed and not _is_json(files.get("run.json", b"")):
        found.append("run.json is not there")
    if is_death and told.problems:
        found.append(f"the process died, and {told.problems[0]}")
    try:
        rows = dict(RunReader(as_storage(files)).rows())
    except RunError:
        return [*found, "run.json is not there"] if needed else found
    return found + _of_rows("reader", rows, needed, asked)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _of_rows(who: str, rows: Rows, needed: Rows, asked: Rows) -> list[str]:
    found = [f"{who}: step {step} is lost" for step, tree in needed.items() if rows.get(step) != tree]
    return found + [f"{who}: step {step} is half" for step, tree in rows.items() if asked.get(step) != tree]


def problems_of_resuming(process: Callable[[Any], Process], files: Files, needed: Rows, asked: Rows) -> list[str]:
    """Go on with a run after the cut, with media that may be there already: what is synced then is there and whole."""
    disk = RecordingDisk()
    again = Life(process(disk), disk)
    disk.files = {path: bytearray(content) for path, content in files.items()}
    disk.folders = {"events", "media", "tmp"} | {path.rpartition("/")[0] for path in files}
    again.process.identifiers.count = 50
    run = again.begin(resume=True)
    for number in (1, 2, 3):
        again.log(run, {"picture": picture(number), "page": page(number)})
    again.sync(run)
    again.process.die()
    left = {path: bytes(content) for path, content in disk.files.items()}
    return problems(left, {**needed, **again.logged}, {**asked, **again.logged}, False)
