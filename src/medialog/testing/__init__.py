"""Tools for other people's tests: what was logged, is it valid, are two runs the same.

    def test_training(medialog_run):                      # a fixture of the pytest plugin that medialog installs
        train(epochs=2)
        assert_logged("loss", float, times=2)
        assert_logged("val/examples", medialog.Image, count=4, shape=(28, 28))

`medialog.testing.strategies` has hypothesis strategies for every type and for descriptors, `medialog.testing.laws` the
laws that a type of another package can be held against. pip install "medialog[testing]".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialog.runtime.session import last_run as last_run
    from medialog.testing import laws as laws
    from medialog.testing import strategies as strategies
    from medialog.testing.comparison import assert_same_descriptor as assert_same_descriptor
    from medialog.testing.comparison import assert_same_run as assert_same_run
    from medialog.testing.comparison import compare_descriptors as compare_descriptors
    from medialog.testing.comparison import compare_runs as compare_runs
    from medialog.testing.differences import Difference as Difference
    from medialog.testing.lookup import assert_logged as assert_logged
    from medialog.testing.lookup import assert_valid as assert_valid
    from medialog.testing.lookup import logged as logged
    from medialog.testing.lookup import series as series
    from medialog.testing.memory import FixedClock as FixedClock
    from medialog.testing.memory import FixedIdentifiers as FixedIdentifiers
    from medialog.testing.memory import memory_run as memory_run

_HOMES = {
    "Difference": "testing.differences",
    "FixedClock": "testing.memory",
    "FixedIdentifiers": "testing.memory",
    "assert_logged": "testing.lookup",
    "assert_same_descriptor": "testing.comparison",
    "assert_same_run": "testing.comparison",
    "assert_valid": "testing.lookup",
    "compare_descriptors": "testing.comparison",
    "compare_runs": "testing.comparison",
    "last_run": "runtime.session",
    "logged": "testing.lookup",
    "memory_run": "testing.memory",
    "series": "testing.lookup",
}

__all__ = [
    "Difference",
    "FixedClock",
    "FixedIdentifiers",
    "assert_logged",
    "assert_same_descriptor",
    "assert_same_run",
    "assert_valid",
    "compare_descriptors",
    "compare_runs",
    "last_run",
    "logged",
    "memory_run",
    "series",
]


if not TYPE_CHECKING:  # a type checker that saw a module `__getattr__` would accept every misspelt name

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in _HOMES:
            value = getattr(import_module(f"medialog.{_HOMES[name]}"), name)
            globals()[name] = value
            return value
        if name in ("laws", "strategies"):
            return import_module(f"medialog.testing.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
