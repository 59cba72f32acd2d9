"""`import medialog`, a whole process beyond the bare interpreter's."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from case import Case, Column, Goal, Subject, Work, faster

HERE = Path(__file__).resolve().parent.parent


def _process(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return (time.perf_counter() - started) * 1e3


def _import(package: str) -> Subject:
    def subject(work: Work) -> dict[str, float]:
        pairs = [(_process("pass"), _process(f"import {package}")) for _ in range(work.size)]
        return {"ms": median(whole - bare for bare, whole in pairs), "bare_ms": median(bare for bare, _ in pairs)}

    return subject


def _first_log(name: str) -> Subject:
    def subject(work: Work) -> dict[str, float]:
        code = (
            f"import sys, pathlib; sys.path.insert(0, {str(HERE)!r}); from loggers import LOGGERS\n"
            f"logger = LOGGERS[{name!r}]()\n"
            f"logger.start(pathlib.Path({str(work.folder)!r})); logger.log(0, {{'loss': 0.5}}); logger.finish()"
        )
        pairs = [(_process("pass"), _process(code)) for _ in range(work.size)]
        return {"ms": median(whole - bare for bare, whole in pairs), "bare_ms": median(bare for bare, _ in pairs)}

    return subject


LIBRARIES = ("tensorboardX", "rerun", "trackio", "wandb")

CASES = [
    Case(
        name="import",
        what="The time that an import adds to a Python process, each import beside a process that imports nothing.",
        columns=(Column("ms", "beyond bare Python, ms", 1), Column("bare_ms", "bare Python, ms", 1)),
        subjects={name: _import(name) for name in ("medialog", "numpy", *LIBRARIES)},
        sizes={"full": 5, "small": 2, "smoke": 1},
        unit_of_size="imports a repetition",
        goals=(Goal("ms", 35), faster(10, "wandb", "ms")),
        rounds=7,
    ),
    Case(
        name="first_log",
        what="A process that begins a run, logs one number and finishes: with what is imported on first use.",
        columns=(Column("ms", "beyond bare Python, ms", 1), Column("bare_ms", "bare Python, ms", 1)),
        subjects={name: _first_log(name) for name in ("medialog", *LIBRARIES)},
        sizes={"full": 3, "small": 1, "smoke": 1},
        unit_of_size="processes a repetition",
        goals=(faster(4, "wandb", "ms"),),
        rounds=5,
    ),
]
