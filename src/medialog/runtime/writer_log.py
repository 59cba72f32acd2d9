"""WriterLog: the lines of one writer, over all its files, followed as they are appended."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain, repeat
from typing import Any, NamedTuple

from medialog.runtime import entries, row_batch, trees
from medialog.runtime.entries import Drop, Meta, Part, Row, SummaryChange
from medialog.runtime.layout import SegmentName
from medialog.runtime.media_check import MediaCheck
from medialog.runtime.row_batch import RowBatch, batch
from medialog.validators.errors import storage_errors
from medialog.wire import line
from medialog.wire.block import Lines, decode_block
from medialog.wire.fileref import FileRef
from medialog.wire.lines import TooLong, read_blocks, skip_line
from medialog.wire.sequence import Sequence
from medialog.wire.storage import Storage

BESIDE = frozenset(("fork", "edit"))  # writers that do not carry the run on: it is finished without their end
_SEAL_LENGTH = 18
_TAG = b'"_type"'


Entry = entries.Entry | RowBatch


class Spot(NamedTuple):
    """A line of a file of events."""

    segment: SegmentName
    line: int


@dataclass
class Tail:
    """How far a file was read: behind the last whole line, and `torn` bytes of a line that is not finished."""

    offset: int = 0
    lines: int = 0
    torn: int = 0
    inside: bool = False  # of a line above the limit, which is passed over as it grows
    seal: bytes = b""  # the end of the last whole line: it still stands there, or the file is another one

    @property
    def end(self) -> int:
        """Return the size that the file had."""
        return self.offset + self.torn


class Doubtful(NamedTuple):
    """A row or part whose files have not all been seen as they should be."""

    what: str
    step: int
    spot: Spot
    references: tuple[FileRef, ...]


class Replaced(Exception):  # not an error: the file is read from its beginning
    """A file is not the one that was read before."""


@dataclass
class WriterLog:
    """What one writer wrote: each line taken once, in the order of their numbers, from whichever file has it."""

    writer: str
    rank: int
    start: str = "new"  # also when the line that says it is damaged
    last: str = ""  # the kind of the last line
    tails: dict[SegmentName, Tail] = field(default_factory=dict)
    chunks: dict[SegmentName, list[Entry]] = field(default_factory=dict)
    damage: list[tuple[Spot, str]] = field(default_factory=list)
    sequence: Sequence[Spot] = field(default_factory=Sequence)
    synced: int = -1  # the number of the last sync or end
    open: dict[int, list[Part | Drop]] = field(default_factory=dict)
    doubtful: dict[int, Doubtful] = field(default_factory=dict)
    hidden: dict[int, str] = field(default_factory=dict)
    changed: bool = False  # something else than an addition at the end

    @property
    def is_main(self) -> bool:
        """Say whether the run is carried on by this writer: it is no fork, and no edit of a stored run."""
        return self.start not in BESIDE

    @property
    def segment(self) -> SegmentName:
        """Return the file that the writer wrote last."""
        return next(reversed(self.tails))

    @property
    def is_sound(self) -> bool:
        """Say whether all that was written could be read, but for a last line that is not finished."""
        is_whole = next(self.sequence.missing(), None) is None
        return is_whole and not (self.damage or self.hidden or self.changed)

    @property
    def is_torn(self) -> bool:
        """Say whether a line is not finished."""
        return any(tail.torn for tail in self.tails.values())

    # --- reading ---

    def follow(self, storage: Storage, files: list[SegmentName], limit: int) -> bool:
        """Take what was appended; say whether there was anything. A file that is another one is read anew."""
        known = list(self.tails)
        grown = [name for name in files if name not in self.tails or storage.size(name.path) != self.tails[name].end]
        if not grown and files == known:
            return False
        # A writer appends to its last file only, and what it wrote there again is taken from the file before.
        if files[: len(known)] != known or any(name in known[:-1] for name in grown):
            self._forget()
        try:
            self._take_files(storage, [name for name in files if name not in self.tails or name in grown], limit)
        except Replaced:
            self._forget()
            self._take_files(storage, files, limit)
        return True

    def _forget(self) -> None:
        self.__init__(self.writer, self.rank, changed=True)  # type: ignore[misc]

    def _take_files(self, storage: Storage, files: list[SegmentName], limit: int) -> None:
        for name in files:
            if name not in self.tails:
                if self.tails and self.tails[self.segment].torn:
                    self.sequence.damaged()
                self.tails[name], self.chunks[name] = Tail(), []
            self._take_file(storage, name, self.tails[name], limit)

    def _take_file(self, storage: Storage, name: SegmentName, tail: Tail, limit: int) -> None:
        with storage_errors("reading the events"), storage.open(name.path) as file:
            file.seek(tail.offset - len(tail.seal))
            if tail.seal and file.read(len(tail.seal)) != tail.seal:
                raise Replaced
            if file.seek(0, 2) < tail.offset:
                raise Replaced
            file.seek(tail.offset)
            tail.torn = 0
            if tail.inside:
                size, finished = skip_line(file)
                tail.offset, tail.inside = tail.offset + size, not finished
            for block in read_blocks(file, limit):
                if isinstance(block, TooLong):
                    tail.lines, tail.offset, tail.inside = tail.lines + 1, tail.offset + block.size, not block.finished
                    tail.seal = b""
                    self._damaged(name, tail, f"longer than {limit:,} bytes, the limit line.size")
                    continue
                if not block.endswith(b"\n"):
                    tail.torn = len(block)
                    break
                lines = decode_block(block)
                if lines is None:
                    self._take_lines(block, name, tail)
                else:
                    self._take_block(block, lines, name, tail)

    def _take_lines(self, block: bytes, name: SegmentName, tail: Tail) -> None:
        decode = line.decode
        for raw in BytesIO(block):
            tail.lines += 1
            tail.offset += len(raw)
            tail.seal = raw[-_SEAL_LENGTH:]
            entry = decode(raw)
            if isinstance(entry, line.Damage):
                self._damaged(name, tail, entry.reason)
            else:
                self._take_line(entry, Spot(name, tail.lines), is_plain=_is_plain(raw))

    def _take_line(self, taken: line.Line, spot: Spot, *, is_plain: bool) -> None:
        seq, kind, t, m, tree, step = taken
        if seq == self.sequence.expected and kind == "row" and step is not None and is_plain:
            self.sequence.advance()  # nearly every line of nearly every run
            self.chunks[spot.segment].append(Row(step, t, m, tree, spot.segment, seq))
            self.last = kind
            if self.open:
                self._complete(step, seq)
        elif self.sequence.take(seq, spot):
            self._take(taken, spot)

    def _take_block(self, block: bytes, lines: Lines, name: SegmentName, tail: Tail) -> None:
        """Take sound lines: the rows between two lines of another kind at once, where no number is missing."""
        count, before = len(lines.seqs), tail.lines
        tail.lines += count
        tail.offset += len(block)
        tail.seal = block[-_SEAL_LENGTH:]
        special = _special(block, lines)
        begin = 0
        for end in (*sorted(special), count):
            taken = self._take_rows(lines, begin, end, name)
            for index in range(taken, min(end + 1, count)):
                seq, kind, step = lines.seqs[index], lines.kinds[index], lines.steps[index]
                found = line.Line(seq, kind, lines.times[index], lines.runtimes[index], lines.data[index], step)
                self._take_line(found, Spot(name, before + index + 1), is_plain=index not in special)
            begin = end + 1

    def _take_rows(self, lines: Lines, begin: int, end: int, name: SegmentName) -> int:
        """Take the rows from `begin` up to `end` if their numbers are the next ones; return up to where it did."""
        seqs, expected = lines.seqs[begin:end], self.sequence.expected
        if not seqs or seqs != list(range(expected, expected + len(seqs))):
            return begin
        steps: list[Any] = lines.steps[begin:end]
        times, runtimes, data = lines.times[begin:end], lines.runtimes[begin:end], lines.data[begin:end]
        self.sequence.advance(len(seqs))
        gathered = batch(steps, times, runtimes, data, name, expected) if len(seqs) >= row_batch.FEWEST else None
        if gathered is None:
            self.chunks[name].extend(map(Row, steps, times, runtimes, data, repeat(name), seqs))
        else:
            self.chunks[name].append(gathered)
        self.last = "row"
        if self.open:
            for step, seq in zip(steps, seqs, strict=True):
                self._complete(step, seq)
        return end

    def _damaged(self, name: SegmentName, tail: Tail, message: str) -> None:
        self.damage.append((Spot(name, tail.lines), message))
        self.sequence.damaged()

    def _take(self, taken: line.Line, spot: Spot) -> None:
        newest = taken.seq == self.sequence.expected - 1
        if newest:
            self.last = taken.kind
        if taken.kind in ("sync", "end"):
            self.synced = max(self.synced, taken.seq)
        try:
            entry = entries.parse(taken, spot.segment)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.damage.append((spot, f"not a {taken.kind[:40]} record: {type(error).__name__}: {str(error)[:120]}"))
            return
        if type(entry) is Meta:
            self.start = entry.start
        elif type(entry) is Part or type(entry) is Drop:
            if not self._collect(entry, newest=newest):
                return
        elif type(entry) is not entries.Mark:
            self._put(entry, spot.segment, newest=newest)
        if type(entry) is Row or type(entry) is Part:
            found = entries.references(entry.tree)
            if found:
                self.doubtful[entry.seq] = Doubtful(taken.kind, entry.step, spot, found)

    def _put(self, entry: entries.Entry, segment: SegmentName, *, newest: bool) -> None:
        if type(entry) is Row and self.open:
            self._complete(entry.step, entry.seq)
        if newest:
            self.chunks[segment].append(entry)
            return
        # It was damaged or lost where it stood first, and the file of what comes after it is its place.
        self.changed = True
        self._expand()
        for name, each in self.chunks.items():
            if each and each[-1].seq > entry.seq:
                segment = name
                break
        if type(entry) is Row:
            entry = entry._replace(segment=segment)
        chunk = self.chunks[segment]
        chunk.insert(bisect_left(chunk, entry.seq, key=_number), entry)

    def _expand(self) -> None:
        """Take batches apart, for what must look at rows or come between them."""
        for chunk in self.chunks.values():
            if any(type(entry) is RowBatch for entry in chunk):
                rows: list[Any] = [entry.rows() if type(entry) is RowBatch else (entry,) for entry in chunk]
                chunk[:] = chain.from_iterable(rows)

    # --- open rows ---

    def _collect(self, entry: Part | Drop, *, newest: bool) -> bool:
        """Keep a part or a drop; say whether its row is still open."""
        if not newest:
            self.changed = True
            self._expand()
            later = (each for chunk in self.chunks.values() for each in chunk if each.seq > entry.seq)
            if any(type(each) is Row and each.step == entry.step for each in later):
                return False
        known = self.open.setdefault(entry.step, [])
        known.append(entry)
        if not newest:
            known.sort(key=_number)
        return True

    def _complete(self, step: int, seq: int) -> None:
        """Forget the parts of a step before its row, which holds them all."""
        for part in self.open.pop(step, ()):
            if part.seq > seq:
                self.open.setdefault(step, []).append(part)
            else:
                self.doubtful.pop(part.seq, None)
                self.hidden.pop(part.seq, None)

    def open_rows(self, *, salvage: bool) -> Iterator[Row]:
        """Yield what was collected for each step whose row is not written, by step."""
        for step in sorted(self.open):
            row = collect(self.visible_parts(step, salvage=salvage))
            if row is not None:
                yield row

    def has_row(self, step: int) -> bool:
        """Say whether the row of a step was written."""
        entries = chain.from_iterable(self.chunks.values())
        return any(
            step in each.steps if type(each) is RowBatch else type(each) is Row and step == each.step
            for each in entries
        )

    def visible_parts(self, step: int, *, salvage: bool) -> list[Part | Drop]:
        """Return the parts and drops of a step, without those whose files are not as they should be."""
        return [part for part in self.open.get(step, ()) if salvage or part.seq not in self.hidden]

    # --- what is not known to be on the disk ---

    def unsynced(self) -> Iterator[str]:
        """Yield the paths of what was written after the last `sync`, of a writer that did not end."""
        if self.last == "end":
            return
        yield from (name.path for name in self.tails)
        written: list[Any] = [each for chunk in self.chunks.values() for each in chunk]
        written += [each for parts in self.open.values() for each in parts]
        for entry in written:
            if entry.seq <= self.synced:
                continue
            if isinstance(entry, (Row, Part)):
                yield from (reference.path for reference in entries.references(entry.tree))
            elif isinstance(entry, SummaryChange):
                for _, value in entry.set:
                    yield from (reference.path for reference in entries.references({"value": value}))

    # --- what is wrong ---

    def look_at_media(self, check: MediaCheck) -> None:
        """Look at the files of rows that are in doubt: they are there, and after the last sync with their bytes."""
        for seq, each in list(self.doubtful.items()):
            found = check.problem(each.references, hashed=seq > self.synced)
            if found is not None:
                self.hidden[seq] = found
                continue
            del self.doubtful[seq]
            if self.hidden.pop(seq, None) is not None:
                self.changed = True

    def problems(self, *, salvage: bool) -> Iterator[tuple[Spot, str, str]]:
        """Yield `(spot, place, message)` of everything that could not be read as written."""
        for spot, message in self.damage:
            yield spot, f"{spot.segment.path}, line {spot.line}", message
        for spot, _, count in self.sequence.missing():
            lines = "1 line is" if count == 1 else f"{count:,} lines are"
            yield spot, f"{spot.segment.path}, line {spot.line}", f"{lines} missing before it"
        for seq, message in self.hidden.items():
            each = self.doubtful[seq]
            told = "" if salvage else f": the {each.what} is left out"
            yield each.spot, f"{each.spot.segment.path}, step {each.step}", f"{message}{told}"
        for name, tail in self.tails.items():
            if tail.torn:
                spot = Spot(name, tail.lines + 1)
                yield spot, f"{name.path}, line {spot.line}", "an unfinished line: its writer died, or is at it"


def collect(parts: list[Part | Drop]) -> Row | None:
    """Return what parts and drops come to; None when there is nothing but drops."""
    tree: dict[str, Any] = {}
    last: Part | None = None
    for part in parts:
        if isinstance(part, Part):
            trees.merge(tree, trees.copied(part.tree))
            last = part
        elif last is not None:
            trees.remove(tree, part.path)
    return None if last is None else Row(last.step, last.t, last.m, tree, last.segment, last.seq)


def _special(block: bytes, lines: Lines) -> set[int]:
    """Return which lines are no rows, or rows with a descriptor or a tagged number."""
    found: set[int] = set()
    if lines.kinds.count("row") < len(lines.kinds) or None in lines.steps:
        pairs = zip(lines.kinds, lines.steps, strict=True)
        found.update(index for index, (kind, step) in enumerate(pairs) if kind != "row" or step is None)
    if lines.is_flat:  # spares the search
        found.update(index for index, data in enumerate(lines.data) if trees.KIND in data)
        return found
    at = block.find(_TAG)
    while at >= 0:
        index = int(lines.ends.searchsorted(at))
        found.add(index)
        at = block.find(_TAG, int(lines.ends[index]))
    return found


def _is_plain(raw: bytes) -> bool:
    """Say whether a line of numbers, texts and lists cannot hold a descriptor or a tagged number."""
    return _TAG not in raw and b"\\u" not in raw


def _number(entry: Any) -> int:
    number: int = entry.seq
    return number
