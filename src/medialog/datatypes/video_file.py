"""Video files: which they are, and whether they are whole, before any library opens them; then PyAV, told what it is.

The container is walked here, at its top level and in bounded steps: that alone finds text, playlists and cut files, and
says which demuxer PyAV may use. PyAV reads from our open file, never by name, and never chooses the demuxer itself: the
formats that open other files or the network (playlists, concatenations, references) cannot be reached.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from medialog.datatypes import gif, ogg, video_frames
from medialog.datatypes.files import Content
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.optional import require
from medialog.validators.rules import Rules

if TYPE_CHECKING:
    import numpy as np

_AT = "Video"
NAMES = {"gif": "GIF", "mp4": "MP4", "webm": "WebM", "ogg": "Ogg"}
SUFFIXES = {"m4v": "mp4", "ogv": "ogg"}
_DEMUXERS = {"mp4": "mov", "webm": "matroska", "ogg": "ogg"}
_STEPS = 1_000_000
_VIDEO_RANGE, _FULL_RANGE = 1, 2  # AVColorRange
_COLOUR_SPACES = (1, 4, 5, 6, 7)  # AVColorSpace and swscale count these alike: BT.709, FCC, BT.470, SMPTE 170M and 240M

# What browsers play, by container (measured in Chromium; Theora was removed in 2024, MPEG-4 part 2 and HEVC never
# came).
PLAYED = {"gif": {"gif"}, "mp4": {"h264", "vp9", "av1"}, "webm": {"vp8", "vp9", "av1"}, "ogg": {"vp8"}}
_PLAYED_H264 = {"yuv420p", "yuvj420p"}
_ENCODERS = {
    "mp4": "libx264 -pix_fmt yuv420p -movflags +faststart",
    "webm": "libvpx-vp9 -pix_fmt yuv420p",
    "ogg": "libvpx",
}

FILE_RULES = {
    "video.codec": "the file's codec is one that browsers play (a warning that names the fix)",
    "video.size": "a file has at most `video.size` bytes",
}


class Facts(NamedTuple):
    """What is known of a video: `fps` is the mean rate, `duration` is in seconds."""

    format: str
    width: int
    height: int
    fps: float
    frames: int
    duration: float
    codec: str
    lossless: bool
    pixel_format: str | None


def probe(content: Content, format: str | None, rules: Rules) -> Facts:
    """Return the facts of a video file. `format` is what the caller says it is.

    Raises `InvalidInput`: not one of the four formats, another than it is said to be, cut off, without a picture,
    larger than the limits, or with a first frame that does not decode.
    """
    checks.refuse([check_file_size(content.size, rules)])
    with content.open() as file:
        found = sniff(file.read(512))
    if found not in NAMES:
        expected = f"a video file: {', '.join(NAMES)}"
        got = f"{found}" if found else ("an empty file" if not content.size else _show_head(content))
        raise InvalidInput(Violation(_AT, "file.content", expected + _hint(found), got))
    suffix = SUFFIXES.get(content.suffix, content.suffix)
    for declared, source in ((format, "format="), (suffix, f"its name {checks.show(content.name)}")):
        if declared in NAMES and declared != found:
            expected = f"a {NAMES[declared]} file, as {source}{repr(format) if declared is format else ''} says"
            raise InvalidInput(Violation(_AT, "file.content", expected, f"a {NAMES[found]} file"))
    try:
        with content.open() as file:
            layout = _WALKS[found](file, content.size)
    except ValueError as error:
        raise _broken(found, str(error)) from error
    return _gif_facts(content, layout, rules) if found == "gif" else _probe_stream(content, found, rules)


def check_file_size(size: int, rules: Rules, at: str = _AT) -> Violation | None:
    """Hold a file, or what an array was encoded to, against the limit."""
    return checks.at_most(size, "video.size", at, rules, "bytes")


def _broken(format: str, got: str) -> InvalidInput:
    return InvalidInput(Violation(_AT, "file.content", f"a whole {NAMES[format]} file with a picture", got))


def _show_head(content: Content) -> str:
    with content.open() as file:
        return f"bytes that begin {checks.show(file.read(12))}"


# --- which format ---

_FOREIGN = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"FLV\x01", "a Flash video"),
    (b"\x30\x26\xb2\x75", "a Windows Media file"),
    (b"\x00\x00\x01\xba", "an MPEG program stream"),
    (b"\x00\x00\x01\xb3", "an MPEG video stream"),
    (b"#EXTM3U", "an HLS playlist"),
    (b"ffconcat", "an ffconcat list"),
)


def sniff(head: bytes) -> str | None:
    """Return "gif", "mp4", "webm" or "ogg", the name of another format in words, or None."""
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"OggS"):
        return "ogg"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand == b"qt  ":
            return "a QuickTime file"
        return "a HEIF or AVIF picture" if brand in (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1") else "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm" if b"\x42\x82\x84webm" in head[:64] else "a Matroska file"
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return "a QuickTime file"
    if head[:4] == b"RIFF":
        return {b"AVI ": "an AVI file", b"WEBP": "a WebP picture", b"WAVE": "a WAV file"}.get(head[8:12], "a RIFF file")
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "an MPEG transport stream"
    return next((name for magic, name in _FOREIGN if head.startswith(magic)), None)


def _hint(found: str | None) -> str:
    if found is None or "picture" in found or "list" in found or "WAV" in found:
        return ""
    if found in ("a QuickTime file", "a Matroska file"):
        return "; when its codec fits, ffmpeg -i in -c copy out.mp4 (or out.webm) makes one"
    return "; ffmpeg -i in -c:v libx264 -pix_fmt yuv420p -movflags +faststart out.mp4 makes one"


# --- walks: `ValueError` says what is broken ---


def _walk_gif(file: BinaryIO, size: int) -> gif.Layout:  # noqa: ARG001
    return gif.read_layout(file)


def _walk_mp4(file: BinaryIO, size: int) -> None:
    """Walk the top-level boxes: they fill the file exactly, and there is an index (moov) and data (mdat)."""
    kinds = set(_boxes(file, size))
    if b"moov" not in kinds:
        raise ValueError("no index (moov): the recording was not finished, or the file is cut")
    if not kinds & {b"mdat", b"moof"}:
        raise ValueError("no data (mdat)")


def _boxes(file: BinaryIO, size: int) -> Iterator[bytes]:
    place = 0
    for _ in range(_STEPS):
        if place == size:
            return
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            raise ValueError(f"cut off: {size - place} bytes at its end are no box")
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        least = 8
        if length == 1:
            length, least = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - place
        if length < least:
            raise ValueError(f"a box {checks.show(kind)} of {length} bytes")
        if length > size - place:
            raise ValueError(f"cut off: its box {checks.show(kind)} has {length:,} bytes, {size - place:,} are there")
        yield kind
        place += length
    raise ValueError(f"more than {_STEPS:,} boxes")


_SEGMENT, _CLUSTER, _TRACKS = 0x18538067, 0x1F43B675, 0x1654AE6B


def _walk_webm(file: BinaryIO, size: int) -> None:
    """Walk the EBML elements of the segment; those of unknown length (live recordings) are walked into."""
    seen: set[int] = set()
    place, end = 0, size
    for _ in range(_STEPS):
        if place == end:
            if end == size:
                break
            end = size
        file.seek(place)
        head = file.read(12)
        name, used = _ebml_number(head, keep_mark=True)
        length, more = _ebml_number(head[used:], keep_mark=False)
        place += used + more
        unknown = length == (1 << 7 * more) - 1
        if not unknown and length > end - place:
            raise ValueError(f"cut off: its element 0x{name:x} has {length:,} bytes, {end - place:,} are there")
        seen.add(name)
        if name == _SEGMENT or unknown:
            end = end if unknown else place + length
            continue
        place += length
    else:
        raise ValueError(f"more than {_STEPS:,} elements")
    if _TRACKS not in seen or _CLUSTER not in seen:
        raise ValueError("no tracks or no clusters")


def _ebml_number(data: bytes, *, keep_mark: bool) -> tuple[int, int]:
    """Return a variable-length integer and its length in bytes."""
    length = 9 - data[0].bit_length() if data and data[0] else 9
    if length > len(data) or length > 8:
        raise ValueError("cut off, or no EBML element where one begins")
    value = int.from_bytes(data[:length], "big")
    return (value if keep_mark else value - (1 << 7 * length)), length


_WALKS: dict[str, Callable[[BinaryIO, int], Any]] = {
    "gif": _walk_gif,
    "mp4": _walk_mp4,
    "webm": _walk_webm,
    "ogg": ogg.walk,
}


# --- facts ---


def _gif_facts(content: Content, layout: gif.Layout, rules: Rules) -> Facts:
    video_frames.check_size(len(layout.delays), layout.height, layout.width, rules)
    next(_gif_frames(content))
    count, duration = len(layout.delays), sum(layout.delays) / 100
    return Facts(
        "gif", layout.width, layout.height, count / duration, count, duration, "gif", lossless=True, pixel_format=None
    )


def _gif_frames(content: Content) -> Iterator[np.ndarray]:
    import numpy as np
    from PIL import Image, ImageSequence

    try:
        with content.open() as file:
            with warnings.catch_warnings():
                # Our own limits decide, before this.
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                picture = Image.open(file, formats=["GIF"])
            for frame in ImageSequence.Iterator(picture):
                yield np.array(frame.convert("RGB"))
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError) as error:
        raise _broken("gif", f"{type(error).__name__}: {str(error)[:120]}") from error


def _open_stream(av: Any, file: BinaryIO, format: str, rules: Rules) -> Any:
    options = {
        # Nothing else is opened: what is read is our open file. Only MP4 can refer to other files at all.
        "protocol_whitelist": "none",
        **({"enable_drefs": "0"} if format == "mp4" else {}),
        # PyAV decodes a little to describe a stream; a frame over the limit must not be allocated for that.
        "max_pixels": str(rules.limit("video.pixels")),
        "threads": "1",
    }
    return av.open(file, "r", format=_DEMUXERS[format], options=options)


def _probe_stream(content: Content, format: str, rules: Rules) -> Facts:
    av = require("av", extra="video")
    try:
        with content.open() as file, _open_stream(av, file, format, rules) as container:
            if not container.streams.video:
                raise _broken(format, "no video stream")
            stream = container.streams.video[0]
            context = stream.codec_context
            if context is None:
                raise _broken(format, "a codec that this build of PyAV does not know")
            frames, seconds = _measure(container, stream)
            width, height = context.width, context.height
            if not (frames and width and height):
                raise _broken(format, f"{frames} frames of {height} x {width}")
            checks.refuse(video_frames.check_frame(height, width, rules))
            fps, duration = _rate(stream, frames, seconds)
            codec, pixel_format = context.codec.canonical_name, context.pix_fmt
        first = next(_stream_frames(content, format, rules), None)
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise _broken(format, f"{type(error).__name__}: {str(error)[:120]}") from error
    if first is None:
        raise _broken(format, "no frame that decodes")
    return Facts(format, width, height, fps, frames, duration, codec, lossless=True, pixel_format=pixel_format)


def _measure(container: Any, stream: Any) -> tuple[int, Fraction]:
    """Return the number of frames and the seconds from the first to the end of the last, from every packet."""
    frames, start, end = 0, None, 0
    for packet in container.demux(stream):
        if not packet.size:
            continue
        if packet.is_corrupt:
            raise ValueError(f"its frame {frames} is damaged or cut off")
        frames += 1
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None:
            start = at if start is None else min(start, at)
            end = max(end, at + (packet.duration or 0))
    return frames, (end - (start or 0)) * (stream.time_base or Fraction(0))


def _rate(stream: Any, frames: int, duration: Fraction) -> tuple[float, float]:
    """Return fps and duration.

    The nominal rate is used where it explains the duration: clocks of containers are coarse.
    """
    nominal = stream.average_rate or stream.guessed_rate
    if nominal and abs(frames / nominal - duration) <= Fraction(3, 2) / nominal:
        return float(nominal), float(frames / nominal)
    if duration <= 0:
        raise ValueError("no times: its duration is unknown")
    return float(frames / duration), float(duration)


def _stream_frames(content: Content, format: str, rules: Rules) -> Iterator[np.ndarray]:
    av = require("av", extra="video")
    with content.open() as file, _open_stream(av, file, format, rules) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"max_pixels": str(rules.limit("video.pixels"))}
        for frame in container.decode(stream):
            yield frame.to_ndarray(format="rgb24", **_colours(frame))


def _colours(frame: Any) -> dict[str, int]:
    """Return how the colours of a frame are to be read: as its stream says, FFmpeg's default where it says nothing.

    PyAV before 17 does not look at the stream, and takes this up only when source and target differ: RGB is full range.
    """
    space, range = int(frame.colorspace), int(frame.color_range)
    if space not in _COLOUR_SPACES:
        return {}
    return {
        "src_colorspace": space,
        "dst_colorspace": space,
        "src_color_range": range or _VIDEO_RANGE,
        "dst_color_range": _FULL_RANGE,
    }


def decode_frames(content: Content, facts: Facts, rules: Rules) -> np.ndarray:
    """Return all frames of a video as T x H x W x 3 in uint8.

    `InvalidInput` beyond the limits or when it is damaged.
    """
    import numpy as np

    video_frames.check_size(facts.frames, facts.height, facts.width, rules)
    frames = np.empty((facts.frames, facts.height, facts.width, 3), np.uint8)
    found = _gif_frames(content) if facts.format == "gif" else _stream_frames(content, facts.format, rules)
    count = 0
    try:
        for count, frame in enumerate(found, 1):
            if count <= facts.frames:
                frames[count - 1] = frame
    except (OSError, ValueError) as error:  # PyAV's errors are OSErrors or ValueErrors
        if isinstance(error, InvalidInput):
            raise
        raise _broken(facts.format, f"{type(error).__name__}: {str(error)[:120]}") from error
    if count != facts.frames:
        raise _broken(facts.format, f"{count} frames that decode, of {facts.frames}")
    return frames


def complaint(facts: Facts) -> str | None:
    """Return what keeps browsers from playing a video, and the fix; None when they play it."""
    if facts.codec not in PLAYED[facts.format]:
        what = f"browsers do not play the codec {facts.codec} in {facts.format}"
    elif facts.codec == "h264" and facts.pixel_format not in _PLAYED_H264:
        what = f"most browsers do not play h264 with pixels of {facts.pixel_format} (they play yuv420p)"
    else:
        return None
    return f"{what}; re-encode it: ffmpeg -i in.{facts.format} -c:v {_ENCODERS[facts.format]} out.{facts.format}"
