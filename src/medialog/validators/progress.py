"""Progress: one line on a terminal for work that takes long, taken away when it is done. Never in a file or a log."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")
PATIENCE, EVERY = 2.0, 0.1  # seconds before the line appears, and between its changes

_is_quiet = False


def set_quiet(quiet: bool) -> None:
    """Say nothing on the terminal from now on, or speak again."""
    global _is_quiet
    _is_quiet = quiet


def is_quiet() -> bool:
    """Say whether `init(quiet=True)` or the variable MEDIALOG_QUIET asked for silence."""
    return _is_quiet or os.environ.get("MEDIALOG_QUIET", "") not in ("", "0")


def is_terminal(stream: TextIO | None) -> bool:
    """Say whether a person looks at `stream`; False for one that is closed or is none."""
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError, OSError):
        return False


class ProgressLine:
    """A line on stderr that is written over: `show(text)` as often as you like, `clear()` at the end."""

    def __init__(self, patience: float | None = None) -> None:
        self._stream = sys.stderr
        self._next = (
            time.monotonic() + (PATIENCE if patience is None else patience)
            if is_terminal(self._stream)
            else float("inf")
        )
        self._is_drawn = False

    def is_due(self) -> bool:
        """Say whether a text would be drawn now: making one may be skipped otherwise."""
        return time.monotonic() >= self._next

    def show(self, text: str) -> None:
        """Draw `text` in place of what is there."""
        self._next = time.monotonic() + EVERY
        self._is_drawn = True
        self._stream.write(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._is_drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._is_drawn = False


def track(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield `items`, and draw how far they are when that takes long: `encoding a video: 120 of 640 frames`.

    Only for the main thread, which somebody waits for.
    """
    if is_quiet() or not is_terminal(sys.stderr) or threading.current_thread() is not threading.main_thread():
        yield from items
        return
    line = ProgressLine()
    try:
        for done, item in enumerate(items):
            if line.is_due():
                line.show(f"medialog: {what}: {done:,} of {total:,}")
            yield item
    finally:
        line.clear()
