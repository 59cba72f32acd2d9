"""All cases, in the order of the page."""

from __future__ import annotations

from importlib import import_module

from case import Case

MODULES = ("import_time", "scalars", "image", "mask", "histogram", "video", "audio", "table", "point_cloud", "training",
    "read_back", "validate_run", "report", "flat")  # fmt: skip


def all_cases() -> list[Case]:
    """Return every case."""
    return [case for name in MODULES for case in import_module(f"cases.{name}").CASES]


def select(pattern: str) -> list[Case]:
    """Return the case of that name, else all whose name begins with it."""
    cases = all_cases()
    found = [case for case in cases if case.name == pattern] or [
        case for case in cases if case.name.startswith(pattern)
    ]
    if not found:
        raise SystemExit(f"no case {pattern!r}; there are {', '.join(case.name for case in cases)}")
    return found


def find(name: str) -> Case:
    """Return the case of that name."""
    return next(case for case in all_cases() if case.name == name)
