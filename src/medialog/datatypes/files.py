"""Files, as a type sees them: where bytes go (`Sink`), where they come from (`Source`), and what a user may hand in."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from medialog.validators import checks
from medialog.validators.errors import (
    DamagedFile,
    InvalidInput,
    UnsafePath,
    Violation,
    name_storage_error,
    storage_errors,
)
from medialog.validators.rules import Rules
from medialog.wire import names
from medialog.wire.fileref import FileRef
from medialog.wire.storage import LocalStorage, MemoryStorage, Storage

BLOCK = 1 << 20
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://")


class Sink(Protocol):
    """Where a type puts its files. The same bytes always get the same reference."""

    def write(self, suffix: str, content: bytes | Content | Callable[[Any], object]) -> FileRef:
        """Store `content` (bytes, a `Content`, or a function that writes to an open file) and return its reference."""


class Source(Protocol):
    """Where a type finds its files again."""

    def open(self, reference: FileRef) -> BinaryIO:
        """Open a stored file. `UnsafePath` for a path outside the source, `DamagedFile` when it is missing."""


class StorageSink:
    """A sink over a `Storage`: files named by content under `media/`, written to `tmp/` first and then renamed.

    `on_stored(path)` is called for every file that a value refers to, also when it was there before: the caller needs
    to know what has to reach the disk. `trusted` holds the digests of the files that were written or read back here;
    any other file that is there already is read before a value refers to it, because a power cut can leave one of the
    right size with other bytes.
    """

    def __init__(
        self,
        storage: Storage,
        on_stored: Callable[[str], object] | None = None,
        trusted: set[bytes] | None = None,
    ) -> None:
        self.storage = storage
        self._on_stored = on_stored
        self._trusted: set[bytes] = set() if trusted is None else trusted

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.storage!r})"

    def write(self, suffix: str, content: bytes | Content | Callable[[Any], object]) -> FileRef:
        """Store `content` under its SHA-256 and return its reference; a file that is there already is not rewritten."""
        with storage_errors("writing a media file"):
            if isinstance(content, bytes):
                sha256, size = hashlib.sha256(content).hexdigest(), len(content)
            elif isinstance(content, Content):
                sha256, size = content.sha256, content.size
            else:
                return self._write_stream(suffix, content)
            path = names.media_path(sha256, suffix)
            reference = FileRef(path, sha256, size)
            if not self._holds(reference):
                self._write_known(path, content)
            return self._stored(reference)

    def _stored(self, reference: FileRef) -> FileRef:
        if self._on_stored is not None:
            self._on_stored(reference.path)
        self._trusted.add(bytes.fromhex(reference.sha256))
        return reference

    def _write_known(self, path: str, content: bytes | Content) -> None:
        temporary = self._new_temporary()
        try:
            with _StorageFile(self.storage, temporary) as file:  # its hash is known, and not taken again
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content.copy_to(file)
            self._publish(temporary, path)
        except BaseException:
            self.storage.remove(temporary)
            raise

    def _write_stream(self, suffix: str, write: Callable[[Any], object]) -> FileRef:
        temporary = self._new_temporary()
        try:
            with _HashedFile(self.storage, temporary) as file:
                write(file)
            reference = FileRef(names.media_path(file.sha256.hexdigest(), suffix), file.sha256.hexdigest(), file.size)
            if self._holds(reference):
                self.storage.remove(temporary)
            else:
                self._publish(temporary, reference.path)
        except BaseException:
            self.storage.remove(temporary)
            raise
        return self._stored(reference)

    def _holds(self, reference: FileRef) -> bool:
        if self.storage.size(reference.path) != reference.size:
            return False
        return bytes.fromhex(reference.sha256) in self._trusted or is_sound(self.storage, reference)

    def _new_temporary(self) -> str:
        self.storage.make_directory("tmp")
        return f"tmp/{secrets.token_hex(8)}"

    def _publish(self, temporary: str, path: str) -> None:
        self.storage.make_directory(os.path.dirname(path))
        self.storage.rename(temporary, path)


class StagedSink(StorageSink):
    """A sink whose files appear under `media/` all together: `publish()` puts them there, `discard()` removes them.

    What cannot be stored as a whole so leaves no part behind, and no other writer ever sees a file that goes again.
    """

    def __init__(
        self,
        storage: Storage,
        on_stored: Callable[[str], object] | None = None,
        trusted: set[bytes] | None = None,
    ) -> None:
        super().__init__(storage, on_stored, trusted)
        self._staged: dict[str, str] = {}
        self._references: list[FileRef] = []
        self.new_files = 0
        self.new_bytes = 0

    def publish(self) -> None:
        """Rename every file to its place. `new_files`, `new_bytes`: how many were not there before."""
        sizes = {reference.path: reference.size for reference in self._references}
        self.new_files, self.new_bytes = len(self._staged), sum(sizes[path] for path in self._staged)
        with storage_errors("writing a media file"):
            for path in list(self._staged):
                super()._publish(self._staged[path], path)
                del self._staged[path]
        for reference in self._references:
            super()._stored(reference)

    def discard(self) -> None:
        """Remove what was not published."""
        with suppress(OSError):
            for temporary in self._staged.values():
                self.storage.remove(temporary)

    def _holds(self, reference: FileRef) -> bool:
        return reference.path in self._staged or super()._holds(reference)

    def _publish(self, temporary: str, path: str) -> None:
        self._staged[path] = temporary

    def _stored(self, reference: FileRef) -> FileRef:
        self._references.append(reference)
        return reference


class _StorageFile(io.RawIOBase):
    """A write-only file of a storage."""

    def __init__(self, storage: Storage, path: str) -> None:
        self._storage = storage
        self._handle = storage.create(path)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = rest = memoryview(data).cast("B")
        while rest:
            written = self._storage.write(self._handle, rest)
            if not written:
                raise OSError(errno.EIO, "the storage takes no bytes")
            rest = rest[written:]
        return len(view)

    def close(self) -> None:
        if not self.closed:
            super().close()  # first: a handle whose closing failed is closed, and must not be closed again by `__del__`
            self._storage.close(self._handle)


class _HashedFile(_StorageFile):
    """The same, which hashes what passes through it."""

    def __init__(self, storage: Storage, path: str) -> None:
        super().__init__(storage, path)
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.sha256.update(view)
        self.size += len(view)
        return super().write(view)


class DirectorySink(StorageSink):
    """A sink in a directory of the local file system, made when it is not there; the layout is a run's."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        with storage_errors("making a directory"):
            os.makedirs(path, exist_ok=True)
        super().__init__(LocalStorage(path))


class MemorySink(StorageSink):
    """A sink in memory, and the source of what was written to it. `files` is path -> bytes."""

    def __init__(self) -> None:
        super().__init__(MemoryStorage())

    @property
    def files(self) -> dict[str, bytes]:
        """Return the stored files: path -> bytes."""
        assert isinstance(self.storage, MemoryStorage)
        return {path: bytes(content) for path, content in self.storage.files.items()}

    def open(self, reference: FileRef) -> BinaryIO:
        """Open a stored file."""
        return StorageSource(self.storage).open(reference)


class StorageSource:
    """A source over a `Storage`. Paths must be content-addressed media paths; links are not followed."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def open(self, reference: FileRef) -> BinaryIO:
        """Open a stored file; its size is checked here, its hash by `read_reference`."""
        problem = names.problem_with_media_path(reference.path, reference.sha256)
        if problem is not None:
            raise UnsafePath(f"path of a descriptor: {problem}, got {reference.path!r:.120}")
        try:
            file = self.storage.open(reference.path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UnsafePath(f"{reference.path}: {error.strerror or error}") from error
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EINVAL):
                raise DamagedFile(f"{reference.path}: no such regular file") from error
            raise name_storage_error(error, "reading a media file") from error
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size != reference.size:
            file.close()
            raise DamagedFile(f"{reference.path}: {reference.size} bytes, got {size}")
        return file


class DirectorySource(StorageSource):
    """A source in a directory of the local file system: a run directory, or what a `DirectorySink` wrote."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(LocalStorage(path))


def is_sound(storage: Storage, reference: FileRef) -> bool:
    """Say whether a stored file has the bytes of its name. It is read by blocks."""
    digest = hashlib.sha256()
    try:
        with storage.open(reference.path) as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == reference.sha256


def read_reference(source: Source, reference: FileRef) -> bytes:
    """Return the bytes of a stored file. `DamagedFile` when they are not the bytes that were written."""
    with source.open(reference) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != reference.sha256:
        raise DamagedFile(f"{reference.path}: its bytes are not those of its sha256")
    return data


@dataclass(frozen=True)
class Content:
    """The bytes a user handed in as a file: held in memory up to `file.in_memory`, else hashed and left where they are.

    `name` is the user's file name and serves for nothing but its suffix.
    """

    sha256: str
    size: int
    name: str | None
    data: bytes | None
    location: Path | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Content, (self.sha256, self.size, self.name, self.read(), None)

    @property
    def suffix(self) -> str:
        """Return the lower-case suffix of the user's file name, without its dot; empty when there is none."""
        return "" if self.name is None else os.path.splitext(self.name)[1][1:].lower()

    def open(self) -> BinaryIO:
        """Open the bytes for reading from their beginning. `InvalidInput` when a large file is gone."""
        if self.data is not None:
            return io.BytesIO(self.data)
        assert self.location is not None
        try:
            return self.location.open("rb")
        except OSError as error:
            raise self._changed(f"{error.strerror or error}") from error

    def read(self) -> bytes:
        """Return all bytes, checked against the hash taken when the value was made."""
        if self.data is not None:
            return self.data
        buffer = io.BytesIO()
        self.copy_to(buffer)
        return buffer.getvalue()

    def copy_to(self, file: Any) -> None:
        """Copy the bytes to an open file, holding at most a block; `InvalidInput` when they are no longer the same."""
        if self.data is not None:
            file.write(self.data)
            return
        digest, size = hashlib.sha256(), 0
        with self.open() as source:
            while block := source.read(BLOCK):
                digest.update(block)
                size += len(block)
                file.write(block)
        if digest.hexdigest() != self.sha256:
            raise self._changed(f"{size} other bytes")

    def _changed(self, got: str) -> InvalidInput:
        return InvalidInput(
            Violation(str(self.name), "file.changed", "the file as it was when the value was made", got)
        )


def read_input(value: Any, at: str, rules: Rules) -> Content | None:
    """Return the bytes of a file input, or None when `value` is not one.

    Accepted: `str` or `PathLike` of an existing regular file, `bytes`, `bytearray`, `memoryview`, and open files,
    binary or text (text is read through its buffer), from their present position; they stay open. `io.StringIO` is its
    text as UTF-8. Nothing is fetched: a URL is an error.
    """
    if isinstance(value, (str, os.PathLike)):
        return _read_path(value, at, rules)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _hold(bytes(value), None)
    if checks.has(value, "read") and not checks.has(value, "__array__"):
        return _read_open_file(value, at)
    return None


def _hold(data: bytes, name: str | None) -> Content:
    return Content(hashlib.sha256(data).hexdigest(), len(data), name, data)


def _read_path(value: str | os.PathLike[Any], at: str, rules: Rules) -> Content:
    try:
        path = os.fspath(value)
    except Exception as error:  # a class of the caller's may raise anything
        got = f"{checks.type_name(value)}: {checks.reason(error)[:120]}"
        raise InvalidInput(Violation(at, "file.kind", "a path that is text", got)) from error
    path = os.fsdecode(path) if isinstance(path, bytes) else path
    if _URL.match(path):
        raise InvalidInput(Violation(at, "file.url", "a file on this machine (nothing is fetched)", checks.show(path)))
    expected = "the path of an existing file"
    try:
        # Non-blocking, so that a FIFO is refused at once instead of waiting for a writer.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(Violation(at, "file.missing", expected, f"{checks.show(path)} ({reason})")) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise InvalidInput(Violation(at, "file.missing", expected, f"{checks.show(path)} ({kind})"))
    with os.fdopen(handle, "rb") as file:
        name = os.path.basename(path)
        if status.st_size <= rules.limit("file.in_memory"):
            return _hold(file.read(), name)
        digest, size = hashlib.sha256(), 0
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
    return Content(digest.hexdigest(), size, name, None, Path(path).absolute())


def _read_open_file(file: Any, at: str) -> Content:
    try:
        name = getattr(file, "name", None)
        name = os.path.basename(name) if isinstance(name, str) else None
        if isinstance(file, io.TextIOBase) and hasattr(file, "buffer"):
            file.seek(file.tell())  # the text layer reads ahead; this puts its buffer where the reader stands
            data = file.buffer.read()
        else:
            data = file.read()
    except Exception as error:  # a file of anybody's class may raise anything
        got = f"{type(error).__name__}: {checks.reason(error)[:120]}"
        raise InvalidInput(Violation(at, "file.kind", "an open file that can be read", got)) from error
    if isinstance(data, str):
        try:
            data = data.encode()
        except UnicodeEncodeError as error:
            got = f"a lone surrogate at {error.start}"
            raise InvalidInput(Violation(at, "file.kind", "an open file whose text is UTF-8", got)) from None
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise InvalidInput(
            Violation(at, "file.kind", "an open file whose read() gives bytes or text", checks.show(data))
        )
    return _hold(bytes(data), name)
