from __future__ import annotations

import hashlib
import io
import re
import struct
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

import video_clips as clips
from laws import TypeLaws, call
from medialog.datatypes import gif as gif_module
from medialog.datatypes import video_file
from medialog.datatypes.adopt import adopt
from medialog.datatypes.base import MediaList
from medialog.datatypes.files import MemorySink
from medialog.datatypes.video import Video
from medialog.validators import validate
from medialog.validators.errors import Advice, DataChanged, InvalidInput, MissingDependency, WrongType
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules
from video_clips import box, drawing, h264, psnr, smooth

FORMATS = ("gif", "mp4", "webm", "ogg")
PSNR = {"gif": 27, "mp4": 34, "webm": 34, "ogg": 34}


def moving(count: int = 8, **options: Any) -> Any:
    from moviepy import ImageSequenceClip

    return ImageSequenceClip(list(smooth(count).transpose(0, 2, 3, 1)), fps=options.get("fps", 8))


def endless() -> Any:
    from moviepy import VideoClip

    return VideoClip(lambda t: np.zeros((4, 4, 3), np.uint8))


def shifting() -> Any:
    from moviepy import VideoClip

    return VideoClip(lambda t: np.zeros((4, 4 + int(4 * t), 3), np.uint8), duration=2)


def failing() -> Any:
    from moviepy import VideoClip

    def frame(t: float) -> np.ndarray:
        if t > 0.9:
            raise RuntimeError("no more")
        return np.zeros((4, 4, 3), np.uint8)

    return VideoClip(frame, duration=2)


def sized(*sizes: tuple[int, int]) -> list[PillowImage.Image]:
    return [PillowImage.new("RGB", size) for size in sizes]


def nested_boxes(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(b"trak", body)
    return box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", body) + box(b"mdat", b"x" * 8)


def looping_ogg() -> bytes:
    data = clips.vp8_ogg()
    last = data.rindex(b"OggS")
    return data[:last] + data[last:] * 3


def gif_of(frames: int, side: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + frame * frames + b"\x3b"


class TestVideo(TypeLaws):
    type = Video
    valid = {
        "uint8": lambda: call(smooth(4)),
        "few colours": lambda: call(drawing()),
        "grey": lambda: call(smooth(4)[:, :1]),
        "opaque": lambda: call(np.concatenate([smooth(4), np.full((4, 1, clips.H, clips.W), 255, np.uint8)], axis=1)),
        "alpha": lambda: call(np.concatenate([smooth(4), smooth(4)[:, :1]], axis=1)),
        "float": lambda: call(smooth(3) / np.float32(255)),
        "signed float16": lambda: call((smooth(3) / 127.5 - 1).astype(np.float16)),
        "booleans": lambda: call(smooth(3) > 127),
        "nested lists": lambda: call(drawing(2, 3, 4).tolist(), caption="tiny"),
        "a list of arrays": lambda: call(list(drawing(3))),
        "value_range": lambda: call(smooth(3).astype(np.int32) * 100, value_range=(0, 20_000)),
        "one frame": lambda: call(smooth(1)),
        "one pixel": lambda: call(np.full((2, 3, 1, 1), 9, np.uint8)),
        "grid": lambda: call(np.stack([smooth(3)] * 3), fps=10),
        "mp4": lambda: call(smooth(4), fps=25, format="mp4"),
        "odd mp4": lambda: call(smooth(2, 31, 33), fps=29.97, format="mp4"),
        "webm": lambda: call(smooth(4), fps=24, format="webm"),
        "ogg": lambda: call(smooth(4), fps=24, format="ogg"),
        "grey mp4": lambda: call(smooth(2)[:, :1], format="mp4"),
        "fps of a third": lambda: call(drawing(), fps=1 / 3),
        "fps too fast for a gif": lambda: call(drawing(), fps=120),
        "numpy fps": lambda: call(drawing(), fps=np.float32(10)),
        "lowest fps": lambda: call(drawing(2), fps=0.01),
        "highest fps": lambda: call(drawing(2), fps=1_000, format="webm"),
        "Pillow images": lambda: call(clips.pictures(smooth(3))),
        "Pillow images of modes": lambda: call(
            [PillowImage.new(mode, (5, 4), 1) for mode in ("1", "L", "P", "RGB", "RGBA")]
        ),
        "grey Pillow images": lambda: call([PillowImage.new("L", (5, 4), 7)] * 2),
        "CMYK Pillow images": lambda: call([PillowImage.new("CMYK", (5, 4), (1, 2, 3, 4))] * 2),
        "LAB and premultiplied Pillow images": lambda: call(
            [PillowImage.new(mode, (5, 4)) for mode in ("LAB", "RGBa", "La")]
        ),
        "moviepy": lambda: call(moving(), format="mp4"),
        "moviepy gif": lambda: call(moving(4), fps=4),
        "gif file": lambda: call(clips.gif(), caption="bytes"),
        "mp4 file": lambda: call(h264()),
        "webm file": lambda: call(io.BytesIO(clips.vp9()), format="webm"),
        "ogg file": lambda: call(clips.vp8_ogg()),
        "another video": lambda: call(Video(drawing(), caption="first")),
    }
    invalid = {
        "V1 text": (lambda: call(b"not a video at all"), {"file.content"}),
        "V2 ffconcat": (lambda: call(b"ffconcat version 1.0\nfile /etc/hosts\n"), {"file.content"}),
        "V3 HLS": (lambda: call(b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"), {"file.content"}),
        "V5 no moov": (lambda: call(box(b"ftyp", b"isom\0\0\2\0isom") + box(b"mdat", b"x" * 99)), {"file.content"}),
        "V6 huge box": (
            lambda: call(box(b"ftyp", b"isom\0\0\2\0") + b"\0\0\0\1mdat\x7f" + b"\xff" * 7),
            {"file.content"},
        ),
        "V7 nested boxes": (lambda: call(nested_boxes(10_000)), {"file.content"}),
        "V9 page loop": (lambda: call(looping_ogg()), {"file.content"}),
        "V10 no frames": (lambda: call(np.zeros((0, 3, 8, 8), np.uint8)), {"video.frames"}),
        "no clips": (lambda: call(np.zeros((0, 2, 3, 8, 8), np.uint8)), {"video.frames"}),
        "no pixels": (lambda: call(np.zeros((2, 3, 0, 8), np.uint8)), {"pixels.empty"}),
        "V11 3-D": (lambda: call(np.zeros((5, 8, 8), np.uint8)), {"video.shape"}),
        "6-D": (lambda: call(np.zeros((1, 1, 1, 1, 8, 8), np.uint8)), {"video.shape"}),
        "channels last": (lambda: call(np.zeros((5, 8, 9, 3), np.uint8)), {"video.shape"}),
        "two channels": (lambda: call(np.zeros((5, 2, 8, 9), np.uint8)), {"video.shape"}),
        "empty list": (lambda: call([]), {"video.shape"}),
        "NaN": (lambda: call(np.full((2, 3, 4, 4), np.nan)), {"pixels.finite"}),
        "beyond 255": (lambda: call(np.full((2, 3, 4, 4), 256)), {"pixels.integer"}),
        "negative": (lambda: call(np.full((2, 3, 4, 4), -1)), {"pixels.integer"}),
        "floats up to 1.5": (lambda: call(np.full((2, 3, 4, 4), 1.5)), {"pixels.float"}),
        "complex": (lambda: call(np.zeros((2, 3, 4, 4), complex)), {"array.dtype"}),
        "clipping under strict": (
            lambda: call(smooth(2), value_range=(0, 100), strict="error"),
            {"pixels.clipped"},
        ),
        "padding under strict": (lambda: call(smooth(1, 3, 3), format="mp4", strict="error"), {"video.padded"}),
        "fast gif under strict": (lambda: call(drawing(), fps=60, strict="error"), {"video.fps_gif"}),
        "alpha under strict": (lambda: call(np.zeros((2, 4, 4, 4), np.uint8), strict="error"), {"video.alpha"}),
        "V15 fps 0": (lambda: call(drawing(), fps=0), {"video.fps"}),
        "V15 fps -1": (lambda: call(drawing(), fps=-1), {"video.fps"}),
        "V15 fps NaN": (lambda: call(drawing(), fps=float("nan")), {"video.fps"}),
        "V15 fps infinite": (lambda: call(drawing(), fps=float("inf")), {"video.fps"}),
        "V15 fps 1e9": (lambda: call(drawing(), fps=1e9), {"video.fps_max"}),
        "fps just too high": (lambda: call(drawing(), fps=1000.001), {"video.fps_max"}),
        "fps too low": (lambda: call(drawing(), fps=0.0099), {"video.fps_min"}),
        "fps as text": (lambda: call(drawing(), fps="4"), {"video.fps"}),
        "fps true": (lambda: call(drawing(), fps=True), {"video.fps"}),
        "format": (lambda: call(drawing(), format="avi"), {"video.format"}),
        "format and fps": (lambda: call(drawing(), format="MP4", fps=0), {"video.format", "video.fps"}),
        "format of another type": (lambda: call(drawing(), format=4), {"video.format"}),
        "value_range with a file": (lambda: call(clips.gif(), value_range=(0, 1)), {"video.file_options"}),
        "value_range": (lambda: call(drawing(), value_range=(1, 0)), {"pixels.value_range"}),
        "another format": (lambda: call(clips.gif(), format="mp4"), {"file.content"}),
        "format of another video": (lambda: call(Video(drawing()), format="mp4"), {"file.content"}),
        "V18 total pixels": (lambda: call(smooth(4), limits={"video.frames_pixels": 1_000}), {"video.frames_pixels"}),
        "gif bomb": (lambda: call(gif_of(2_000, 4_000)), {"video.frames_pixels"}),
        "gif of a huge screen": (
            lambda: call(gif_of(1, 65_535)),
            {"video.side", "video.pixels", "video.frames_pixels"},
        ),
        "side": (lambda: call(np.zeros((1, 1, 2, 16_384), np.uint8)), {"video.side"}),
        "large mp4": (lambda: call(h264(), limits={"video.pixels": 1_000}), {"video.pixels"}),
        "large file": (lambda: call(h264(), limits={"video.size": 100}), {"video.size"}),
        "empty": (lambda: call(b""), {"file.content"}),
        "missing": (lambda: call("no-such-clip.mp4"), {"file.missing"}),
        "URL": (lambda: call("https://example.org/clip.mp4"), {"file.url"}),
        "cut gif": (lambda: call(clips.gif()[:-400]), {"file.content"}),
        "gif without its end": (lambda: call(clips.gif()[:-1]), {"file.content"}),
        "gif without frames": (lambda: call(gif_of(0, 4)), {"file.content"}),
        "gif of no size": (lambda: call(gif_of(1, 0)), {"file.content"}),
        "gif of nonsense": (lambda: call(clips.gif()[:800] + b"\x07" * 300), {"file.content"}),
        "cut mp4": (lambda: call(h264()[:-50]), {"file.content"}),
        "mp4 cut at half, index first": (lambda: call(h264("-movflags", "+faststart")[:1800]), {"file.content"}),
        "mp4 cut in its first box": (lambda: call(h264()[:20]), {"file.content"}),
        "mp4 of zeros": (lambda: call(h264()[:60] + bytes(4000)), {"file.content"}),
        "cut webm": (lambda: call(clips.vp9()[:-50]), {"file.content"}),
        "webm header only": (lambda: call(clips.vp9()[:40]), {"file.content"}),
        "cut ogg": (lambda: call(clips.vp8_ogg()[:-50]), {"file.content"}),
        "ogg without its last page": (
            lambda: call(clips.vp8_ogg()[: clips.vp8_ogg().rindex(b"OggS")]),
            {"file.content"},
        ),
        "ogg of sound": (
            lambda: call(
                clips.ffmpeg(
                    "-f", "lavfi", "-i", "sine=d=0.2", "-c:a", "libvorbis", "-fflags", "+bitexact", "-f", "ogg", "-"
                )
            ),
            {"file.content"},
        ),
        "mp4 of sound": (
            lambda: call(clips.made_by_ffmpeg("mp4", "-f", "lavfi", "-i", "sine=d=0.2", "-map", "1:a")),
            {"file.content"},
        ),
        "QuickTime": (lambda: call(clips.made_by_ffmpeg("mov", "-c:v", "libx264")), {"file.content"}),
        "Matroska": (lambda: call(clips.made_by_ffmpeg("mkv", "-c:v", "libx264")), {"file.content"}),
        "AVI": (lambda: call(clips.made_by_ffmpeg("avi")), {"file.content"}),
        "transport stream": (lambda: call(clips.made_by_ffmpeg("ts")), {"file.content"}),
        "a picture": (lambda: call(b"\x89PNG\r\n\x1a\n" + bytes(50)), {"file.content"}),
        "an object": (lambda: call(object()), {"video.input"}),
        "a number": (lambda: call(5), {"video.input"}),
        "nothing": (lambda: call(None), {"video.input"}),
        "Pillow sizes": (lambda: call(sized((4, 4), (4, 5))), {"video.pictures"}),
        "Pillow and something": (lambda: call([*sized((4, 4)), 3]), {"video.pictures"}),
        "Pillow of 16 bits": (lambda: call([PillowImage.new("I;16", (4, 4))]), {"video.pictures"}),
        "Pillow of no size": (lambda: call(sized((0, 4))), {"pixels.empty"}),
        "Pillow and value_range": (lambda: call(sized((4, 4)), value_range=(0, 1)), {"video.file_options"}),
        "moviepy without end": (lambda: call(endless(), fps=4), {"video.clip"}),
        "moviepy that fails": (lambda: call(failing(), fps=4), {"video.clip"}),
        "moviepy that grows": (lambda: call(shifting(), fps=4), {"video.clip"}),
        "caption": (lambda: call(drawing(), caption="x" * 2_001), {"caption.length"}),
    }
    spellings = {
        "a clip": [
            lambda: call(drawing()),
            lambda: call(drawing().tolist()),
            lambda: call(list(drawing())),
            lambda: call(drawing().astype(np.int64)),
            lambda: call(np.asfortranarray(drawing())),
            lambda: call(clips.pictures(drawing())),
            lambda: call(drawing(), fps=4, format="gif"),
            lambda: call(drawing(), fps=4.0),
            lambda: call(drawing(), None, np.int64(4), "gif"),
        ],
        "a file": [
            lambda: call(h264()),
            lambda: call(bytearray(h264())),
            lambda: call(io.BytesIO(h264())),
            lambda: call(h264(), format="mp4"),
            lambda: call(Video(h264())),
        ],
        "grey": [
            lambda: call(smooth(2)[:, :1]),
            lambda: call([PillowImage.fromarray(frame[0]) for frame in smooth(2)]),
        ],
    }


# --- what other readers see ---


@pytest.mark.parametrize("format", ["mp4", "webm", "ogg"])
@pytest.mark.parametrize("fps", [4, 30, 29.97, 60])
def test_other_readers_see_the_frames_size_and_rate(format: str, fps: float, tmp_path: Path) -> None:
    clip = smooth(15)
    path = tmp_path / f"clip.{format}"
    video = Video(clip, fps=fps, format=format)
    path.write_bytes(video.read())

    facts, frames = clips.decoded_by_ffmpeg(path)

    assert (clips.W, clips.H) == facts["size"]
    assert pytest.approx(fps, rel=1e-3) == facts["fps"]
    assert pytest.approx(15 / fps, abs=0.02) == facts["duration"]
    assert clip.transpose(0, 2, 3, 1).shape == frames.shape
    assert psnr(clip.transpose(0, 2, 3, 1), frames) > PSNR[format]
    assert (15, fps, 15 / fps) == (video.frames, video.fps, video.duration)


@pytest.mark.parametrize("format", FORMATS)
def test_colours_are_kept(format: str, tmp_path: Path) -> None:
    """A wrong matrix or range moves pure colours by more than 10."""
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [128, 64, 32]], np.uint8)
    clip = np.broadcast_to(colours[:, :, None, None], (6, 3, 32, 32))
    path = tmp_path / f"clip.{format}"
    path.write_bytes(Video(clip, fps=5, format=format).read())

    _, frames = clips.decoded_by_ffmpeg(path)

    np.testing.assert_allclose(frames[:, 16, 16].astype(int), colours, atol=0 if format == "gif" else 5)
    np.testing.assert_allclose(Video(path).to_numpy().astype(int), frames, atol=0 if format == "gif" else 2)


@pytest.mark.parametrize("clip", ["smooth", "grainy", "game", "shapes"])
def test_an_mp4_is_as_true_and_nearly_as_small_as_wandbs(clip: str, tmp_path: Path) -> None:
    frames = getattr(clips, clip)(40, 128, 160)
    ours, theirs = tmp_path / "ours.mp4", tmp_path / "theirs.mp4"
    clips.written_as_moviepy_does(frames, theirs)

    ours.write_bytes(Video(frames, fps=10, format="mp4").read())

    true, wanted = (psnr(frames.transpose(0, 2, 3, 1), clips.decoded_by_ffmpeg(path)[1]) for path in (ours, theirs))
    assert true > wanted - 0.1
    assert ours.stat().st_size < 1.25 * theirs.stat().st_size


@pytest.mark.parametrize("format", ["mp4", "webm"])
def test_the_stream_says_how_its_colours_are_coded(format: str) -> None:
    import av

    with av.open(io.BytesIO(Video(smooth(2), format=format).read()), "r") as container:
        frame = next(container.decode(video=0))

    assert (6, 1) == (frame.colorspace, frame.color_range)  # SMPTE 170M is BT.601; video range


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bytes_do_not_depend_on_the_order_in_memory(format: str, channels: int) -> None:
    """Frames with channels last are turned round for medialog with a transpose, which moves nothing in memory."""
    clip = np.concatenate([smooth(3, 48, 70), np.full((3, 1, 48, 70), 255, np.uint8)], axis=1)[:, :channels]
    channels_last = np.ascontiguousarray(clip.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    wider = np.pad(clip, ((0, 0), (0, 0), (5, 5), (7, 7)))[:, :, 5:-5, 7:-7]

    data = {
        Video(each, format=format).read()
        for each in (np.ascontiguousarray(clip), channels_last, np.asfortranarray(clip), wider, clip[None])
    }

    assert len(data) == 1


def test_an_encoding_does_not_write_to_what_was_given() -> None:
    clip = smooth(2)
    clip.flags.writeable = False
    for format in FORMATS:
        Video(clip, format=format)


@pytest.mark.parametrize("clip", [drawing(), drawing()[:, :1], smooth(3)[:, :1], np.repeat(drawing(1), 4, axis=0)])
def test_gif_of_few_colours_or_grey_is_exact(clip: np.ndarray) -> None:
    video = Video(clip, fps=10)

    delays, frames = clips.decoded_by_pillow(video.read())

    expected = np.broadcast_to(clip, (len(clip), 3, *clip.shape[2:])).transpose(0, 2, 3, 1)
    assert [100] * len(clip) == delays
    np.testing.assert_array_equal(expected, frames)
    np.testing.assert_array_equal(expected, video.to_numpy())
    assert video.lossless
    assert () == video.changes


@pytest.mark.parametrize("colours", [256, 257])
def test_gif_is_exact_up_to_256_colours(colours: int) -> None:
    numbers = np.arange(colours, dtype=np.uint32)
    clip = np.stack([numbers % 256, 37 * numbers % 256, numbers // 256]).astype(np.uint8).reshape(1, 3, 1, colours)

    video = Video(clip)

    _, frames = clips.decoded_by_pillow(video.read())
    assert (colours == 256) == video.lossless == bool((frames == clip.transpose(0, 2, 3, 1)).all())
    assert (["video.palette"] if colours == 257 else []) == [change.id for change in video.changes]


def test_gif_of_many_colours_has_one_palette_and_is_close() -> None:
    video = Video(smooth())

    delays, frames = clips.decoded_by_pillow(video.read())

    assert psnr(smooth().transpose(0, 2, 3, 1), frames) > PSNR["gif"]
    assert len(np.unique(frames.reshape(-1, 3), axis=0)) <= 256
    assert [250] * clips.T == delays


def test_the_palette_is_of_the_whole_picture() -> None:
    """Its stripes lie as the pixels at a fixed distance did that the colours were once taken from: 26 dB."""
    y, x = np.mgrid[:256, :256]
    waves = [128 + 100 * np.sin((x - y) / 40), 128 + 100 * np.cos((x - y) / 25), 128 + 80 * np.sin((x + 2 * y) / 60)]
    clip = np.repeat(np.rint(waves).astype(np.uint8)[None], 32, axis=0)

    _, frames = clips.decoded_by_pillow(Video(clip, fps=10).read())

    assert psnr(clip.transpose(0, 2, 3, 1), frames) > 31


@pytest.mark.parametrize("count", [1, 9_000])
def test_the_palette_of_few_or_very_many_frames(count: int) -> None:
    """Fewer colours are looked at than there are frames, or all of them in one."""
    side = 128 if count == 1 else 2
    clip = np.random.default_rng(0).integers(0, 256, (count, 3, side, side)).astype(np.uint8)

    video = Video(clip, fps=10)

    assert ["video.palette"] == [change.id for change in video.changes]
    assert psnr(clip.transpose(0, 2, 3, 1), video.to_numpy()) > 25


@settings(max_examples=25)
@given(st.data())
def test_random_small_gifs_are_exact(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.integers(1, 6)) for _ in range(3))
    seed = data.draw(st.integers(0, 1000))
    clip = np.random.default_rng(seed).integers(0, 2, (shape[0], 3, *shape[1:])).astype(np.uint8) * 255

    _, frames = clips.decoded_by_pillow(Video(clip).read())

    np.testing.assert_array_equal(clip.transpose(0, 2, 3, 1), frames)


@given(st.integers(1, 300), st.floats(0.01, 50))
def test_gif_delays_stay_on_time(count: int, fps: float) -> None:
    from fractions import Fraction

    delays = gif_module.delays_for(count, Fraction(fps))

    assert count == len(delays)
    assert 2 <= min(delays)
    assert max(delays) <= 65_535
    assert max(delays) - min(delays) <= 1
    ends = np.cumsum(delays)
    assert np.abs(ends - 100 * np.arange(1, count + 1) / fps).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("fps", "stored", "change"), [(4, 4, None), (50, 50, None), (30, 12 / 0.4, "video.fps"), (60, 50, "video.fps_gif")]
)
def test_gif_rate_that_cannot_be_held_is_recorded(fps: float, stored: float, change: str | None) -> None:
    video = Video(np.repeat(drawing(1), 12, axis=0), fps=fps, strict="record")

    assert pytest.approx(stored) == video.fps
    assert pytest.approx(12 / stored) == video.duration
    assert ([change] if change else []) == [found.id for found in video.changes]


def test_golden_gif() -> None:
    clip = np.zeros((2, 3, 1, 2), np.uint8)
    clip[1, 0, 0, 1] = 255

    data = Video(clip, fps=10).read()

    palette = bytes(3) + b"\xff\0\0" + bytes(3 * 254)
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    control = b"\x21\xf9\x04\x04\x0a\x00\x00\x00"
    assert b"GIF89a\x02\x00\x01\x00\xf7\x00\x00" + palette + loop == data[: 13 + 768 + 19]
    rest = data[13 + 768 + 19 :]
    assert rest.startswith(control + b"\x2c\0\0\0\0\x02\0\x01\0\0\x08")
    assert control + b"\x2c\x01\0\0\0\x01\0\x01\0\0\x08" in rest
    assert rest.endswith(b"\x00\x3b")


# --- conversions ---


def test_values_are_scaled_as_one_clip() -> None:
    """The second frame alone would be stretched, or read as [0, 255]."""
    clip = np.zeros((2, 1, 2, 2))
    clip[0], clip[1] = 1.0, 0.25

    video = Video(clip)

    np.testing.assert_array_equal([255, 64], video.to_numpy()[:, 0, 0, 0])
    assert ["pixels.unit"] == [change.id for change in video.changes]
    assert not video.lossless


def test_clipped_values_are_counted_over_the_clip() -> None:
    video = Video(np.arange(24).reshape(2, 3, 2, 2), value_range=(4, 19), strict="record")

    assert [8] == [change.count for change in video.changes if change.id == "pixels.clipped"]


def test_odd_sides_are_padded_by_their_edge() -> None:
    clip = smooth(3, 31, 45)
    with pytest.warns(DataChanged, match=r"video\.padded"):
        Video(clip, format="mp4").encode(MemorySink())

    frames = Video(clip, format="mp4").to_numpy()

    assert (3, 32, 46, 3) == frames.shape
    expected = np.pad(clip.transpose(0, 2, 3, 1), ((0, 0), (0, 1), (0, 1), (0, 0)), mode="edge")
    assert psnr(expected[:, -1:], frames[:, -1:]) > 30


@pytest.mark.parametrize("format", ["webm", "ogg", "gif"])
def test_odd_sides_stay_in_other_formats(format: str) -> None:
    video = Video(smooth(2, 31, 45), format=format)

    assert (2, 31, 45, 3) == video.to_numpy().shape == (2, video.height, video.width, 3)


@pytest.mark.parametrize(
    ("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (5, 2, 3), (7, 3, 3), (12, 3, 4)]
)
def test_batches_are_tiled_row_by_row(count: int, rows: int, columns: int) -> None:
    batch = np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None, None] * np.ones((1, 2, 3, 4, 5), np.uint8)

    frames = Video(batch).to_numpy()

    expected = np.zeros(rows * columns, np.uint8)
    expected[:count] = np.arange(1, count + 1)
    assert (2, rows * 4, columns * 5, 3) == frames.shape
    np.testing.assert_array_equal(expected.reshape(rows, columns), frames[1, ::4, ::5, 0])


def test_alpha_is_dropped_and_said() -> None:
    clip = np.concatenate([drawing(), drawing()[:, :1]], axis=1)

    video = Video(clip, strict="record")

    np.testing.assert_array_equal(drawing().transpose(0, 2, 3, 1), video.to_numpy())
    assert [("video.alpha", True)] == [(change.id, change.lossy) for change in video.changes]
    opaque = Video(np.concatenate([drawing(), np.full_like(drawing()[:, :1], 255)], axis=1))
    assert [("video.alpha", False)] == [(change.id, change.lossy) for change in opaque.changes]
    assert opaque.lossless
    assert not video.lossless


def test_channels_last_names_the_transposition() -> None:
    with pytest.raises(InvalidInput, match=r"T x H x W x C: \.transpose\(0, 3, 1, 2\)"):
        Video(np.zeros((5, 8, 9, 3), np.uint8))


def test_torch_like_tensors() -> None:
    class Tensor:
        shape = drawing().shape
        __array__ = None

        def detach(self) -> Tensor:
            return self

        def cpu(self) -> Tensor:
            return self

        dtype = "torch.uint8"

        def numpy(self) -> np.ndarray:
            return drawing()

    Tensor.__module__ = "torch"

    assert Video(drawing()) == Video(Tensor())


def test_moviepy_clips_are_sampled_at_their_rate() -> None:
    video = Video(moving(8, fps=8), format="webm")

    assert (8, 8.0) == (video.frames, video.fps)
    assert psnr(smooth(8).transpose(0, 2, 3, 1), video.to_numpy()) > 32
    assert (4, 4.0) == (Video(moving(8), fps=4).frames, Video(moving(8), fps=4).fps)
    assert isinstance(adopt(moving()), Video)


def test_moviepy_sound_and_mask_are_lost_and_said() -> None:
    from moviepy import AudioClip, ColorClip

    clip = ColorClip((6, 4), (255, 0, 0), duration=1).with_fps(4).with_opacity(0.5)
    clip = clip.with_audio(AudioClip(lambda t: np.sin(440 * t), duration=1, fps=8000))

    video = Video(clip, strict="record")

    assert {("video.audio", True), ("video.alpha", True)} <= {(change.id, change.lossy) for change in video.changes}
    assert [255, 0, 0] == video.to_numpy()[0, 0, 0].tolist()


def test_moviepy_clips_are_asked_once_for_each_frame() -> None:
    from moviepy import VideoClip

    random = np.random.default_rng(3)
    made = []

    def frame(t: float) -> np.ndarray:
        made.append(random.integers(0, 2, (5, 6, 3)).astype(np.uint8) * 255)
        return made[-1]

    movie = VideoClip(frame, duration=1)
    made.clear()

    video = Video(movie, fps=5)

    np.testing.assert_array_equal(made[-5:], video.to_numpy())
    assert 6 == len(made)  # one more for the size


def test_moviepy_masks_and_fractions() -> None:
    from moviepy import VideoClip

    mask = VideoClip(lambda t: np.full((4, 4), 0.5), is_mask=True, duration=0.5)
    fractions = VideoClip(lambda t: np.full((4, 4, 3), 99.6), duration=0.5)

    assert 128 == Video(mask).to_numpy()[0, 0, 0, 0]
    assert 100 == Video(fractions).to_numpy()[0, 0, 0, 0]


# --- files ---


@pytest.mark.parametrize(
    ("data", "format", "codec", "fps"),
    [
        (clips.gif, "gif", "gif", 10),
        (h264, "mp4", "h264", 10),
        (lambda: h264("-movflags", "+faststart"), "mp4", "h264", 10),
        (lambda: h264("-movflags", "frag_keyframe+empty_moov"), "mp4", "h264", 10),
        (lambda: clips.made_by_ffmpeg("mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", rate="30000/1001"),
         "mp4", "h264", 30000 / 1001),
        (lambda: clips.made_by_ffmpeg("mp4", "-c:v", "libsvtav1"), "mp4", "av1", 10),
        (lambda: clips.made_by_ffmpeg("m4v", "-c:v", "libx264", "-pix_fmt", "yuv420p"), "mp4", "h264", 10),
        (clips.vp9, "webm", "vp9", 10),
        (lambda: clips.vp9("-live", "1"), "webm", "vp9", 10),
        (lambda: clips.made_by_ffmpeg("webm", "-c:v", "libvpx"), "webm", "vp8", 10),
        (clips.vp8_ogg, "ogg", "vp8", 10),
    ],
)  # fmt: skip
def test_facts_of_files_are_read(data: Any, format: str, codec: str, fps: float) -> None:
    video = Video(data())

    assert (format, codec) == (video.format, video.codec)
    assert (clips.T, clips.W, clips.H) == (video.frames, video.width, video.height)
    assert pytest.approx(fps, rel=1e-6) == video.fps
    assert pytest.approx(clips.T / fps, rel=1e-6) == video.duration
    assert data() == video.read()
    assert video.lossless
    assert [] == list(video.advice())
    assert psnr(smooth().transpose(0, 2, 3, 1), video.to_numpy()) > 18


def test_sound_in_a_file_is_kept() -> None:
    data = clips.made_by_ffmpeg(
        "mp4", "-f", "lavfi", "-i", "sine=d=1.2", "-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p"
    )

    video = Video(data)

    assert (clips.T, 10.0, data) == (video.frames, video.fps, video.read())


@pytest.mark.parametrize(
    ("suffix", "options", "words"),
    [
        ("mp4", ("-c:v", "mpeg4"), ("mpeg4", "libx264 -pix_fmt yuv420p")),
        ("mp4", ("-c:v", "libx265"), ("hevc", "libx264 -pix_fmt yuv420p")),
        ("mp4", ("-c:v", "libx264", "-pix_fmt", "yuv444p"), ("yuv444p", "libx264 -pix_fmt yuv420p")),
        ("ogg", ("-c:v", "libtheora"), ("theora", "libvpx")),
    ],
)
def test_what_browsers_do_not_play_is_a_warning_with_the_fix(suffix: str, options: tuple[str, ...], words: Any) -> None:
    video = Video(clips.made_by_ffmpeg(suffix, *options))

    with pytest.warns(Advice) as caught:
        video.encode(MemorySink())

    assert 1 == len(caught)
    assert all(word in str(caught[0].message) for word in (*words, "[video.codec]"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Video(clips.made_by_ffmpeg(suffix, *options), strict="record").encode(MemorySink())


@pytest.mark.parametrize("format", ["mp4", "webm", "ogg"])
def test_a_list_of_files_opens_none_of_them(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg's own guess would follow the list; without our own look at the file the forced demuxer still refuses."""
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(h264())
    path = tmp_path / f"list.{format}"
    path.write_text(f"ffconcat version 1.0\nfile {secret}\n")

    with pytest.raises(InvalidInput, match="an ffconcat list"):
        Video(path)

    monkeypatch.setattr(video_file, "sniff", lambda head: format)
    monkeypatch.setitem(video_file._WALKS, format, lambda file, size: None)
    with pytest.raises(InvalidInput, match=f"a whole {video_file.NAMES[format]} file"):
        Video(path)


def test_a_huge_frame_is_refused_before_it_is_decoded() -> None:
    """Frames of 8,000 x 8,000 pixels in 14 kB: 96 MB a frame, and a decoder holds several."""
    source = ("-f", "lavfi", "-i", "color=s=8000x8000:d=0.08:r=25")
    movie = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1")
    data = clips.ffmpeg(*source, *movie, "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "-")
    script = """
import resource, sys
from medialog.datatypes import Video
from medialog.validators.errors import InvalidInput
Video(bytes(sys.stdin.buffer.read(int(sys.argv[1]))))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    Video(sys.stdin.buffer.read())
except InvalidInput as error:
    print([violation.rule for violation in error.violations])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""
    command = [sys.executable, "-c", script, str(len(h264()))]
    done = subprocess.run(command, input=h264() + data, capture_output=True, timeout=60, check=True)

    rules, grown = done.stdout.decode().split("\n")[:2]
    assert "['video.pixels']" == rules
    assert int(grown) < 20_000_000


def test_the_name_must_agree(tmp_path: Path) -> None:
    path = tmp_path / "clip.webm"
    path.write_bytes(h264())

    with pytest.raises(InvalidInput, match=r"a WebM file, as its name 'clip\.webm' says, got a MP4 file"):
        Video(path)


def test_paths_and_open_files(tmp_path: Path) -> None:
    path = tmp_path / "clip.MP4"
    path.write_bytes(h264())

    with path.open("rb") as file:
        assert Video(path) == Video(str(path)) == Video(file) == Video(h264())
        assert not file.closed


def test_large_files_are_not_held(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(h264())

    video = Video(path, limits={"file.in_memory": 100})

    assert video._content.data is None
    assert (clips.T, clips.H, clips.W, 3) == video.to_numpy().shape
    sink = MemorySink()
    descriptor = video.encode(sink)
    assert {descriptor["path"]: h264()} == sink.files
    path.write_bytes(h264()[:-1] + b"!")
    with pytest.raises(InvalidInput, match=r"file\.changed"):
        video.encode(MemorySink())


def test_damage_behind_the_first_frame_is_found_when_it_is_decoded() -> None:
    data = bytearray(clips.gif())
    data[-500:-20] = bytes(480)

    with pytest.raises(InvalidInput, match=r"file\.content"):
        Video(bytes(data)).to_numpy()


@settings(max_examples=150)
@given(st.sampled_from([clips.gif, h264, clips.vp9, clips.vp8_ogg]), st.data())
def test_damaged_files_raise_nothing_else(make: Any, data: st.DataObject) -> None:
    content = bytearray(make())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(1, len(content)))] if data.draw(st.booleans()) else content

    try:
        video = Video(bytes(content), limits={"video.frames_pixels": 10_000_000})
    except InvalidInput:
        return
    assert validate(video.encode_into(MemorySink())) == []


@pytest.mark.parametrize("make", [clips.gif, h264, clips.vp9, clips.vp8_ogg])
def test_every_cut_is_found(make: Any) -> None:
    data = make()
    for length in {*range(0, len(data), max(1, len(data) // 60)), len(data) - 1}:
        with pytest.raises(InvalidInput, match=r"file\.content"):
            Video(data[:length])


# --- limits, memory, determinism ---


@pytest.mark.parametrize(
    ("limit", "clip", "value"),
    [
        ("video.side", np.zeros((1, 1, 2, 9), np.uint8), 9),
        ("video.pixels", np.zeros((2, 1, 3, 4), np.uint8), 12),
        ("video.frames_pixels", np.zeros((2, 1, 3, 4), np.uint8), 24),
    ],
)
def test_limits_are_hit_exactly(limit: str, clip: np.ndarray, value: int) -> None:
    Video(clip, limits={limit: value})

    with pytest.raises(InvalidInput) as caught:
        Video(clip, limits={limit: value - 1})
    assert {limit} == {violation.rule for violation in caught.value.violations}


def test_the_limits_of_images_are_not_those_of_videos() -> None:
    video = Video(np.zeros((1, 1, 2, 9), np.uint8), limits={"image.side": 8}).encode(MemorySink())

    assert [] == validate(video, Rules({"image.side": 8}))
    assert [("$.width", "video.side")] == [(v.at, v.rule) for v in validate(video, Rules({"video.side": 8}))]


def test_file_size_is_hit_exactly() -> None:
    data = h264()
    Video(data, limits={"video.size": len(data)})

    with pytest.raises(InvalidInput, match=r"video\.size"):
        Video(data, limits={"video.size": len(data) - 1})


def test_documented_defaults() -> None:
    video = Video(drawing())

    assert ("gif", 4.0) == (video.format, video.fps)
    assert ("gif", "mp4", "webm", "ogg") == LIMITS["video.formats"].value
    assert (4, 1_000, 0.01) == tuple(LIMITS[f"video.fps_{name}"].value for name in ("default", "max", "min"))
    assert 2 * 2**30 == LIMITS["video.size"].value


def test_decoding_obeys_the_limits() -> None:
    video = Video(h264(), limits={"video.frames_pixels": 100})

    with pytest.raises(InvalidInput, match=r"video\.frames_pixels"):
        video.to_numpy()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8, np.int64])
def test_the_clip_is_never_held_again(format: str, dtype: type) -> None:
    clip: np.ndarray = np.ascontiguousarray(smooth(80, 128, 160)).astype(dtype)
    if clip.dtype.kind == "f":
        clip /= dtype(255)
    Video(clip[:2], format=format)  # libraries are imported before the measurement
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    video = Video(clip, format=format)

    peak = tracemalloc.get_traced_memory()[1] - before - 3 * len(video.read())
    tracemalloc.stop()
    assert peak < 80 * 128 * 160 * 3 / 3  # a third of the clip in uint8, and far from the clip itself


def test_resident_memory_of_an_encoding() -> None:
    script = """
import resource, numpy as np
from medialog.datatypes import Video
Video(np.zeros((2, 3, 256, 256), np.uint8), format="mp4")
clip = np.ones((240, 3, 256, 256), np.float32) * np.linspace(0, 1, 256, dtype=np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Video(clip, format="mp4")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / clip.nbytes)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert float(done.stdout) < 0.25


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_are_the_same_in_another_process(format: str) -> None:
    script = f"""
import hashlib, sys
sys.path.insert(0, {str(Path(clips.__file__).parent)!r})
from video_clips import smooth
from medialog.datatypes import Video
print(hashlib.sha256(Video(smooth(), fps=12, format={format!r}).read()).hexdigest())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert hashlib.sha256(Video(smooth(), fps=12, format=format).read()).hexdigest() == done.stdout.strip()


def test_no_version_and_no_date_is_stored() -> None:
    for format in ("webm", "ogg", "mp4"):
        assert not re.search(rb"Lav[cf]\d|creation_time|DATE", Video(smooth(2), format=format).read())


def test_the_index_of_an_mp4_comes_first() -> None:
    data = Video(smooth(), format="mp4").read()

    assert data.index(b"moov") < data.index(b"mdat")


# --- the wire ---


def test_golden_descriptor() -> None:
    video = Video(drawing(), caption="a drawing", fps=8)
    digest = hashlib.sha256(video.read()).hexdigest()

    assert {
        "_type": "video-file",
        "path": f"media/{digest[:2]}/{digest}.gif",
        "sha256": digest,
        "size": len(video.read()),
        "format": "gif",
        "width": 30,
        "height": 21,
        "fps": pytest.approx(6 / 0.75),
        "frames": 6,
        "duration": 0.75,
        "codec": "gif",
        "lossless": True,
        "caption": "a drawing",
        "changes": [
            {
                "id": "video.fps",
                "detail": "8 frames per second stored as 8: 12 or 13 hundredths of a second each",
                "lossy": False,
            }
        ],
    } == video.encode(MemorySink())


@pytest.mark.parametrize(("captions", "expected"), [((None, None), False), (("one", None), ["one", None])])
def test_list_has_the_keys_of_wandb(captions: tuple[str | None, ...], expected: Any) -> None:
    videos = [Video(drawing(), caption=caption) for caption in captions]

    descriptor = MediaList(videos).encode_into(MemorySink())

    singles = [video.encode(MemorySink()) for video in videos]
    assert {"_type": "videos", "count": 2, "videos": singles, "captions": expected, "items": singles} == descriptor


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("count", 3, "video.list"),
        ("captions", True, "video.list"),
        ("captions", ["x", None], "video.list"),
        ("videos", [], "video.list"),
    ],
)
def test_lists_that_disagree_with_their_items(key: str, value: Any, rule: str) -> None:
    descriptor: Any = MediaList([Video(drawing())] * 2).encode_into(MemorySink())

    assert {rule} == {violation.rule for violation in validate({**descriptor, key: value})}


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("duration", 9.0, "video.duration"),
        ("width", 16_384, "video.side"),
        ("height", 16_384, "video.side"),
        ("size", 2**31 + 1, "video.size"),
        ("fps", 0.0, "schema.exclusiveMinimum"),
        ("frames", 0, "schema.minimum"),
        ("format", "avi", "schema.enum"),
    ],
)
def test_descriptors_that_break_a_rule(key: str, value: Any, rule: str) -> None:
    descriptor = Video(drawing()).encode(MemorySink())

    assert rule in {violation.rule for violation in validate({**descriptor, key: value})}


# --- what is not installed ---


@pytest.mark.parametrize("make", [lambda: Video(drawing(), format="mp4"), lambda: Video(h264())])
def test_without_pyav_one_sentence_says_what_to_install(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    h264()
    monkeypatch.setitem(sys.modules, "av", None)

    with pytest.raises(MissingDependency, match=r'pip install "medialog\[video\]"'):
        make()
    assert 6 == Video(drawing()).frames
    assert clips.T == Video(clips.gif()).frames


def test_a_build_without_the_encoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from medialog.datatypes import video_encoder

    missing = video_encoder.ENCODINGS["mp4"]._replace(encoder="libnothing")
    monkeypatch.setitem(video_encoder.ENCODINGS, "mp4", missing)

    with pytest.raises(MissingDependency, match="no encoder libnothing, which mp4 needs; try gif and webm and ogg"):
        Video(drawing(), format="mp4")


def test_what_can_never_be_a_video_is_a_wrong_type() -> None:
    with pytest.raises(WrongType):
        Video({"frames": []})


def test_an_fps_beside_a_file_is_compared_and_not_applied() -> None:
    file = MemorySink()
    descriptor = Video(drawing(), fps=4).encode(file)
    content = file.files[descriptor["path"]]

    assert [] == list(Video(content, fps=4, format="gif").advice())
    (notice,) = Video(content, fps=10).advice()

    assert notice[0] == "video.file_fps"
    assert content == Video(content, fps=10).read()
    assert 4 == Video(content, fps=10).fps
