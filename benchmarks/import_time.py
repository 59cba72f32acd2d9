"""How long `import medialog` takes beyond the interpreter's own start, against numpy's import in the same run.

    python benchmarks/import_time.py [rounds]

Whole processes, interleaved; medians. The goal is under 35 ms beyond the bare interpreter.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

CASES = {"python": "pass", "medialog": "import medialog", "numpy": "import numpy"}


def main(rounds: int = 20) -> None:
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, code in CASES.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times[name].append((time.perf_counter() - started) * 1000)
    bare = statistics.median(times["python"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:10} {median:7.1f} ms, {median - bare:6.1f} ms beyond the interpreter")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
