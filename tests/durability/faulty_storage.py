"""A storage that fails on purpose: at one call of a run's life, or at several in a row."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from medialog.wire.storage import Storage


class Stop(BaseException):
    """The process dies here. Nothing above may catch it, and the storage stays as it is."""


ERRORS = {name: getattr(errno, name) for name in ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE", "EACCES")}
OF_ANY_CALL = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE", "EIO afterwards", "stop", "stop afterwards")
OF_WRITE = ("short", "half then ENOSPC", "half then EIO", "half then stop")
CHANGING = frozenset(
    ("make_directory", "create", "write", "truncate", "fsync", "fsync_path", "rename", "rename_new", "remove", "close")
)
TAKING_ROOM = frozenset(("make_directory", "create", "write", "rename", "rename_new"))


class StorageCall(NamedTuple):
    """One call that reached the storage."""

    number: int
    method: str
    path: str


class FaultyStorage:
    """Passes every call on, and asks `fault(call)` first what is to go wrong with it; None: nothing.

    A `close` that fails has closed the handle, as on Linux.
    """

    def __init__(self, inner: Storage, fault: Callable[[StorageCall], str | None] = lambda call: None) -> None:
        self.inner, self.fault = inner, fault
        self.calls: list[StorageCall] = []
        self.injected: list[tuple[StorageCall, str]] = []
        self._paths: dict[int, str] = {}

    def _pass(self, method: str, target: str | int, *more: Any) -> Any:
        path = self._paths.get(target, "?") if isinstance(target, int) else target
        call = StorageCall(len(self.calls), method, path)
        self.calls.append(call)
        fault = self.fault(call)
        do = getattr(self.inner, method)
        if fault is not None and (method == "write" or fault not in OF_WRITE):
            self.injected.append((call, fault))
            return self._fail(fault, call, do, target, *more)
        return do(target, *more)

    def _fail(self, fault: str, call: StorageCall, do: Callable[..., Any], target: str | int, *more: Any) -> Any:
        if fault == "short":
            return do(target, more[0][: len(more[0]) // 2]) if len(more[0]) > 1 else do(target, *more)
        if fault.startswith("half"):
            do(target, more[0][: len(more[0]) // 2])
        elif fault.endswith("afterwards") or call.method == "close":
            done = do(target, *more)
            if call.method == "open":
                done.close()  # nobody gets it
        reason = fault.removesuffix(" afterwards").rpartition(" ")[2]
        if reason == "stop":
            raise Stop
        raise OSError(ERRORS[reason], os.strerror(ERRORS[reason]), call.path)

    def make_directory(self, path: str) -> None:
        self._pass("make_directory", path)

    def create(self, path: str) -> int:
        handle: int = self._pass("create", path)
        self._paths[handle] = path
        return handle

    def write(self, handle: int, data: bytes | memoryview) -> int:
        written: int = self._pass("write", handle, data)
        return written

    def handle_size(self, handle: int) -> int:
        size: int = self._pass("handle_size", handle)
        return size

    def truncate(self, handle: int, size: int) -> None:
        self._pass("truncate", handle, size)

    def fsync(self, handle: int) -> None:
        self._pass("fsync", handle)

    def fsync_path(self, path: str) -> None:
        self._pass("fsync_path", path)

    def close(self, handle: int) -> None:
        self._pass("close", handle)

    def rename(self, source: str, target: str) -> None:
        self._pass("rename", source, target)

    def rename_new(self, source: str, target: str) -> None:
        self._pass("rename_new", source, target)

    def remove(self, path: str) -> None:
        self._pass("remove", path)

    def size(self, path: str) -> int | None:
        found: int | None = self._pass("size", path)
        return found

    def names(self, path: str) -> list[str]:
        found: list[str] = self._pass("names", path)
        return found

    def open(self, path: str) -> BinaryIO:
        file: BinaryIO = self._pass("open", path)
        return file


def at(number: int, fault: str) -> Callable[[StorageCall], str | None]:
    """Return what makes call `number` fail."""
    return lambda call: fault if call.number == number else None


def during(first: int, count: int, fault: str, methods: frozenset[str]) -> Callable[[StorageCall], str | None]:
    """Return what makes `count` calls of these methods fail, from call `first` on: a disk that stays full."""
    left = count

    def choose(call: StorageCall) -> str | None:
        nonlocal left
        if call.number < first or call.method not in methods or not left:
            return None
        left -= 1
        return fault

    return choose
