"""What a report is to hold, as the command line and `medialog.report` say it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from medialog.validators.errors import InvalidInput, Violation

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
DEFAULT_SIZE = 200 * 10**6
DEFAULT_ROWS = 10_000
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([a-z]*)")
_EVERY = re.compile(r"every:([1-9]\d{0,11})")


@dataclass(frozen=True)
class ReportOptions:
    """A report's contents: `steps` is "all", "last" or "every:N", `keys` are globs, `max_size` is in bytes.

    `made_at` (ISO 8601) fixes the time that the report says it was made at, so that the same run gives the same bytes.
    """

    steps: str = "all"
    keys: tuple[str, ...] | None = None
    max_size: int = DEFAULT_SIZE
    table_rows: int = DEFAULT_ROWS
    html_eval: bool = False
    made_at: str | None = None

    def wants(self, key: str) -> bool:
        """Say whether a dotted key is one of those that were asked for."""
        return self.keys is None or any(fnmatch.fnmatchcase(key, pattern) for pattern in self.keys)

    def wants_step(self, step: int) -> bool:
        """Say whether media of this step are asked for; those of a key's last step always are."""
        match = _EVERY.fullmatch(self.steps)
        return self.steps == "all" or (match is not None and step % int(match[1]) == 0)

    def to_json(self) -> dict[str, Any]:
        """Return the options as the report states them."""
        keys = None if self.keys is None else list(self.keys)
        return {"steps": self.steps, "keys": keys, "max_size": self.max_size, "table_rows": self.table_rows}


def read_options(
    steps: str = "all",
    keys: str | Sequence[str] | None = None,
    max_size: str | int = DEFAULT_SIZE,
    table_rows: int = DEFAULT_ROWS,
    *,
    html_eval: bool = False,
    made_at: str | None = None,
) -> ReportOptions:
    """Return checked options; `InvalidInput` says what is wrong with them."""
    if steps not in ("all", "last") and not (isinstance(steps, str) and _EVERY.fullmatch(steps)):
        raise InvalidInput(Violation("steps", "report.steps", "'all', 'last' or 'every:N'", repr(steps)[:60]))
    if isinstance(table_rows, bool) or not isinstance(table_rows, int) or table_rows < 0:
        raise InvalidInput(Violation("table_rows", "report.table_rows", "rows, 0 or more", repr(table_rows)[:60]))
    wanted = None if keys is None else (keys,) if isinstance(keys, str) else tuple(keys)
    return ReportOptions(steps, wanted, read_size(max_size), table_rows, html_eval, made_at)


def read_size(size: str | int) -> int:
    """Return bytes: of 50_000_000, "50MB", "1.5 GiB"."""
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        return size
    match = _SIZE.fullmatch(size.strip().lower()) if isinstance(size, str) else None
    if match is None or match[2] not in UNITS or float(match[1]) <= 0:
        raise InvalidInput(Violation("max_size", "report.max_size", "bytes, or text like '200MB'", repr(size)[:60]))
    return int(float(match[1]) * UNITS[match[2]])


def show_size(size: int) -> str:
    """Return bytes as people write them."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"
