from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import medialog
from chromium import Chromium
from viewer_page import runs

WEB = Path(__file__).resolve().parent.parent.parent / "web"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report with every type and format."""
    directory = tmp_path_factory.mktemp("every")
    report = medialog.report(runs.every_type(directory), directory / "report.html")
    return report.path.as_uri()


@pytest.fixture(scope="session")
def web() -> Path:
    """Return the page's sources with what they are built with."""
    if shutil.which("node") is None and os.environ.get("MEDIALOG_NO_NODE") == "1":
        pytest.skip("MEDIALOG_NO_NODE=1")
    assert shutil.which("npm") is not None, "no node and npm; MEDIALOG_NO_NODE=1 leaves this test out"
    if not (WEB / "node_modules" / ".package-lock.json").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WEB, check=True, timeout=600)
    return WEB
