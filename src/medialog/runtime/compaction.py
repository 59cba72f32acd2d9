"""Compaction: the history of a run written once more, as columns, so that it is read without its lines.

Nothing is taken away: the events stay the truth. `compacted` says what is written and when it stands for the lines.
"""

from __future__ import annotations

import io
import os
from typing import Any

from medialog.runtime import columns, entries, trees
from medialog.runtime.compacted import (
    DESCRIPTION,
    FACTS,
    FOLDER,
    FORMAT,
    PARQUET,
    VERSION,
    Description,
    Kind,
    Segment,
    StoredColumn,
    StoredFile,
    WriterState,
    read_compacted,
    seal,
)
from medialog.runtime.entries import Row
from medialog.runtime.events import Events
from medialog.runtime.layout import replace_file
from medialog.runtime.reader import RunReader, open_run
from medialog.runtime.writer_log import WriterLog
from medialog.validators.errors import RunError, storage_errors
from medialog.validators.optional import require
from medialog.wire import checksum, jsontext
from medialog.wire.storage import Storage

_KINDS: dict[str, Kind] = {"f": "float64", "i": "int64", "b": "bool"}


class Damaged(RunError):
    """A run with damage is not compacted: what can be read of it, and what to say of the rest, is with its lines."""


def compact(path: str | os.PathLike[str]) -> bool:
    """Write the history of a run as columns, to `derived/history.parquet`; say whether there was anything to write.

    `RunReader.frame` and `RunReader.columns` read it instead of the lines as long as it holds, and add the lines that
    were appended since. The events are not touched; what is written can be deleted at any time. Any tool that reads
    Parquet can read it too: a row for each step and rank, a column for each key; media and mixed values are their JSON.

    Raises `RunError` for a directory that is no run, and for a run with damage, which is read from its lines;
    `MissingDependency` without pyarrow; `StorageError` where the run directory cannot be written.
    """
    require("pyarrow", extra="table")
    reader = open_run(path)
    storage = reader.storage
    with storage_errors("compacting the run"):
        if _is_current(storage):
            return False
        events = Events(storage)
        events.refresh()
        if not all(log.is_sound for log in events.logs):
            problems = events.problems
            more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
            raise Damaged(f"{path}: not compacted, it is read from its lines: {problems[0]}{more}")
        _write(storage, reader, events)
    return True


def _is_current(storage: Storage) -> bool:
    known = read_compacted(storage, Events(storage).line_size)
    return known is not None and known.entries() is not None and not known.has_grown


def _write(storage: Storage, reader: RunReader, events: Events) -> None:
    parts, rows = [], []
    for rank in sorted({entry.segment.rank for entry in events.batches}):
        found = [part for part in columns.parts(events.batches, rank) if len(part)]
        rows.append((rank, sum(map(len, found))))
        parts += found
    paths = dict.fromkeys(path for part in columns.parts(events.batches, "merged") for path in part.cells)
    paths.update(dict.fromkeys(path for part in parts for path in part.cells))
    stored = [StoredColumn(list(path), "json") for path in paths]
    content = _parquet(parts, rows, stored, {"run": reader.id, "format": FORMAT, "format_version": VERSION})
    description = Description(
        format="medialog-history",
        format_version=1,
        writers=[_state(storage, log) for log in events.logs],
        size=len(content),
        crc32=checksum.crc32(content),
        rows=rows,
        columns=stored,
        files=_files(events),
    )
    storage.make_directory(FOLDER)
    replace_file(storage, PARQUET, content)
    replace_file(storage, DESCRIPTION, seal(description))


def _state(storage: Storage, log: WriterLog) -> WriterState:
    taken = []
    for name, tail in log.tails.items():
        crc = checksum.of_beginning(storage, name.path, tail.offset)
        if crc is None:
            raise RunError(f"{name.path} was cut while it was read")
        taken.append(Segment(name.number, tail.offset, tail.lines, crc))
    return WriterState(log.writer, log.rank, log.start, log.last, log.synced, log.sequence.expected, taken)


def _files(events: Events) -> list[StoredFile]:
    """Return the files that rows refer to, each once."""
    synced = {name: log.synced for log in events.logs for name in log.tails}
    found: dict[Any, bool] = {}
    for entry in events.batches:
        if isinstance(entry, Row):
            for reference in entries.references(entry.tree):
                found[reference] = found.get(reference, False) or entry.seq > synced[entry.segment]
    return [StoredFile(file.path, file.sha256, file.size, hashed) for file, hashed in found.items()]


def _parquet(
    parts: list[columns.Part], rows: list[tuple[int, int]], stored: list[StoredColumn], about: dict[str, Any]
) -> bytes:
    """Return the file; says in `stored` how each column is stored."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [
        columns.joined([part.steps for part in parts], "i8"),
        columns.joined([part.times for part in parts], "f8"),
        columns.joined([part.runtimes for part in parts], "f8"),
        np.repeat([rank for rank, _ in rows], [count for _, count in rows]).astype("i8"),
    ]
    fields = [pa.array(array) for array in arrays]
    names = list(FACTS)
    for column in stored:
        path = tuple(column.path)
        column.kind, array = _stored(*columns.gathered(parts, path))
        fields.append(array)
        name = trees.dotted(path)
        while name in names:  # a run that another program wrote may have a key of that name
            name += "_"
        names.append(name)
    table = pa.Table.from_arrays(fields, names=names).replace_schema_metadata({"medialog": jsontext.dumps(about)})
    buffer = io.BytesIO()
    # Without dictionaries, in one piece: a column is then read as fast as it is copied.
    pq.write_table(table, buffer, compression="snappy", use_dictionary=False, row_group_size=1 << 20, version="2.6")
    return buffer.getvalue()


def _stored(values: Any, present: Any) -> tuple[Kind, Any]:
    """Return how a column is stored, and as an Arrow array; what is not present is null."""
    import pyarrow as pa

    missing = None if present.all() else ~present
    if values.dtype.kind != "O":
        return _KINDS[values.dtype.kind], pa.array(values, mask=missing)
    cells = [cell for cell, is_there in zip(values.tolist(), present.tolist(), strict=True) if is_there]
    if None not in cells:
        column = columns.of_objects(values.copy(), present)
        kind = _KINDS.get(column.values.dtype.kind)
        if kind is not None:
            return kind, pa.array(column.values, mask=missing)
        if {str} == set(map(type, cells)):
            return "text", pa.array(values, pa.string(), mask=missing)
    texts = [
        jsontext.dumps(_as_stored(cell)).decode() if is_there else None
        for cell, is_there in zip(values.tolist(), present.tolist(), strict=True)
    ]
    return "json", pa.array(texts, pa.string())


def _as_stored(value: Any) -> Any:
    """Return a value as JSON can carry it: what `trees.plain` takes back."""
    if isinstance(value, list):
        return [_as_stored(item) for item in value]
    if isinstance(value, dict):
        return value if trees.KIND in value else {key: _as_stored(item) for key, item in value.items()}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return jsontext.encode_number(value)
    return value
