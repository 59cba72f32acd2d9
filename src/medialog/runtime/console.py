"""The console: one line when a run begins and one when it ends, on stderr: where it is and how to look at it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from medialog.validators.progress import is_quiet, is_terminal


def started(id: str, directory: str, step: int) -> None:
    """Say where a run is."""
    where = _short(directory)
    onward = f" from step {step:,}" if step else ""
    _say(f"medialog: run {id} goes to {where}{onward} (medialog show {where})")


def finished(id: str, directory: str, rows: int, files: int, size: int) -> None:
    """Say what a run has written."""
    media = f", {files:,} media file{'s' * (files != 1)}" if files else ""
    amount = f"{size / 2**20:,.1f} MiB" if size >= 2**20 else f"{size / 2**10:,.1f} KiB"
    _say(f"medialog: run {id} finished: {rows:,} row{'s' * (rows != 1)}{media}, {amount} in {_short(directory)}")


def _short(directory: str) -> str:
    """Return a path as a person would type it from here."""
    try:
        relative = os.path.relpath(directory)
    except ValueError:  # another drive
        return directory
    path = directory if relative.startswith("..") else relative
    return f"'{path}'" if " " in path else str(Path(path))


def _say(sentence: str) -> None:
    stream = sys.stderr
    if is_quiet() or stream is None:
        return
    dim = is_terminal(stream) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    try:
        stream.write(f"\x1b[2m{sentence}\x1b[0m\n" if dim else f"{sentence}\n")
        stream.flush()
    except (OSError, ValueError):
        return  # nobody is there to read it
