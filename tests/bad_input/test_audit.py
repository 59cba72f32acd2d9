"""No bad input reaches the network, starts a program, or writes outside the run: held by Python's own audit hook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import medialog

HERE = Path(__file__).parent
STRIDE = 7  # a seventh of the corpus: every letter, every form


def test_no_network_no_program_no_file_elsewhere(tmp_path: Path) -> None:
    paths = [str(HERE.parent), str(Path(medialog.__file__).parents[1])]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTHONSAFEPATH"))},
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(tmp_path),
    }

    done = subprocess.run(
        [sys.executable, str(HERE / "audit.py"), str(STRIDE), "3"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " 0 findings" in done.stdout
    assert int(done.stdout.split()[0]) > 400
