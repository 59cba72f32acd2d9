"""Small file systems of their own for a test: in memory, or ext4 in a file. Only root can mount them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def _try(*command: object) -> str:
    """Run a command of the system; return what it complains of, or nothing."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else ""


@contextmanager
def mounted(what: str, source: object, folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system for a block. Where that cannot be done the test is skipped, with what stood in the way."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    folder.mkdir(exist_ok=True)
    problem = _try("mount", "-t", what, "-o", options, source, folder)
    if problem:
        pytest.skip(f"this machine mounts no {what} ({options}): {problem}")
    try:
        yield folder
    finally:
        problem = _try("umount", folder)
        if problem:
            _try("umount", "--lazy", folder)


def remount(folder: Path, options: str) -> None:
    """Mount it with other options."""
    problem = _try("mount", "-o", f"remount,{options}", folder)
    assert not problem, problem


@contextmanager
def in_memory(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs of so many bytes."""
    with mounted("tmpfs", "medialog-test", folder, f"size={size}") as disk:
        yield disk


def make_ext4(image: Path, size: int, options: Sequence[str] = ()) -> None:
    """Make a file that holds an ext4 file system."""
    with image.open("wb") as file:
        file.truncate(size)
    problem = _try("mkfs.ext4", "-q", "-F", *options, image)
    if problem:
        pytest.skip(f"this machine makes no ext4: {problem}")


@contextmanager
def ext4(image: Path, folder: Path, options: str = "") -> Iterator[Path]:
    """Mount such a file through a loop device."""
    with mounted("ext4", image, folder, ",".join(filter(None, ["loop", options]))) as disk:
        yield disk
