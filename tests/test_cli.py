"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medialog
from handmade_runs import Writer, make_run
from medialog import cli
from medialog.runtime import session
from medialog.validators.limits import LIMITS
from medialog.wire import kinds, records


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_active", None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    with medialog.init(
        dir=folder, id="abc", project="digits", config={"lr": 0.1, "net": {"size": 3}}, tags=["a"]
    ) as run:
        run.log({"loss": 0.5, "val": {"image": medialog.Image(np.zeros((2, 3), np.uint8), caption="see\x85")}})
        run.log({"loss": 0.25, "note": "esc \x1b[31m"})
    return Path(str(run.dir))


def damage(path: Path, old: bytes = b'"loss":0.5', new: bytes = b'"loss":0.6') -> None:
    file = next(path.glob("events/*.jsonl"))
    file.write_bytes(file.read_bytes().replace(old, new))


class Outcome:
    def __init__(self, code: int, output: str, errors: str) -> None:
        self.code, self.output, self.errors = code, output, errors


@pytest.fixture
def medialog_command(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: object) -> Outcome:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


def test_a_valid_run(medialog_command: Any, path: Path) -> None:
    for given in (path, f"{path}/"):
        done = medialog_command("validate", "--deep", given)

        assert (0, f"{given}: valid run\n", "") == (done.code, done.output, done.errors)


def test_a_damaged_run(medialog_command: Any, path: Path) -> None:
    damage(path)
    (path / "tmp" / "x").write_text("x")

    done = medialog_command("validate", path)

    name = next(path.glob("events/*")).name
    assert done.code == 1
    assert [
        f"{path}: invalid run, 1 violation, 2 notes",
        f"  events/{name}",
        "    line 3: a line as it was written, got the checksum does not match: bytes were changed [run.crc]",
    ] == done.output.splitlines()[:3]
    assert "    an empty tmp/, got 1 bytes [note run.tmp]" in done.output


def test_notes_count_only_when_strict(medialog_command: Any, path: Path) -> None:
    (path / "tmp" / "x").write_text("x")

    assert 0 == medialog_command("validate", path).code
    assert 1 == medialog_command("validate", "--strict", path).code


def test_many_violations_of_a_file_are_cut(medialog_command: Any, path: Path) -> None:
    file = next(path.glob("events/*.jsonl"))
    file.write_bytes(file.read_bytes() + b"x\n" * 2000)

    done = medialog_command("validate", path)

    assert "    ... and 1,990 more (--all shows them)" in done.output.splitlines()
    assert 2000 < len(medialog_command("validate", "--all", path).output.splitlines())


def test_json(medialog_command: Any, path: Path) -> None:
    damage(path)

    done = medialog_command("validate", "--json", path)

    document = json.loads(done.output)
    assert (1, False, 1, 1, []) == (
        done.code,
        document["valid"],
        document["violations"],
        document["notes"],
        document["unreadable"],
    )
    (checked,) = document["checked"]
    assert (str(path), "run", False) == (checked["path"], checked["what"], checked["valid"])
    name = next(path.glob("events/*")).name
    assert {
        "at": f"events/{name}, line 3",
        "file": f"events/{name}",
        "rule": "run.crc",
        "expected": "a line as it was written",
        "got": "the checksum does not match: bytes were changed",
        "note": False,
    } == checked["violations"][0]


def test_folders_of_runs_folders_of_descriptors_and_files(medialog_command: Any, path: Path, tmp_path: Path) -> None:
    descriptor = medialog.convert(medialog.Histogram([1, 2, 3]), tmp_path / "out", "h")
    (tmp_path / "bare.json").write_text(json.dumps(descriptor | {"bins": [1]}))

    done = medialog_command("validate", path.parent, tmp_path / "out", tmp_path / "bare.json")

    assert [
        f"{path}: valid run",
        f"{tmp_path / 'out'}: valid folder",
        f"{tmp_path / 'bare.json'}: invalid descriptor, 1 violation",
    ] == [line for line in done.output.splitlines() if not line.startswith(" ")][:3]
    assert "3 checked: 1 violation" == done.output.splitlines()[-1]
    assert 1 == done.code


def test_what_cannot_be_read_is_2(medialog_command: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given, reason in (("empty", "neither a run"), ("nothing", "no such file")):
        done = medialog_command("validate", tmp_path / given)

        assert (2, "") == (done.code, done.output)
        assert reason in done.errors
    done = medialog_command("validate", "--json", tmp_path / "nothing")
    assert (2, False) == (done.code, json.loads(done.output)["valid"])
    for wrong in ((), ("validate",), ("frobnicate",), ("validate", "--wat", "x")):
        assert 2 == medialog_command(*wrong).code


def test_limits(medialog_command: Any) -> None:
    lines = medialog_command("limits").output.splitlines()
    assert [*LIMITS] == [line.split()[0] for line in lines[1:]]
    assert "image.per_list" in medialog_command("limits", "per_list").output
    assert 2 == medialog_command("limits", "no-such-word").code

    listed = json.loads(medialog_command("limits", "--json").output)
    assert [*LIMITS] == [each["id"] for each in listed]
    assert {"id", "value", "unit", "over", "why", "source", "settable"} == set(listed[0])


def test_show(medialog_command: Any, path: Path) -> None:
    done = medialog_command("show", path)

    text = done.output
    assert (0, "") == (done.code, done.errors)
    assert text.startswith("run abc, project digits, tags a\nstarted 20")
    assert "2 steps, 0 to 1, finished" in text
    assert "  net.size  3" in text
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines() if line.startswith("  ")}
    assert "number 2 0.25" == rows["loss"]
    assert "image-file 1 width 3, height 2, format png, caption see\\x85" == rows["val.image"]
    assert "text 1 esc \\x1b[31m" == rows["note"]
    assert "no problems" == text.splitlines()[-1]
    assert "\x1b" not in text


def test_show_a_damaged_run(medialog_command: Any, path: Path, tmp_path: Path) -> None:
    damage(path)
    done = medialog_command("show", path)
    assert 1 == done.code
    assert "1 problem" in done.output
    assert "checksum" in done.output

    assert 2 == medialog_command("show", tmp_path / "nothing").code


def test_show_several_ranks(medialog_command: Any, tmp_path: Path) -> None:
    run = make_run(tmp_path / "made")
    for rank in (0, 2):
        writer = Writer(run, rank=rank)
        writer.row(0, {"loss": rank, "l\x1br": rank, "same": 1})
        writer.part(1, {"open": {"a": 1, "b": 2}})
    done = medialog_command("show", run)

    assert 0 == done.code
    assert "\n2 ranks: 0, 2\n" in done.output
    assert "\nnote: 2 values differ between ranks, the lowest rank's is shown: loss, l\\x1br\n" in done.output
    assert "\nnote: step 1 of rank 2 is open, with 2 keys\n" in done.output
    assert done.output.endswith("no problems\n")


def test_show_a_run_without_rows(medialog_command: Any, tmp_path: Path) -> None:
    medialog.init(dir=tmp_path, id="e", notes="only this").finish()

    assert "no steps, finished" in medialog_command("show", tmp_path / "e").output


def test_compact(medialog_command: Any, path: Path, tmp_path: Path) -> None:
    file = path / "derived" / "history.parquet"
    done = medialog_command("compact", path)
    assert (0, f"{file}: written, 0.0 MiB\n", "") == (done.code, done.output, done.errors)
    assert file.is_file()
    again = medialog_command("compact", path)
    assert (0, f"{file}: nothing new\n") == (again.code, again.output)

    damage(path)
    damaged = medialog_command("compact", path)
    assert (1, "") == (damaged.code, damaged.output)
    assert "not compacted, it is read from its lines: events/" in damaged.errors
    assert "the checksum does not match" in damaged.errors
    nothing = medialog_command("compact", tmp_path / "nothing", path)
    assert 2 == nothing.code
    assert [f"medialog: {tmp_path / 'nothing'}:", f"medialog: {path}:"] == [
        " ".join(line.split(" ", 2)[:2]) for line in nothing.errors.splitlines()
    ]


def test_schema(medialog_command: Any) -> None:
    for name in (*records.NAMES, "images/separated"):
        done = medialog_command("schema", name)
        assert 0 == done.code
        assert f"urn:medialog:schema:v1:{name}" == json.loads(done.output)["$id"]
    assert {*records.NAMES, *kinds.KINDS} == set(medialog_command("schema").output.split())
    done = medialog_command("schema", "image-fil")
    assert (2, True) == (done.code, "image-file" in done.errors)


class EntryPoint:
    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value


def test_schema_of_a_package_that_cannot_be_read(medialog_command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [EntryPoint("their-file", "no_such_package:Theirs")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: found)
    kinds.third_party_kinds.cache_clear()
    try:
        assert "their-file" in medialog_command("schema").output.split()
        done = medialog_command("schema", "their-file")
        assert (2, "") == (done.code, done.output)
        assert "no_such_package:Theirs" in done.errors
        assert "No module named 'no_such_package'" in done.errors

        found.append(EntryPoint("mask", "theirs:Mask"))  # a kind of ours: an error of the installation
        kinds.third_party_kinds.cache_clear()
        for arguments in ((), ("their-file",)):
            done = medialog_command("schema", *arguments)
            assert 2 == done.code
            assert "the kind 'mask' of theirs:Mask is taken" in done.errors
        assert 0 == medialog_command("schema", "mask").code
    finally:
        kinds.third_party_kinds.cache_clear()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_and_progress_only_on_a_terminal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, errors = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", errors)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    ticks = iter(range(10**6))
    monkeypatch.setattr("medialog.cli.time.monotonic", lambda: next(ticks))

    assert 0 == cli.main(["validate", "--deep", str(path)])
    assert "\x1b[32;1mvalid\x1b[0m" in out.getvalue()
    assert "abc: values ####################" in errors.getvalue()
    assert errors.getvalue().endswith("\r\x1b[K")

    monkeypatch.setenv("NO_COLOR", "1")
    out.truncate(0)
    cli.main(["validate", str(path)])
    assert "\x1b" not in out.getvalue()


def test_as_a_module(path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(str(medialog.__file__)).parent.parent),
        "PYTHONIOENCODING": "ascii",
    }
    command = [sys.executable, "-m", "medialog"]

    shown = subprocess.run([*command, "show", path], capture_output=True, text=True, check=False, env=environment)
    assert (0, "") == (shown.returncode, shown.stderr)
    help = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False, env=environment)
    assert all(name in help.stdout for name in ("validate", "limits", "show", "compact", "schema"))


def test_it_starts_light() -> None:
    code = (
        "import sys, medialog.cli\nmedialog.cli._parser()\n"
        "print([name for name in ('numpy', 'msgspec', 'jsonschema', 'PIL') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(str(medialog.__file__)).parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert "[]" == done.stdout.strip()


def test_a_closed_pipe_is_no_error(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(str(medialog.__file__)).parent.parent)}
    command = f"{shlex.quote(sys.executable)} -m medialog limits | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=environment)

    assert (0, "") == (done.returncode, done.stderr)
