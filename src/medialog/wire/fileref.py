"""FileRef: how a descriptor refers to a file.

A composite value lists its child files in `files`. Up to 64 stand there themselves; more stand in a *refs file*, whose
own reference then stands in `files`. A refs file is a JSON file named `<sha256>.refs.json`,

    {"files": [{"sha256": "...", "format": "png", "size": 1234}, ...]}

and holds no path, as no stored file does: a file's path follows from its digest and its format (suffix).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from medialog.wire import jsontext, names

REFERENCE_KEYS = ("path", "sha256", "size")
REFS_SUFFIX = "refs.json"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A stored file: `path` relative to its source's root, `sha256` of its bytes (64 hex digits), `size` in bytes."""

    path: str
    sha256: str
    size: int


def iter_file_refs(document: Any, read: Callable[[FileRef], bytes] | None = None) -> Iterator[FileRef]:
    """Yield every file reference in a JSON document, in order, repeats included.

    This is the one walker: validation, report, export, sync and the search for orphans all use it. A reference is an
    object with `path`, `sha256` and `size`; children of composite values stand in `files` and are found the same way.
    The walk keeps its own stack, so a deep document cannot exhaust Python's. The `x-*` keys of a descriptor or of a
    reference are their writer's own, and what stands in them is no reference, whatever it looks like; where keys are
    names, as in `masks`, a layer can be called `x-ray`.

    With `read` (reference -> bytes) the files that a refs file lists are yielded after it, as if they stood in the
    document. Whoever copies, keeps or deletes files gives it; without it only the refs file itself is found. Whatever
    `read` raises goes through; a refs file that is none is a `ValueError`.
    """
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            path, sha256, size = (node.get(key) for key in REFERENCE_KEYS)
            extensible = "_type" in node
            if isinstance(path, str) and isinstance(sha256, str) and isinstance(size, int):
                extensible = True
                reference = FileRef(path, sha256, size)
                yield reference
                if read is not None:
                    yield from _listed(reference, read)
            stack.extend(
                value
                for key, value in reversed(node.items())
                if isinstance(value, (dict, list)) and not (extensible and key.startswith("x-"))
            )
        elif isinstance(node, list):
            stack.extend(value for value in reversed(node) if isinstance(value, (dict, list)))


def iter_descriptors(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every descriptor in a tree of logged values, without those inside them.

    What a user logs as plain values may look like a file reference; only a descriptor holds real ones, and no user's
    key begins with an underscore.
    """
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict) and "_type" in node:
            yield node
        elif isinstance(node, (dict, list)):
            inner = node.values() if isinstance(node, dict) else node
            stack.extend(value for value in reversed(inner) if isinstance(value, (dict, list)))


def _listed(reference: FileRef, read: Callable[[FileRef], bytes]) -> Iterator[FileRef]:
    """Yield what a refs file lists, and what refs files in it list. Digests cannot form a circle."""
    pending = [reference]
    while pending:
        reference = pending.pop()
        if reference.path.endswith(f".{REFS_SUFFIX}"):
            found = parse_refs(read(reference))
            yield from found
            pending.extend(reversed(found))


def build_refs(references: Sequence[FileRef]) -> bytes:
    """Return the content of the refs file that lists `references`."""
    entries = [
        {"sha256": reference.sha256, "format": reference.path.partition(".")[2], "size": reference.size}
        for reference in references
    ]
    return jsontext.dumps({"files": entries})


def parse_refs(content: bytes) -> list[FileRef]:
    """Return the references that a refs file lists; `ValueError` when it is not one."""
    document = jsontext.loads(content)
    entries = document.get("files") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a refs file: it has no list of files")
    found = []
    for entry in entries:
        sha256, suffix, size = (
            entry.get(key) if isinstance(entry, dict) else None for key in ("sha256", "format", "size")
        )
        if not (isinstance(sha256, str) and isinstance(suffix, str) and isinstance(size, int)):
            raise ValueError(f"not a refs file: {entry!r:.80}")
        reference = FileRef(names.media_path(sha256, suffix), sha256, size)
        problem = names.problem_with_media_path(reference.path, sha256)
        if problem is not None:
            raise ValueError(f"not a refs file: {problem}")
        found.append(reference)
    return found
