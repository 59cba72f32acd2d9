"""Generated files are fresh, and the check would say so if they were not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("docs/limits.md", "docs/rules.md", "src/medialog/validators/schemas/v1/mask.schema.json")


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root / "src")})


@pytest.fixture(scope="module")
def clean_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copy")
    for name in ("tools", "docs", "src", "tests", "fixtures"):
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_generated_files_are_fresh() -> None:
    done = generate(ROOT, "--check")

    assert (0, "") == (done.returncode, done.stdout), "run tools/generate.py and commit what it writes"


def test_what_is_stale_missing_or_superfluous_is_named_left_alone_and_then_mended(clean_copy: Path) -> None:
    schemas = clean_copy / "src/medialog/validators/schemas/v1"
    fresh = {name: (clean_copy / name).read_text() for name in GENERATED}
    stale = {name: text.replace("a", "b", 1) for name, text in fresh.items()}
    for name, text in stale.items():
        (clean_copy / name).write_text(text)
    missing = (schemas / "classes.schema.json").read_text()
    (schemas / "classes.schema.json").unlink()
    (schemas / "nobody.schema.json").write_text("{}")
    named = {*GENERATED, *(f"src/medialog/validators/schemas/v1/{name}.schema.json" for name in ("classes", "nobody"))}

    checked = generate(clean_copy, "--check")

    assert (1, {f"stale: {name}" for name in named}) == (checked.returncode, set(checked.stdout.splitlines()))
    assert stale == {name: (clean_copy / name).read_text() for name in GENERATED}
    assert not (schemas / "classes.schema.json").exists()

    written = generate(clean_copy)

    assert (0, {f"written: {name}" for name in named}) == (written.returncode, set(written.stdout.splitlines()))
    assert fresh == {name: (clean_copy / name).read_text() for name in GENERATED}
    assert missing == (schemas / "classes.schema.json").read_text()
    assert not (schemas / "nobody.schema.json").exists()


def test_a_changed_limit_makes_its_page_stale(clean_copy: Path) -> None:
    limits = clean_copy / "src/medialog/validators/limits.py"
    source = limits.read_text()
    limits.write_text(source.replace('Limit("image.per_list", 108,', 'Limit("image.per_list", 107,'))
    found = generate(clean_copy, "--check")
    limits.write_text(source)

    assert source.count('Limit("image.per_list", 108,') == 1
    assert "stale: docs/limits.md\n" == found.stdout
