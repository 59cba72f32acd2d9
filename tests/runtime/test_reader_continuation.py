"""A writer that goes on in a further file: each line is taken once, and what was lost from whichever file has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import medialog
from handmade_runs import Writer, describe, make_run, put_media
from medialog.validators import is_note


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_run(tmp_path / "made")


def rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    return list(medialog.open_run(path).rows())


def faults(path: Path) -> list[str]:
    return [each.rule for each in medialog.validate_run(path) if not is_note(each)]


def damage(file: Path, line: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"d":', b'"e":')
    file.write_bytes(b"".join(lines))


def test_lines_that_come_again_are_dropped(path: Path) -> None:
    writer = Writer(path)
    for step in range(4):
        writer.row(step, {"a": step})
    writer.go_on(3)
    writer.row(4, {"a": 4})
    writer.end()
    reader = medialog.open_run(path, recovery="strict")

    assert [(step, {"a": step}) for step in range(5)] == list(reader.rows())
    assert {"a": 4} == reader.summary
    assert reader.finished
    assert [] == [rule for rule in faults(path) if rule != "run.summary"]


def test_counts_are_not_doubled(path: Path) -> None:
    writer = Writer(path)
    writer.add(
        "metric",
        {**dict.fromkeys(("step_metric",)), "name": "a", "step_sync": False, "hidden": False}
        | {"summary": ["mean"], "goal": "minimize"},
    )
    for step in range(4):
        writer.row(step, {"a": step})
    writer.go_on(1)

    assert {"a": {"mean": 1.5}} == medialog.open_run(path).summary


def test_damage_is_made_good_and_still_listed(path: Path) -> None:
    writer = Writer(path)
    for step in range(4):
        writer.row(step, {"a": step})
    first = writer.file
    writer.go_on(2)
    writer.end()
    damage(first, 3)
    reader = medialog.open_run(path)

    assert [(step, {"a": step}) for step in range(4)] == list(reader.rows())
    assert [f"{first.relative_to(path)}, line 4: the checksum does not match: bytes were changed"] == [
        *map(str, reader.problems)
    ]
    assert ["run.crc"] == faults(path)
    with pytest.raises(medialog.DamagedRow):
        medialog.open_run(path, recovery="strict").history()


def test_what_is_made_good_stands_where_it_was(path: Path) -> None:
    """The later of two values of a key wins, also when the earlier one was read from the later file."""
    writer = Writer(path)
    writer.row(0, {"a": "first"})
    writer.add("summary", {"set": [{"key": ["best"], "value": "first"}]})
    writer.add("config", {"lr": "first"})
    writer.row(0, {"a": "second"})
    writer.add("summary", {"set": [{"key": ["best"], "value": "second"}]})
    writer.add("config", {"lr": "second"})
    first = writer.file
    writer.go_on(1)
    for number in (1, 2, 3):
        damage(first, number)
    reader = medialog.open_run(path)

    assert [(0, {"a": "second"})] == list(reader.rows())
    writer.part(1, {"open": True})
    assert [(0, {"a": "second"}), (1, {"open": True})] == list(reader.rows(include_open=True))
    assert "second" == reader.summary["best"]
    assert {"lr": "second"} == reader.config.as_dict()
    assert 3 == len(reader.problems)


@pytest.mark.parametrize("cut", ["at a line", "in a line", "everything"])
def test_the_end_of_the_earlier_file_is_lost(path: Path, cut: str) -> None:
    writer = Writer(path)
    for step in range(4):
        writer.row(step, {"a": step})
    first = writer.file
    size = {"at a line": -len(writer.lines[-1]), "in a line": -5, "everything": 0}[cut]
    writer.go_on(1)
    first.write_bytes(first.read_bytes()[:size])
    reader = medialog.open_run(path)

    assert [(step, {"a": step}) for step in range(4)] == list(reader.rows())
    assert (["an unfinished line: its writer died, or is at it"] if cut == "in a line" else []) == [
        each.message for each in reader.problems
    ]
    assert {"at a line": [], "in a line": ["run.torn"], "everything": ["run.segment"]}[cut] == faults(path)


def test_lines_that_no_file_has_are_missing(path: Path) -> None:
    writer = Writer(path)
    for step in range(8):
        writer.row(step, {"a": step})
    first = writer.file
    writer.go_on(6)
    writer.end()
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join([*lines[:4], *lines[7:]]))  # seq 4, 5, 6: of which the later file has the last
    reader = medialog.open_run(path)

    assert [0, 1, 2, 5, 6, 7] == reader.steps
    assert [f"{first.relative_to(path)}, line 5: 2 lines are missing before it"] == [*map(str, reader.problems)]
    assert ["run.seq"] == faults(path)


def test_the_first_line_is_made_good(path: Path) -> None:
    writer = Writer(path, start="fork")
    writer.row(0, {"a": 0})
    first = writer.file
    writer.go_on(1)
    damage(first, 0)
    main = Writer(path, start="join")
    main.end()

    assert medialog.open_run(path).finished  # or the fork would be taken for a writer that never ended
    assert "run.unfinished" not in {each.rule for each in medialog.validate_run(path)}


def test_a_repeated_line_of_other_content(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 0})
    writer.go_on(1)
    lines = writer.file.read_bytes().splitlines(keepends=True)
    writer.lines.pop()
    writer.file.write_bytes(lines[0] + writer.seal("row", {"a": 9}, 0))

    assert [(0, {"a": 0})] == rows(path)
    assert ["run.seq"] == faults(path)


def test_parts_over_two_files(path: Path) -> None:
    writer = Writer(path)
    writer.part(0, {"a": 1})
    writer.part(0, {"b": 1, "image": put_media(path, b"x")})
    first = writer.file
    writer.go_on(1)
    writer.part(0, {"a": 2})
    reader = medialog.open_run(path)
    expected = [{"a": 2, "b": 1, "image": describe(b"x")}]
    assert expected == [row.tree for row in reader.open_rows]

    damage(first, 1)
    assert expected == [row.tree for row in medialog.open_run(path).open_rows]
    damage(first, 2)
    assert expected == [row.tree for row in medialog.open_run(path).open_rows]

    writer.row(0, expected[0])
    assert [] == reader.open_rows
    assert [(0, expected[0])] == list(reader.rows())


def test_a_part_that_is_made_good_after_its_row(path: Path) -> None:
    """The row is sound in the first file, the part before it is not: nothing is open."""
    writer = Writer(path)
    writer.part(0, {"a": 1, "gone": describe(b"gone")})
    writer.row(0, {"a": 1})
    first = writer.file
    writer.go_on(1)
    damage(first, 1)
    reader = medialog.open_run(path)

    assert [] == reader.open_rows
    assert ["the checksum does not match: bytes were changed"] == [each.message for each in reader.problems]


def test_a_part_that_is_made_good_stands_where_it_was(path: Path) -> None:
    writer = Writer(path)
    writer.part(0, {"a": "first", "b": "first"})
    writer.part(0, {"a": "second"})
    first = writer.file
    damage(first, 1)
    reader = medialog.open_run(path)
    assert [{"a": "second"}] == [row.tree for row in reader.open_rows]
    writer.go_on(1)

    assert [{"a": "second", "b": "first"}] == [row.tree for row in reader.open_rows]


def test_a_row_that_is_made_good_leaves_later_parts_open(path: Path) -> None:
    writer = Writer(path)
    writer.part(0, {"a": "before"})
    writer.row(0, {"a": "row"})
    writer.part(0, {"b": "after"})
    damage(writer.file, 2)
    reader = medialog.open_run(path)
    assert [{"a": "before", "b": "after"}] == [row.tree for row in reader.open_rows]
    writer.go_on(1)

    assert [{"b": "after"}] == [row.tree for row in reader.open_rows]
    assert [(0, {"a": "row"})] == list(reader.rows())


def test_what_is_made_good_is_not_the_last_line(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 0})
    writer.end()
    damage(writer.file, 1)
    reader = medialog.open_run(path)
    assert reader.finished
    writer.go_on(1)

    assert reader.finished
    assert [0] == reader.steps
    assert "run.unfinished" not in {each.rule for each in medialog.validate_run(path)}


def test_an_unfinished_line_that_never_comes_again(path: Path) -> None:
    """It is said once, as what it is, and not once more as a missing line."""
    writer = Writer(path)
    writer.row(0, {"a": 0})
    writer.append(writer.seal("row", {"a": 1}, 1)[:20])
    writer.seal("row", {"a": 2}, 2)
    writer.go_on(4)
    writer.row(3, {"a": 3})
    reader = medialog.open_run(path)

    assert [0, 3] == reader.steps
    assert ["an unfinished line: its writer died, or is at it", "1 line is missing before it"] == [
        each.message for each in reader.problems
    ]
    assert ["run.torn", "run.seq"] == faults(path)


def test_a_kept_reader_takes_what_is_made_good_once(path: Path) -> None:
    writer = Writer(path)
    for step in range(3):
        writer.row(step, {"a": step})
    damage(writer.file, 1)
    reader = medialog.open_run(path)
    assert [1, 2] == reader.steps
    assert {"a": 2} == reader.summary
    writer.go_on(1)

    assert [0, 1, 2] == [row.step for row in reader._read().rows]
    assert [(step, {"a": step}) for step in range(3)] == list(reader.rows())
