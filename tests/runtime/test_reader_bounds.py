"""What reading holds in memory does not grow with a line that nobody should have written, or with a file of media."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import medialog
from handmade_runs import Writer, make_run, put_media
from medialog.validators import is_note

MIB = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_run(tmp_path / "made", **{"line.size": 300})


def test_a_line_above_the_limit_is_passed_over(path: Path) -> None:
    writer = Writer(path)
    writer.row(0, {"a": 0})
    writer.row(1, {"a": "x" * 300})
    writer.row(2, {"a": 2})
    reader = medialog.open_run(path)

    assert [0, 2] == reader.steps
    (problem,) = reader.problems
    assert "line 3: longer than 300 bytes, the limit line.size" in str(problem)
    assert ["run.line_size"] == [each.rule for each in medialog.validate_run(path) if not is_note(each)]


def test_the_limit_is_the_runs_own(tmp_path: Path) -> None:
    for size, steps in ((None, [0]), (10**6, [0]), (10, []), ("wide", [0]), (-1, [0])):
        path = make_run(tmp_path / f"run{size}", **({} if size is None else {"line.size": size}))
        Writer(path).row(0, {"a": "x" * 1000})
        assert steps == medialog.open_run(path).steps


def test_a_long_line_that_is_still_being_written(path: Path) -> None:
    writer = Writer(path)
    reader = medialog.open_run(path)
    for _ in range(4):
        writer.append(b"x" * 200)
        assert [] == reader.steps
        fresh = medialog.open_run(path)
        assert fresh.problems == reader.problems
    writer.append(b"\n")
    writer.row(0, {"a": 0})

    assert [0] == reader.steps
    assert medialog.open_run(path).problems == reader.problems
    assert 1 == len(reader.problems)


def peak(code: str, path: Path) -> int:
    """Return by how many bytes the peak of a process grows in `code`."""
    script = (
        "import resource, sys, pathlib, medialog\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "medialog.open_run(path / 'small').history(); medialog.validate_run(path / 'small')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"{code}\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kibibytes on Linux")
@pytest.mark.parametrize(
    "code",
    [
        "run = medialog.open_run(path / 'large'); assert run.steps == [0]; assert len(run.problems) == 1",
        "found = medialog.validate_run(path / 'large'); assert 'run.line_size' in {each.rule for each in found}",
    ],
)
def test_a_line_of_a_gibibyte(tmp_path: Path, code: str) -> None:
    small = Writer(make_run(tmp_path / "small"))
    small.row(0, {"image": put_media(small.path, b"x")})
    large = Writer(make_run(tmp_path / "large", **{"line.size": MIB}))
    with large.file.open("ab") as file:
        file.truncate(large.file.stat().st_size + 2**30)
    large.append(b"\n")
    large.row(0, {"a": 0})

    assert peak(code, tmp_path) < 16 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kibibytes on Linux")
def test_media_are_hashed_in_blocks(tmp_path: Path) -> None:
    small = Writer(make_run(tmp_path / "small"))
    small.row(0, {"image": put_media(small.path, b"x")})
    large = Writer(make_run(tmp_path / "large"))
    large.row(0, {"image": put_media(large.path, bytes(64 * MIB))})

    assert peak("assert medialog.open_run(path / 'large').steps == [0]", tmp_path) < 16 * MIB
