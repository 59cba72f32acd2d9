"""The process of one subject: for each line `<size>` it reads, one repetition; it answers with one line of JSON.

    worker.py <case> <subject> <home> <descriptor to answer on>

What peers print goes to standard error, which the harness keeps for the report of a failure.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from case import Case, Values, Work
from registry import find


def repeat(case: Case, subject: str, size: int, home: Path) -> Values:
    """Do one repetition in a new folder, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=home))
    try:
        return case.subjects[subject](Work(size, folder, home))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    name, subject, home, answers = sys.argv[1:]
    warnings.simplefilter("ignore")  # peers warn about their own use of libraries
    os.dup2(2, 1)
    with os.fdopen(int(answers), "w", encoding="utf-8") as out:
        for line in sys.stdin:
            gc.collect()
            try:
                answer: dict[str, object] = {"values": repeat(find(name), subject, int(line), Path(home))}
            except Exception as error:  # noqa: BLE001 - a subject that fails is reported, whatever it is
                traceback.print_exc()
                answer = {"failed": f"{type(error).__name__}: {error}"}
            out.write(json.dumps(answer) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
