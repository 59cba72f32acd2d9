"""Children forked from a process that has everything imported: a hundred of them take seconds, not minutes.

For scripts only: a test runner has threads, and what forks should have none.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

Tell = Callable[[object], object]


@dataclass
class Child:
    """A process that tells through a pipe what it has done. The pipe outlives it: what it told is never lost."""

    pid: int
    pipe: int
    told: bytes = field(default=b"")

    def listen(self) -> bool:
        """Read what the child tells now, waiting for it; False at the end of the pipe."""
        data = os.read(self.pipe, 1 << 16)
        self.told += data
        return bool(data)

    def words(self) -> list[str]:
        """Return everything the child told."""
        return self.told.decode().split()

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Hear the child to its end and return its exit code, negative for a signal."""
        while self.listen():
            pass
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> int:
        """End the child where it is."""
        self.signal(signal.SIGKILL)
        return self.wait()


def fork(work: Callable[[Tell], object]) -> Child:
    """Run `work(tell)` in a child, which then exits without any clearing up."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    os.close(reading)
    code = 1
    try:
        work(lambda word: os.write(writing, f"{word} ".encode()))
        code = 0
    except BaseException:  # noqa: BLE001 - a forked child says what it failed of, and ends here
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
