"""docs/durability.md prints the promises, and every promise names the tests that hold it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from durability import deaths, scripts

PAGE = Path(__file__).parents[2] / "docs" / "durability.md"
TEST = re.compile(r"\[(?P<name>\w+\.py)\]\((?P<path>[^)]+)\)`::(?P<test>\w+)`")
PROMISES = """
**All or nothing**: a reader sees a step with all its keys and files, or does not see it.
**Process death** (kill -9, SIGTERM, os._exit, OOM): once `log` has returned with commit, the step survives. \
No flush needed.
**Power loss**: once `sync()` or `finish()` has returned, everything before it survives. Without it at most \
`sync_every` seconds of whole steps, newest first.
**No silent damage**: a changed byte in a row or media file is reported, never returned as data.
**Disk full, quota, read-only**: a named error at once, never a hang; earlier steps intact; the step stays pending \
and the next call retries.
**Any number of writers**, no locks; a forked child gets its own writer. No promise depends on wall-clock time.
**The caller's process**: importing and logging start no thread, no process, no signal handler; one atexit hook.
A copy of a live run directory (`cp -r`, rsync) opens and obeys the first promise.
""".strip().splitlines()


def printed() -> dict[str, str]:
    """Return each promise of the page, and what stands behind it."""
    section = PAGE.read_text().partition("## Promises\n")[2].partition("\n## ")[0]
    items = re.findall(r"^- (.*?)\n  Tests: (.*?)(?=^- |^\n|\Z)", section, re.MULTILINE | re.DOTALL)
    return dict(items)


def test_the_promises_are_printed_word_for_word() -> None:
    assert list(printed()) == PROMISES


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[:20])
def test_each_promise_names_tests_that_exist(promise: str) -> None:
    named = list(TEST.finditer(printed()[promise]))

    assert named
    for each in named:
        path = (PAGE.parent / each["path"]).resolve()
        assert path.name == each["name"]
        tests = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert each["test"] in tests


def test_every_torture_is_tested() -> None:
    """Each script beside the tests is started by one of them, and each case of a death has its outcome."""
    tests = "".join(path.read_text() for path in scripts.HERE.glob("test_*.py"))
    for path in scripts.HERE.glob("*.py"):
        if "__main__" in path.read_text() and path != Path(__file__):
            assert f'"{path.stem}"' in tests
    assert len(deaths.CASES) > 20
