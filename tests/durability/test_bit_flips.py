"""No silent damage: of thousands of changes to what is stored each one is seen, and no changed data is returned."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import medialog
from durability import workload
from medialog.runtime.layout import CONFIG, RUN, SUMMARY
from medialog.validators import is_note
from medialog.wire.fileref import iter_descriptors, iter_file_refs
from medialog.wire.storage import MemoryStorage

PAGE = 4096
FLIPS = workload.times(2_000, 10_000)
Rows = dict[int, dict[str, Any]]


class Stored:
    """A finished run in memory that is damaged and made whole again."""

    def __init__(self) -> None:
        run = medialog.init(mode="memory", config={"lr": 0.1, "layers": [64, 10]}, quiet=True)
        run.define_metric("loss", summary="min,mean")
        for step in range(40):
            run.log({"text": f"step {step}"}, commit=False)
            run.log(row(step))
            if step == 20:
                run.sync()
                run.summary["by hand"] = {"best": 0.5}
        run.finish()
        storage = run._storage
        assert isinstance(storage, MemoryStorage)
        self.storage = storage
        self.rows: Rows = dict(self.reader().rows())
        self.summary, self.config = self.reader().summary, dict(self.reader().config)
        self.lines = [path for path in storage.files if path.startswith("events/")]
        self.media = sorted(path for path in storage.files if path.startswith("media/"))
        self.users: dict[str, list[tuple[int, str]]] = {path: [] for path in self.media}
        for step, tree in self.rows.items():
            for key, value in tree.items():
                for found in iter_descriptors({key: value}):
                    for reference in iter_file_refs(found):
                        self.users[reference.path].append((step, key))

    def reader(self) -> medialog.RunReader:
        return medialog.RunReader(self.storage)

    def violations(self) -> list[str]:
        return [str(each) for each in medialog.validate_run(self.storage) if not is_note(each)]


def row(step: int) -> dict[str, Any]:
    values: dict[str, Any] = {"loss": 1 / (step + 1), "number": step}
    draw = np.random.default_rng(step)
    if step % 3 == 0:
        values["picture"] = medialog.Image(draw.integers(0, 256, (60 if step == 6 else 8, 40, 3), np.uint8))
    if step % 5 == 0:
        values["table"] = medialog.Table(columns=["number", "text"], data=[[step, "x"], [step + 1, "y"]])
    if step % 7 == 0:
        values["weights"] = medialog.Tensor(draw.normal(size=100))
    if step % 8 == 0:
        values["sound"] = medialog.Audio(draw.normal(size=300).clip(-1, 1), sample_rate=8000)
    if step % 9 == 0:
        values["page"] = medialog.Html(f"<p>{step}</p>")
    return values


@pytest.fixture(scope="module")
def stored() -> Stored:
    return Stored()


def changes(stored: Stored, kind: str, draw: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Change one file at a time, say which and how, and put it back."""
    paths = {"lines": stored.lines, "media": stored.media, "state": [RUN, CONFIG, SUMMARY]}[kind]
    for number in range(count):
        path = draw.choice(paths)
        content = stored.storage.files[path]
        before = bytes(content)
        at = draw.randrange(len(before))
        if number % 20 == 7:
            how, at = f"a page of zeros at {at // PAGE * PAGE}", at // PAGE * PAGE
            content[at : at + PAGE] = bytes(len(before[at : at + PAGE]))
        elif number % 20 == 13:
            how = f"cut at {at}"
            del content[at:]
        else:
            bit = draw.randrange(8)
            how = f"bit {bit} of byte {at}"
            content[at] ^= 1 << bit
        if content != before:
            yield path, how
        content[:] = before


def assert_unchanged(stored: Stored, reader: medialog.RunReader) -> None:
    """Every row that is returned is a row that was written."""
    for step, tree in reader.rows():
        assert tree == stored.rows[step]


def test_the_run_is_sound(stored: Stored) -> None:
    assert stored.violations() == []
    assert stored.reader().problems == []
    assert all(stored.users.values())
    assert len(stored.rows) == 40
    assert len(stored.media) > 20


def test_a_changed_line_is_reported(stored: Stored) -> None:
    draw, lost, count = random.Random(workload.SEED), Counter[int](), FLIPS * 55 // 100
    for _, how in changes(stored, "lines", draw, count):
        reader = stored.reader()

        assert_unchanged(stored, reader)
        if how.startswith("cut"):  # at the end of a line it is as if the writer had died there
            assert reader.problems or not reader.finished, how
        else:
            assert reader.problems, how
        if how.startswith("bit"):
            lost[len(stored.rows) - len(reader.steps)] += 1

    assert max(lost) <= 2
    assert sum(lost.values()) > count * 0.8
    print("rows lost by a flip:", dict(lost))


def test_a_changed_file_is_never_loaded(stored: Stored) -> None:
    draw, raised = random.Random(workload.SEED + 1), Counter[str]()
    for path, how in changes(stored, "media", draw, FLIPS * 35 // 100):
        reader = stored.reader()

        assert_unchanged(stored, reader)
        for step, key in stored.users[path]:
            if step not in reader.steps:  # of another size: the row is left out, and that is said
                assert reader.problems, how
                raised["left out"] += 1
                continue
            with pytest.raises(medialog.Error) as error:
                reader.decode(stored.rows[step][key])
            raised[type(error.value).__name__] += 1

    print("changed files:", dict(raised))
    assert raised.keys() == {"DamagedFile", "left out"}


def test_a_changed_file_is_reported_by_validate(stored: Stored) -> None:
    draw = random.Random(workload.SEED + 2)
    for path, how in changes(stored, "media", draw, FLIPS // 40):
        assert any(path in each for each in stored.violations()), (path, how)


def test_a_changed_document_is_reported_by_validate(stored: Stored) -> None:
    """run.json is sealed by its hash; config.json and summary.json are held against the events."""
    draw = random.Random(workload.SEED + 3)
    whole = {path: json.loads(stored.storage.files[path]) for path in (RUN, CONFIG, SUMMARY)}
    for path, how in changes(stored, "state", draw, FLIPS // 20):
        try:
            found = stored.violations()
        except medialog.RunError:  # it is no run directory any more
            continue
        if not found:
            assert path != RUN, how
            assert json.loads(stored.storage.files[path]) == whole[path], (path, how)  # a space became a newline


def test_every_bit_of_a_line(stored: Stored) -> None:
    """Not only random ones: each bit of a row, of its newline and of the first line."""
    (path,) = stored.lines
    content = stored.storage.files[path]
    first = content.index(b"\n") + 1
    middle = content.index(b'"step":11,"k":"row"')
    middle = content.rindex(b"\n", 0, middle) + 1
    for start in (0, middle):
        end = content.index(b"\n", start) + 1
        assert end - start < 400 or start == 0
        for at in range(start, min(end, start + 80)):
            for bit in range(8):
                content[at] ^= 1 << bit
                reader = stored.reader()
                assert reader.problems
                assert_unchanged(stored, reader)
                content[at] ^= 1 << bit
    assert first > 0
    assert stored.reader().problems == []
