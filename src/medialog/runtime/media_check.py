"""Whether the files that a row refers to are there: their size, and after an unclean end their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from medialog.wire import names
from medialog.wire.fileref import REFS_SUFFIX, FileRef, parse_refs
from medialog.wire.lines import BLOCK
from medialog.wire.storage import Storage


class MediaCheck:
    """Looks at each file once. What is missing or of another size is looked at again: it may be on its way.

    `limit`: how many bytes a refs file may have; it is the only kind of file that is held in memory.
    """

    def __init__(self, storage: Storage, limit: int) -> None:
        self._storage, self._limit = storage, limit
        self._there: set[FileRef] = set()
        self._whole: set[FileRef] = set()
        self._damaged: set[FileRef] = set()
        self._listed: dict[FileRef, list[FileRef]] = {}

    def problem(self, references: Iterable[FileRef], *, hashed: bool) -> str | None:
        """Say what is wrong with the first file that is not as it should be, or None. Refs files are followed.

        With `hashed` the bytes are held against the SHA-256 too, a block at a time.
        """
        pending = list(references)
        while pending:
            reference = pending.pop(0)
            found = self._problem(reference, hashed)
            if found is None and reference.path.endswith(f".{REFS_SUFFIX}"):
                listed = self._follow(reference)
                if isinstance(listed, str):
                    found = listed
                else:
                    pending.extend(listed)
            if found is not None:
                return f"{reference.path:.160} of {reference.size} bytes {found}"
        return None

    def _problem(self, reference: FileRef, hashed: bool) -> str | None:
        if reference not in self._there:
            wrong = names.problem_with_media_path(reference.path, reference.sha256)
            if wrong is not None:
                return "has a path that is never opened"
            size = self._storage.size(reference.path)
            if size != reference.size:
                return "is missing" if size is None else f"is {size} bytes"
            self._there.add(reference)
        if not hashed or reference in self._whole:
            return None
        if reference not in self._damaged:
            try:
                digest = self._digest(reference.path)
            except OSError as error:
                return f"cannot be read: {error.strerror or error}"
            (self._whole if digest == reference.sha256 else self._damaged).add(reference)
        return "has other bytes than its SHA-256 says" if reference in self._damaged else None

    def _digest(self, path: str) -> str:
        digest = hashlib.sha256()
        with self._storage.open(path) as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def _follow(self, reference: FileRef) -> list[FileRef] | str:
        if reference not in self._listed:
            if reference.size > self._limit:
                return f"is a list of files above the limit line.size of {self._limit}"
            try:
                with self._storage.open(reference.path) as file:
                    self._listed[reference] = parse_refs(file.read())
            except OSError as error:
                return f"cannot be read: {error.strerror or error}"
            except (ValueError, RecursionError) as error:
                return f"is no list of files: {str(error)[:120]}"
        return self._listed[reference]
