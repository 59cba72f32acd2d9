"""PNG: the one place where pixels become PNG bytes and come back.

Files are ordinary PNGs: 8 bits a channel or 16-bit grey, not interlaced, one filter for all rows. They are compressed
by ISA-L (the package `isal`), some ten times faster than by zlib at the same size, or by zlib where there is no `isal`.
docs/decisions/0010-png-by-isal.md says why, and what it costs.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from medialog.datatypes import png_deflate, png_filters
from medialog.datatypes.png_deflate import by_zlib as by_zlib

if TYPE_CHECKING:
    import numpy as np

# Rows are filtered and compressed in blocks of this many bytes: what is worked on stays in the processor's cache.
_ROWS_BLOCK = 1 << 18
# A chunk of compressed data is at least this long, but for the last.
_DATA_CHUNK = 1 << 18
_READ_BLOCK = 1 << 20
# Bytes of a value, and of how many values a pixel is -> mode.
_MODES = {(1,): "L", (2,): "I;16", (1, 3): "RGB", (1, 4): "RGBA"}
# Mode -> bits of a channel, PNG's colour type, bytes of a pixel: what is encoded here. Pillow encodes the other modes.
_WRITTEN = {"L": (8, 0, 1), "LA": (8, 4, 2), "RGB": (8, 2, 3), "RGBA": (8, 6, 4), "I;16": (16, 0, 2)}
# What the compressor that hardly looks back has to save of a sample: a few rows repeat less than all of them.
_LEAST_SAVED = 1 / 256
# A picture of which a sample shrinks to less than one in so many bytes is no photograph.
_FLAT = 8
# Of that, this part of its rows is looked at, those in the middle.
_MIDDLE = 8
# Of the modes that Pillow encodes, black-and-white and palettes: fast, as most of the file is saved by its few bits.
_PILLOW_LEVEL = 1


def is_array(picture: Any) -> bool:
    """Say whether a picture is an array, and not a Pillow image."""
    return not hasattr(picture, "save")


def mode_of(pixels: np.ndarray) -> str:
    """Return Pillow's mode of an array: H x W, H x W x 3 or H x W x 4 of uint8, or H x W of uint16."""
    return _MODES[pixels.dtype.itemsize, *pixels.shape[2:]]


def to_pil(pixels: np.ndarray) -> Any:
    """Return a Pillow image over an H x W, H x W x 3 or H x W x 4 uint8 array, or H x W uint16 (mode `I;16`)."""
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    little = pixels.astype("<u2") if pixels.dtype == np.uint16 else pixels
    return Image.frombytes(mode_of(pixels), (width, height), np.ascontiguousarray(little).tobytes())


# --- writing --------------------------------------------------------------------------------------------------------


def encode(picture: Any) -> bytes:
    """Return a Pillow image or an array as PNG bytes. On one machine, the same pixels give the same bytes.

    Beyond them no more is held than a block of rows; of a picture of up to 4 MiB its filtered rows, and the file twice.
    """
    buffer = io.BytesIO()
    if is_array(picture):
        height, width = picture.shape[:2]
        _write(buffer, _rows_of_array(picture), mode_of(picture), width, height)
    elif picture.mode in _WRITTEN and "transparency" not in picture.info:
        width, height = picture.size
        _write(buffer, _rows_of_picture(picture), picture.mode, width, height, picture.info.get("icc_profile"))
    else:
        picture.save(buffer, format="PNG", compress_level=_PILLOW_LEVEL)
    return buffer.getvalue()


def _rows_of_array(pixels: np.ndarray) -> png_filters.Rows:
    if pixels.dtype.itemsize == 1 and pixels.flags.c_contiguous:
        rows = pixels.reshape(len(pixels), -1)
        return lambda top, bottom: (rows[top - 1 : bottom - 1], rows[top:bottom]) if top else _pair(rows[:bottom], 0)
    return lambda top, bottom: _pair(_bytes_of(pixels[max(top - 1, 0) : bottom]), top)


def _rows_of_picture(picture: Any) -> png_filters.Rows:
    def rows(top: int, bottom: int) -> png_filters.Pair:
        import numpy as np

        part = picture.crop((0, max(top - 1, 0), picture.width, bottom))
        return _pair(_bytes_of(np.asarray(part)), top)

    return rows


def _bytes_of(pixels: np.ndarray) -> np.ndarray:
    """Return the rows of some pixels as bytes in the order of a PNG, which is the big-endian one."""
    import numpy as np

    if pixels.dtype.itemsize == 2:
        pixels = pixels.astype(">u2")
    return np.ascontiguousarray(pixels).reshape(len(pixels), -1).view(np.uint8)


def _pair(rows: np.ndarray, top: int) -> png_filters.Pair:
    """Return the rows from `top` on behind those above them; `rows` begin one earlier, but for the first."""
    import numpy as np

    if top == 0:
        rows = np.concatenate([np.zeros_like(rows[:1]), rows])
    return rows[:-1], rows[1:]


def _write(
    file: BinaryIO, rows: png_filters.Rows, mode: str, width: int, height: int, profile: bytes | None = None
) -> None:
    bits, colour, step = _WRITTEN[mode]
    file.write(b"\x89PNG\r\n\x1a\n")
    _write_chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    if profile:
        _write_chunk(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile))
    found: list[bytes] = []
    for data in _compressed(rows, height, width * step, step):
        found.append(data)
        if sum(map(len, found)) >= _DATA_CHUNK:
            _write_chunk(file, b"IDAT", *found)
            found = []
    if any(found):
        _write_chunk(file, b"IDAT", *found)
    _write_chunk(file, b"IEND")


def _write_chunk(file: BinaryIO, name: bytes, *parts: bytes) -> None:
    checksum = png_deflate.crc32(name)
    file.write(struct.pack(">I", sum(map(len, parts))) + name)
    for part in parts:
        checksum = png_deflate.crc32(part, checksum)
        file.write(part)
    file.write(struct.pack(">I", checksum))


def _compressed(rows: png_filters.Rows, height: int, width: int, step: int) -> Iterator[bytes]:
    import numpy as np

    compressor, kind = _choose(rows, height, width, step)
    block = min(max(1, _ROWS_BLOCK // width), height)
    out = np.empty((height if compressor.at_once else block, 1 + width), np.uint8)

    def blocks() -> Iterator[np.ndarray]:
        # The first row by itself: only for it zeros are put above, which takes a copy of the block.
        for top, bottom in pairwise((0, *range(1, height, block), height)):
            place = out[top:bottom] if compressor.at_once else out[: bottom - top]
            yield png_filters.filtered(rows(top, bottom), kind, step, place)

    return compressor.compress(blocks(), out)


def _choose(rows: png_filters.Rows, height: int, width: int, step: int) -> tuple[png_deflate.Compressor, int]:
    """Return the compressor and the filter of a picture."""
    far, near = png_deflate.compressors(height * width)
    choice = png_filters.choose(rows, height, width, step, far.size)
    sample, size = choice.sample, choice.size
    if size * _FLAT < sample.size:
        # Of a flat picture a sample says little: what repeats, and from how far, is seen in many rows.
        count = min(max(1, height // _MIDDLE), max(1, _ROWS_BLOCK // width))
        top = (height - count) // 2
        sample = png_filters.filtered(rows(top, top + count), choice.kind, step)
        size = far.size(sample)
    return near if near.size(sample) < size * (1 - _LEAST_SAVED) else far, choice.kind


# --- reading --------------------------------------------------------------------------------------------------------


def check_chunks(file: BinaryIO) -> None:
    """Check the checksum of every chunk of a PNG file up to its end: browsers refuse what Pillow passes over.

    Holds at most a block. `ValueError` says which chunk is cut or damaged.
    """
    file.seek(8)
    name = b""
    while name != b"IEND":
        head = file.read(8)
        left, name = int.from_bytes(head[:4], "big"), head[4:]
        checksum = zlib.crc32(name)
        while left:
            block = file.read(min(left, _READ_BLOCK))
            if not block:
                raise ValueError(f"cut off in its chunk {name!r}")
            checksum = zlib.crc32(block, checksum)
            left -= len(block)
        stored = file.read(4)
        if len(stored) != 4:
            raise ValueError(f"cut off before its end, after {name!r}")
        if checksum != int.from_bytes(stored, "big"):
            raise ValueError(f"the checksum of its chunk {name!r} does not match")
