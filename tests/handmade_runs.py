"""Run directories made line by line: states that no writer is asked for, or that only a crash leaves."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from pathlib import Path
from typing import Any

from medialog.wire import line

_numbers = count(1)


def make_run(path: Path, **rules: Any) -> Path:
    """Make a run directory without events."""
    (path / "events").mkdir(parents=True)
    info = {
        "format": "medialog-run",
        "format_version": 1,
        "id": "made",
        "name": None,
        "project": None,
        "group": None,
        "tags": [],
        "notes": None,
        "started": "2026-11-20T11:09:02.000+00:00",
        "rules": {"strict": "warn", "limits": rules},
    }
    (path / "run.json").write_text(json.dumps(info))
    for name in ("config.json", "summary.json"):
        (path / name).write_text("{}")
    return path


def put_media(path: Path, content: bytes) -> dict[str, Any]:
    """Write a media file; return a descriptor that refers to it."""
    descriptor = describe(content)
    file = path / descriptor["path"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return descriptor


def describe(content: bytes) -> dict[str, Any]:
    """Return a descriptor of a media file that may not be there."""
    digest = hashlib.sha256(content).hexdigest()
    return {
        "_type": "text-file",
        "path": f"media/{digest[:2]}/{digest}.txt",
        "sha256": digest,
        "size": len(content),
        "format": "text",
        "characters": len(content),
        "lines": 1,
        "lossless": True,
    }


class Writer:
    """One writer: its lines are kept, and each goes to the end of its file."""

    def __init__(
        self, path: Path, *, rank: int = 0, number: int | None = None, start: str = "new", version: int = 1
    ) -> None:
        self.path, self.rank = path, rank
        self.name = f"r{rank}-7-{next(_numbers):012x}"
        self.lines: list[bytes] = []
        self.number = self._next() if number is None else number
        digest = {"run_json": hashlib.sha256((path / "run.json").read_bytes()).hexdigest()} if start == "new" else {}
        self.add("meta", {"format_version": version, "run": "made", "writer": self.name, "start": start, **digest})

    def _next(self) -> int:
        taken = [int(file.stem.rpartition("-")[2]) for file in self.path.glob("events/*.jsonl")]
        return max(taken, default=-1) + 1

    @property
    def file(self) -> Path:
        return self.path / "events" / f"{self.name}-{self.number}.jsonl"

    def append(self, content: bytes) -> None:
        with self.file.open("ab") as file:
            file.write(content)

    def seal(self, kind: str, data: dict[str, Any], step: int | None = None) -> bytes:
        """Return the next line, which is then one of the writer's, in whichever file."""
        seq = len(self.lines)
        self.lines.append(line.encode(line.Line(seq, kind, 1000.0 + seq, seq / 4, data, step)))
        return self.lines[-1]

    def add(self, kind: str, data: dict[str, Any] | None = None, step: int | None = None) -> None:
        self.append(self.seal(kind, data or {}, step))

    def row(self, step: int, tree: dict[str, Any]) -> None:
        self.add("row", tree, step)

    def part(self, step: int, tree: dict[str, Any]) -> None:
        self.add("part", tree, step)

    def drop(self, step: int, *path: str) -> None:
        self.add("drop", {"key": list(path)}, step)

    def end(self) -> None:
        self.add("sync")
        self.add("end", {"next_step": 0})

    def go_on(self, first: int) -> None:
        """Begin a further file, as after a failed fsync: the first line, and again those from `first`."""
        self.number = self._next()
        self.append(b"".join([self.lines[0], *self.lines[first:]]))
