"""Objects that lie, break and change: what a caller's own classes can do to whoever reads them."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np


class Rude(Exception):
    """An error of the caller's own, from the middle of an object."""


class NoRepr:
    def __repr__(self) -> str:
        raise Rude("no repr")


class LongRepr:
    def __repr__(self) -> str:
        return "x" * 1_000_000


class DirtyRepr:
    def __repr__(self) -> str:
        return "a\nb\x1b[31m\u202e\ud800\0"


class NumberRepr:
    """`repr` returns no text: Python raises a TypeError."""

    def __repr__(self) -> str:
        return 5


class NoArray:
    """`__array__` raises. `error` is what."""

    shape = (2, 2)

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error or Rude("no array")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise self.error


class WrongArray:
    """`__array__` returns something else."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.value


class HugeShape:
    """An array that says it is huge, and whose reading fails."""

    shape = (10**9, 10**9)
    dtype = np.dtype("f8")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.zeros(self.shape)


class OddShape:
    """An array-like whose `shape` is anything."""

    def __init__(self, shape: Any) -> None:
        self._shape = shape

    @property
    def shape(self) -> Any:
        if isinstance(self._shape, Exception):
            raise self._shape
        return self._shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array([1.0, np.nan, object()], dtype=object)


class NoLength(list[Any]):
    def __len__(self) -> int:
        raise Rude("no length")


class NoIteration(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        raise Rude("no iteration")


class EndlessList(list[Any]):
    """A list that gives items for ever."""

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield 1


class LyingLength(list[Any]):
    """A list whose length has nothing to do with its items."""

    def __len__(self) -> int:
        return 10**18


class NoEquality:
    __hash__ = None

    def __eq__(self, other: object) -> bool:
        raise Rude("no equality")


class NoAttributes:
    """Every attribute that a reader asks for raises."""

    def __getattr__(self, name: str) -> Any:
        raise Rude(name)


class NoClass:
    """`__class__` raises, so `isinstance` does."""

    @property
    def __class__(self) -> Any:
        raise Rude("no class")


class NoBool:
    def __bool__(self) -> bool:
        raise Rude("no truth")


class FalseText(str):
    """A subclass of str all of whose readings raise."""

    def __str__(self) -> str:
        raise Rude("no text")

    def __repr__(self) -> str:
        raise Rude("no repr")

    def strip(self, *args: Any) -> str:
        raise Rude("no strip")

    def isprintable(self) -> bool:
        raise Rude("no isprintable")

    def isascii(self) -> bool:
        raise Rude("no isascii")

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        raise Rude("no equality")

    def __len__(self) -> int:
        raise Rude("no length")


class FalseInt(int):
    def __int__(self) -> int:
        raise Rude("no int")

    def __index__(self) -> int:
        raise Rude("no index")

    def __repr__(self) -> str:
        raise Rude("no repr")

    def __le__(self, other: Any) -> bool:
        raise Rude("no order")


class FalseFloat(float):
    def __float__(self) -> float:
        raise Rude("no float")

    def __repr__(self) -> str:
        raise Rude("no repr")


class NoItems(collections.abc.Mapping[str, Any]):
    """A mapping whose items raise."""

    def __getitem__(self, key: str) -> Any:
        raise Rude("no item")

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


class NoKeys(collections.abc.Mapping[str, Any]):
    """A mapping that cannot be walked."""

    def __getitem__(self, key: str) -> Any:
        return 1

    def __iter__(self) -> Iterator[str]:
        raise Rude("no keys")

    def __len__(self) -> int:
        return 1


class EndlessKeys(collections.abc.Mapping[str, Any]):
    """Keys without an end, the same one over and over."""

    def __getitem__(self, key: str) -> Any:
        return 1

    def __iter__(self) -> Iterator[str]:
        while True:
            yield "a"

    def __len__(self) -> int:
        return 1


class Changing(collections.abc.Mapping[str, Any]):
    """A mapping that has other keys each time it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __getitem__(self, key: str) -> Any:
        return key

    def __iter__(self) -> Iterator[str]:
        self.reads += 1
        return iter([f"read{self.reads}"])

    def __len__(self) -> int:
        return 1


class NoPath:
    """A path-like object whose path raises, or is none."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __fspath__(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class OddFile:
    """An open file whose `read` gives anything."""

    def __init__(self, *reads: Any, name: Any = None) -> None:
        self.reads = list(reads)
        self.name = name

    def read(self, size: int = -1) -> Any:
        value = self.reads.pop(0) if self.reads else b""
        if isinstance(value, BaseException):
            raise value
        return value


class OddIndex:
    """`__index__` and `__float__` that raise or lie."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __index__(self) -> int:
        raise self.error

    def __float__(self) -> float:
        raise self.error


def cycle() -> list[Any]:
    """Return a list that holds itself."""
    items: list[Any] = [1]
    items.append(items)
    return items


def cyclic_dict() -> dict[str, Any]:
    """Return a mapping that holds itself."""
    tree: dict[str, Any] = {"a": 1}
    tree["b"] = tree
    return tree


def nested(depth: int, leaf: Any = 1) -> Any:
    """Return `leaf` in that many lists."""
    value = leaf
    for _ in range(depth):
        value = [value]
    return value


def raising(count: int) -> Iterator[Any]:
    """Yield rows and raise after `count` of them."""
    for index in range(count):
        yield [index]
    raise Rude(f"row {count}")


def nested_dict(depth: int) -> dict[str, Any]:
    """Return a mapping in that many others."""
    tree: dict[str, Any] = {"a": 1}
    for _ in range(depth):
        tree = {"a": tree}
    return tree


def wrapped(cls: Any, depth: int) -> Any:
    """Return an object in that many others of its class."""
    value: Any = 1
    for _ in range(depth):
        value = cls(value)
    return value


class OddOrder:
    """Sorting it raises."""

    def __lt__(self, other: object) -> bool:
        raise Rude("no order")


class OddPath(pathlib.PurePosixPath):
    """A path without a text."""

    def __str__(self) -> str:
        raise Rude("no text")

    def __repr__(self) -> str:
        raise Rude("no repr")


class OddDate(datetime.date):
    """A date that cannot be written."""

    def isoformat(self) -> str:
        raise Rude("no date")


@dataclasses.dataclass
class Point:
    x: int = 0
    y: int = dataclasses.field(init=False)


def lost_field() -> Point:
    """Return a dataclass one of whose fields was never set."""
    return Point()


def pure_cycle() -> list[Any]:
    """Return a list that holds nothing but itself."""
    items: list[Any] = []
    items.append(items)
    return items
