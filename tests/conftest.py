"""Loads the plugin that medialog ships, and keeps every test on defaults and without a screen."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

hypothesis.settings.register_profile("tests", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.load_profile("tests")

# Under the name of its entry point, so that an installed medialog brings no second one.
pytest_plugins = ["pytester", "medialog.testing.plugin"]


@pytest.fixture(autouse=True)
def default_rules() -> Iterator[None]:
    """A test that changes the rules of the process leaves none behind."""
    from medialog.validators import rules

    yield
    rules.set_process_rules(None)
