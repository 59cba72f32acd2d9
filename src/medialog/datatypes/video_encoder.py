"""Clip -> bytes of mp4 (H.264), webm (VP9) and ogg (VP8), with PyAV; of gif without it.

One frame exists at a time. The bytes are the same on every run: one encoder thread, no processor-dependent shortcuts
where the encoder has such a switch, exact rounding in the colour conversion, and no date or random number; of versions
only x264's own, in the stream. Colours are converted by BT.601, and mp4 and webm say so; VP8 knows nothing else. BT.709
takes more of what little blue and red 4:2:0 keeps: up to 0.6 dB on coloured pictures.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from medialog.datatypes import gif
from medialog.datatypes.video_frames import Clip
from medialog.validators.errors import InvalidInput, MissingDependency, Violation
from medialog.validators.optional import require
from medialog.validators.progress import track

if TYPE_CHECKING:
    from medialog.datatypes.base import ChangeLog

_WRITE = 2  # AVIO_FLAG_WRITE
_FULL_RANGE, _VIDEO_RANGE = 2, 1  # AVColorRange
_BT601 = 6  # AVColorSpace: SMPTE 170M, the matrix of BT.601
_BT709 = 1  # AVColorPrimaries and AVColorTransferCharacteristic: those of sRGB, or nearest to it

ENCODER_RULES = {"video.encoder": "the encoder takes the clip"}
ENCODER_CHANGES = {
    "video.padded": "mp4 has even sides: the last row or column repeated (lossy)",
    "video.palette": "a gif has 256 colours: one palette for the whole clip",
    "video.encoded": "stored with the loss of H.264, VP9 or VP8",
    "video.fps": "the rate stored as the nearest one that the format can hold",
    "video.fps_gif": "browsers show no gif above 50 frames per second: slowed down (lossy)",
}


class Encoding(NamedTuple):
    """How a format is made: `codec` as the descriptor names it, PyAV's encoder and its options."""

    codec: str
    encoder: str
    options: Mapping[str, str]
    container: Mapping[str, str]
    detail: str


# As true as x264's "medium" at 23, which is W&B's setting, in a quarter of its time: on nine kinds of clips no less
# PSNR, and 0.4 to 1.2 times the bytes. Of what "veryfast" leaves out the trellis pays most. Colours have finer steps
# than brightness, as 4:2:0 has halved them already, and flat areas take less from the others than x264 has it for film.
_X264 = "trellis=1:chroma-qp-offset=-4:aq-strength=0.8:cpu-independent=1"
ENCODINGS = {
    "mp4": Encoding(
        "h264",
        "libx264",
        {"preset": "veryfast", "crf": "24", "x264-params": _X264},
        {"movflags": "+faststart"},
        "H.264, 4:2:0, constant quality 24",
    ),
    "webm": Encoding(
        "vp9",
        "libvpx-vp9",
        {"deadline": "good", "cpu-used": "4", "crf": "27", "b": "0", "row-mt": "0"},
        {},
        "VP9, 4:2:0, constant quality 27",
    ),
    "ogg": Encoding(
        "vp8",
        "libvpx",
        {"deadline": "good", "cpu-used": "5", "crf": "8", "b": "40M", "auto-alt-ref": "0"},
        {},
        "VP8, 4:2:0, constrained quality 8",
    ),
}
CODECS = {"gif": "gif", **{name: encoding.codec for name, encoding in ENCODINGS.items()}}


class Encoded(NamedTuple):
    """An encoded clip and what is known of it: `fps` is frames / duration, `duration` in seconds."""

    data: bytes
    width: int
    height: int
    frames: int
    fps: float
    duration: float
    lossless: bool
    pixel_format: str | None


def encode(clip: Clip, fps: float, format: str, log: ChangeLog) -> Encoded:
    """Encode a clip.

    `MissingDependency` without PyAV for mp4, webm and ogg, `InvalidInput` when the encoder refuses.
    """
    rate = Fraction(fps).limit_denominator(1001)
    return _encode_gif(clip, rate, log) if format == "gif" else _encode_stream(clip, rate, fps, format, log)


def _encode_gif(clip: Clip, rate: Fraction, log: ChangeLog) -> Encoded:
    palette = gif.make_palette(clip)
    if not palette.exact:
        log.record("video.palette", f"colours reduced to one palette of {gif.COLOURS} for the whole clip")
    delays = gif.delays_for(clip.count, rate)
    duration = sum(delays) / 100
    if rate * gif.SHORTEST_DELAY > 100:
        log.lose("video.fps_gif", f"{float(rate):g} frames per second slowed down to {100 // gif.SHORTEST_DELAY}")
    elif (100 / rate).denominator != 1:
        low, high = min(delays), max(delays)
        each = f"{low}" if low == high else f"{low} or {high}"
        detail = (
            f"{float(rate):g} frames per second stored as {clip.count / duration:g}: {each} hundredths of a second each"
        )
        log.record("video.fps", detail)
    buffer = io.BytesIO()
    gif.write(clip, palette, delays, buffer)
    exact = palette.exact and clip.exact
    fps = clip.count / duration
    return Encoded(buffer.getvalue(), clip.width, clip.height, clip.count, fps, duration, exact, None)


def _encode_stream(clip: Clip, rate: Fraction, fps: float, format: str, log: ChangeLog) -> Encoded:
    encoding = ENCODINGS[format]
    if format == "mp4" and (clip.width % 2 or clip.height % 2):
        width, height = clip.width + clip.width % 2, clip.height + clip.height % 2
        log.lose("video.padded", f"{clip.height} x {clip.width} padded to {height} x {width}, as mp4 has even sides")
        clip = clip.padded(height, width)
    if abs(float(rate) - fps) > 1e-9 * fps:
        log.record("video.fps", f"{fps:.12g} frames per second stored as {rate}")
    log.record("video.encoded", encoding.detail)
    av = require("av", extra="video")
    try:
        data = _write_stream(av, clip, rate, format, encoding)
    except av.codec.codec.UnknownCodecError as error:
        others = " and ".join(name for name in CODECS if name != format)
        message = f"this build of PyAV has no encoder {encoding.encoder}, which {format} needs; try {others}"
        raise MissingDependency(message) from error
    except av.FFmpegError as error:
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise InvalidInput(
            Violation("Video", "video.encoder", f"a clip that {encoding.encoder} encodes", got)
        ) from error
    return Encoded(
        data,
        clip.width,
        clip.height,
        clip.count,
        float(rate),
        float(clip.count / rate),
        lossless=False,
        pixel_format="yuv420p",
    )


class _Kept(io.BytesIO):
    """A file in memory that keeps its bytes when PyAV closes it. PyAV wants a name."""

    name = "clip"

    def close(self) -> None:
        """Stay open."""


def _write_stream(av: Any, clip: Clip, rate: Fraction, format: str, encoding: Encoding) -> bytes:
    buffer = _Kept()

    def reopen(url: str, flags: int, options: object) -> Any:  # noqa: ARG001 - PyAV's signature
        # The second pass of +faststart reads what the first wrote, to move the index before it.
        return buffer if flags & _WRITE else io.BytesIO(buffer.getvalue())

    options = {"fflags": "+bitexact", **encoding.container}
    with av.open(buffer, "w", format=format, container_options=options, io_open=reopen) as container:
        stream = container.add_stream(encoding.encoder, rate=rate, options={"flags": "+bitexact", **encoding.options})
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.thread_count = 1
        context.color_range, context.colorspace = _VIDEO_RANGE, _BT601
        context.color_primaries = context.color_trc = _BT709
        convert = _Converter(av)
        for index, frame in enumerate(track(clip, f"encoding frames as {format}", clip.count)):
            picture = convert(frame)
            picture.pts, picture.time_base = index, 1 / rate
            _mux(container, stream.encode(picture))
        _mux(container, stream.encode(None))
    return buffer.getvalue()


def _mux(container: Any, packets: Any) -> None:
    for packet in packets:
        if not packet.duration:
            packet.duration = (
                1  # of the stream's clock, which ticks once a frame: the last frame lasts as long as the others
            )
        container.mux(packet)


class _Converter:
    """H x W x 1 or 3 in uint8 -> PyAV's frame in yuv420p."""

    def __init__(self, av: Any) -> None:
        from av.video import reformatter

        self._frame = av.VideoFrame
        self._reformatter = reformatter.VideoReformatter()
        flags = reformatter.Interpolation
        # The mean of four pixels is what a reader who repeats it for the four is least wrong with: 0.1 dB over a cubic.
        self._interpolation = flags.AREA
        # Older PyAV cannot ask for the rounding that is the same on every processor; its own default is taken there.
        if hasattr(flags, "ACCURATE_RND"):
            self._interpolation |= flags.ACCURATE_RND | flags.BITEXACT | flags.FULL_CHR_H_INP
        self._space = reformatter.Colorspace.ITU601

    def __call__(self, frame: Any) -> Any:
        return self._reformatter.reformat(
            self._picture(frame),
            format="yuv420p",
            src_color_range=_FULL_RANGE,
            dst_color_range=_VIDEO_RANGE,
            dst_colorspace=self._space,
            interpolation=self._interpolation,
        )

    def _picture(self, frame: Any) -> Any:
        """Return PyAV's frame of the same layout, packed or in planes; what is made of the two is the same."""
        import numpy as np

        height, width, channels = frame.shape
        if channels == 3 and frame.strides[1:] == (3, 1):
            return self._frame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture = self._frame(width, height, "gbrp")
        for plane, channel in zip(picture.planes, (1, 2, 0), strict=True):
            rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            rows[:, :width] = frame[:, :, channel % channels]
        return picture
