"""The files of a run directory or a folder of descriptors: what is there, and whether it is what is referred to."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from medialog.validators.errors import Violation
from medialog.wire import names
from medialog.wire.fileref import REFS_SUFFIX, FileRef, iter_file_refs, parse_refs
from medialog.wire.storage import LocalStorage, Storage

Progress = Callable[[str, int, int], object]
BLOCK = 1 << 20
_MEDIA_PATH = re.compile(names.MEDIA_PATH_PATTERN)


class Entry(NamedTuple):
    """Something in a directory. Of a link, the link itself."""

    kind: Literal["file", "directory", "other"]
    size: int
    what: str


def inventory(storage: Storage) -> dict[str, Entry]:
    """Return path -> entry of everything below the root, links not followed. Raises `OSError` when the root is none."""
    found: dict[str, Entry] = {}
    if isinstance(storage, LocalStorage):
        _scan(str(storage.root), "", found)
    else:
        _list(storage, "", found)
    return found


def _scan(root: str, above: str, found: dict[str, Entry]) -> None:
    folders = [above]
    while folders:
        above = folders.pop()
        with os.scandir(os.path.join(root, above)) as entries:
            for entry in entries:
                path = f"{above}/{entry.name}" if above else entry.name
                if entry.is_dir(follow_symlinks=False):
                    found[path] = Entry("directory", 0, "a directory")
                    folders.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found[path] = Entry("file", entry.stat(follow_symlinks=False).st_size, "a file")
                else:
                    found[path] = Entry("other", 0, _kind_of(entry))


def _kind_of(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "a link"
    mode = entry.stat(follow_symlinks=False).st_mode
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _list(storage: Storage, above: str, found: dict[str, Entry]) -> None:
    for name in storage.names(above):
        path = f"{above}/{name}" if above else name
        size = storage.size(path)
        found[path] = Entry("directory", 0, "a directory") if size is None else Entry("file", size, "a file")
        if size is None:
            _list(storage, path, found)


class FileChecks:
    """The files that descriptors refer to: collected with `refer`, then each distinct one checked once."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._wanted: dict[str, tuple[FileRef, str]] = {}
        self.bad: set[str] = set()

    def __len__(self) -> int:
        return len(self._wanted)

    def refer_all(self, descriptor: Any, place: str) -> Iterator[Violation]:
        """Take every file of a descriptor."""
        for reference in iter_file_refs(descriptor):
            yield from self.refer(reference, place)

    def refer(self, reference: FileRef, place: str) -> Iterator[Violation]:
        """Take one reference, which stands at `place`."""
        known = self._wanted.get(reference.path)
        if known is not None and known[0] == reference:
            return
        problem = names.problem_with_media_path(reference.path, reference.sha256)
        if problem is not None:
            self.bad.add(reference.path)
            yield Violation(place, "run.path", problem, repr(reference.path)[:160])
        elif known is None:
            self._wanted[reference.path] = reference, place
        else:
            expected = f"the {known[0].size:,} bytes that {known[1]} says"
            yield Violation(place, "run.media_size", expected, f"{reference.size:,} bytes for {reference.path}")

    def check(
        self, there: dict[str, Entry], progress: Progress | None, *, only_referred: bool = False
    ) -> Iterator[Violation]:
        """Check every file: those that are referred to, and those that only lie there. Refs files are followed."""
        yield from self._follow_refs(there)
        if only_referred:
            there = {path: entry for path, entry in there.items() if path in self._wanted}
            yield from irregular(there)
        for path, (reference, place) in self._wanted.items():
            entry = there.get(path)
            if entry is None or entry.kind == "directory":
                self.bad.add(path)
                got = "no such file" if entry is None else entry.what
                yield Violation(path, "run.media_missing", f"{reference.size:,} bytes, referred to in {place}", got)
            elif entry.kind == "other":  # a violation of its own
                self.bad.add(path)
            elif entry.size != reference.size:
                self.bad.add(path)
                expected = f"{reference.size:,} bytes, referred to in {place}"
                yield Violation(path, "run.media_size", expected, f"{entry.size:,} bytes")
        yield from self._check_content(there, progress)

    def _follow_refs(self, there: dict[str, Entry]) -> Iterator[Violation]:
        pending = [path for path in self._wanted if path.endswith(f".{REFS_SUFFIX}")]
        while pending:
            path = pending.pop()
            reference, place = self._wanted[path]
            if there.get(path, _NOTHING)[:2] != ("file", reference.size):
                continue  # missing or of another size: said for every file
            try:
                with self._storage.open(path) as file:
                    listed = parse_refs(file.read())
            except (ValueError, RecursionError) as error:
                yield Violation(path, "run.refs", "a list of files", str(error)[:160])
                continue
            except OSError as error:
                yield unreadable(path, error)
                continue
            for found in listed:
                is_new = found.path not in self._wanted
                yield from self.refer(found, f"{path}, of {place}")
                if is_new and found.path.endswith(f".{REFS_SUFFIX}"):
                    pending.append(found.path)

    def _check_content(self, there: dict[str, Entry], progress: Progress | None) -> Iterator[Violation]:
        hashed = {path: match[2] for path in there if (match := _MEDIA_PATH.fullmatch(path)) is not None}
        todo = [path for path in hashed if there[path].kind == "file" and path not in self.bad]
        done, total = 0, sum(there[path].size for path in todo)
        for path in todo:
            try:
                digest = _sha256(self._storage, path)
            except OSError as error:
                self.bad.add(path)
                yield unreadable(path, error)
                continue
            if digest != hashed[path]:
                self.bad.add(path)
                yield Violation(path, "run.media_sha256", "the bytes of its SHA-256", f"{digest[:16]}...")
            done += there[path].size
            if progress is not None:
                progress("files", done, total)

    def orphans(self, there: Iterable[str]) -> Iterator[Violation]:
        """Yield a note for every media file that nothing refers to."""
        for path in there:
            if path not in self._wanted and _MEDIA_PATH.fullmatch(path):
                yield Violation(path, "run.orphan", "a file that something refers to", "nothing does")


_NOTHING = Entry("other", 0, "nothing")


def _sha256(storage: Storage, path: str) -> str:
    digest = hashlib.sha256()
    with storage.open(path) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def unreadable(path: str, error: OSError) -> Violation:
    """Return the violation of a file that the system does not let us read."""
    return Violation(path, "run.unreadable", "a file that can be read", error.strerror or str(error))


def irregular(there: dict[str, Entry]) -> Iterator[Violation]:
    """Yield a violation for everything that is neither a regular file nor a directory."""
    for path, entry in there.items():
        if entry.kind == "other":
            yield Violation(path, "run.link", "a regular file or a directory", entry.what)
