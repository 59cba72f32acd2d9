"""A run directory, a folder of descriptors or one descriptor file -> everything that is wrong with it.

Every record is held against its published schema, every descriptor against the rules that the run was written under,
every line against its checksum, every file against its size and SHA-256; each distinct file is read once.

A violation's `at` begins with the path of a file in the directory. Some ids are *notes* (`NOTES`): what they say is
worth knowing and may be just as it should be, as in a run that is still being written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from types import MappingProxyType
from typing import Any

from medialog.validators import rules as rulebook
from medialog.validators.descriptors import schema_violations, strict_validator, validate
from medialog.validators.errors import MissingDependency, RunError, Violation
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules
from medialog.validators.run_events import EventChecks, Fold, of_record, segment_files
from medialog.validators.run_files import Entry, FileChecks, Progress, inventory, irregular, unreadable
from medialog.wire import jsontext, names
from medialog.wire.fileref import iter_file_refs
from medialog.wire.storage import LocalStorage, Storage

DIRECTORY_RULES = MappingProxyType(
    {
        "run.config": "config.json of a finished run with one writer is what the events say",
        "run.crc": "a line of events has the checksum of its bytes",
        "run.decode": "every descriptor can be read back (with `deep`)",
        "run.decode_skipped": "an optional library that reads the value is installed (a note, with `deep`)",
        "run.identity": "run.json and every file of events are those of one run, and run.json has not changed",
        "run.increment": "an increment of a table follows the one that it names",
        "run.json": "a JSON file is JSON: no NaN, no key twice, at most 64 levels",
        "run.line": "a line of events has `seq`, `k`, `t`, `m`, `d`, each of its type",
        "run.line_size": "a line of events is no longer than `line.size`",
        "run.link": "a run holds regular files and directories: no links, pipes or devices",
        "run.media_missing": "every file that a descriptor refers to is there",
        "run.media_sha256": "a media file holds the bytes that its name is the SHA-256 of",
        "run.media_size": "a media file has the size that its descriptor says",
        "run.missing": "a run has run.json, config.json, summary.json and a file of events",
        "run.number": "a tagged number is NaN, an infinity or a whole number in digits",
        "run.orphan": "a media file is referred to (a note: the value was replaced before its row was written)",
        "run.path": "a reference names a file by its content, in media/: no other path is ever opened",
        "run.refs": "a refs file is a list of files",
        "run.rules": "the rules in run.json are known limits, with values of their type",
        "run.schema": "run.json, config.json, summary.json and every line are what their published schemas say",
        "run.segment": "files of events are numbered from 0 and begin with a line that says who writes them",
        "run.seq": "the lines of a writer count from 0 without a gap, over all its files; a repeated line is the same",
        "run.stale": "config.json and summary.json are what the events say (a note: the events are the truth)",
        "run.summary": "summary.json of a finished run with one writer is what the events say",
        "run.tmp": "nothing is left in tmp/ (a note: something is being written, or its writer died)",
        "run.torn": "the last line of a file of events is finished",
        "run.unfinished": "the last writer of every rank has finished, forks apart (a note: it goes on, or was killed)",
        "run.unknown": "a run directory holds nothing else (a note)",
        "run.unreadable": "the system lets us read every file",
        "run.version": "the run's format is of a version that this medialog reads",
    }
)
NOTES = frozenset(("run.decode_skipped", "run.orphan", "run.stale", "run.tmp", "run.unfinished", "run.unknown"))
_DERIVED = "derived/"  # made from the run, deleted at will

Decode = Callable[[Any], object]


def is_note(violation: Violation) -> bool:
    """Say whether a violation is worth knowing and no fault."""
    return violation.rule in NOTES


def validate_run(
    path: str | os.PathLike[str] | Storage,
    deep: bool = False,
    progress: Progress | None = None,
    *,
    decode: Decode | None = None,
    fold: Fold | None = None,
) -> list[Violation]:
    """Return everything that is wrong with a run directory; an empty list for a sound, finished run.

    `deep` also reads every distinct value back, with `decode(descriptor)`. `fold` makes the summary of the events, to
    hold summary.json against it. `medialog.validate_run` gives both; without them summary.json is only held against
    its schema. `progress(what, done, total)` is called as bytes of "events" and "files", and "values", are done.

    Raises `RunError` when there is no such directory; `TypeError` for `deep` without `decode`.
    """
    if deep and decode is None:
        raise TypeError("deep=True needs decode=: medialog.validate_run(path, deep=True) gives it")
    check = _RunCheck(_storage(path), decode if deep else None, fold, progress)
    return list(check.violations())


def validate_folder(
    path: str | os.PathLike[str] | Storage,
    deep: bool = False,
    progress: Progress | None = None,
    *,
    decode: Decode | None = None,
    rules: Rules | None = None,
) -> list[Violation]:
    """Return everything that is wrong with a folder of `*.medialog.json` and their files, as `medialog.convert` makes.

    `rules`: those that the values were made under; those that hold now by default. The rest is as in `validate_run`.
    """
    if deep and decode is None:
        raise TypeError("deep=True needs decode=: medialog.validate_folder(path, deep=True) gives it")
    storage = _storage(path)
    there = _inventory(storage)
    found = [name for name in there if name.endswith(names.DESCRIPTOR_SUFFIX) and "/" not in name]
    check = _FolderCheck(storage, there, decode if deep else None, rules or rulebook.current(), progress)
    return [*check.violations(sorted(found)), *check.leftovers()]


def validate_file(
    path: str | os.PathLike[str],
    deep: bool = False,
    progress: Progress | None = None,
    *,
    decode: Decode | None = None,
    rules: Rules | None = None,
) -> list[Violation]:
    """Return everything that is wrong with one descriptor file and the files that it refers to, beside it.

    Other files in the folder are none of its business. Raises `RunError` when there is no such file.
    """
    if deep and decode is None:
        raise TypeError("deep=True needs decode=: medialog.validate_file(path, deep=True) gives it")
    folder, name = os.path.split(os.path.abspath(os.fspath(path)))
    storage = LocalStorage(folder)
    size = storage.size(name)
    if size is None:
        raise RunError(f"{os.fspath(path)!r}: no such file")
    there = {name: Entry("file", size, "a file")}
    media = LocalStorage(os.path.join(folder, names.MEDIA))
    if os.path.isdir(media.root) and not os.path.islink(media.root):
        there |= {f"{names.MEDIA}/{inner}": entry for inner, entry in _inventory(media).items()}
    check = _FolderCheck(storage, there, decode if deep else None, rules or rulebook.current(), progress)
    return list(check.violations([name], only_referred=True))


def _storage(path: str | os.PathLike[str] | Storage) -> Storage:
    return LocalStorage(path) if isinstance(path, (str, os.PathLike)) else path


def _inventory(storage: Storage) -> dict[str, Entry]:
    try:
        return inventory(storage)
    except OSError as error:
        raise RunError(f"{storage!r}: cannot be read: {error.strerror or error}") from error


class _Values:
    """The distinct values to read back, each with the place where it stands first."""

    def __init__(self, decode: Decode | None, rules: Rules, bad: set[str], progress: Progress | None) -> None:
        self._decode, self._rules, self._bad, self._progress = decode, rules, bad, progress
        self._values: dict[bytes, tuple[str, Any]] = {}

    def keep(self, place: str, descriptor: Any) -> None:
        if self._decode is not None:
            self._values.setdefault(hashlib.sha256(jsontext.dumps(descriptor)).digest(), (place, descriptor))

    def check(self) -> Iterator[Violation]:
        """Read each value back. A value whose files are damaged is left out: that is said already."""
        if self._decode is None:
            return
        missing: set[str] = set()
        for number, (place, descriptor) in enumerate(self._values.values(), 1):
            if not any(reference.path in self._bad for reference in iter_file_refs(descriptor)):
                try:
                    with self._rules.use():
                        self._decode(descriptor)
                except MissingDependency as error:
                    if str(error) not in missing:
                        missing.add(str(error))
                        yield Violation(place, "run.decode_skipped", "a library that reads it", str(error))
                except Exception as error:  # noqa: BLE001  # whatever a decoder raises is what is wrong with the value
                    got = f"{type(error).__name__}: {' '.join(str(error).split())}"
                    yield Violation(place, "run.decode", "a value that can be read back", got[:240])
            if self._progress is not None:
                self._progress("values", number, len(self._values))


class _FolderCheck:
    """One folder of descriptors."""

    def __init__(
        self,
        storage: Storage,
        there: dict[str, Entry],
        decode: Decode | None,
        rules: Rules,
        progress: Progress | None,
    ) -> None:
        self._storage, self._there, self._rules, self._progress = storage, there, rules, progress
        self._files = FileChecks(storage)
        self._values = _Values(decode, rules, self._files.bad, progress)

    def violations(self, documents: list[str], *, only_referred: bool = False) -> Iterator[Violation]:
        if not only_referred:
            yield from irregular(self._there)
        for name in documents:
            document, problems = _read_json(self._storage, name)
            yield from problems
            if not problems:
                yield from self._check_document(document, name)
        yield from self._files.check(self._there, self._progress, only_referred=only_referred)
        yield from self._values.check()

    def _check_document(self, document: Any, name: str) -> Iterator[Violation]:
        # A list of a type without a list form is a JSON list of descriptors.
        items = enumerate(document) if isinstance(document, list) and document else [(None, document)]
        for index, item in items:
            place = name if index is None else f"{name}: [{index}]"
            found = [each for each in validate(item, self._rules) if each.rule != "descriptor.path"]
            yield from (violation.within(place) for violation in found)
            yield from self._files.refer_all(item, place)
            if not found:
                self._values.keep(place, item)

    def leftovers(self) -> Iterator[Violation]:
        yield from self._files.orphans(self._there)
        yield from _in_tmp(self._there)


class _RunCheck:
    """One run directory."""

    def __init__(self, storage: Storage, decode: Decode | None, fold: Fold | None, progress: Progress | None) -> None:
        self._storage, self._decode, self._fold, self._progress = storage, decode, fold, progress
        self._files = FileChecks(storage)

    def violations(self) -> Iterator[Violation]:
        there = _inventory(self._storage)
        yield from irregular(there)
        info, problems = self._read_record(names.RUN, there)
        yield from problems
        info = info if isinstance(info, dict) else {}
        version = info.get("format_version")
        if type(version) is int and version > names.FORMAT_VERSION:
            expected = f"up to {names.FORMAT_VERSION}"
            yield Violation(f"{names.RUN}: format_version", "run.version", expected, str(version))
            return
        rules, problems = _recorded_rules(info)
        yield from problems
        yield from self._check_events(info, rules, there)

    def _check_events(self, info: dict[str, Any], rules: Rules, there: dict[str, Entry]) -> Iterator[Violation]:
        segments = segment_files({path: None for path, entry in there.items() if entry.kind == "file"})
        if not segments:
            yield Violation(names.EVENTS, "run.missing", "a file of events", "none")
        values = _Values(self._decode, rules, self._files.bad, self._progress)
        run_id = info.get("id")
        events = EventChecks(
            storage=self._storage,
            files=self._files,
            rules=rules,
            run_id=run_id if isinstance(run_id, str) else None,
            run_digest=self._digest_of_run(there),
            fold=self._fold,
            keep=values.keep,
            damaged=not segments,
        )
        size = sum(there[segment.path].size for segment in segments)
        yield from events.check(segments, size, self._progress)
        for segment in events.unfinished():
            yield Violation(segment.path, "run.unfinished", "a last line that says the run has ended", "none")
        yield from self._check_folded(events, there)
        # Files may have come since the first look, when the run is being written.
        there = _inventory(self._storage)
        yield from self._files.check(there, self._progress)
        yield from values.check()
        yield from self._files.orphans(there)
        yield from _in_tmp(there)
        yield from _unknown(there)

    def _digest_of_run(self, there: dict[str, Entry]) -> str | None:
        if there.get(names.RUN, _NONE).kind != "file":
            return None
        with suppress(OSError), self._storage.open(names.RUN) as file:
            return hashlib.sha256(file.read()).hexdigest()
        return None

    def _read_record(self, path: str, there: dict[str, Entry]) -> tuple[Any, list[Violation]]:
        """Return a JSON file of the layout, and what is wrong with it by its schema."""
        entry = there.get(path)
        if entry is None or entry.kind != "file":
            got = "no such file" if entry is None else entry.what
            return None, [Violation(path, "run.missing", "a file of every run", got)]
        document, problems = _read_json(self._storage, path)
        if not problems:
            validator = _record_validator(path.removesuffix(".json"))
            problems = [of_record(violation, path) for violation in schema_violations(document, validator)]
        return document, problems

    def _check_folded(self, events: EventChecks, there: dict[str, Entry]) -> Iterator[Violation]:
        """Hold config.json and summary.json against the events."""
        # Only then is nothing between the last event and the last time that they were written.
        exact = len(events.writers) == 1 and not events.unfinished()
        told = {
            names.CONFIG: ("run.config", events.config),
            names.SUMMARY: ("run.summary", None if self._fold is None else self._fold.summary()),
        }
        for path, (rule, expected) in told.items():
            document, problems = self._read_record(path, there)
            yield from problems
            if problems or expected is None or events.damaged or not isinstance(document, dict):
                continue
            differing = _first_difference(expected, document)
            if differing is not None:
                place = f"{path}: {differing}"
                yield Violation(place, rule if exact else "run.stale", "what the events say", "something else")
                yield from events.check_tree(document, path, "")


_NONE = Entry("other", 0, "nothing")


@cache
def _record_validator(name: str) -> Any:
    from medialog.wire import records

    return strict_validator(records.build(name))


def _read_json(storage: Storage, path: str) -> tuple[Any, list[Violation]]:
    try:
        with storage.open(path) as file:
            return jsontext.loads(file.read()), []
    except OSError as error:
        return None, [unreadable(path, error)]
    except (ValueError, RecursionError) as error:
        return None, [Violation(path, "run.json", "a JSON document", str(error)[:160])]


def _recorded_rules(info: dict[str, Any]) -> tuple[Rules, list[Violation]]:
    """Return the rules that a run was written under, and what is wrong with them; unknown limits are left out."""
    recorded = info.get("rules")
    limits = recorded.get("limits") if isinstance(recorded, dict) else None
    known: dict[str, Any] = {}
    problems = []
    for name, recorded_value in (limits if isinstance(limits, dict) else {}).items():
        value = tuple(recorded_value) if isinstance(recorded_value, list) else recorded_value
        try:
            Rules({name: value})
            known[name] = value
        except ValueError as error:
            expected = "a limit that can be set" if name not in LIMITS else "a value that it can have"
            problems.append(
                Violation(f"{names.RUN}: rules.limits.{name}"[:120], "run.rules", expected, str(error)[:160])
            )
    return Rules(known, "record"), problems


def _first_difference(expected: Any, got: Any, above: str = "") -> str | None:
    """Return the dotted key of the first difference of two JSON trees, or None. 1 and 1.0 and true differ."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in (*expected, *(name for name in got if name not in expected)):
            place = f"{above}.{key}" if above else key
            if key not in expected or key not in got:
                return place
            found = _first_difference(expected[key], got[key], place)
            if found is not None:
                return found
        return None
    return None if jsontext.dumps(expected) == jsontext.dumps(got) else above


def _in_tmp(there: dict[str, Entry]) -> Iterator[Violation]:
    for path, entry in there.items():
        if path.startswith(f"{names.TEMPORARY}/") and not path.startswith(names.RESERVE) and entry.kind == "file":
            yield Violation(path, "run.tmp", "an empty tmp/", f"{entry.size:,} bytes")


def _unknown(there: dict[str, Entry]) -> Iterator[Violation]:
    """Yield a note for every file that has no place in a run directory."""
    known = {names.RUN, names.CONFIG, names.SUMMARY}
    known |= {segment.path for segment in segment_files(there)}
    for path, entry in there.items():
        if entry.kind != "file" or path in known or path.startswith((_DERIVED, f"{names.TEMPORARY}/")):
            continue
        if names.problem_with_media_path(path) is not None:
            yield Violation(path, "run.unknown", "a file of a run", "one that medialog did not write")
