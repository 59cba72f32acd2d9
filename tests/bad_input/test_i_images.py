"""I: images, as arrays, as Pillow images and as files."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import medialog
import pictures
from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Call, Case, accepted, flat, refused, refused_file, refused_value
from medialog import Image
from medialog.validators.errors import WrongType

SMALL = 4 << 20  # what reading a header may allocate
PNG = pictures.saved(Pillow.fromarray(pictures.rgba()), "PNG")
JPEG = pictures.saved(Pillow.fromarray(pictures.rgba()[..., :3]), "JPEG")
GIF = pictures.animation("GIF", 3)
WEBP = pictures.saved(Pillow.fromarray(pictures.rgba()), "WEBP", lossless=True)
BMP = pictures.saved(Pillow.fromarray(pictures.rgba()[..., :3]), "BMP")


def array(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    return refused(name, lambda at: Image(make(), **options), *rules, **({"error": error} if error else {}))


def picture_file(name: str, data: bytes | Any, *rules: str, suffix: str = ".png", **options: Any) -> list[Case]:
    return refused_file(name, data, Image, suffix, *rules, **options)


def filled(value: Any, dtype: Any = "f8", shape: Any = (3, 4, 3)) -> np.ndarray:
    return np.full(shape, value, dtype)


def one(value: Any, dtype: Any = "f8", rest: Any = 0) -> np.ndarray:
    found = filled(rest, dtype)
    found[2, 3, 1] = value
    return found


def png_with(kind: bytes, data: bytes) -> bytes:
    """Return the PNG with one more chunk before its pixels."""
    at = PNG.index(b"IDAT") - 4
    return PNG[:at] + pictures.chunk(kind, data) + PNG[at:]


def bad_crc() -> bytes:
    at = PNG.index(b"IDAT")
    length = struct.unpack(">I", PNG[at - 4 : at])[0]
    end = at + 4 + length
    return PNG[:end] + bytes(byte ^ 255 for byte in PNG[end : end + 4]) + PNG[end + 4 :]


def icc_bomb() -> bytes:
    return png_with(b"iCCP", b"x\0\0" + zlib.compress(bytes(40 << 20), 9))


def apng(frames: int) -> bytes:
    """Return an APNG that announces frames and has one."""
    return png_with(b"acTL", struct.pack(">II", frames, 0))


def tiff_of_itself() -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 256, 4, 1, 1) + struct.pack("<I", 8)


def webp_claiming(width: int, height: int) -> bytes:
    head = b"VP8L" + struct.pack("<IB", 5, 0x2F) + struct.pack("<I", (width - 1) | (height - 1) << 14)
    return b"RIFF" + struct.pack("<I", len(head) + 5) + b"WEBP" + head + b"\0"


def webp_canvas(width: int, height: int) -> bytes:
    """Return an extended WebP whose canvas is of any size."""
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def gif_of_a_larger_frame() -> bytes:
    """Return a GIF of 1 x 1 whose only frame is 65,535 x 65,535."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"\x2c" + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x44\x01\x00\x3b"


def fifo(at: Any) -> Any:
    os.mkfifo(at.directory / "fifo.png")
    return Image(at.directory / "fifo.png")


def growing() -> Any:
    """Return an open file whose content ends earlier than its format says, as one that is still written does."""
    return nasty.OddFile(PNG[:40], name="a.png")


def large_and_changed(at: Any) -> Any:
    """I29: a file too large to hold is another one when it is stored; the good image beside it is not stored either."""
    path = at.file("large.png", COMMENTED)
    image = Image(path, limits={"file.in_memory": 10})
    path.write_bytes(JPEG)
    return image


def large_and_gone(at: Any) -> Any:
    path = at.file("large.png", COMMENTED)
    image = Image(path, limits={"file.in_memory": 10})
    path.unlink()
    return image


def large_and_cut(at: Any) -> Any:
    path = at.file("large.png", COMMENTED)
    image = Image(path, limits={"file.in_memory": 10})
    path.write_bytes(PNG[:30])
    return image


def dangling(at: Any) -> Path:
    link: Path = at.directory / "link.png"
    link.symlink_to(at.directory / "nowhere.png")
    return link


def looping(at: Any) -> Path:
    link: Path = at.directory / "loop.png"
    link.symlink_to(link)
    return link


def write_only(at: Any) -> Any:
    with (at.directory / "w.png").open("wb") as file:
        return Image(file)


def closed(at: Any) -> Any:
    with at.file("a.png", PNG).open("rb") as file:
        return file


COMMENTED = png_with(b"tEXt", b"comment\0another file")


class Faulty(Pillow.Image):
    """A Pillow image that cannot be read."""

    def load(self) -> Any:
        raise nasty.Rude("no pixels")


def faulty() -> Any:
    return Faulty()


def closed_picture() -> Any:
    picture = Pillow.open(io.BytesIO(PNG))
    picture.fp.close()
    return picture


def cut_picture() -> Any:
    return Pillow.open(io.BytesIO(PNG[:-40]))


def huge_picture() -> Any:
    """Return a Pillow image of 10**10 pixels whose pixels were not read."""
    before, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
    try:
        return Pillow.open(io.BytesIO(pictures.png(60_000, 60_000, depth=1)))
    finally:
        Pillow.MAX_IMAGE_PIXELS = before


CASES = flat(
    # bombs: refused from their headers
    picture_file(
        "I1 PNG of 20,000 x 20,000 in 1 bit",
        pictures.png(20_000, 20_000, depth=1),
        "image.pixels",
        peak=SMALL,
        says="100,000,000",
    ),
    picture_file(
        "I2 PNG of 13,000 x 13,000 in grey",
        lambda: pictures.png(13_000, 13_000, data=bytes(13_001) * 100),
        "image.pixels",
        peak=SMALL,
    ),
    picture_file("I3 PNG of a side of 65,501", pictures.png(65_501, 1), "image.side", peak=SMALL, says="65,500"),
    picture_file("I5 PNG of a side of 2**31 - 1", pictures.png(2**31 - 1, 1), "image.side", "image.pixels", peak=SMALL),
    picture_file(
        "I5 PNG of 2**31 - 1 squared", pictures.png(2**31 - 1, 2**31 - 1), "image.side", "image.pixels", peak=SMALL
    ),
    picture_file("I5 PNG of a side of 2**32 - 1", pictures.png(2**32 - 1, 1), "image.side", "image.pixels", peak=SMALL),
    picture_file("I9 iCCP bomb", icc_bomb, "file.content", peak=SMALL),
    picture_file(
        "I9 zTXt bomb",
        lambda: png_with(b"zTXt", b"x\0\0" + zlib.compress(bytes(40 << 20), 9)),
        "file.content",
        peak=SMALL,
    ),
    picture_file(
        "I9 iTXt bomb",
        lambda: png_with(b"iTXt", b"x\0\1\0\0\0" + zlib.compress(bytes(40 << 20), 9)),
        "file.content",
        peak=SMALL,
    ),
    picture_file("I10 APNG of 10,000 frames", apng(10_000), "image.frames", peak=SMALL, says="1,000"),
    picture_file("I10 APNG of 2**31 - 1 frames", apng(2**31 - 1), "image.frames", "image.frames_pixels", peak=SMALL),
    picture_file(
        "I11 GIF of 2,000 frames of 4,000 x 4,000",
        pictures.gif(4_000, 4_000, 2_000),
        "image.frames",
        "image.frames_pixels",
        suffix=".gif",
        peak=SMALL,
    ),
    picture_file(
        "I11 GIF of 60 frames of 4,000 x 4,000",
        pictures.gif(4_000, 4_000, 60),
        "image.frames_pixels",
        suffix=".gif",
        peak=SMALL,
    ),
    picture_file(
        "I11 GIF of 65,535 x 65,535",
        pictures.gif(65_535, 65_535, 1),
        "image.side",
        "image.pixels",
        suffix=".gif",
        peak=SMALL,
    ),
    picture_file(
        "I11 GIF of 300,000 frames of a pixel", lambda: pictures.gif(1, 1, 300_000), "image.frames", suffix=".gif"
    ),
    picture_file(
        "I11 GIF of a frame larger than itself", gif_of_a_larger_frame(), "file.content", suffix=".gif", peak=SMALL
    ),
    picture_file(
        "I14 JPEG of 65,535 x 65,535",
        pictures.jpeg_claiming(65_535, 65_535),
        "image.side",
        "image.pixels",
        suffix=".jpg",
        peak=SMALL,
    ),
    picture_file(
        "I14 JPEG of 20,000 x 20,000", pictures.jpeg_claiming(20_000, 20_000), "image.pixels", suffix=".jpg", peak=SMALL
    ),
    picture_file(
        "I14 WebP of 16,384 x 16,384", webp_claiming(16_384, 16_384), "image.pixels", suffix=".webp", peak=SMALL
    ),
    picture_file(
        "I14 WebP of a canvas of 2**24", webp_canvas(2**24, 2**24), "file.content", suffix=".webp", peak=SMALL
    ),
    picture_file("I23 BMP with an endless run", pictures.bmp_with_endless_run(200, 200), "file.content", suffix=".bmp"),
    picture_file(
        "I23 BMP of 100,000 x 100,000",
        pictures.bmp_with_endless_run(100_000, 100_000),
        "image.side",
        "image.pixels",
        suffix=".bmp",
        peak=SMALL,
    ),
    picture_file(
        "I23 BMP of a height of -2**31",
        pictures.bmp_with_endless_run(1, -(2**31)),
        "image.side",
        "image.pixels",
        suffix=".bmp",
        peak=SMALL,
    ),
    # files that are broken, or something else
    picture_file("I6 IDAT cut", PNG[:-40], "file.content"),
    picture_file("I6 PNG of a header only", PNG[:33], "file.content"),
    picture_file("I7 bad CRC", bad_crc(), "file.content"),
    picture_file("I7 PNG without pixels", pictures.png(4, 4), "file.content"),
    picture_file("I7 PNG of 0 x 0", pictures.png(0, 0), "file.content"),
    picture_file("I7 PNG of depth 3", pictures.png(4, 4, depth=3, data=bytes(20)), "file.content"),
    picture_file("I7 PNG of colour 9", pictures.png(4, 4, colour=9, data=bytes(20)), "file.content"),
    picture_file("I7 PNG whose chunk is 4 GB", PNG[:33] + b"\xff\xff\xff\xffIDAT", "file.content", peak=SMALL),
    picture_file("I13 JPEG cut at half", JPEG[: len(JPEG) // 2], "file.content", suffix=".jpg"),
    picture_file("I13 JPEG without its end", JPEG[:-2], "file.content", suffix=".jpg"),
    picture_file("I15 TIFF of itself", tiff_of_itself(), "file.content", suffix=".tiff"),
    picture_file("I17 0 bytes", b"", "file.content"),
    picture_file("I18 text named .png", b"hello", "file.content"),
    picture_file("I19 JPEG named .png", JPEG, "file.content", forms=["path", "open file"], says="JPEG"),
    picture_file("I19 PNG named .gif", PNG, "file.content", suffix=".gif", forms=["path", "open file"], says="PNG"),
    picture_file(
        "I21 SVG",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "file.content",
        says="SVG",
    ),
    picture_file(
        "I21 SVG of entities",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><svg>&b;</svg>",
        "file.content",
    ),
    picture_file(
        "I22 PostScript",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd)(r) file\n",
        "file.content",
        says="PostScript",
    ),
    picture_file("I22 EPS named .png", b"\xc5\xd0\xd3\xc6" + bytes(60), "file.content"),
    picture_file("I24 PDF", b"%PDF-1.4\n", "file.content"),
    picture_file("I24 HTML", b"<!doctype html><img src=x>", "file.content"),
    picture_file("I24 a zip", b"PK\x03\x04" + bytes(60), "file.content"),
    picture_file("I24 an icon", b"\0\0\1\0\1\0" + bytes(60), "file.content"),
    picture_file("I24 NUL", bytes(4096), "file.content"),
    *(
        picture_file(f"I8 {name} cut at byte {end}", data[:end], "file.content", suffix=f".{name}", forms=["bytes"])
        for name, data in (("png", PNG), ("jpg", JPEG), ("gif", GIF), ("webp", WEBP), ("bmp", BMP))
        for end in (1, 2, 4, 8, 12, 16, 20, 24, 26, 30, 34, 41, 54, 60)
    ),
    refused("I25 a directory", lambda at: Image(at.directory), "file.missing", says="a directory"),
    refused("I26 a FIFO", fifo, "file.missing", says="not a regular file"),
    refused("I27 /dev/zero", lambda at: Image("/dev/zero"), "file.missing"),
    refused("I27 /dev/stdin", lambda at: Image(Path("/dev/tty")), "file.missing"),
    refused("I28 a missing file", lambda at: Image(at.directory / "no.png"), "file.missing"),
    refused("I28 a dangling link", lambda at: Image(dangling(at)), "file.missing"),
    refused("I28 a link to itself", lambda at: Image(looping(at)), "file.missing"),
    refused("I28 a path with NUL", lambda at: Image("a\0.png"), "file.missing"),
    refused("I28 a path of a megabyte", lambda at: Image("a" * 1_000_000), "file.missing"),
    refused("I28 an empty path", lambda at: Image(""), "file.missing"),
    refused("I28 a path with a surrogate", lambda at: Image("a\ud800.png"), "file.missing"),
    refused("I28 a path with an escape", lambda at: Image("a\x1b[31m\u202e.png"), "file.missing"),
    refused("I28 a URL", lambda at: Image("https://example.org/a.png"), "file.url"),
    refused("I28 a file URL", lambda at: Image("file:///etc/passwd"), "file.url"),
    refused("I28 a data URL", lambda at: Image("data:image/png;base64,AAAA"), "file.missing"),
    refused("I28 a path whose path raises", lambda at: Image(nasty.NoPath(nasty.Rude("x"))), "file.kind"),
    refused("I28 a path whose path is a number", lambda at: Image(nasty.NoPath(5)), "file.kind"),
    refused("I28 a path of bytes with NUL", lambda at: Image(nasty.NoPath(b"a\0b")), "file.missing"),
    refused("I29 a file that is still written", lambda at: Image(growing()), "file.content"),
    refused("I29 a large file that became another", large_and_changed, "file.changed"),
    refused("I29 a large file that is gone", large_and_gone, "file.changed"),
    refused("I29 a large file that was cut", large_and_cut, "file.changed"),
    refused(
        "I29 a large file that became another, in a list",
        lambda at: [Image(PNG), large_and_changed(at)],
        "file.changed",
    ),
    refused(
        "I29 a large file that became another, in a table",
        lambda at: medialog.Table(["a"], [[Image(PNG)], [large_and_changed(at)]]),
        "file.changed",
    ),
    refused(
        "I29 a large file that became another, in the summary",
        lambda at: Call(lambda run: run.summary.update({"a": Image(PNG), "b": large_and_changed(at)})),
        "file.changed",
    ),
    refused("I29 a closed file", lambda at: Image(closed(at)), "file.kind"),
    refused("I29 a file open for writing", write_only, "file.kind"),
    refused("I29 a file whose read raises", lambda at: Image(nasty.OddFile(nasty.Rude("x"))), "file.kind"),
    refused("I29 a file whose read is out of memory", lambda at: Image(nasty.OddFile(MemoryError())), "file.kind"),
    refused("I29 a file whose read gives None", lambda at: Image(nasty.OddFile(None)), "file.kind"),
    refused("I29 a file whose read gives a list", lambda at: Image(nasty.OddFile([1])), "file.kind"),
    refused("I29 a file whose read gives a surrogate", lambda at: Image(nasty.OddFile("\ud800")), "file.kind"),
    refused("I29 a file whose read is no method", lambda at: Image(type("F", (), {"read": 5})()), "file.kind"),
    refused("I29 text in memory", lambda at: Image(io.StringIO("hello")), "file.content"),
    refused("I29 text in memory with a surrogate", lambda at: Image(io.StringIO("\ud800")), "file.kind"),
    # arrays
    array("I30 (0, 0, 3)", lambda: np.zeros((0, 0, 3)), "pixels.empty"),
    array("I30 (0, 5)", lambda: np.zeros((0, 5)), "pixels.empty"),
    array("I30 (5, 0, 4)", lambda: np.zeros((5, 0, 4)), "pixels.empty"),
    array("I30 an empty list", list, "image.shape"),
    array("I30 empty lists", lambda: [[]], "pixels.empty"),
    array("I31 4-D", lambda: np.zeros((1, 3, 4, 3)), "image.shape"),
    array("I31 32-D", lambda: np.zeros((1,) * 32), "image.shape"),
    array("I32 two channels", lambda: np.zeros((3, 4, 2)), "image.shape"),
    array("I32 five channels", lambda: np.zeros((3, 4, 5)), "image.shape"),
    array("I32 channels first", lambda: np.zeros((3, 40, 50)), "image.shape"),
    array("I32 no channels", lambda: np.zeros((3, 4, 0)), "image.shape"),
    array("I33 1-D", lambda: np.zeros(5), "image.shape"),
    array("I33 0-D", lambda: np.zeros(()), "image.shape"),
    array("I33 a scalar of numpy", lambda: np.float32(1), "image.shape"),
    array("I34 objects", lambda: np.array([[1, None]], object), "array.dtype"),
    array("I34 text", lambda: np.array([["a"]]), "array.dtype"),
    array("I34 dates", lambda: np.zeros((2, 2), "M8[s]"), "array.dtype"),
    array("I34 records", lambda: np.zeros((2, 2), [("r", "u1")]), "array.dtype"),
    array("I34 void", lambda: np.zeros((2, 2), "V4"), "array.dtype"),
    array("I34 durations", lambda: np.zeros((2, 2), "m8[s]"), "array.dtype"),
    array("I35 complex", lambda: np.zeros((2, 2), complex), "array.dtype"),
    array("I36 NaN", lambda: filled(np.nan), "pixels.finite"),
    array("I36 one NaN", lambda: one(np.nan), "pixels.finite"),
    array("I36 one NaN in float16", lambda: one(np.nan, "f2"), "pixels.finite"),
    array("I36 one NaN, big-endian", lambda: one(np.nan, ">f4"), "pixels.finite"),
    array("I36 one NaN in long doubles", lambda: one(np.nan, "longdouble"), "pixels.finite"),
    array("I37 one infinity", lambda: one(np.inf), "pixels.finite"),
    array("I37 minus infinity", lambda: one(-np.inf), "pixels.finite"),
    array("I38 a float of 256.5", lambda: one(256.5, rest=100.25), "pixels.float"),
    array("I38 a float of -2", lambda: one(-2.0), "pixels.float"),
    array("I38 a float of 1.5", lambda: one(1.5), "pixels.float"),
    array("I38 a float of 1e308", lambda: one(1e308), "pixels.float"),
    array("I38 a long double of 1e4000", lambda: one(np.longdouble("1e4000"), "longdouble"), "pixels.finite"),
    array("I38 both signs beyond 1", lambda: one(200.0, rest=-1.0), "pixels.float"),
    array("I39 300", lambda: one(300, "i8"), "pixels.integer"),
    array("I39 -1", lambda: one(-1, "i8"), "pixels.integer"),
    array("I39 256 in uint16", lambda: one(256, "u2"), "pixels.integer"),
    array("I39 2**63 in uint64", lambda: one(2**63, "u8"), "pixels.integer"),
    array("I39 -128 in int8", lambda: one(-128, "i1"), "pixels.integer"),
    array("I39 65,536 in 16 bits", lambda: filled(65_536, "i4", (2, 2)), "pixels.integer", mode="I;16"),
    array("I39 Python integers of 70 bits", lambda: [[2**70]], "array.dtype"),
    array("I40 masked", lambda: np.ma.masked_equal(np.eye(3), 1), "array.masked"),
    array("I40 ragged", lambda: [[1, 2], [3]], "array.ragged"),
    array("I40 ragged by depth", lambda: [[1, 2], [3, [4]]], "array.ragged"),
    array("I40 lists of 100 levels", lambda: nasty.nested(100), "array.ragged"),
    array("I40 lists of 100,000 levels", lambda: nasty.nested(100_000), "array.ragged"),
    array("I40 a list in itself", nasty.cycle, "array.ragged"),
    array("I40 a list without iteration", lambda: nasty.NoIteration([1]), "value.read"),
    array("I40 a list without a length", lambda: [nasty.NoLength([1])], "array.dtype"),
    array("I40 an array that raises", nasty.NoArray, "array.kind"),
    array("I40 an array that is out of memory", lambda: nasty.NoArray(MemoryError()), "array.kind"),
    array("I40 a list of an array that raises", lambda: [nasty.NoArray()], "array.kind"),
    array("I40 an array that says 10**18", nasty.HugeShape, "array.kind"),
    array("I40 an array of lies", lambda: nasty.WrongArray([1]), "array.kind"),
    array("I40 None", lambda: None, "array.kind", error=WrongType),
    array("I40 an object", object, "array.kind", error=WrongType),
    array("I40 an object whose attributes raise", nasty.NoAttributes, "array.kind", error=WrongType),
    array("I40 an object without repr", nasty.NoRepr, "array.kind", error=WrongType),
    array("I40 a number", lambda: 5, "array.kind", error=WrongType),
    array("I40 a mapping", dict, "array.kind", error=WrongType),
    array("I40 a class", lambda: np.ndarray, "array.kind", error=WrongType),
    array("I40 a generator", lambda: (x for x in [1]), "array.kind", error=WrongType),
    array("I40 65,501 high", lambda: np.zeros((65_501, 1), "u1"), "image.side"),
    array(
        "I40 10**12 pixels of one", lambda: np.broadcast_to(np.uint8(0), (10**6, 10**6)), "image.side", "image.pixels"
    ),
    array("I40 10**12 floats of one", lambda: np.broadcast_to(np.float64(0), (60_000, 60_000, 3)), "image.pixels"),
    # options
    array("I+ mode CMYK", lambda: filled(0), "image.mode", mode="CMYK"),
    array("I+ mode 5", lambda: filled(0), "image.mode", mode=5),
    array("I+ mode without repr", lambda: filled(0), "image.mode", mode=nasty.NoRepr()),
    array("I+ mode that equals nothing", lambda: filled(0), "image.mode", mode=nasty.NoEquality()),
    array("I+ file_type tiff", lambda: filled(0), "image.file_type", file_type="tiff"),
    array("I+ file_type ../x", lambda: filled(0), "image.file_type", file_type="../x"),
    array("I+ quality 0", lambda: filled(0), "image.quality", file_type="jpg", quality=0),
    array("I+ quality 101", lambda: filled(0), "image.quality", file_type="jpg", quality=101),
    array("I+ quality NaN", lambda: filled(0), "image.quality", file_type="jpg", quality=float("nan")),
    array("I+ quality True", lambda: filled(0), "image.quality", file_type="jpg", quality=True),
    array("I+ quality of png", lambda: filled(0), "image.quality", quality=5),
    array("I+ grouping 1.5", lambda: filled(0), "image.grouping", grouping=1.5),
    array("I+ grouping True", lambda: filled(0), "image.grouping", grouping=True),
    array("I+ value_range of one", lambda: filled(0), "pixels.value_range", value_range=(1,)),
    array("I+ value_range of equals", lambda: filled(0), "pixels.value_range", value_range=(1, 1)),
    array("I+ value_range falling", lambda: filled(0), "pixels.value_range", value_range=(2, 1)),
    array("I+ value_range of NaN", lambda: filled(0), "pixels.value_range", value_range=(0, float("nan"))),
    array("I+ value_range of text", lambda: filled(0), "pixels.value_range", value_range="ab"),
    array("I+ value_range of None", lambda: filled(0), "pixels.value_range", value_range=(None, 1)),
    array("I+ value_range of a number", lambda: filled(0), "pixels.value_range", value_range=5),
    array("I+ value_range of 10**400", lambda: filled(0), "pixels.value_range", value_range=(0, 10**400)),
    array("I+ normalize=False beyond 255", lambda: filled(256), "pixels.normalize", normalize=False),
    array("I+ strict", lambda: filled(0), "rules.strict", strict="no"),
    array("I+ strict without repr", lambda: filled(0), "rules.strict", strict=nasty.NoRepr()),
    array("I+ a limit that is none", lambda: filled(0), "rules.limits", limits={"image.colour": 1}),
    array("I+ a limit of NaN", lambda: filled(0), "rules.limits", limits={"image.side": float("nan")}),
    array("I+ a limit of text", lambda: filled(0), "rules.limits", limits={"image.side": "9"}),
    array("I+ limits that are a list", lambda: filled(0), "rules.limits", error=WrongType, limits=["image.side"]),
    array("I+ alpha, strict", lambda: filled(0, "u1", (2, 2, 4)), "image.alpha", file_type="jpg", strict="error"),
    array("I+ clipped, strict", lambda: filled(2.0), "pixels.clipped", value_range=(0, 1), strict="error"),
    # Pillow images: in every form of values
    refused_value("I+ a Pillow image that raises", lambda at: faulty(), "file.content", cell="file.content"),
    refused_value(
        "I+ a Pillow image whose file is closed", lambda at: closed_picture(), "file.content", cell="file.content"
    ),
    refused_value("I+ a Pillow image whose file is cut", lambda at: cut_picture(), "file.content", cell="file.content"),
    refused_value(
        "I+ a Pillow image of 3.6 * 10**9 pixels",
        lambda at: huge_picture(),
        "image.pixels",
        cell="image.pixels",
        peak=SMALL,
    ),
    refused_value(
        "I+ a Pillow image of 0 pixels", lambda at: Pillow.new("L", (0, 5)), "pixels.empty", cell="pixels.empty"
    ),
    refused_value(
        "I+ a Pillow image of integers of 32 bits",
        lambda at: Pillow.new("I", (2, 2), 70_000),
        "pixels.integer",
        cell="pixels.integer",
    ),
    refused_value(
        "I+ a Pillow image of NaN",
        lambda at: Pillow.new("F", (2, 2), float("nan")),
        "pixels.finite",
        cell="pixels.finite",
    ),
    # lists
    refused("I+ 109 images", lambda at: [Image(PNG)] * 109, "image.per_list", says="108"),
    refused("I+ an image and a number", lambda at: [Image(PNG), 1], "list.mixed"),
    refused("I+ an image and None", lambda at: [Image(PNG), None], "list.mixed"),
    refused("I+ an image and a histogram", lambda at: [Image(PNG), medialog.Histogram([1])], "list.mixed", says="[1]"),
    refused("I+ a list of lists of images", lambda at: [[Image(PNG)], [Image(PNG)]], "list.mixed"),
    refused(
        "I+ the eleventh picture is bad",
        lambda at: [Pillow.new("L", (2, 2))] * 10 + [cut_picture()],
        "file.content",
        says="[10]",
    ),
    # what is taken
    accepted("I+ one pixel", lambda at: Image(np.uint8([[7]])), lambda row: row[KEY]["width"] == 1),
    accepted(
        "I+ negative strides",
        lambda at: Image(np.zeros((4, 6, 3), "u1")[::-1, ::-2]),
        lambda row: row[KEY]["width"] == 3,
    ),
    accepted(
        "I+ a limit that is raised", lambda at: Image(PNG, limits={"image.side": 6}), lambda row: row[KEY]["width"] == 5
    ),
    accepted(
        "I+ bytes after the end of a PNG", lambda at: Image(PNG + b"<?php"), lambda row: row[KEY]["format"] == "png"
    ),
    accepted("I+ 108 images", lambda at: [Image(PNG)] * 108, lambda row: row[KEY]["count"] == 108),
    accepted("I+ a memoryview", lambda at: Image(memoryview(PNG)), lambda row: row[KEY]["format"] == "png"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_images(case: Case, bench: Bench) -> None:
    bench.hold(case)
