from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from medialog.runtime import environment


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=trunk")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def test_commit_and_branch(repository: Path) -> None:
    (repository / "sub").mkdir()

    expected = {"commit": git(repository, "rev-parse", "HEAD"), "branch": "trunk"}
    assert expected == environment.git_state(repository / "sub")


def test_detached_packed_and_worktree(repository: Path, tmp_path: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "pack-refs", "--all")
    assert {"commit": commit, "branch": "trunk"} == environment.git_state(repository)

    git(repository, "worktree", "add", "-q", "-b", "feature/x", str(tmp_path / "tree"))
    assert {"commit": commit, "branch": "feature/x"} == environment.git_state(tmp_path / "tree")

    git(repository, "checkout", "-q", "--detach")
    assert {"commit": commit} == environment.git_state(repository)


def test_no_repository_and_no_commit(tmp_path: Path) -> None:
    assert None is environment.git_state(tmp_path)
    git(tmp_path, "init", "-q")
    assert None is environment.git_state(tmp_path)
    (tmp_path / ".git" / "HEAD").write_text("nonsense")
    assert None is environment.git_state(tmp_path)


def test_packages_are_those_that_are_installed() -> None:
    found = environment.packages(sys.path)

    for name in ("numpy", "pillow", "msgspec", "jsonschema", "pytest"):
        assert importlib.metadata.version(name) == found[name]
    assert list(found) == sorted(found)
    assert {} == environment.packages(["/nowhere"])
