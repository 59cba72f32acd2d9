"""Tiny picture files, made byte by byte where a library would refuse to write what a test needs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

# Pillow's modes, and pictures whose transparency stands beside the pixels.
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B",
         "I;16L", "I;16N", "La", "RGBa")  # fmt: skip
TRANSPARENT = ("P+transparency", "P+alpha palette", "L+transparency", "RGB+transparency", "1+transparency")


def rgba(height: int = 6, width: int = 5) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width, 4), dtype=np.uint8)


def picture(mode: str) -> Any:
    """Return a 6 x 5 picture of one of `MODES` or `TRANSPARENT`."""
    base = Pillow.fromarray(rgba())
    plain = base.convert("RGB")
    sixteen = np.arange(30, dtype=np.uint16).reshape(6, 5) * 2000
    match mode:
        case "LAB":
            srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
            return ImageCms.profileToProfile(plain, srgb, lab, outputMode="LAB")
        case "I":
            return Pillow.fromarray(np.arange(30, dtype=np.int32).reshape(6, 5) * 8)
        case "F":
            return Pillow.fromarray(np.linspace(0, 1, 30, dtype=np.float32).reshape(6, 5))
        case "I;16" | "I;16L" | "I;16B" | "I;16N":
            order = {"I;16B": ">u2", "I;16N": "=u2"}.get(mode, "<u2")
            return Pillow.frombytes(mode, (5, 6), sixteen.astype(order).tobytes())
        case "P":
            return plain.quantize(8)
        case "PA":
            return plain.quantize(8).convert("PA")
        case "La":
            return base.convert("LA").convert("La")
        case "P+alpha palette":
            return base.convert("P")
        case "L+transparency" | "RGB+transparency" | "1+transparency":
            found = plain.convert(mode.split("+", maxsplit=1)[0])
            found.info["transparency"] = found.getpixel((0, 0))
            return found
        case "P+transparency":
            found = plain.quantize(8)
            found.info["transparency"] = found.getpixel((0, 0))
            return found
    return (base if mode in ("RGBA", "LA", "RGBa") else plain).convert(mode)


def saved(image: Any, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def animation(format: str, frames: int, height: int = 4, width: int = 4) -> bytes:
    """Return an animated GIF, WebP or PNG whose frames all differ."""
    pages = [Pillow.new("RGB", (width, height), (i * 8 % 256, i, 255 - i)) for i in range(frames)]
    options = {"lossless": True} if format == "WEBP" else {}
    return saved(pages[0], format, save_all=True, append_images=pages[1:], duration=50, **options)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, before: bytes = b"", data: bytes = b"") -> bytes:
    """Return a PNG with any header at all; its pixels are missing unless given."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int) -> bytes:
    """Return a GIF of any size whose frames change one pixel each: a few bytes a frame."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def bmp_with_endless_run(width: int, height: int) -> bytes:
    """Return an 8-bit run-length BMP whose data say nothing of most of its pixels."""
    palette = bytes(1024)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 6, 0, 0, 256, 0)
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + 6, 0, 0, offset) + head + palette + b"\xff\x00\xff\x00\x00\x01"


def jpeg_claiming(width: int, height: int) -> bytes:
    """Return a JPEG whose frame header was changed to another size."""
    data = saved(Pillow.new("L", (8, 8)), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def files() -> Iterator[tuple[str, bytes]]:
    """Yield `(suffix, bytes)` of one small valid file of each format that is stored as it is."""
    base = picture("RGB")
    yield "png", saved(base, "PNG", pnginfo=None, compress_level=9)
    yield "jpg", saved(base, "JPEG", quality=30, comment=b"kept")
    yield "bmp", saved(base, "BMP")
    yield "webp", saved(base, "WEBP", quality=40)
    yield "gif", animation("GIF", 3)
