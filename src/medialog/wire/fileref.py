"""FileRef: how a descriptor refers to a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

REFERENCE_KEYS = ("path", "sha256", "size")


@dataclass(frozen=True, slots=True)
class FileRef:
    """A stored file: `path` relative to its source's root, `sha256` of its bytes (64 hex digits), `size` in bytes."""

    path: str
    sha256: str
    size: int


def iter_file_refs(document: Any) -> Iterator[FileRef]:
    """Yield every file reference in a JSON document, in order, repeats included.

    This is the one walker: validation, report, export, sync and the search for orphans all use it. A reference is an
    object with `path`, `sha256` and `size`; children of composite values stand in `files` and are found the same way.
    The walk keeps its own stack, so a deep document cannot exhaust Python's.
    """
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            path, sha256, size = (node.get(key) for key in REFERENCE_KEYS)
            if isinstance(path, str) and isinstance(sha256, str) and isinstance(size, int):
                yield FileRef(path, sha256, size)
            stack.extend(value for value in reversed(node.values()) if isinstance(value, (dict, list)))
        elif isinstance(node, list):
            stack.extend(value for value in reversed(node) if isinstance(value, (dict, list)))
