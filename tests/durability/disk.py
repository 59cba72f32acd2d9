"""A disk that knows what a power cut may leave of it: everything that reached it is recorded, and played back.

What is certain is what was synced: the bytes of a file by its `fsync`, the entry of a name by the `fsync` of its
directory. Of the rest any part may be there. After a failed `fsync` the bytes may be lost for good, whatever a later
one says; entries of a directory come with the next `fsync` that succeeds.
"""

from __future__ import annotations

import errno
import itertools
import os
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from medialog.wire.storage import MemoryStorage

FOLDER = -1
Files = dict[str, bytes]


class Step(NamedTuple):
    """Something that happened to the disk, or (`mark`) something that the caller was told."""

    what: str
    where: Any
    more: Any = None


class RecordingDisk(MemoryStorage):
    """A storage in memory that writes down what is done to it.

    `fails(what, path)`: the errno of an `fsync` that fails. `leaves_out(what, path)`: an `fsync` that is not made, as
    if the writer had forgotten it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trace: list[Step] = []
        self.folders: set[str] = set()
        self.fails: Callable[[str, str], int | None] = lambda what, path: None
        self.leaves_out: Callable[[str, str], bool] = lambda what, path: False
        self._numbers: dict[int, int] = {}
        self._names: dict[int, str] = {}

    def mark(self, label: str, value: Any) -> None:
        self.trace.append(Step("mark", label, value))

    def make_directory(self, path: str) -> None:
        for length in range(1, path.count("/") + 2 if path else 0):
            folder = "/".join(path.split("/")[:length])
            if folder not in self.folders:
                self.folders.add(folder)
                self.trace.append(Step("entry", folder, FOLDER))

    def create(self, path: str) -> int:
        handle = super().create(path)
        number = id(self.files[path])
        self._keep_alive.append(self.files[path])
        self._numbers[handle], self._names[handle] = number, path
        self.trace.append(Step("entry", path, number))
        return handle

    @property
    def _keep_alive(self) -> list[bytearray]:
        kept: list[bytearray] = self.__dict__.setdefault("_kept", [])
        return kept

    def write(self, handle: int, data: bytes | memoryview) -> int:
        self.trace.append(Step("write", self._numbers[handle], bytes(data)))
        return super().write(handle, data)

    def truncate(self, handle: int, size: int) -> None:
        self.trace.append(Step("truncate", self._numbers[handle], size))
        super().truncate(handle, size)

    def fsync(self, handle: int) -> None:
        self._sync("fsync", self._names[handle], self._numbers[handle])

    def fsync_path(self, path: str) -> None:
        if path in self.files:
            self._sync("fsync", path, id(self.files[path]))
        elif path == "" or path in self.folders:
            self._sync("fsync folder", path, path)
        else:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def _sync(self, what: str, path: str, where: Any) -> None:
        if self.leaves_out(what, path):
            return
        number = self.fails(what, path)
        if number is not None:
            self.trace.append(Step(f"failed {what}", where))
            raise OSError(number, os.strerror(number), path)
        self.trace.append(Step(what, where))

    def rename(self, source: str, target: str) -> None:
        super().rename(source, target)
        self.trace.append(Step("entry", target, id(self.files[target])))
        self.trace.append(Step("entry", source, None))

    def remove(self, path: str) -> None:
        if path in self.files:
            self.trace.append(Step("entry", path, None))
        super().remove(path)


class _Inode:
    """The bytes of a file: those that are written, how many are certain, and which may be gone for good."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.certain = 0
        self.doubtful: list[tuple[int, int]] = []

    def variants(self) -> list[bytes]:
        whole, certain = bytes(self.content), bytes(self.content[: self.certain])
        rest = len(whole) - len(certain)
        found = [whole]
        if rest:
            half = whole[: len(certain) + rest // 2]
            found += [half, certain, certain + bytes(rest), half + bytes(len(whole) - len(half))]
        for start, end in self.doubtful:
            found += [whole[:start] + bytes(end - start) + whole[end:]]
            if end >= self.certain:
                found.append(whole[:start])
        return list(dict.fromkeys(found))


class Disk:
    """What a trace has made of a disk so far."""

    def __init__(self) -> None:
        self._inodes: dict[int, _Inode] = {}
        self._certain: dict[str, int | None] = {}
        self._pending: dict[str, list[int | None]] = {}

    def take(self, step: Step) -> None:
        where, more = step.where, step.more
        if step.what == "entry":
            self._pending.setdefault(where, []).append(more)
        elif step.what == "write":
            self._inodes.setdefault(where, _Inode()).content += more
        elif step.what == "truncate":
            inode = self._inodes[where]
            del inode.content[more:]
            inode.certain = min(inode.certain, more)
        elif step.what == "fsync":
            inode = self._inodes.setdefault(where, _Inode())
            inode.certain = len(inode.content)
        elif step.what == "failed fsync":
            inode = self._inodes.setdefault(where, _Inode())
            if inode.certain < len(inode.content):
                inode.doubtful.append((inode.certain, len(inode.content)))
        elif step.what == "fsync folder":
            for path in [path for path in self._pending if os.path.dirname(path) == where]:
                self._certain[path] = self._pending.pop(path)[-1]

    def as_it_is(self) -> Files:
        """Return what is there when only the process dies."""
        entries = {**self._certain, **{path: values[-1] for path, values in self._pending.items()}}
        return self._visible(entries, {})

    def _visible(self, entries: dict[str, int | None], contents: dict[int, bytes]) -> Files:
        files = {}
        for path, number in entries.items():
            folder = os.path.dirname(path)
            while folder and entries.get(folder) == FOLDER:
                folder = os.path.dirname(folder)
            if number is not None and number != FOLDER and not folder:
                inode = self._inodes.get(number) or _Inode()
                files[path] = contents.get(number, bytes(inode.content))
        return files

    def after_power_cut(self, most: int, chance: random.Random) -> Iterator[Files]:
        """Yield the states that a power cut may leave now: all when there are at most so many, else a sample.

        A sample has the best and the worst case, each of them with one difference, and random ones. What is in `tmp/`
        matters to nobody and is taken as it is.
        """
        entries = [
            (path, [self._certain.get(path), *values])
            for path, values in self._pending.items()
            if not path.startswith("tmp")
        ]
        reachable = {n for _, values in entries for n in values} | set(self._certain.values())
        inodes = [
            (number, found)
            for number, inode in self._inodes.items()
            if number in reachable and len(found := inode.variants()) > 1
        ]
        sizes = [len(values) for _, values in entries] + [len(found) for _, found in inodes]

        def state(choice: tuple[int, ...]) -> Files:
            chosen = dict(self._certain)
            contents = {}
            for (path, values), index in zip(entries, choice, strict=False):
                chosen[path] = values[-1 - index]
            for (number, found), index in zip(inodes, choice[len(entries) :], strict=True):
                contents[number] = found[index]
            return self._visible(chosen, contents)

        for choice in _choices(sizes, most, chance):
            yield state(choice)


def _choices(sizes: list[int], most: int, chance: random.Random) -> Iterator[tuple[int, ...]]:
    total = 1
    for size in sizes:
        total *= size
    if total <= most:
        yield from itertools.product(*map(range, sizes))
        return
    best, worst = tuple(0 for _ in sizes), tuple(size - 1 for size in sizes)
    yield best
    yield worst
    for place, size in enumerate(sizes):
        for index in range(size):
            for base in (best, worst):
                yield (*base[:place], index, *base[place + 1 :])
    for _ in range(most // 2):
        yield tuple(chance.randrange(size) for size in sizes)


def as_storage(files: Files) -> MemoryStorage:
    """Return a state as a storage that can be read and written."""
    storage = MemoryStorage()
    storage.files = {path: bytearray(content) for path, content in files.items()}
    return storage
