"""Logs until its input ends. Arguments: directory. Prints "ready" after the first rows, then how many there were."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import medialog
from durability import workload

SHORT = [step for step in range(1, 200) if step % 11 and step != 12]  # rows whose files are small


def main(folder: Path) -> None:
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    run = medialog.init(dir=folder, id="run", quiet=True)
    number = 0
    threading.Thread(target=wait, daemon=True).start()
    while not stop.is_set():
        run.log({"number": number}, commit=False)
        run.log(workload.row(SHORT[number % len(SHORT)]))
        number += 1
        if number == 10:
            print("ready", flush=True)
        if number % 50 == 0:
            run.sync()
        stop.wait(0.002 if number < 300 else 0.05)  # what a copy of it costs is bounded
    run.finish()
    print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
