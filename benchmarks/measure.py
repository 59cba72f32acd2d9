"""What a piece of work costs: seconds, memory over what was resident, bytes on disk."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")
MIB = 2**20


class Watch:
    """`with Watch() as watch: ...`, then `watch.seconds` and `watch.peak_mb`.

    The memory is that of this process and of those it started (peers have helpers), over what was resident before; it
    is read from Linux's /proc and NaN elsewhere. Helpers that have ended are not in it.
    """

    seconds = peak_mb = float("nan")

    def __enter__(self) -> Self:
        for process in _family():
            _reset_peak(process)
        self._resident = _sum("VmRSS:")
        self._started = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.seconds = time.perf_counter() - self._started
        self.peak_mb = _sum("VmHWM:") - self._resident
        if self.peak_mb < 0:  # a helper has ended
            self.peak_mb = 0.0


def _family() -> list[int]:
    """Return this process and those that descend from it."""
    if not (PROC / "self" / "status").exists():
        return []
    found = [os.getpid()]
    for process in found:
        for tasks in PROC.glob(f"{process}/task/*/children"):
            try:
                found += [int(child) for child in tasks.read_text().split()]
            except OSError:  # a process that has just ended
                continue
    return found


def _reset_peak(process: int) -> None:
    try:
        (PROC / str(process) / "clear_refs").write_text("5")
    except OSError:
        return


def _sum(field: str) -> float:
    kib = []
    for process in _family():
        try:
            status = (PROC / str(process) / "status").read_text()
        except OSError:
            continue
        kib += [int(line.split()[1]) for line in status.splitlines() if line.startswith(field)]
    return sum(kib) / 1024 if kib else float("nan")


def size_on_disk(folder: Path) -> int:
    """Return the bytes of all files below a folder; a file with two names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.lstat(os.path.join(root, name))
            except FileNotFoundError:  # a peer's helper is tidying up
                continue
            seen[facts.st_dev, facts.st_ino] = facts.st_size
    return sum(seen.values())
