"""Pixels and masks to hashed files on disk: medialog, Pillow's default, a short program by hand, and the raw limit.

    python benchmarks/images.py [--json]

Seeded pictures. "by hand" is one filter in numpy, `isal` and one write; it checks nothing. The goals, on the machine of
docs/decisions/0010-png-by-isal.md when it is quiet: 12 ms for a photograph of 1024 x 1024, 0.8 ms for one of 256 x 256
(not reached: 1.0), 3 ms for a mask of 1024 x 1024 with 20 classes.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from interleaved import Row, Way, Work, measure, report
from PIL import Image as Pillow

from medialog.datatypes.files import DirectorySink
from medialog.datatypes.image import Image
from medialog.datatypes.overlays import ImageMask

Array = np.ndarray[Any, Any]


def photo(side: int, channels: int = 3) -> Array:
    """Return H x W x C in uint8: gradients, texture and the noise of a sensor."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    planes = []
    for channel in range(channels):
        smooth = 110 + 60 * np.sin(x / side * (5 + channel) + y / side * 3)
        texture = 30 * np.cos(y / 37 + channel) * np.sin(x / 53) + 12 * np.sin(x / 3.1 + y / 4.7)
        planes.append(smooth + texture + random.normal(0, 5, (side, side)))
    pixels: Array = np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)
    return pixels


def mask(side: int, classes: int = 20) -> Array:
    """Return H x W class ids in uint8: the nearest of some centres, as a segmentation has them."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    nearest, ids = np.full((side, side), np.inf, np.float32), np.zeros((side, side), np.uint8)
    for index in range(3 * classes):
        centre = random.uniform(0, side, 2)
        distance = (y - centre[0]) ** 2 + (x - centre[1]) ** 2
        closer = distance < nearest
        nearest[closer], ids[closer] = distance[closer], index % classes
    return ids


def colour_blocks(side: int) -> Array:
    """Return a mask in colours, H x W x 3."""
    colours: Array = np.random.default_rng(2).integers(0, 256, (20, 3), dtype=np.uint8)[mask(side)]
    return colours


def sink_in_use(folder: Path) -> DirectorySink:
    """Return a sink with its directories, as a run has it after its first file."""
    sink = DirectorySink(folder)
    Image([[0]]).build(sink)
    return sink


def store_image(pixels: Array, folder: Path) -> Work:
    sink = sink_in_use(folder)
    return lambda: Image(pixels).build(sink).size


def store_mask(ids: Array, folder: Path) -> Work:
    sink = sink_in_use(folder)
    return lambda: ImageMask({"mask_data": ids}).build(sink).size


def hashed(data: bytes, folder: Path) -> int:
    (folder / hashlib.sha256(data).hexdigest()).write_bytes(data)
    return len(data)


def by_pillow(pixels: Array, folder: Path) -> int:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return hashed(buffer.getvalue(), folder)


def by_hand(pixels: Array, folder: Path) -> int:
    from isal import isal_zlib

    height, width, *channels = pixels.shape
    flat = pixels.reshape(height, -1)
    rows = np.empty((height, 1 + flat.shape[1]), np.uint8)
    rows[:, 0], rows[0, 1:] = 2, flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, {(): 0, (3,): 2, (4,): 6}[tuple(channels)], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", isal_zlib.compress(rows, 1)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))
        for name, body in parts
    )
    return hashed(b"".join((b"\x89PNG\r\n\x1a\n", *chunks)), folder)


def raw(pixels: Array, folder: Path) -> int:
    return hashed(pixels.tobytes(), folder)


def ways(ours: Callable[[Array, Path], Work], pixels: Array) -> dict[str, Way]:
    return {
        "medialog": partial(ours, pixels),
        "Pillow's default": partial(partial, by_pillow, pixels),
        "by hand (numpy up filter, isal 1)": partial(partial, by_hand, pixels),
        "limit: the raw pixels": partial(partial, raw, pixels),
    }


def run() -> list[Row]:
    """Measure every case."""
    return [
        *measure("photo 1024 x 1024 x 3", ways(store_image, photo(1024)), 11),
        *measure("photo 256 x 256 x 3", ways(store_image, photo(256)), 51),
        *measure("photo 1024 x 1024 x 4", ways(store_image, photo(1024, 4)), 7),
        *measure("photo 1024 x 1024, grey", ways(store_image, photo(1024, 1)[:, :, 0]), 11),
        *measure("colour blocks 1024 x 1024 x 3", ways(store_image, colour_blocks(1024)), 21),
        *measure("mask 1024 x 1024, 20 classes", ways(store_mask, mask(1024)), 41),
    ]


if __name__ == "__main__":
    report(run())
