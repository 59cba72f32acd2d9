"""The compressors of PNG's data: ISA-L's, from the package `isal`, or zlib's where there is none.

Two kinds are given for a picture. One looks far back for repetitions, as in drawings and text. The other looks hardly
back at all: in a photograph, and in areas of one colour after their filter, what is found farther away costs more than
it saves, a few percent of a photograph's file and a third of a mask's, and most of the time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np

# How far ISA-L looks back, as a power of two. The least that is possible is taken only by its function that compresses
# all at once, which is given at most so many bytes of pixels; a larger picture is compressed block by block.
_FAR, _NEAR, _NEAR_BY_BLOCKS = 15, 2, 9
_AT_ONCE = 1 << 22
# With less memory ISA-L fits its tables to fewer bytes each, which is smaller and takes longer; at 1 it has too little
# to find anything.
_MEMORY, _MEMORY_AT_ONCE = 2, 4
_LEVEL = 1
# What a zlib stream begins with: deflate in a window of 32 KiB, at the fastest level.
_ZLIB_HEADER = b"\x78\x01"

_zlib_only = False


@contextmanager
def by_zlib() -> Iterator[None]:
    """Compress by zlib, in the whole process, while this is open.

    ISA-L takes other ways on other processors, and its files may differ by some bytes. Where bytes are compared with
    those of another machine (the committed fixtures), they are made in here.
    """
    global _zlib_only
    before, _zlib_only = _zlib_only, True
    try:
        yield
    finally:
        _zlib_only = before


class Compressor(Protocol):
    """What makes a zlib stream of an array of filtered rows."""

    @property
    def at_once(self) -> bool:
        """Say whether it takes a picture as a whole, and not block by block."""

    def size(self, data: np.ndarray) -> int:
        """Return the size of some bytes when they are compressed."""

    def compress(self, blocks: Iterable[np.ndarray], whole: np.ndarray) -> Iterator[bytes]:
        """Yield the stream of all blocks. If `at_once`, they are the parts of `whole`, one after another."""


def compressors(size: int) -> tuple[Compressor, Compressor]:
    """Return the one that looks far back and the one that does not, for a picture of so many bytes."""
    isal = None if _zlib_only else _find_isal()
    if isal is None:
        return _ByZlib(zlib.Z_DEFAULT_STRATEGY), _ByZlib(zlib.Z_RLE)
    if size <= _AT_ONCE:
        return _ByIsal(isal, _FAR, _MEMORY), _ByIsal(isal, _NEAR, _MEMORY_AT_ONCE, at_once=True)
    return _ByIsal(isal, _FAR, _MEMORY), _ByIsal(isal, _NEAR_BY_BLOCKS, _MEMORY)


def crc32(data: bytes, value: int = 0) -> int:
    """Return `zlib.crc32`; by ISA-L it takes a fifth of the time."""
    isal = _find_isal()
    found: int = (zlib if isal is None else isal.isal_zlib).crc32(data, value)
    return found


@cache
def _find_isal() -> Any:
    """Return the package with its modules, or None where it is not installed: it is not built for every platform."""
    try:
        import isal.igzip_lib
        import isal.isal_zlib
    except ImportError:
        return None
    return isal


class _ByIsal(NamedTuple):
    isal: Any
    window: int
    memory: int
    at_once: bool = False

    def size(self, data: np.ndarray) -> int:
        return len(self._deflated(data))

    def compress(self, blocks: Iterable[np.ndarray], whole: np.ndarray) -> Iterator[bytes]:
        if not self.at_once:
            compressor = self.isal.isal_zlib.compressobj(_LEVEL, zlib.DEFLATED, self.window, self.memory)
            for block in blocks:
                yield compressor.compress(block)
            yield compressor.flush()
            return
        for _ in blocks:
            pass  # they stay where they are
        yield _ZLIB_HEADER
        yield self._deflated(whole)
        yield self.isal.isal_zlib.adler32(whole).to_bytes(4, "big")

    def _deflated(self, data: np.ndarray) -> bytes:
        igzip_lib = self.isal.igzip_lib
        found: bytes = igzip_lib.compress(data, _LEVEL, igzip_lib.COMP_DEFLATE, self.memory, self.window)
        return found


class _ByZlib(NamedTuple):
    strategy: int
    at_once: bool = False

    def size(self, data: np.ndarray) -> int:
        return sum(map(len, self.compress([data], data)))

    def compress(self, blocks: Iterable[np.ndarray], whole: np.ndarray) -> Iterator[bytes]:
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, 9, self.strategy)
        for block in blocks:
            yield compressor.compress(block.data)
        yield compressor.flush()
