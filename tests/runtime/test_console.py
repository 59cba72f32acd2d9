"""The console: a quiet line at the start and the end, progress on a terminal only, silence when it is asked for."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import medialog
from medialog.validators import progress

Start = Callable[..., medialog.Run]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def loud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("MEDIALOG_QUIET", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)


def test_one_line_at_the_start_and_one_at_the_end(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    run = start(id="abc")
    assert capfd.readouterr() == ("", "medialog: run abc goes to runs/abc (medialog show runs/abc)\n")
    run.log({"a": 1, "image": medialog.Image(np.zeros((2, 2), np.uint8))})
    run.log({"a": 2})
    assert capfd.readouterr() == ("", "")
    run.finish()
    out, error = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(r"medialog: run abc finished: 2 rows, 1 media file, [\d.]+ KiB in runs/abc\n", error)

    with start(id="abc", resume=True):
        assert "goes to runs/abc from step 2 (medialog show runs/abc)" in capfd.readouterr().err


def test_a_folder_with_a_space_can_be_pasted(tmp_path: Path, start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    start(id="abc", dir=tmp_path / "my runs")
    assert "(medialog show 'my runs/abc')" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "variable"),
    [({"quiet": True}, None), ({}, "1"), ({"mode": "memory"}, None), ({"mode": "disabled"}, None)],
)
def test_silence(
    options: dict[str, object],
    variable: str | None,
    start: Start,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if variable is not None:
        monkeypatch.setenv("MEDIALOG_QUIET", variable)
    start(**options).finish()
    assert capfd.readouterr() == ("", "")


def test_only_rank_0_speaks(start: Start, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    start(id="abc").finish()
    assert capfd.readouterr().err == ""


def test_finish_can_be_quiet(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    run = start()
    capfd.readouterr()
    run.finish(quiet=True)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("stream", [None, "closed"])
def test_nobody_is_there(stream: str | None, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", None if stream is None else closed)
    run = start()
    run.log({"a": 1})
    run.finish()
    assert run.reader().finished


def test_dim_on_a_terminal_and_plain_elsewhere(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    start(id="abc")
    assert terminal.getvalue().startswith("\x1b[2mmedialog: run abc")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stderr", plain := Terminal())
    medialog.finish()
    assert plain.getvalue().startswith("medialog: run abc finished")


def clip() -> medialog.Video:
    return medialog.Video(np.zeros((20, 3, 8, 8), np.uint8), fps=10, format="gif")


def test_long_encodings_show_how_far_they_are_and_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(progress, "_is_quiet", False)
    clip()
    assert "medialog: encoding frames as gif: 7 of 20" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")

    monkeypatch.setattr(progress, "_is_quiet", True)
    monkeypatch.setattr(sys, "stderr", silent := Terminal())
    clip()
    assert silent.getvalue() == ""


def test_short_ones_show_nothing_nor_does_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_is_quiet", False)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    clip()
    assert terminal.getvalue() == ""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    clip()
    assert file.getvalue() == ""
