"""The events of a run: every line held against its checksum, its place, its schema and the rules of the run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, BinaryIO, NamedTuple, Protocol

from medialog.validators import checks
from medialog.validators.descriptors import schema_violations, strict_validator, validate
from medialog.validators.errors import Violation
from medialog.validators.rules import Rules
from medialog.validators.run_files import FileChecks, Progress, unreadable
from medialog.wire import jsontext, line, names
from medialog.wire.fileref import FileRef
from medialog.wire.lines import TooLong, read_lines
from medialog.wire.sequence import Sequence
from medialog.wire.storage import Storage

KIND = "_type"
_SEGMENT = re.compile(names.SEGMENT_PATTERN)


class Fold(Protocol):
    """What makes the summary of the events; the caller has one (the reader's own)."""

    def take(self, entry: line.Line, rank: int) -> None:
        """Take one sound line of a writer of that rank, in the order of the files and lines."""

    def summary(self) -> dict[str, Any]:
        """Return the summary, as it is stored."""


class SegmentFile(NamedTuple):
    """A file of events, sorting in folding order."""

    number: int
    writer: str

    @property
    def path(self) -> str:
        """Return the path in the run directory."""
        return f"{names.EVENTS}/{self.writer}-{self.number}.jsonl"

    @property
    def rank(self) -> int:
        """Return the rank of the writer."""
        return int(self.writer[1:].partition("-")[0])


def segment_files(paths: dict[str, Any]) -> list[SegmentFile]:
    """Return the files of events among paths, in folding order."""
    found = []
    for path in paths:
        folder, _, name = path.partition("/")
        match = _SEGMENT.fullmatch(name)
        if folder == names.EVENTS and match is not None:
            found.append(SegmentFile(int(match[3]), match[1]))
    return sorted(found)


@dataclass
class Increment:
    """An increment of a table, as a row holds it."""

    place: str
    key: str
    descriptor: dict[str, Any]


@dataclass
class WriterChecks:
    """One writer, over all its files: the numbers and checksums of its lines, how it began and how it ended."""

    last: SegmentFile
    start: str = "new"  # also when the line that says it is damaged
    kind: str = ""  # of the last line
    torn: bool = False
    unreadable: bool = False
    sequence: Sequence[str] = field(default_factory=Sequence)
    seals: dict[int, bytes] = field(default_factory=dict)


@dataclass
class EventChecks:
    """Reads every line once. What it learns of the run stands in its fields afterwards."""

    storage: Storage
    files: FileChecks
    rules: Rules
    run_id: str | None
    run_digest: str | None
    fold: Fold | None
    keep: Callable[[str, Any], object] | None = None
    config: dict[str, Any] = field(default_factory=dict)
    increments: list[Increment] = field(default_factory=list)
    damaged: bool = False
    writers: dict[str, WriterChecks] = field(default_factory=dict)

    def unfinished(self) -> list[SegmentFile]:
        """Return the last file of each rank's last main writer that has not ended: forks and edits are none."""
        last = {
            each.last.rank: each
            for each in sorted(self.writers.values(), key=lambda each: each.last)
            if each.start not in ("fork", "edit")
        }
        return [each.last for each in last.values() if each.kind != "end" and not each.unreadable]

    def check(self, segments: list[SegmentFile], size: int, progress: Progress | None) -> Iterator[Violation]:
        """Yield what is wrong with the lines of all files; `size` is their bytes in total, for `progress`."""
        done = 0
        for expected, number in enumerate(sorted({segment.number for segment in segments})):
            if number != expected:
                self.damaged = True
                got = f"{number} after {expected - 1}" if expected else f"{number} is the first"
                yield Violation(names.EVENTS, "run.segment", f"a file of events with the number {expected}", got)
                break
        for segment in segments:
            writer = self.writers.setdefault(segment.writer, WriterChecks(segment))
            writer.last = segment
            try:
                with self.storage.open(segment.path) as file:
                    yield from self._note(self._check_segment(segment, writer, file))
                    done += file.tell()
            except OSError as error:
                self.damaged = writer.unreadable = True
                yield unreadable(segment.path, error)
            if progress is not None:
                progress("events", done, size)
        for writer in self.writers.values():
            yield from self._note(_missing(writer))
        yield from self._check_increments()

    def _note(self, violations: Iterator[Violation]) -> Iterator[Violation]:
        for violation in violations:
            self.damaged = True
            yield violation

    def _check_segment(self, segment: SegmentFile, writer: WriterChecks, file: BinaryIO) -> Iterator[Violation]:
        limit = int(self.rules.limit("line.size"))
        if writer.torn:  # a line of the file before, which nobody can number
            writer.sequence.damaged()
        writer.torn = False
        is_first = True
        for number, raw in enumerate(read_lines(file, limit), 1):
            place = f"{segment.path}, line {number}"
            if isinstance(raw, TooLong):
                writer.sequence.damaged()
                yield Violation(place, "run.line_size", f"at most {limit:,} bytes", f"{raw.size:,} bytes")
                continue
            if not raw.endswith(b"\n"):
                writer.torn = True
                yield Violation(place, "run.torn", "a line that ends with a newline", "an unfinished one")
                continue
            entry = line.decode(raw)
            if isinstance(entry, line.Damage):
                rule = "run.crc" if "checksum" in entry.reason else "run.line"
                yield Violation(place, rule, "a line as it was written", entry.reason)
                writer.sequence.damaged()
                continue
            if is_first:
                yield from self._check_first(entry, segment, place)
                is_first = False
            expected, seal = writer.sequence.expected, raw[-11:-3]
            if not writer.sequence.take(entry.seq, place):
                if writer.seals[entry.seq] != seal:
                    got = "one of that number with other content"
                    yield Violation(place, "run.seq", f"line {expected}, or the same line again", got)
                continue  # it was written again, and is there already
            writer.seals[entry.seq] = seal
            if entry.seq < expected:
                self.damaged = True  # what comes before it was folded after it: config and summary may differ
            else:
                writer.kind = entry.kind
            if entry.kind == "meta":
                version = entry.data.get("format_version")
                if type(version) is int and version > names.FORMAT_VERSION:
                    yield Violation(place, "run.version", f"up to {names.FORMAT_VERSION}", str(version))
                    return
                writer.start = str(entry.data.get("start"))
            yield from self._check_entry(entry, raw, place, segment.rank)
        if is_first:
            yield Violation(segment.path, "run.segment", "a first line that says who writes", "no lines")

    def _check_first(self, entry: line.Line, segment: SegmentFile, place: str) -> Iterator[Violation]:
        if entry.kind != "meta":
            yield Violation(place, "run.segment", "a meta line that says who writes", f"a {entry.kind} line"[:60])
            return
        if entry.data.get("writer") != segment.writer:
            yield Violation(place, "run.segment", f"the writer {segment.writer}", checks.show(entry.data.get("writer")))
        if self.run_id is not None and entry.data.get("run") != self.run_id:
            yield Violation(place, "run.identity", f"run {self.run_id!r}", checks.show(entry.data.get("run")))
        digest = entry.data.get("run_json")
        if digest is not None and self.run_digest is not None and digest != self.run_digest:
            got = f"{self.run_digest[:16]}..."
            yield Violation(names.RUN, "run.identity", f"the bytes that {place} names by their SHA-256", got)

    def _check_entry(self, entry: line.Line, raw: bytes, place: str, rank: int) -> Iterator[Violation]:
        from medialog.wire import records

        if entry.kind not in records.LINES:
            return  # a later version wrote it
        if not _fits(raw):
            found = list(schema_violations(jsontext.loads(raw), _line_validator(entry.kind)))
            yield from (of_record(violation, place) for violation in found)
            if found:
                return
        found = []
        if entry.kind in ("row", "part", "config"):
            found += self.check_tree(entry.data, place, "", is_row=entry.kind == "row")
        elif entry.kind == "summary":
            for item in entry.data.get("set", ()):
                found += self.check_tree({item["key"][-1]: item["value"]}, place, ".".join(item["key"][:-1]))
        if found:
            yield from found
            return
        if entry.kind == "config":
            self.config.update(entry.data)
        if self.fold is not None:
            try:
                self.fold.take(entry, rank)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                yield Violation(place, "run.schema", f"a {entry.kind} record", f"{type(error).__name__}: {error}"[:160])

    def check_tree(self, tree: dict[str, Any], place: str, above: str, *, is_row: bool = False) -> Iterator[Violation]:
        """Yield what is wrong with the keys and values of a tree; take the files of its descriptors."""
        stack: list[tuple[str, Any]] = [(above, tree)]
        while stack:
            key, node = stack.pop()
            if isinstance(node, list):
                stack.extend((f"{key}[{index}]", item) for index, item in enumerate(node) if type(item) in _NESTED)
            elif KIND not in node:
                for name, value in node.items():
                    if name[:1] in ("", "_"):
                        rule = "key.reserved" if name else "key.empty"
                        yield Violation(f"{place}: {key}", rule, "a key that does not begin with '_'", repr(name)[:60])
                    if type(value) in _NESTED:
                        stack.append((f"{key}.{name}" if key else name, value))
            elif node[KIND] == jsontext.NUMBER_KIND:
                if node.keys() != {KIND, "value"} or not _is_number(node):
                    yield Violation(f"{place}: {key}", "run.number", "NaN, an infinity or digits", checks.show(node))
            else:
                yield from self._check_descriptor(node, f"{place}: {key}", key, is_row=is_row)

    def _check_descriptor(self, node: dict[str, Any], place: str, key: str, *, is_row: bool) -> Iterator[Violation]:
        found = [violation for violation in validate(node, self.rules) if violation.rule != "descriptor.path"]
        yield from (violation.within(place) for violation in found)
        yield from self.files.refer_all(node, place)
        if found:
            return
        if is_row and node[KIND] == "incremental-table-file":
            self.increments.append(Increment(place, key, node))
        if self.keep is not None:
            self.keep(place, node)

    def _check_increments(self) -> Iterator[Violation]:
        """Hold every increment against the one it names: of the same key, the number before, rows that join."""
        ends = {
            (each.key, each.descriptor["sha256"]): (
                each.descriptor["increment_num"],
                each.descriptor["start"] + each.descriptor["nrows"],
            )
            for each in self.increments
        }
        for each in self.increments:
            linked = each.descriptor.get("previous")
            if linked is None:
                continue
            path = names.media_path(linked["sha256"], linked["format"])
            yield from self.files.refer(FileRef(path, linked["sha256"], linked["size"]), each.place)
            number, start = each.descriptor["increment_num"], each.descriptor["start"]
            before = ends.get((each.key, linked["sha256"]))
            if before != (number - 1, start):
                got = "no row has it" if before is None else f"increment {before[0]}, which ends at row {before[1]}"
                expected = f"increment {number - 1} of this key, up to row {start}, before increment {number}"
                yield Violation(each.place, "run.increment", expected, got)


def _missing(writer: WriterChecks) -> Iterator[Violation]:
    """Yield a violation for the lines that no file of a writer has."""
    for place, first, count in writer.sequence.missing():
        got = f"{'1 line is' if count == 1 else f'{count:,} lines are'} missing before it"
        yield Violation(place, "run.seq", f"line {first}", got)


_NESTED = (dict, list)


def _is_number(tagged: dict[str, Any]) -> bool:
    try:
        jsontext.decode_number(tagged)
    except ValueError:
        return False
    return True


@cache
def _decoder() -> Any:
    import msgspec

    from medialog.wire import records

    return msgspec.json.Decoder(records.AnyLine)


@cache
def _line_validator(kind: str) -> Any:
    from medialog.wire import records

    return strict_validator(records.schema_of_line(kind))


def of_record(violation: Violation, place: str) -> Violation:
    """Return a violation of a record's schema as one of the run: `$.d.writer` becomes `<place>: d.writer`."""
    at = violation.at.removeprefix("$").removeprefix(".")
    return Violation(f"{place}: {at}" if at else place, "run.schema", violation.expected, violation.got)


def _fits(raw: bytes) -> bool:
    """Say whether the model of its kind accepts a line. The fast yes: on a no the schema says what is wrong."""
    import msgspec

    try:
        _decoder().decode(raw)
    except msgspec.MsgspecError:
        return False
    return True
