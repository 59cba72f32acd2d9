"""The history of a run as columns in a file: `derived/history.parquet`, and `derived/history.json`, which describes it.

Both are made from the lines by `compact` and can be deleted at any time. They are taken for the lines only while they
hold: every byte of the events that they were made from is there unchanged (CRC-32 of each file), the columns are those
that were written, and the media that the rows refer to are as they should be. Lines that were appended since are read
and added; after anything else the lines are read, as if there were no such file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from medialog.runtime import trees
from medialog.runtime.entries import Row
from medialog.runtime.layout import SegmentName, segments
from medialog.runtime.media_check import MediaCheck
from medialog.runtime.row_batch import Cells, RowBatch
from medialog.runtime.writer_log import Tail, WriterLog
from medialog.wire import checksum, jsontext
from medialog.wire.fileref import FileRef
from medialog.wire.storage import Storage

FOLDER = "derived"
PARQUET, DESCRIPTION = f"{FOLDER}/history.parquet", f"{FOLDER}/history.json"
FORMAT = "medialog-history"
VERSION = 1
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Kind = Literal["float64", "int64", "bool", "text", "json"]


class Segment(msgspec.Struct, forbid_unknown_fields=True):
    """A file of events, as far as it was taken: `size` bytes, `lines` lines."""

    number: Count
    size: Count
    lines: Count
    crc32: Count


class WriterState(msgspec.Struct, forbid_unknown_fields=True):
    """Where reading a writer's lines goes on."""

    writer: str
    rank: Count
    start: str
    last: str
    synced: int
    expected: Count
    segments: list[Segment]

    def names(self) -> list[SegmentName]:
        """Return its files."""
        return [SegmentName(each.number, self.writer, self.rank) for each in self.segments]


class StoredColumn(msgspec.Struct, forbid_unknown_fields=True):
    """A column of the file behind the facts: the path it has in a row, and how its values are stored."""

    path: list[str]
    kind: Kind


class StoredFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file that a row refers to; `hashed`: it was not known to be on the disk, so its bytes are looked at."""

    path: str
    sha256: str
    size: Count
    hashed: bool


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """What the columns were made from, and what they are."""

    format: Literal["medialog-history"]
    format_version: Literal[1]
    writers: list[WriterState]
    size: Count  # of the Parquet file
    crc32: Count
    rows: list[tuple[Count, Count]]  # rank and number of rows, in their order
    columns: list[StoredColumn]
    files: list[StoredFile]


_SEAL_LENGTH = len(',"crc":"a702fc6e"}\n')
FACTS = ("_step", "_timestamp", "_runtime", "_rank")


def seal(description: Description) -> bytes:
    """Return a description with its own checksum, as lines have theirs."""
    body = jsontext.dumps(msgspec.to_builtins(description))[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, checksum.crc32(body))


def unseal(content: bytes) -> Description | None:
    """Return what is described; None when the bytes are not those that were written, or of another version."""
    body, last = content[:-_SEAL_LENGTH], content[-_SEAL_LENGTH:]
    if last != b',"crc":"%08x"}\n' % checksum.crc32(body):
        return None
    try:
        return msgspec.json.decode(body + b"}", type=Description)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


class Compacted:
    """The columns of a run and the lines that came after them."""

    def __init__(self, storage: Storage, description: Description, batches: list[RowBatch], line_size: int) -> None:
        self._storage, self._description, self._batches, self._line_size = storage, description, batches, line_size
        self._media = MediaCheck(storage, line_size)
        self._last = {
            rank: max(name for each in description.writers if each.rank == rank for name in each.names())
            for rank in {each.rank for each in description.writers}
        }
        self._logs: dict[str, WriterLog] = {}

    def entries(self, *, strict: bool = False) -> Sequence[Row | RowBatch] | None:
        """Return the rows in folding order, those of the appended lines included.

        None when that cannot be said without all lines: something is damaged, a file is gone or another one, or a row
        was appended that comes before one of the columns. With `strict`, also for a line that is not finished.
        """
        files: dict[str, list[SegmentName]] = {}
        for name in segments(self._storage):
            files.setdefault(name.writer, []).append(name)
        known = {each.writer: each for each in self._description.writers}
        if not known.keys() <= files.keys():
            return None
        later: list[tuple[SegmentName, list[Any]]] = []
        for writer, names in files.items():
            log = self._logs.get(writer)
            if log is None:
                state = known.get(writer)
                log = self._logs[writer] = WriterLog(writer, names[0].rank) if state is None else _log(state)
            log.follow(self._storage, names, self._line_size)
            log.look_at_media(self._media)
            if not log.is_sound or (strict and log.is_torn):
                return None
            later += log.chunks.items()
        rows: list[Row | RowBatch] = list(self._batches)
        for name, chunk in sorted(later, key=lambda each: each[0]):
            new = [entry for entry in chunk if type(entry) in (Row, RowBatch)]
            if new and name < self._last.get(name.rank, name):
                return None
            rows += new
        return rows

    @property
    def has_grown(self) -> bool:
        """Say whether `entries` found lines that were appended."""
        taken = {
            name: segment.size
            for each in self._description.writers
            for name, segment in zip(each.names(), each.segments, strict=True)
        }
        return taken != {name: tail.offset for log in self._logs.values() for name, tail in log.tails.items()}


def _log(state: WriterState) -> WriterLog:
    log = WriterLog(state.writer, state.rank, state.start, state.last, synced=state.synced)
    log.sequence.advance(state.expected)
    for name, segment in zip(state.names(), state.segments, strict=True):
        log.tails[name], log.chunks[name] = Tail(segment.size, segment.lines), []
    return log


def read_compacted(storage: Storage, line_size: int) -> Compacted | None:
    """Return the columns of a run if there are any and they hold; None for whatever reason they do not."""
    try:
        description = _read_description(storage)
        if description is None or not _is_unchanged(storage, description):
            return None
        media = MediaCheck(storage, line_size)
        for file in description.files:
            if media.problem([FileRef(file.path, file.sha256, file.size)], hashed=file.hashed) is not None:
                return None
        batches = _read_columns(storage, description)
    except (OSError, ValueError, TypeError, LookupError, NotImplementedError, ImportError):  # also what pyarrow raises
        return None
    return None if batches is None else Compacted(storage, description, batches, line_size)


def _read_description(storage: Storage) -> Description | None:
    if storage.size(DESCRIPTION) is None:
        return None
    with storage.open(DESCRIPTION) as file:
        return unseal(file.read())


def _is_unchanged(storage: Storage, description: Description) -> bool:
    there = set(segments(storage))
    for writer in description.writers:
        for name, segment in zip(writer.names(), writer.segments, strict=True):
            if name not in there:  # nor is any other file opened
                return False
            if checksum.of_beginning(storage, name.path, segment.size) != segment.crc32:
                return False
    return True


def _read_columns(storage: Storage, description: Description) -> list[RowBatch] | None:
    if storage.size(PARQUET) != description.size:
        return None
    with storage.open(PARQUET) as file:
        content = file.read()
    if checksum.crc32(content) != description.crc32:
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    if table.num_rows != sum(count for _, count in description.rows):
        return None
    steps, times, runtimes = (table.column(index).to_numpy() for index in range(3))
    cells = {
        tuple(column.path): _cells(table.column(len(FACTS) + index), column.kind)
        for index, column in enumerate(description.columns)
    }
    batches, begin = [], 0
    for rank, count in description.rows:
        whole = RowBatch(steps, times, runtimes, cells, SegmentName(0, "", rank), 0, table.num_rows - 1)
        batches.append(whole if count == table.num_rows else _without_empty(whole.part(begin, begin + count)))
        begin += count
    return batches


def _without_empty(batch: RowBatch) -> RowBatch:
    """Return a batch without the columns that only other ranks have."""
    there = {path: each for path, each in batch.cells.items() if each.present is None or each.present.any()}
    return batch._replace(cells=there)


def _cells(column: Any, kind: Kind) -> Cells:
    import numpy as np

    present = column.is_valid().to_numpy() if column.null_count else None
    if kind in ("text", "json"):
        texts = column.to_pylist()
        values = np.empty(len(texts), object)
        values[:] = texts if kind == "text" else [None if text is None else _value(text) for text in texts]
        return Cells(values, present)
    filled = column if present is None else column.fill_null(False if kind == "bool" else 0)
    return Cells(filled.to_numpy(), present)


def _value(text: str) -> Any:
    return trees.plain(jsontext.loads(text))
