"""The names in a run directory, and the files that are replaced whole.

run.json                       identity; written once
config.json  summary.json      current enough to open in an editor; the events are the truth
events/<writer>-<n>.jsonl      append-only, one writer each
media/<aa>/<sha256>.<suffix>   immutable, named by content
tmp/                           partial files
"""

from __future__ import annotations

import os
import re
import secrets
from typing import Any, NamedTuple

from medialog.wire import jsontext, names
from medialog.wire.storage import Storage

FORMAT_VERSION = names.FORMAT_VERSION
RUN, CONFIG, SUMMARY, EVENTS, TEMPORARY = names.RUN, names.CONFIG, names.SUMMARY, names.EVENTS, names.TEMPORARY
RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK")

_SEGMENT = re.compile(names.SEGMENT_PATTERN)


class SegmentName(NamedTuple):
    """A file of events. Segments sort in the order in which their events are folded: by number, then writer."""

    number: int
    writer: str
    rank: int

    @property
    def path(self) -> str:
        """Return the path in the run directory."""
        return f"{EVENTS}/{self.writer}-{self.number}.jsonl"


def writer_name(rank: int, suffix: str) -> str:
    """Return the name of this process as a writer: rank, pid and what makes it unique."""
    return f"r{rank}-{os.getpid()}-{suffix}"


def rank_of_process() -> int:
    """Return the rank from the environment of torchrun, Slurm or Open MPI, else 0."""
    for variable in RANK_VARIABLES:
        value = os.environ.get(variable, "")
        if value.isascii() and value.isdecimal() and len(value) < 9:
            return int(value)
    return 0


def segments(storage: Storage) -> list[SegmentName]:
    """Return the files of events, in folding order. A name that is not a segment's is not ours and is passed over."""
    found = [
        SegmentName(int(match[3]), match[1], int(match[2]))
        for name in storage.names(EVENTS)
        if (match := _SEGMENT.fullmatch(name)) is not None
    ]
    return sorted(found)


def next_number(storage: Storage) -> int:
    """Return one more than the largest segment number: whatever is written next comes after all that is there."""
    return 1 + max((segment.number for segment in segments(storage)), default=-1)


def replace_json(storage: Storage, path: str, document: Any, *, durable: bool = False) -> bytes:
    """Write `document` to `path` in one step: a reader sees the old file or the new one, never a part.

    Returns the bytes that were written.
    """
    storage.make_directory(TEMPORARY)
    temporary = f"{TEMPORARY}/{secrets.token_hex(8)}"
    handle = storage.create(temporary)
    try:
        data = content = jsontext.dumps_pretty(document)
        while data:
            data = data[storage.write(handle, data) :]
        if durable:
            storage.fsync(handle)
    except BaseException:
        storage.close(handle)
        storage.remove(temporary)
        raise
    storage.close(handle)
    storage.rename(temporary, path)
    return content
