"""The pytest plugin of medialog: the fixture `medialog_run`, and the examples of law classes.

pytest loads it in every environment that has medialog, so it imports nothing of weight by itself. To leave it out:
`-p no:medialog.testing.plugin`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from medialog.runtime.run import Run

EXAMPLES = {"valid_example": "valid", "invalid_example": "invalid", "equal_spellings": "spellings"}

# Their `assert` statements explain themselves as those of a test module do.
pytest.register_assert_rewrite("medialog.testing.laws")


@pytest.fixture
def medialog_run() -> Iterator[Run]:
    """Give an active run in memory, with a fixed clock and fixed ids, to which `medialog.log` goes.

    An `init` in the code under test begins another one in memory. A run that was active before is put aside and is
    active again after the test, with its rules.
    """
    from medialog.testing.memory import memory_run

    with memory_run() as run:
        yield run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand each law the examples that its class lists."""
    laws = sys.modules.get("medialog.testing.laws")
    if laws is None or metafunc.cls is None or not issubclass(metafunc.cls, laws.TypeLaws):
        return
    for fixture, attribute in EXAMPLES.items():
        if fixture in metafunc.fixturenames:
            examples = getattr(metafunc.cls, attribute)
            metafunc.parametrize(fixture, list(examples.values()), ids=list(examples))
