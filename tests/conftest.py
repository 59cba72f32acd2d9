"""Loads the plugin that medialog ships, and keeps every test on defaults and without a screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MEDIALOG_QUIET", "1")  # the tests of the console speak for themselves

hypothesis.settings.register_profile("tests", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.load_profile("tests")

FRAMEWORKS = Path(__file__).parent / "frameworks"

# Under the name of its entry point, so that an installed medialog brings no second one.
pytest_plugins = ["pytester", "medialog.testing.plugin"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests of frameworks that `make test` does not install, unless their folder is named."""
    return True if collection_path == FRAMEWORKS and not any("frameworks" in name for name in config.args) else None


@pytest.fixture(autouse=True)
def default_rules() -> Iterator[None]:
    """A test that changes the rules of the process leaves none behind."""
    from medialog.validators import rules

    yield
    rules.set_process_rules(None)
