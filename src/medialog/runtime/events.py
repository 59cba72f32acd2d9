"""The events of a run, read back: the lines of every writer, ordered; damage listed, state folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple

from medialog.runtime import entries
from medialog.runtime.entries import Drop, Part, Row, Settings
from medialog.runtime.layout import RUN, SegmentName, segments
from medialog.runtime.media_check import MediaCheck
from medialog.runtime.row_batch import RowBatch, expanded
from medialog.runtime.summary import SummaryFold
from medialog.runtime.writer_log import Entry, WriterLog, collect
from medialog.validators.errors import DamagedRow
from medialog.validators.limits import LIMITS
from medialog.wire import jsontext
from medialog.wire.storage import Storage

Recovery = Literal["strict", "recover", "salvage"]


@dataclass(frozen=True)
class Problem:
    """Something in the run directory that could not be read as written."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class OpenRow(NamedTuple):
    """What was collected for a step whose row its writer has not written."""

    rank: int
    writer: str
    step: int
    tree: dict[str, Any]


class Events:
    """Everything that the segments say, in folding order: by segment number, writer, line.

    `refresh` takes what came since, and nothing twice: a segment is read on from where it ended. What is there then is
    what a new `Events` would have, as long as segments grow and media files stay. A segment that was cut or replaced
    by another is read anew; one that was changed without a change of its size is not noticed.

    `recover` leaves damaged lines, and rows whose media are missing, of another size or (after the last `sync` of a
    writer) of other bytes, out and lists them in `problems`; `salvage` lists the same and keeps such rows; with
    `strict`, `refresh` raises `DamagedRow` at the first problem. Every mode refuses a later version of the format.
    """

    def __init__(self, storage: Storage, recovery: Recovery = "recover", line_size: int | None = None) -> None:
        self._storage, self._recovery = storage, recovery
        self.line_size = line_size or _line_size(storage)
        self._media = MediaCheck(storage, self.line_size)
        self._writers: dict[str, WriterLog] = {}
        self._begin()

    def _begin(self) -> None:
        """Start over with the order and the state; the lines stay."""
        self.batches: list[Row | RowBatch] = []  # the rows
        self._expanded: tuple[list[Row], int] = ([], 0)
        self.config: dict[str, Any] = {}
        self.info: dict[str, Any] = {}
        self._fold = SummaryFold()
        self._unfolded: list[tuple[list[Entry], int]] = []
        self._done: list[tuple[SegmentName, int]] = []

    # --- reading ---

    def refresh(self) -> bool:
        """Take what was appended to the segments since the last time; say whether anything is new."""
        try:
            new = self._follow()
            for log in self._writers.values():
                log.look_at_media(self._media)
            changed = [log for log in self._writers.values() if log.changed]
            if new or changed:
                self._take(anew=bool(changed))
            for log in changed:
                log.changed = False
        except BaseException:  # interrupted anywhere: whatever was half taken is read again
            self._writers.clear()
            self._begin()
            raise
        if self._recovery == "strict" and (problems := self.problems):
            raise DamagedRow(str(problems[0]))
        return new or bool(changed)

    def _follow(self) -> bool:
        files: dict[str, list[SegmentName]] = {}
        for name in segments(self._storage):
            files.setdefault(name.writer, []).append(name)
        gone = self._writers.keys() - files.keys()
        for writer in gone:
            del self._writers[writer]
        new = bool(gone)
        for writer, names in files.items():
            log = self._writers.get(writer)
            if log is None:
                log = self._writers[writer] = WriterLog(writer, names[0].rank)
            new = log.follow(self._storage, names, self.line_size) or new
        return new

    def _take(self, *, anew: bool) -> None:
        """Bring the new entries into order. What came before one that was taken already needs all of them again."""
        chunks = {name: (log, chunk) for log in self._writers.values() for name, chunk in log.chunks.items()}
        order = sorted(chunks)
        counts = [(name, len(chunks[name][1])) for name in order]
        done = len(self._done)
        is_later = done == 0 or (
            counts[: done - 1] == self._done[:-1] and order[done - 1 : done] == [self._done[-1][0]]
        )
        if anew or not is_later:
            self._begin()
            done = 0
        first = max(done - 1, 0)
        for name in order[first:]:
            log, chunk = chunks[name]
            start = self._done[-1][1] if done and name == self._done[-1][0] else 0
            self._take_chunk(log, chunk, start)
        self._done = counts

    def _take_chunk(self, log: WriterLog, chunk: list[Entry], start: int) -> None:
        hidden = {} if self._recovery == "salvage" else log.hidden
        new = chunk[start:] if start else list(chunk)
        if hidden:
            new = [entry for entry in new if type(entry) is not Row or entry.seq not in hidden]
        self.batches += [entry for entry in new if type(entry) is Row or type(entry) is RowBatch]
        for entry in new:
            if type(entry) is Settings:
                (self.config if entry.kind == "config" else self.info).update(entry.values)
        self._unfolded.append((new, log.rank))

    # --- what there is ---

    @property
    def logs(self) -> list[WriterLog]:
        """Return what each writer wrote, in the order of their last files."""
        return self._in_order()

    @property
    def is_read(self) -> bool:
        """Say whether any lines were read."""
        return bool(self._writers)

    @property
    def rows(self) -> list[Row]:
        """Return the rows one by one."""
        rows, done = self._expanded
        if done < len(self.batches):
            self._expanded = rows, _ = [*rows, *expanded(self.batches[done:])], len(self.batches)
        return rows

    @property
    def steps(self) -> list[int]:
        """Return the steps that have a row, in order."""
        found: set[int] = set()
        for entry in self.batches:
            if type(entry) is RowBatch:
                found.update(entry.steps.tolist())
            else:
                found.add(entry.step)  # type: ignore[union-attr]
        return sorted(found)

    @property
    def summary(self) -> SummaryFold:
        """Return the summary of all events."""
        unfolded, self._unfolded = self._unfolded, []
        try:
            for new, rank in unfolded:
                for entry in new:
                    if type(entry) is RowBatch:
                        self._fold.add_columns(entry, rank)
                    else:
                        entries.fold(entry, self._fold, rank)  # type: ignore[arg-type]
        except BaseException:
            self._begin()
            self._take(anew=True)
            raise
        return self._fold

    @property
    def problems(self) -> list[Problem]:
        """Return what could not be read as written, in the order of the lines."""
        salvage = self._recovery == "salvage"
        found = sorted(problem for log in self._writers.values() for problem in log.problems(salvage=salvage))
        return [Problem(place, message) for _, place, message in found]

    @property
    def ranks(self) -> list[int]:
        """Return the ranks that have a writer; one that only edits the summary of a stored run does not count."""
        return sorted({log.rank for log in self._writers.values() if log.start != "edit"})

    @property
    def finished(self) -> bool:
        """Say whether the last main writer of each rank has ended: forks and edits do not carry the run on."""
        last = {log.rank: log.last for log in self._in_order() if log.is_main}
        return bool(last) and set(last.values()) == {"end"}

    def _in_order(self) -> list[WriterLog]:
        return sorted(self._writers.values(), key=lambda log: log.segment)

    @property
    def last_row(self) -> Row | None:
        """Return the row of the largest step; of several, the one that was read last."""
        best: Row | None = None
        for entry in self.batches:
            found = entry.last_row if type(entry) is RowBatch else entry
            if best is None or found.step >= best.step:  # type: ignore[union-attr]
                best = found  # type: ignore[assignment]
        return best

    @property
    def last_step(self) -> int:
        """Return the largest step that has a row; -1 without any."""
        return max(map(_last_step, self.batches), default=-1)

    # --- open rows ---

    @property
    def open_rows(self) -> list[OpenRow]:
        """Return the steps for which a writer collected values without writing their row, by segment and step."""
        return [OpenRow(log.rank, log.writer, row.step, row.tree) for log, row in self._left_open()]

    def rows_and_open(self) -> Sequence[Row | RowBatch]:
        """Return the rows, and as rows what is open, each behind the rows of its file of events."""
        opened = [row for _, row in self._left_open()]
        if not opened:
            return self.batches
        return sorted(
            [*self.batches, *opened], key=lambda row: row.segment
        )  # stable: an open row comes last of its file

    def _left_open(self) -> Iterator[tuple[WriterLog, Row]]:
        """Yield what writers collected, but for what the run that was resumed went on with and wrote."""
        logs = self._in_order()
        for place, log in enumerate(logs):
            later = (
                [each for each in logs[place + 1 :] if each.is_main and each.rank == log.rank] if log.is_main else []
            )
            for row in log.open_rows(salvage=self._recovery == "salvage"):
                if not any(each.has_row(row.step) for each in later):
                    yield log, row

    def unsynced(self) -> list[str]:
        """Return the files that writers which did not end may have left in memory: the dead do not sync."""
        return list(dict.fromkeys(path for log in self._in_order() for path in log.unsynced()))

    def open_row(self, rank: int) -> tuple[int, dict[str, Any]] | None:
        """Return `(step, tree)` of the row that a killed run of this rank had collected; None when there is none.

        A run that is resumed goes on with it. It is what the rank's last main writer left open, and what one before
        it left when nobody since has written a row of that step or a later one.
        """
        parts: dict[int, list[Part | Drop]] = {}
        for log in self._in_order():
            if log.rank != rank or not log.is_main:
                continue
            there = chain.from_iterable(log.chunks.values())
            written = max((_last_step(row) for row in there if type(row) in (Row, RowBatch)), default=-1)
            parts = {step: known for step, known in parts.items() if step > written}
            for step in log.open:
                visible = log.visible_parts(step, salvage=self._recovery == "salvage")
                parts[step] = [*parts.get(step, ()), *visible]
        found = [row for known in parts.values() if (row := collect(known)) is not None]
        last = max(found, key=lambda row: row.step, default=None)
        return None if last is None else (last.step, last.tree)


def _last_step(entry: Any) -> int:
    step: int = int(entry.steps.max()) if type(entry) is RowBatch else entry.step
    return step


def read_events(storage: Storage, recovery: Recovery = "recover") -> Events:
    """Read every segment; see `Events`."""
    events = Events(storage, recovery)
    events.refresh()
    return events


def _line_size(storage: Storage) -> int:
    """Return the limit `line.size` that the run was written under."""
    default = int(LIMITS["line.size"].value)  # type: ignore[arg-type]
    try:
        found = read_json(storage, RUN)["rules"]["limits"]["line.size"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return default
    return found if type(found) is int and found > 0 else default


def read_json(storage: Storage, path: str) -> Any:
    """Return a JSON file of the run directory, read strictly; `FileNotFoundError` when it is not there."""
    with storage.open(path) as file:
        return jsontext.loads(file.read())
