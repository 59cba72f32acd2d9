"""V: clips, as arrays and as files."""

from __future__ import annotations

import functools
import io
import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_file
from medialog import Video
from medialog.datatypes.files import MemorySink
from medialog.validators.errors import MissingDependency, WrongType

SMALL = 4 << 20
CLIP = np.arange(3 * 3 * 8 * 8, dtype=np.uint8).reshape(3, 3, 8, 8)
NAN, INF = float("nan"), float("inf")


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


FTYP = box(b"ftyp", b"isom\0\0\2\0isom")


@functools.cache
def coded(format: str) -> bytes:
    """Return a small clip as a file of that format."""
    sink = MemorySink()
    Video(CLIP, format=format, fps=4).encode_into(sink)
    return next(iter(sink.files.values()))


def nested_boxes(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(b"trak", body)
    return FTYP + box(b"moov", body) + box(b"mdat", b"x" * 8)


def gif_of(frames: int, width: int, height: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame * frames + b"\x3b"


def cut(format: str, part: float) -> Callable[[], bytes]:
    return lambda: coded(format)[: int(len(coded(format)) * part)]


def without_moov() -> bytes:
    data = coded("mp4")
    return data.replace(b"moov", b"free")


def looping_ogg() -> bytes:
    data = coded("ogg")
    last = data.rindex(b"OggS")
    return data[:last] + data[last:] * 50


def clip(name: str, data: Any, *rules: str, suffix: str = ".mp4", **options: Any) -> list[Case]:
    return refused_file(name, data, Video, suffix, *rules, **options)


def array(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    return refused(name, lambda at: Video(make(), **options), *rules, **({"error": error} if error else {}))


def frames(value: Any, dtype: Any = "f8", shape: Any = (2, 3, 4, 4)) -> np.ndarray:
    return np.full(shape, value, dtype)


def failing() -> Any:
    from moviepy import VideoClip

    def frame(t: float) -> np.ndarray:
        if t > 0.4:
            raise nasty.Rude("no more")
        return np.zeros((4, 4, 3), np.uint8)

    return VideoClip(frame, duration=1)


def endless() -> Any:
    from moviepy import VideoClip

    return VideoClip(lambda t: np.zeros((4, 4, 3), np.uint8))


CASES = flat(
    clip("V1 text named .mp4", b"hello, this is no clip", "file.content"),
    clip("V1 0 bytes", b"", "file.content"),
    clip("V1 NUL", bytes(4096), "file.content"),
    clip("V1 a picture", b"\x89PNG\r\n\x1a\n" + bytes(50), "file.content"),
    clip("V2 ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", "file.content"),
    clip("V3 HLS", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "file.content"),
    clip("V3 HLS of a file", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "file.content"),
    clip("V3 DASH", b"<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>", "file.content"),
    clip(
        "V3 SDP", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n", "file.content"
    ),
    clip("V4 AVI", b"RIFF\x20\0\0\0AVI LIST" + bytes(40), "file.content", suffix=".avi"),
    clip("V4 QuickTime", box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"mdat", b"x"), "file.content", suffix=".mov"),
    clip("V4 a transport stream", b"G\x40\0\x10" + bytes(184) * 4, "file.content", suffix=".ts"),
    clip("V4 FLV", b"FLV\1\5\0\0\0\t" + bytes(40), "file.content", suffix=".flv"),
    clip("V5 no moov", FTYP + box(b"mdat", b"x" * 99), "file.content"),
    clip("V5 moov renamed", without_moov, "file.content"),
    clip("V5 two empty moov", FTYP + box(b"moov") + box(b"moov") + box(b"mdat", b"x"), "file.content"),
    clip("V6 a box of 2**63", FTYP + b"\0\0\0\1mdat\x7f" + b"\xff" * 7, "file.content"),
    clip("V6 a box of 2**64 - 1", FTYP + b"\0\0\0\1mdat" + b"\xff" * 8, "file.content"),
    clip("V6 a box of 4 GB", FTYP + b"\xff\xff\xff\xffmdat", "file.content"),
    clip("V6 a box of 1 byte", FTYP + b"\0\0\0\2mdat", "file.content"),
    clip("V6 100,000 boxes of 8", lambda: FTYP + box(b"free") * 100_000, "file.content"),
    clip("V7 boxes 10,000 deep", lambda: nested_boxes(10_000), "file.content"),
    clip(
        "V8 WebM of a size of 2**56",
        b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff",
        "file.content",
        suffix=".webm",
    ),
    clip("V8 WebM of a header", lambda: coded("webm")[:40], "file.content", suffix=".webm"),
    clip("V9 one Ogg page over and over", looping_ogg, "file.content", suffix=".ogg"),
    clip("V9 Ogg of one page", lambda: coded("ogg")[: coded("ogg").index(b"OggS", 4)], "file.content", suffix=".ogg"),
    *(
        clip(
            f"V+ {format} cut at {part:.0%}",
            cut(format, part),
            "file.content",
            suffix=f".{format}",
            forms=["bytes", "path"],
        )
        for format in ("gif", "mp4", "webm", "ogg")
        for part in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9)
    ),
    *(
        clip(
            f"V+ {format} cut at byte {end}",
            lambda format=format, end=end: coded(format)[:end],
            "file.content",
            suffix=f".{format}",
            forms=["bytes"],
        )
        for format in ("gif", "mp4", "webm", "ogg")
        for end in (1, 3, 4, 6, 8, 12, 13, 27, 30)
    ),
    clip("V+ a gif named .mp4", lambda: coded("gif"), "file.content", forms=["path", "open file"]),
    clip("V+ an mp4 named .webm", lambda: coded("mp4"), "file.content", suffix=".webm", forms=["path", "open file"]),
    clip(
        "V18 a gif of 2,000 frames of 4,000 x 4,000",
        gif_of(2_000, 4_000, 4_000),
        "video.frames_pixels",
        suffix=".gif",
        peak=SMALL,
    ),
    clip(
        "V18 a gif of 65,535 x 65,535",
        gif_of(1, 65_535, 65_535),
        "video.side",
        "video.pixels",
        "video.frames_pixels",
        suffix=".gif",
        peak=SMALL,
    ),
    clip("V18 a gif of 0 x 0", gif_of(1, 0, 0), "file.content", suffix=".gif"),
    clip("V18 a gif of no frames", gif_of(0, 4, 4), "file.content", suffix=".gif"),
    clip("V18 a gif of nonsense", lambda: coded("gif")[:800] + b"\x07" * 300, "file.content", suffix=".gif"),
    # arrays
    array("V10 0 frames", lambda: np.zeros((0, 3, 8, 8), "u1"), "video.frames"),
    array("V10 0 clips", lambda: np.zeros((0, 2, 3, 8, 8), "u1"), "video.frames"),
    array("V10 no pixels", lambda: np.zeros((2, 3, 0, 8), "u1"), "pixels.empty"),
    array("V10 no channels", lambda: np.zeros((2, 0, 8, 8), "u1"), "video.shape"),
    array("V11 3-D", lambda: np.zeros((5, 8, 8), "u1"), "video.shape"),
    array("V11 6-D", lambda: np.zeros((1, 1, 1, 1, 8, 8), "u1"), "video.shape"),
    array("V11 0-D", lambda: np.zeros(()), "video.shape"),
    array("V12 channels last", lambda: np.zeros((5, 8, 9, 3), "u1"), "video.shape"),
    array("V12 two channels", lambda: np.zeros((5, 2, 8, 9), "u1"), "video.shape"),
    array("V13 floats to 1.5", lambda: frames(1.5), "pixels.float"),
    array("V13 NaN in the last frame", lambda: np.concatenate([frames(0.0), frames(NAN)]), "pixels.finite"),
    array("V13 infinity", lambda: frames(INF), "pixels.finite"),
    array("V13 256", lambda: frames(256, "i4"), "pixels.integer"),
    array("V13 -1", lambda: frames(-1, "i8"), "pixels.integer"),
    array("V13 complex", lambda: frames(0, complex), "array.dtype"),
    array("V13 objects", lambda: frames(None, object), "array.dtype"),
    array("V13 masked", lambda: np.ma.masked_equal(frames(0), 0), "array.masked"),
    array("V13 ragged", lambda: [[[[1, 2], [3]]]], "array.ragged"),
    array("V13 an array that raises", nasty.NoArray, "array.kind"),
    array("V13 an empty list", list, "video.shape"),
    array("V13 a list in itself", nasty.cycle, "array.ragged"),
    *(
        array(f"V15 fps {name}", lambda: CLIP, rule, fps=fps)
        for name, fps, rule in [
            ("0", 0, "video.fps"),
            ("-1", -1, "video.fps"),
            ("NaN", NAN, "video.fps"),
            ("infinite", INF, "video.fps"),
            ("1e9", 1e9, "video.fps_max"),
            ("1e-9", 1e-9, "video.fps_min"),
            ("5e-324", 5e-324, "video.fps_min"),
            ("text", "4", "video.fps"),
            ("True", True, "video.fps"),
            ("complex", 1j, "video.fps"),
            ("10**400", 10**400, "video.fps"),
            ("a list", [4], "video.fps"),
            ("rude", nasty.OddIndex(nasty.Rude("x")), "video.fps"),
            ("nameless", nasty.NoRepr(), "video.fps"),
        ]
    ),
    array("V16 format avi", lambda: CLIP, "video.format", format="avi"),
    array("V16 format ../x", lambda: CLIP, "video.format", format="../x"),
    array("V16 format 5", lambda: CLIP, "video.format", format=5),
    array("V16 format MP4", lambda: CLIP, "video.format", format="MP4"),
    array("V18 10**12 frames of one", lambda: np.broadcast_to(np.uint8(0), (10**12, 1, 8, 8)), "video.frames_pixels"),
    array(
        "V18 10**12 frames of one, as floats", lambda: np.broadcast_to(0.0, (10**12, 1, 8, 8)), "video.frames_pixels"
    ),
    array("V18 a side of 16,384", lambda: np.zeros((1, 1, 2, 16_384), "u1"), "video.side"),
    array("V18 a grid beyond the side", lambda: np.zeros((4, 1, 1, 1, 16_000), "u1"), "video.side"),
    array("V20 None", lambda: None, "video.input", error=WrongType),
    array("V20 a number", lambda: 5, "video.input", error=WrongType),
    array("V20 an object", object, "video.input", error=WrongType),
    array("V20 an object whose attributes raise", nasty.NoAttributes, "video.input", error=WrongType),
    array("V20 a mapping", dict, "video.input", error=WrongType),
    array("V20 pictures of two sizes", lambda: [Pillow.new("L", (4, 4)), Pillow.new("L", (4, 5))], "video.pictures"),
    array("V20 a picture and a number", lambda: [Pillow.new("L", (4, 4)), 3], "video.pictures", error=WrongType),
    array("V20 a picture of no size", lambda: [Pillow.new("L", (0, 4))], "pixels.empty"),
    array("V20 a picture whose file is cut", lambda: [Pillow.open(io.BytesIO(cut_png()))], "file.content"),
    array("V20 a moviepy clip that raises", failing, "video.clip", fps=4),
    array("V20 a moviepy clip without an end", endless, "video.clip", fps=4),
    refused("V20 a missing file", lambda at: Video("no.mp4"), "file.missing"),
    refused("V20 a directory", lambda at: Video(at.directory), "file.missing"),
    refused("V20 a URL", lambda at: Video("rtsp://127.0.0.1/a"), "file.url"),
    refused("V20 an ffmpeg protocol", lambda at: Video("concat:/etc/passwd|/etc/hosts"), "file.missing"),
    refused("V20 a clip and a number", lambda at: [Video(CLIP), 5], "list.mixed"),
    accepted(
        "V14 odd sides in mp4",
        lambda at: Video(CLIP[:, :, :7, :5], format="mp4"),
        lambda row: (row[KEY]["width"], row[KEY]["height"]) == (6, 8),
    ),
    accepted(
        "V+ one frame of one pixel", lambda at: Video(np.zeros((1, 1, 1, 1), "u1")), lambda row: row[KEY]["frames"] == 1
    ),
    accepted("V+ a gif", lambda at: Video(coded("gif")), lambda row: row[KEY]["frames"] == 3),
)


def cut_png() -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.random.default_rng(1).integers(0, 255, (20, 20), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()[:-60]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_video(case: Case, bench: Bench) -> None:
    bench.hold(case)


def test_ffmpeg_missing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """V19: the extra is named, and the run goes on."""
    monkeypatch.setitem(sys.modules, "av", None)

    with pytest.raises(MissingDependency, match=r"medialog\[video\]"):
        bench.run.log({"clip": Video(CLIP, format="mp4")})

    bench.run.log({"clip": Video(CLIP)})
    assert bench.run.reader().history()[-1]["clip"]["_type"] == "video-file"
