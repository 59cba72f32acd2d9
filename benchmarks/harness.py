"""Run a case: each subject in a process of its own, in turn, repetition by repetition, so that what else the machine
does falls on all of them. The result is plain data: every number of every round, the medians, the goals.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import machine
from case import Case, Goal, SizeName, Values
from loggers import PACKAGES

HERE = Path(__file__).resolve().parent
LAST_WORDS = 2_000  # bytes of a subject's standard error that are looked at when it fails
SLOW = 20.0  # seconds; a subject whose repetition takes longer is repeated three times at most


class Worker:
    """The process of one subject."""

    def __init__(self, case: Case, subject: str, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        ours, theirs = os.pipe()
        self._answers = ours
        self._errors = (home / "stderr").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), case.name, subject, str(home), str(theirs)],
            stdin=subprocess.PIPE,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=(theirs,),
            env=environment(home),
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def repeat(self, size: int, timeout: float) -> tuple[Values, str | None]:
        """Return the numbers of one repetition, or why there are none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{size}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return {}, f"its process ended: {self._last_words()}"
        text, ends = b"", time.monotonic() + timeout
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self._answers], [], [], max(0.0, ends - time.monotonic()))
            if not ready:
                os.killpg(self._process.pid, signal.SIGKILL)  # it would go on beside the others
                return {}, f"took longer than {timeout:g} s"
            read = os.read(self._answers, 2**16)
            if not read:
                return {}, f"its process ended: {self._last_words()}"
            text += read
        answer = json.loads(text)
        values = {key: value for key, value in answer.get("values", {}).items() if not math.isnan(value)}
        return values, answer.get("failed")

    def _last_words(self) -> str:
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - LAST_WORDS))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "without a word"

    def close(self) -> None:
        """End the process: asked first, then with all it started."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._answers)
        self._errors.close()


def environment(home: Path) -> dict[str, str]:
    """Return the variables of a worker: no network, no account, and everything a peer writes below `home`."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    for name in ("tmp", "bin", "trackio"):
        (home / name).mkdir(exist_ok=True)
    _offer_ffmpeg(home / "bin" / "ffmpeg")
    return {
        **kept,
        "PATH": f"{home / 'bin'}:{kept.get('PATH', os.defpath)}",
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "MPLBACKEND": "Agg",
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_ERROR_REPORTING": "false",
        "TRACKIO_DIR": str(home / "trackio"),
        "HF_HUB_OFFLINE": "1",
        "MEDIALOG_QUIET": "1",
    }


def _offer_ffmpeg(path: Path) -> None:
    """Put the ffmpeg of `imageio-ffmpeg` on the PATH: trackio looks for one there."""
    if path.exists() or find_spec("imageio_ffmpeg") is None:
        return
    import imageio_ffmpeg

    path.symlink_to(imageio_ffmpeg.get_ffmpeg_exe())


def run_case(
    case: Case, size: SizeName, only: Sequence[str] | None = None, rounds: int | None = None
) -> dict[str, Any]:
    """Run a case and return its result. `only`: these subjects. `rounds`: instead of the case's own number."""
    rounds = rounds or (case.rounds if size == "full" else min(case.rounds, 3))
    names = [name for name in case.subjects if only is None or name in only]
    failed = {name: reason for name in names if (reason := _missing(name)) is not None}
    measured: dict[str, list[Values]] = {name: [] for name in names}
    started = machine.load()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        workers: dict[str, Worker] = {}
        try:
            for number in range(-1, rounds):  # round -1 warms up: imports, caches of the file system
                turn = names[number % len(names) :] + names[: number % len(names)] if names else []
                for name in turn:
                    if name in failed or (case.fresh and number < 0) or _is_enough(measured[name], number):
                        continue
                    if case.fresh and name in workers:
                        workers.pop(name).close()
                    if name not in workers:
                        home = Path(folder) / f"{list(case.subjects).index(name)}-{number if case.fresh else 0}"
                        workers[name] = Worker(case, name, home.absolute())
                    begun = time.monotonic()
                    values, reason = workers[name].repeat(case.sizes["smoke" if number < 0 else size], case.timeout)
                    if reason is not None:
                        failed[name] = reason
                        workers.pop(name).close()
                    elif number >= 0:
                        measured[name].append({**values, "repetition_s": round(time.monotonic() - begun, 3)})
        finally:
            for worker in workers.values():
                worker.close()
    return summarise(case, size, measured, failed, started)


def _missing(subject: str) -> str | None:
    package = PACKAGES.get(subject)
    return None if package is None or find_spec(package) is not None else "not installed"


def _is_enough(measured: Sequence[Values], number: int) -> bool:
    return number >= 3 and bool(measured) and measured[-1]["repetition_s"] > SLOW


def summarise(
    case: Case, size: SizeName, measured: Mapping[str, list[Values]], failed: Mapping[str, str], load: float
) -> dict[str, Any]:
    """Return the result of a case as plain data."""
    return {
        "what": case.what,
        "notes": case.notes,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "load": load,
        "size": case.sizes[size],
        "full_size": case.sizes["full"],
        "unit_of_size": case.unit_of_size,
        "columns": [[column.key, column.heading, column.digits] for column in case.columns],
        "subjects": {
            name: {"failed": failed.get(name), "summary": _medians(rounds), "rounds": rounds}
            for name, rounds in measured.items()
        },
        "goals": [_goal(goal, measured) for goal in case.goals],
    }


def _medians(rounds: Sequence[Values]) -> Values:
    """Return one number of each kind; memory by its maximum, because only a first repetition has to ask for it."""
    keys = rounds[0] if rounds else {}
    return {
        key: max(values) if key == "peak_mb" else statistics.median(values)
        for key in keys
        if key != "repetition_s" and (values := [each[key] for each in rounds if key in each])
    }


def _goal(goal: Goal, measured: Mapping[str, list[Values]]) -> dict[str, Any]:
    """Return a goal and what was measured: a ratio is the median of the rounds' ratios."""
    ours = [values[goal.key] for values in measured.get(goal.of, []) if goal.key in values]
    if goal.against is not None:
        theirs = [values[goal.key] for values in measured.get(goal.against, []) if goal.key in values]
        ours = [a / b for a, b in zip(ours, theirs, strict=False) if b]
    if not ours:
        found = None
    elif goal.key == "peak_mb":
        found = max(ours)
    else:
        found = statistics.median(ours)
    return {
        "of": goal.of,
        "key": goal.key,
        "against": goal.against,
        "at_most": goal.at_most,
        "measured": found,
        "met": None if found is None else found <= goal.at_most,
    }
