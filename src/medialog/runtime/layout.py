"""The names in a run directory, and the files that are replaced whole.

run.json                       identity; written once
config.json  summary.json      current enough to open in an editor; the events are the truth
events/<writer>-<n>.jsonl      append-only, one writer each
media/<aa>/<sha256>.<suffix>   immutable, named by content
tmp/                           partial files
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from contextlib import suppress
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


def make_reserve(storage: Storage, writer: str, size: int) -> None:
    """Take `size` bytes of the disk that `free_reserve` gives back, so that a run can be finished on a full one."""
    if not size:
        return
    storage.make_directory(TEMPORARY)
    handle = storage.create(reserve_path(writer))
    try:
        write_all(storage, handle, secrets.token_bytes(size))  # a file system that compresses gives zeros no room
    except BaseException:
        discard(storage, handle, reserve_path(writer))
        raise
    storage.close(handle)


def free_reserve(storage: Storage, writer: str) -> None:
    """Give the reserve back."""
    storage.remove(reserve_path(writer))


def reserve_path(writer: str) -> str:
    """Return where the reserve of a writer is: among the files that may be deleted at will."""
    return f"{names.RESERVE}{writer}"


def write_all(storage: Storage, handle: int, data: bytes) -> None:
    """Write all of `data`. `OSError` when the storage takes no more."""
    while data:
        written = storage.write(handle, data)
        if written <= 0:
            raise OSError(errno.EIO, "the storage takes no bytes")
        data = data[written:]


def replace_json(storage: Storage, path: str, document: Any, *, durable: bool = False) -> bytes:
    """Write `document` to `path` in one step: a reader sees the old file or the new one, never a part.

    Returns the bytes that were written.
    """
    content = jsontext.dumps_pretty(document)
    storage.rename(_temporary_file(storage, content, durable), path)
    return content


def replace_file(storage: Storage, path: str, content: bytes) -> None:
    """The same for bytes that are not brought to the disk: what can be made again."""
    storage.rename(_temporary_file(storage, content, durable=False), path)


def create_json(storage: Storage, path: str, document: Any) -> bytes:
    """Write `document` to `path` and bring it to the disk; `FileExistsError` when there is one already.

    Of several processes that come at once exactly one succeeds, and no reader sees a part.
    """
    content = jsontext.dumps_pretty(document)
    temporary = _temporary_file(storage, content, durable=True)
    try:
        storage.rename_new(temporary, path)
    except FileExistsError:
        storage.remove(temporary)
        raise
    return content


def _temporary_file(storage: Storage, content: bytes, durable: bool) -> str:
    storage.make_directory(TEMPORARY)
    temporary = f"{TEMPORARY}/{secrets.token_hex(8)}"
    handle = storage.create(temporary)
    try:
        write_all(storage, handle, content)
        if durable:
            storage.fsync(handle)
    except BaseException:
        discard(storage, handle, temporary)
        raise
    storage.close(handle)
    return temporary


def discard(storage: Storage, handle: int, path: str) -> None:
    """Close and remove a file that could not be written whole, as far as that is possible."""
    with suppress(OSError):
        storage.close(handle)
    with suppress(OSError):
        storage.remove(path)
