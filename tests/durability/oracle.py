"""A second reader, of the format's definition alone: it shares no code with the library and reads a dict of bytes."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SEGMENT = re.compile(r"events/(r(\d+)-\d+-[0-9a-f]{12})-(\d+)\.jsonl")


@dataclass
class Told:
    """What the lines say: whole rows by step, what is collected for open steps, and what is damaged."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    open: dict[int, dict[str, Any]] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unfinished_tails: int = 0
    finished: bool = False


def tell(files: Mapping[str, bytes]) -> Told:
    told = Told()
    found: dict[tuple[str, int], dict[str, Any]] = {}
    segments = sorted((int(match[3]), match[1], path) for path in files if (match := SEGMENT.fullmatch(path)))
    writers = list(dict.fromkeys(writer for _, writer, _ in segments))
    for _, writer, path in segments:
        *lines, tail = bytes(files[path]).split(b"\n")
        told.unfinished_tails += bool(tail)
        for raw in lines:
            line = _line(raw)
            if line is None:
                told.problems.append(f"{path}: a damaged line")
            else:
                found.setdefault((writer, line["seq"]), {**line, "writer": writer, "rank": _rank(writer)})
    last = {writer: max((seq for w, seq in found if w == writer), default=-1) for writer in writers}
    for writer in writers:
        missing = [seq for seq in range(last[writer]) if (writer, seq) not in found]
        told.problems += [f"{writer}: line {seq} is missing" for seq in missing]
        _take_writer([found[key] for key in sorted(found) if key[0] == writer], files, told)
    _merge_ranks(told)
    ranks = {line["rank"] for line in found.values()}
    mains = [w for w in writers if (w, 0) in found and found[w, 0]["d"].get("start") in ("new", "resume", "join")]
    latest = {_rank(writer): writer for writer in mains}
    told.finished = bool(ranks) and all(rank in latest for rank in ranks)
    told.finished = told.finished and all(found[w, last[w]]["k"] == "end" for w in latest.values())
    return told


def _rank(writer: str) -> int:
    return int(writer.split("-", maxsplit=1)[0][1:])


def _line(raw: bytes) -> dict[str, Any] | None:
    body, seal = raw[:-18], raw[-18:]
    if seal != b',"crc":"%08x"}' % zlib.crc32(body):
        return None
    line: dict[str, Any] = json.loads(body + b"}")
    return line


def _take_writer(lines: list[dict[str, Any]], files: Mapping[str, bytes], told: Told) -> None:
    """Take one writer's lines. After an unclean end the media of rows behind its last `sync` are hashed."""
    clean = bool(lines) and lines[-1]["k"] == "end"
    synced = max((number for number, line in enumerate(lines) if line["k"] == "sync"), default=-1)
    for number, line in enumerate(lines):
        step: Any = line.get("step")
        if line["k"] == "config":
            told.config.update(line["d"])
        elif line["k"] == "part":
            told.open.setdefault(step, {}).update(line["d"])
        elif line["k"] == "drop":
            told.open.get(step, {}).pop(line["d"]["key"][0], None)
        elif line["k"] == "row":
            told.open.pop(step, None)
            hashed = not clean and number > synced
            if broken := [path for path in media(line["d"]) if not _is_whole(path, line["d"], files, hashed)]:
                told.problems.append(f"step {step}: {broken[0]} is damaged")
                continue
            told.lines.append(line)


def _merge_ranks(told: Told) -> None:
    for line in sorted(told.lines, key=lambda line: -line["rank"]):  # the lowest rank comes last and wins
        _merge(told.rows.setdefault(line["step"], {}), line["d"])


def _merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and "_type" not in value:
            if not isinstance(into.get(key), dict) or "_type" in into[key]:
                into[key] = {}
            _merge(into[key], value)
        else:
            into[key] = value


def media(node: Any) -> Iterator[str]:
    """Yield the media paths that a tree refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("path"), str) and "sha256" in node:
            yield node["path"]
        for value in node.values():
            yield from media(value)
    elif isinstance(node, list):
        for value in node:
            yield from media(value)


def _is_whole(path: str, tree: dict[str, Any], files: Mapping[str, bytes], hashed: bool) -> bool:
    sizes = dict(_sizes(tree))
    if path not in files or len(files[path]) != sizes[path]:
        return False
    return not hashed or is_sound(path, files[path])


def is_sound(path: str, content: bytes | bytearray) -> bool:
    """Say whether a media file has the bytes that its name says."""
    return hashlib.sha256(content).hexdigest() == path.rpartition("/")[2].partition(".")[0]


def _sizes(node: Any) -> Iterator[tuple[str, int]]:
    if isinstance(node, dict):
        if isinstance(node.get("path"), str) and "size" in node:
            yield node["path"], node["size"]
        for value in node.values():
            yield from _sizes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _sizes(value)
