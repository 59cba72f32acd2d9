"""Runs of several writers and files: what is right for each of them, and what is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import medialog
from handmade_runs import Writer, describe, make_run, put_media
from medialog.validators import is_note
from medialog.wire import jsontext


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_run(tmp_path / "made")


def rules(path: Path) -> list[str]:
    return [each.rule for each in medialog.validate_run(path)]


def write_summary(path: Path) -> None:
    (path / "summary.json").write_bytes(jsontext.dumps_pretty(medialog.open_run(path).summary))


def test_several_ranks_are_fine(path: Path) -> None:
    for rank in (3, 0, 1):
        writer = Writer(path, rank=rank, number=0, start="new" if rank == 3 else "join")
        writer.row(0, {"loss": rank, f"own{rank}": 1})
        writer.end()
    write_summary(path)

    assert [] == rules(path)
    assert {"loss": 0, "own0": 1, "own1": 1, "own3": 1} == medialog.open_run(path).summary


def test_a_writer_of_two_files_is_one_writer(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 1})
    writer.go_on(1)
    writer.end()
    write_summary(path)
    assert [] == rules(path)

    (path / "summary.json").write_text('{"a": 2}')
    assert ["run.summary"] == rules(path)  # no note: the run is finished, and had one writer


def test_parts_and_drops(path: Path) -> None:
    writer = Writer(path)
    writer.part(0, {"image": put_media(path, b"x")})
    writer.drop(0, "image")
    assert ["run.unfinished"] == rules(path)
    writer.part(0, {"gone": describe(b"gone")})
    writer.add("drop", {"key": []}, 0)

    assert {"run.unfinished", "run.media_missing", "run.schema"} == set(rules(path))


def test_what_a_killed_writer_leaves(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 1})
    writer.append(writer.seal("row", {"a": 2}, 1)[:30])
    (path / "tmp").mkdir()
    (path / "tmp" / "x").write_bytes(b"half")
    (path / "tmp" / "reserve-r0-1-000000000001").write_bytes(bytes(65536))
    write_summary(path)

    assert {"run.torn", "run.unfinished", "run.tmp"} == set(rules(path))
    again = Writer(path, start="resume")
    again.row(1, {"a": 2})
    again.end()
    write_summary(path)
    assert {"run.torn", "run.tmp"} == set(rules(path))


def test_a_name_that_only_begins_like_the_reserve(path: Path) -> None:
    Writer(path).end()
    (path / "reserve.txt").write_text("")

    assert ["run.unknown"] == rules(path)


def test_a_file_of_events_is_missing(path: Path) -> None:
    first, second = Writer(path), Writer(path, rank=1, number=0, start="join")
    third = Writer(path, start="resume")
    last = Writer(path, start="resume")
    for writer in (first, second, third, last):
        writer.end()
    assert [] == rules(path)
    second.file.unlink()
    assert [] == rules(path)  # another file has its number: nobody can tell
    third.file.unlink()

    assert ["run.segment"] == rules(path)


def test_a_newline_in_a_line_hides_no_other_line(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 1})
    writer.row(1, {"gone": describe(b"gone")})
    content = writer.file.read_bytes()
    writer.file.write_bytes(content.replace(b'"a":1', b'"\n":1'))

    found = [rule for rule in rules(path) if rule not in ("run.unfinished", "run.stale")]
    assert ["run.crc", "run.crc", "run.media_missing"] == found


def test_notes(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 1})
    assert all(map(is_note, medialog.validate_run(path)))
    writer.append(hashlib.sha256(b"").digest().hex().encode())
    assert not all(map(is_note, medialog.validate_run(path)))
