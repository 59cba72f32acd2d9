"""A real browser for the tests that need one: missing, it is a failure and not a skip."""

from __future__ import annotations

import os
import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required", "--mute-audio",
)  # fmt: skip


def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and os.environ.get("MEDIALOG_NO_BROWSER") == "1":
        import pytest  # the benchmarks have none

        pytest.skip("MEDIALOG_NO_BROWSER=1")
    assert found is not None, f"none of {', '.join(BROWSERS)} is installed; MEDIALOG_NO_BROWSER=1 leaves this test out"
    return found
