"""Every kind of damage in each of the three ways to read: what is left out, kept, said and raised."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

import medialog
from handmade_runs import Writer, describe, make_run, put_media
from medialog.validators.errors import DamagedRow, UnsupportedVersion
from medialog.wire import line
from medialog.wire.fileref import FileRef, build_refs


class Case:
    """A run of three rows, 0 with a file; killed before its last sync."""

    def __init__(self, path: Path) -> None:
        self.path = make_run(path)
        self.writer = Writer(path)
        self.writer.row(0, {"a": 0, "file": put_media(path, b"content")})
        self.writer.row(1, {"a": 1})
        self.writer.row(2, {"a": 2})

    @property
    def media(self) -> Path:
        return self.path / str(describe(b"content")["path"])

    def lines(self, change: Callable[[list[bytes]], object]) -> None:
        found = self.writer.file.read_bytes().splitlines(keepends=True)
        change(found)
        self.writer.file.write_bytes(b"".join(found))


def changed_byte(case: Case) -> None:
    case.lines(lambda each: each.__setitem__(2, each[2].replace(b'"a":1', b'"a":7')))


def torn_tail(case: Case) -> None:
    case.writer.file.write_bytes(case.writer.file.read_bytes()[:-3])


def no_newline(case: Case) -> None:
    case.writer.file.write_bytes(case.writer.file.read_bytes()[:-1])


def missing_line(case: Case) -> None:
    case.lines(lambda each: each.pop(2))


def newline_in_a_line(case: Case) -> None:
    case.lines(lambda each: each.__setitem__(2, each[2].replace(b'"a":1', b'"\n":1')))


def two_lines_become_one(case: Case) -> None:
    case.lines(lambda each: each.__setitem__(1, each[1].replace(b"\n", b" ")))


def zeroed_page(case: Case) -> None:
    case.lines(lambda each: each.__setitem__(2, bytes(len(each[2]))))


def missing_media(case: Case) -> None:
    case.media.unlink()


def wrong_size(case: Case) -> None:
    case.media.write_bytes(b"conten")


def wrong_bytes(case: Case) -> None:
    case.media.write_bytes(b"CONTENT")


def folder_for_media(case: Case) -> None:
    case.media.unlink()
    case.media.mkdir()


def link_for_media(case: Case) -> None:
    shutil.move(case.media, case.path.parent / "elsewhere")
    case.media.symlink_to(case.path.parent / "elsewhere")


def row_without_step(case: Case) -> None:
    case.writer.add("row", {"a": 3})


def metric_that_is_none(case: Case) -> None:
    case.writer.add("metric", {"name": ""})


def summary_that_is_none(case: Case) -> None:
    case.writer.add("summary", {"set": [{"key": [], "value": 1}]})


def drop_that_is_none(case: Case) -> None:
    case.writer.add("drop", {"key": "a"}, 3)


def number_that_is_none(case: Case) -> None:
    case.writer.row(3, {"a": {"_type": "number", "value": "many"}})


def path_that_escapes(case: Case) -> None:
    case.writer.row(3, {"file": describe(b"x") | {"path": "media/../../secret"}})


# name -> damage, the steps that are left, the steps of salvage, what is said
DAMAGE: dict[str, tuple[Callable[[Case], None], list[int], list[int], list[str]]] = {
    "a changed byte": (changed_byte, [0, 2], [0, 2], ["line 3: the checksum does not match"]),
    "a torn tail": (torn_tail, [0, 1], [0, 1], ["line 4: an unfinished line"]),
    "no newline at the end": (no_newline, [0, 1], [0, 1], ["line 4: an unfinished line"]),
    "a missing line": (missing_line, [0, 2], [0, 2], ["line 3: 1 line is missing before it"]),
    "a newline in a line": (newline_in_a_line, [0, 2], [0, 2], ["line 3: no checksum", "line 4: the checksum"]),
    "two lines become one": (two_lines_become_one, [2], [2], ["line 2: the checksum", "line 3: 1 line is missing"]),
    "zeroes": (zeroed_page, [0], [0], ["line 3: the checksum"]),
    "missing media": (missing_media, [1, 2], [0, 1, 2], ["step 0: media/"]),
    "media of another size": (wrong_size, [1, 2], [0, 1, 2], ["of 7 bytes is 6 bytes"]),
    "media with other bytes": (wrong_bytes, [1, 2], [0, 1, 2], ["has other bytes than its SHA-256 says"]),
    "a folder": (folder_for_media, [1, 2], [0, 1, 2], ["is missing"]),
    "a link": (link_for_media, [1, 2], [0, 1, 2], ["is missing"]),
    "a row without a step": (row_without_step, [0, 1, 2], [0, 1, 2], ["line 5: not a row record"]),
    "a metric that is none": (metric_that_is_none, [0, 1, 2], [0, 1, 2], ["line 5: not a metric record"]),
    "a summary that is none": (summary_that_is_none, [0, 1, 2], [0, 1, 2], ["line 5: not a summary record"]),
    "a drop that is none": (drop_that_is_none, [0, 1, 2], [0, 1, 2], ["line 5: not a drop record"]),
    "a number that is none": (number_that_is_none, [0, 1, 2], [0, 1, 2], ["line 5: not a row record"]),
    "a path that escapes": (path_that_escapes, [0, 1, 2], [0, 1, 2, 3], ["has a path that is never opened"]),
}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "made")


def test_without_damage(case: Case) -> None:
    for recovery in ("strict", "recover", "salvage"):
        assert [0, 1, 2] == medialog.open_run(case.path, recovery).steps


@pytest.mark.parametrize("name", DAMAGE)
def test_damage(case: Case, name: str) -> None:
    damage, left, salvaged, messages = DAMAGE[name]
    damage(case)

    reader = medialog.open_run(case.path)
    assert left == reader.steps
    said = [str(problem) for problem in reader.problems]
    assert len(said) == len(messages), said
    for expected, message in zip(messages, said, strict=True):
        assert expected in message
        assert "\n" not in message

    salvaging = medialog.open_run(case.path, "salvage")
    assert salvaged == salvaging.steps
    assert len(messages) == len(salvaging.problems)
    assert not any("left out" in str(problem) for problem in salvaging.problems)

    strict = medialog.open_run(case.path, "strict")
    for _ in range(2):
        with pytest.raises(DamagedRow) as error:
            strict.history()
        assert said[0].split(":")[0] in str(error.value)


def test_kinds_of_later_versions_are_passed_over(case: Case) -> None:
    case.writer.add("hologram", {"x": 1}, 3)
    case.writer.row(3, {"a": 3})

    for recovery in ("strict", "recover", "salvage"):
        assert [0, 1, 2, 3] == medialog.open_run(case.path, recovery).steps


@pytest.mark.parametrize("recovery", ["strict", "recover", "salvage"])
def test_a_writer_of_a_later_version_is_refused(case: Case, recovery: str) -> None:
    reader = medialog.open_run(case.path, recovery)  # type: ignore[arg-type]
    assert [0, 1, 2] == reader.steps
    Writer(case.path, start="resume", version=2)

    for _ in range(2):
        with pytest.raises(UnsupportedVersion, match="format version 2"):
            reader.history()
    assert {"run.version"} == {
        each.rule for each in medialog.validate_run(case.path) if not medialog.validators.is_note(each)
    }


# --- after an unclean end ---


def test_what_was_synced_is_not_hashed_again(case: Case) -> None:
    case.writer.add("sync")
    wrong_bytes(case)

    assert [0, 1, 2] == medialog.open_run(case.path).steps
    case.writer.row(3, {"file": describe(b"content")})  # the same file, after the sync
    assert [0, 1, 2] == medialog.open_run(case.path).steps


def test_after_a_clean_end_nothing_is_hashed(case: Case) -> None:
    wrong_bytes(case)
    assert [1, 2] == medialog.open_run(case.path).steps
    case.writer.end()

    reader = medialog.open_run(case.path)
    assert [0, 1, 2] == reader.steps
    with pytest.raises(medialog.DamagedFile):
        reader.media("file")


def test_each_file_is_hashed_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.wire.storage import LocalStorage

    opened: list[str] = []
    real = LocalStorage.open

    def note(self: LocalStorage, path: str) -> BinaryIO:
        opened.append(path)
        return real(self, path)

    monkeypatch.setattr(LocalStorage, "open", note)
    case.writer.row(3, {"again": describe(b"content"), "other": put_media(case.path, b"other")})
    reader = medialog.open_run(case.path)
    for step in (4, 5):
        assert {"a": 2, "other": describe(b"other")}.items() <= reader.summary.items()
        case.writer.row(step, {"again": describe(b"content")})

    assert [0, 1, 2, 3, 4, 5] == reader.steps
    media = [path for path in opened if path.startswith("media/")]
    assert len(media) == len(set(media)) == 2


def test_files_that_a_refs_file_lists(case: Case) -> None:
    children = [describe(b"one"), describe(b"two")]
    content = build_refs([FileRef(each["path"], each["sha256"], each["size"]) for each in children])
    refs = describe(content)
    refs["path"] = refs["path"].replace(".txt", ".refs.json")
    (case.path / refs["path"]).parent.mkdir(parents=True, exist_ok=True)
    (case.path / refs["path"]).write_bytes(content)
    put_media(case.path, b"one")
    table = {**describe(b"content"), "files": [{key: refs[key] for key in ("path", "sha256", "size")}]}
    case.writer.row(3, {"table": table})
    reader = medialog.open_run(case.path)

    assert [0, 1, 2] == reader.steps
    (problem,) = reader.problems
    assert describe(b"two")["path"] in problem.message
    put_media(case.path, b"two")
    assert [0, 1, 2, 3] == reader.steps

    (case.path / refs["path"]).write_bytes(b"[" * len(content))
    assert ["has other bytes" in str(each) for each in medialog.open_run(case.path).problems] == [True]
    case.writer.add("sync")
    assert ["is no list of files" in str(each) for each in medialog.open_run(case.path).problems] == [True]


def test_damage_in_one_file_leaves_the_others(case: Case) -> None:
    other = Writer(case.path, rank=1, start="join")
    other.row(7, {"b": 1})
    changed_byte(case)

    reader = medialog.open_run(case.path)
    assert [0, 2, 7] == reader.steps
    assert [0, 1] == reader.ranks


def test_problems_come_in_the_order_of_the_lines(case: Case) -> None:
    missing_media(case)
    changed_byte(case)
    torn_tail(case)
    earlier = Writer(case.path, rank=1, number=0, start="join")
    earlier.append(b"rubbish\n")

    places = [problem.place.partition(", ")[2] for problem in medialog.open_run(case.path).problems]
    assert ["step 0", "line 3", "line 4", "line 2"] == places


def test_every_flipped_bit_of_the_events_is_seen(case: Case) -> None:
    """No flip costs more than two rows (of a newline: the one before and the one after), and none is silent."""
    content = case.writer.file.read_bytes()
    for position in range(0, 8 * len(content), 7):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        case.writer.file.write_bytes(changed)
        reader = medialog.open_run(case.path)
        assert reader.problems, position
        assert len(reader.steps) >= 1
        assert all(row["a"] == row["_step"] for row in reader.history())


# --- finished ---


@pytest.mark.parametrize(
    ("writers", "finished"),
    [
        ([], False),
        ([(0, "new", True)], True),
        ([(0, "new", False)], False),
        ([(0, "new", False), (0, "resume", True)], True),
        ([(0, "new", True), (0, "resume", False)], False),
        ([(0, "new", True), (1, "join", False)], False),
        ([(0, "new", True), (1, "join", True)], True),
        ([(0, "new", True), (0, "fork", False)], True),
        ([(0, "new", False), (0, "fork", True)], False),
        ([(0, "new", True), (0, "edit", False)], True),
        ([(0, "fork", True)], False),
        ([(0, "teleported", False)], False),
        ([(0, "new", True), (0, "teleported", False)], False),
        ([(0, "new", False), (0, "teleported", True)], True),
    ],
)
def test_finished(tmp_path: Path, writers: list[tuple[int, str, bool]], finished: bool) -> None:
    path = make_run(tmp_path / "made")
    for rank, start, ends in writers:
        writer = Writer(path, rank=rank, start=start)
        writer.row(0, {"a": 1})
        if ends:
            writer.end()

    assert finished == medialog.open_run(path).finished
    rules = {each.rule for each in medialog.validate_run(path)}
    if any(start != "fork" for _, start, _ in writers):
        assert finished == ("run.unfinished" not in rules)


def test_a_line_after_the_end_takes_it_back(case: Case) -> None:
    case.writer.end()
    reader = medialog.open_run(case.path)
    assert reader.finished
    case.writer.add("sync")

    assert not reader.finished


def test_a_line_is_what_encode_makes(case: Case) -> None:
    """The hand-made runs are made of the lines that the writer writes."""
    decoded = [line.decode(raw) for raw in case.writer.file.read_bytes().splitlines()]

    assert ["meta", "row", "row", "row"] == [each.kind for each in decoded if isinstance(each, line.Line)]
