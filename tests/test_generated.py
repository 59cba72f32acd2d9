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
    for name in ("tools", "docs", "src"):
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_generated_files_are_fresh() -> None:
    done = generate(ROOT, "--check")

    assert (0, "") == (done.returncode, done.stdout), "run tools/generate.py and commit what it writes"


def test_a_stale_file_is_named_left_alone_and_then_mended(clean_copy: Path) -> None:
    for name in GENERATED:
        fresh = (clean_copy / name).read_text()
        (clean_copy / name).write_text(fresh.replace("a", "b", 1))
        found = generate(clean_copy, "--check")
        assert (1, f"stale: {name}\n") == (found.returncode, found.stdout)
        assert fresh != (clean_copy / name).read_text()
        assert (0, f"written: {name}\n") == (lambda done: (done.returncode, done.stdout))(generate(clean_copy))
        assert fresh == (clean_copy / name).read_text()


def test_missing_and_superfluous_files_are_named(clean_copy: Path) -> None:
    schemas = clean_copy / "src/medialog/validators/schemas/v1"
    (schemas / "mask.schema.json").unlink()
    (schemas / "nobody.schema.json").write_text("{}")
    found = generate(clean_copy, "--check")

    assert 1 == found.returncode
    assert {
        "stale: src/medialog/validators/schemas/v1/" + name for name in ("mask.schema.json", "nobody.schema.json")
    } == set(found.stdout.splitlines())
    generate(clean_copy)
    assert 0 == generate(clean_copy, "--check").returncode
    assert not (schemas / "nobody.schema.json").exists()


def test_a_changed_limit_makes_its_page_stale(clean_copy: Path) -> None:
    limits = clean_copy / "src/medialog/validators/limits.py"
    source = limits.read_text()
    limits.write_text(source.replace('Limit("image.per_list", 108,', 'Limit("image.per_list", 107,'))
    found = generate(clean_copy, "--check")
    limits.write_text(source)

    assert source.count('Limit("image.per_list", 108,') == 1
    assert "stale: docs/limits.md\n" == found.stdout
