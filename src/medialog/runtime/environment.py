"""What a run records of itself: Python, packages, arguments, the Git commit. Files are read, nothing is executed."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

_DIST = re.compile(r"([A-Za-z0-9][A-Za-z0-9._]*)-([^-]+)\.(?:dist-info|egg-info)")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def describe() -> dict[str, Any]:
    """Return the environment as JSON. Source: "Automatically logged data" of the overview."""
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{os.uname().machine}" if hasattr(os, "uname") else sys.platform,
        "argv": [_as_text(argument) for argument in sys.argv],
        "packages": packages(sys.path),
    }
    git = git_state(Path.cwd())
    if git is not None:
        found["git"] = git
    return found


def _as_text(argument: str) -> str:
    return argument.encode("utf-8", "replace").decode()


def packages(search_path: list[str]) -> dict[str, str]:
    """Return name -> version of the installed distributions, from the names of their metadata directories.

    Listing directories takes a millisecond or two, where `importlib.metadata` opens a file for each of them.
    """
    found: dict[str, str] = {}
    for folder in search_path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            match = _DIST.fullmatch(name)
            if match is not None:
                found.setdefault(match[1].lower().replace("_", "-"), match[2])
    return dict(sorted(found.items()))


def git_state(folder: Path) -> dict[str, str] | None:
    """Return `{"commit", "branch"}` of the repository that `folder` is in, read from its `.git`, or None."""
    for candidate in (folder, *folder.parents):
        dot_git = candidate / ".git"
        if dot_git.exists():
            try:
                return _read_git(dot_git)
            except (OSError, UnicodeDecodeError):
                return None
    return None


def _read_git(dot_git: Path) -> dict[str, str] | None:
    if dot_git.is_file():  # a worktree or a submodule: the file says where the repository is
        dot_git = (dot_git.parent / dot_git.read_text().removeprefix("gitdir:").strip()).resolve()
    head = (dot_git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return {"commit": head} if _COMMIT.fullmatch(head) else None
    reference = head.removeprefix("ref:").strip()
    branch = {"branch": reference.removeprefix("refs/heads/")}
    shared = dot_git / "commondir"
    common = (dot_git / shared.read_text().strip()).resolve() if shared.exists() else dot_git
    for root in (dot_git, common):
        if (root / reference).is_file():
            commit = (root / reference).read_text().strip()
            return {"commit": commit, **branch} if _COMMIT.fullmatch(commit) else None
    packed = common / "packed-refs"
    if packed.is_file():
        for line in packed.read_text().splitlines():
            commit, _, name = line.partition(" ")
            if name == reference and _COMMIT.fullmatch(commit):
                return {"commit": commit, **branch}
    return None
