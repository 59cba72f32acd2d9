"""Storage: the one small object through which medialog touches files.

Everything that medialog stores goes through these few methods. Paths are relative POSIX strings below the storage's
root. A fault test passes a storage that fails on purpose; object storage will be another implementation.
Errors are `OSError`, as the operating system gives them; the room above names them.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class Storage(Protocol):
    """What a place for files must be able to do."""

    def make_directory(self, path: str) -> None:
        """Create a directory and those above it; no error when it is there. Links below the root are refused.

        Only `""` creates the root itself: a root that was removed is `FileNotFoundError`, not made anew.
        """

    def create(self, path: str) -> int:
        """Create a file that must not exist yet (`FileExistsError`) and return a handle for writing at its end."""

    def write(self, handle: int, data: bytes | memoryview) -> int:
        """Write at the end of the file; return how many bytes were written, which may be fewer than given."""

    def handle_size(self, handle: int) -> int:
        """Return the file's size in bytes now."""

    def truncate(self, handle: int, size: int) -> None:
        """Cut the file to `size` bytes."""

    def fsync(self, handle: int) -> None:
        """Return only when the file's bytes are on the disk."""

    def fsync_path(self, path: str) -> None:
        """The same for a file or directory by its path; a directory's entries are its bytes."""

    def close(self, handle: int) -> None:
        """Close the handle."""

    def rename(self, source: str, target: str) -> None:
        """Give a file its final name, replacing what stands there, atomically."""

    def rename_new(self, source: str, target: str) -> None:
        """The same where nothing stands yet; `FileExistsError` when something does, also when both come at once."""

    def remove(self, path: str) -> None:
        """Remove a file; no error when it is not there."""

    def size(self, path: str) -> int | None:
        """Return the size of a regular file, or None when there is none of that name. Links are never followed."""

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a directory; empty when there is no such directory."""

    def open(self, path: str) -> BinaryIO:
        """Open a regular file for reading. Links are never followed."""


class LocalStorage:
    """A directory of the local file system. Created files get 0o666 less the umask."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).absolute()
        self._root = str(self.root)
        self._above = os.path.join(self._root, "")

    def __repr__(self) -> str:
        return f"LocalStorage({str(self.root)!r})"

    def _locate(self, path: str) -> str:
        return self._above + path if path else self._root

    def make_directory(self, path: str) -> None:
        if not path:
            self._make_root(self.root)
            return
        if self._refuse_links(path):
            return
        try:
            os.mkdir(self._locate(path))
        except FileExistsError:
            if not os.path.isdir(self._locate(path)):
                raise
        except FileNotFoundError:
            if not (above := os.path.dirname(path)):
                raise
            self.make_directory(above)
            self.make_directory(path)

    def _make_root(self, root: Path) -> None:
        """Make the root and those above it; each new name is brought to the disk, or the run could go with it."""
        if root.is_dir():
            return
        with suppress(FileExistsError):  # a file; `mkdir` says so better
            self._make_root(root.parent)
        root.mkdir(exist_ok=True)
        with suppress(PermissionError):  # a directory that may be written and not read
            above = os.open(root.parent, os.O_RDONLY | _CLOEXEC)
            try:
                os.fsync(above)
            finally:
                os.close(above)

    def create(self, path: str) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _NOFOLLOW | _CLOEXEC | _BINARY
        return _above_standard(os.open(self._locate(path), flags, 0o666))

    if TYPE_CHECKING:

        def write(self, handle: int, data: bytes | memoryview) -> int: ...

    else:
        write = staticmethod(os.write)  # itself, without a call between: every row asks for it

    def handle_size(self, handle: int) -> int:
        return os.fstat(handle).st_size

    def truncate(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)

    def fsync(self, handle: int) -> None:
        os.fsync(handle)

    def fsync_path(self, path: str) -> None:
        handle = os.open(self._locate(path), os.O_RDONLY | _CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def close(self, handle: int) -> None:
        os.close(handle)

    def rename(self, source: str, target: str) -> None:
        os.replace(self._locate(source), self._locate(target))

    def rename_new(self, source: str, target: str) -> None:
        try:
            os.link(self._locate(source), self._locate(target))
        except FileExistsError:
            raise
        except (OSError, AttributeError, NotImplementedError):  # a file system without links
            os.close(os.open(self._locate(target), os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC, 0o666))
            os.replace(self._locate(source), self._locate(target))
        else:
            os.unlink(self._locate(source))

    def remove(self, path: str) -> None:
        try:
            os.unlink(self._locate(path))
        except FileNotFoundError:
            return

    def size(self, path: str) -> int | None:
        try:
            status = os.lstat(self._locate(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def names(self, path: str) -> list[str]:
        try:
            return sorted(os.listdir(self._locate(path)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def open(self, path: str) -> BinaryIO:
        self._refuse_links(os.path.dirname(path))
        handle = os.open(
            self._locate(path), os.O_RDONLY | _NOFOLLOW | _CLOEXEC | _BINARY | getattr(os, "O_NONBLOCK", 0)
        )
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, "not a regular file", path)
        return os.fdopen(handle, "rb")

    def _refuse_links(self, folder: str) -> bool:
        """Refuse a link below the root, on the way to `folder` or there; say whether it is a directory already."""
        at, is_directory = folder, False
        while at:
            try:
                mode = os.lstat(self._locate(at)).st_mode
            except (OSError, ValueError):
                mode = 0  # whoever opens or makes it is told why
            if stat.S_ISLNK(mode):
                raise OSError(errno.ELOOP, "a link inside the directory is not followed", at)
            if at is folder:
                is_directory = stat.S_ISDIR(mode)
            at = os.path.dirname(at)
        return is_directory


def _above_standard(handle: int) -> int:
    """Return the handle as a number above 2: where stdout is closed its number is free, and libraries print to it."""
    low = []
    try:
        while handle <= 2:
            low.append(handle)
            handle = os.dup(handle)
    finally:
        for each in low:
            os.close(each)
    return handle


class MemoryStorage:
    """The same in a dict of bytes, for tests, `mode="memory"` and `MemorySink`."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self._handles: dict[int, bytearray] = {}
        self._next_handle = 1

    def __repr__(self) -> str:
        return f"MemoryStorage({len(self.files)} files)"

    def make_directory(self, path: str) -> None:
        return None

    def create(self, path: str) -> int:
        if path in self.files:
            raise FileExistsError(errno.EEXIST, "file exists", path)
        handle, self._next_handle = self._next_handle, self._next_handle + 1
        self._handles[handle] = self.files[path] = bytearray()
        return handle

    def write(self, handle: int, data: bytes | memoryview) -> int:
        self._handles[handle] += data
        return len(data)

    def handle_size(self, handle: int) -> int:
        return len(self._handles[handle])

    def truncate(self, handle: int, size: int) -> None:
        del self._handles[handle][size:]

    def fsync(self, handle: int) -> None:
        return None

    def fsync_path(self, path: str) -> None:
        return None

    def close(self, handle: int) -> None:
        del self._handles[handle]

    def rename(self, source: str, target: str) -> None:
        if source not in self.files:
            raise FileNotFoundError(errno.ENOENT, "no such file", source)
        self.files[target] = self.files.pop(source)

    def rename_new(self, source: str, target: str) -> None:
        if target in self.files:
            raise FileExistsError(errno.EEXIST, "file exists", target)
        self.rename(source, target)

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def size(self, path: str) -> int | None:
        content = self.files.get(path)
        return None if content is None else len(content)

    def names(self, path: str) -> list[str]:
        prefix = f"{path}/" if path else ""
        return sorted({name[len(prefix) :].split("/", 1)[0] for name in self.files if name.startswith(prefix)})

    def open(self, path: str) -> BinaryIO:
        content = self.files.get(path)
        if content is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return io.BytesIO(bytes(content))
