"""Starts the scripts beside this module in interpreters of their own, and never waits for them without end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a script: this one's, without ranks, and finds the modules of these tests."""
    kept = {name: value for name, value in os.environ.items() if name not in RANKS}
    path = os.pathsep.join(filter(None, [kept.get("PYTHONPATH"), str(HERE.parent)]))
    return {**kept, "PYTHONPATH": path, "PYTHONFAULTHANDLER": "1", **variables}


RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK")


def start(script: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start a script; its output can be read."""
    command = [sys.executable, str(HERE / f"{script}.py"), *map(str, arguments)]
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("env", environment())
    return subprocess.Popen(command, text=True, **options)


def report(script: str, *arguments: object, timeout: float = 300, **options: Any) -> Any:
    """Run a script to its end and return the JSON that it prints last. A script that fails is the test's failure."""
    with start(script, *arguments, **options) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1])
