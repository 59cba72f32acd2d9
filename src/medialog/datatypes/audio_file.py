"""Sound files: which they are, and whether they are whole, before anything is trusted.

The headers are read by our own code with every size checked; then flac, ogg and mp3 are decoded once from end to end,
in blocks, by libsndfile (soundfile). Plain WAV files need no library.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from medialog.datatypes import mpeg_frames, ogg_pages, wav
from medialog.datatypes.files import Content
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.limits import LIMITS
from medialog.validators.optional import require
from medialog.validators.rules import Rules

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = {"wave": "wav", "oga": "ogg", "opus": "ogg"}
# Bytes of one decoded sample, where it is not 2.
SAMPLE_BYTES = {"PCM_U8": 1, "PCM_S8": 1, "PCM_24": 4, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
FRAMES_AT_ONCE = 1 << 16

_MAGIC = (
    (b"fLaC", "FLAC"),
    (b"OggS", "OGG"),
    (b"RF64", "RF64"),
    (b"RIFX", "RIFX"),
    (b"riff", "W64"),
    (b"FORM", "AIFF"),
    (b".snd", "AU"),
    (b"caff", "CAF"),
    (b"MThd", "MIDI"),
    (b"#!AMR", "AMR"),
    (b"\x30\x26\xb2\x75", "WMA"),
    (b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
)


class AudioFacts(NamedTuple):
    """What is known of a stored sound."""

    format: str
    subtype: str
    sample_rate: int
    channels: int
    frames: int
    lossless: bool


def sniff(head: bytes) -> str | None:
    """Return the name of the format a file begins like ("WAV", "MP3", "AIFF"), or None when it is none we know."""
    if head[:4] == b"RIFF":
        return {b"WAVE": "WAV", b"AVI ": "AVI", b"WEBP": "WebP"}.get(head[8:12])
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "MP4 or M4A"
    if mpeg_frames.read_header(head[:4]) is not None:
        return "MP3"
    if head[:1] == b"\xff" and head[1:2] in (b"\xf1", b"\xf9", b"\xf0", b"\xf8"):
        return "AAC"
    return None


def open_audio(content: Content, at: str, rules: Rules) -> AudioFacts:
    """Return the facts of a sound file.

    Raises `InvalidInput`: not a wav, flac, ogg or mp3, another format than its name says, beyond the limits (from the
    headers, before anything is decoded), or broken; `MissingDependency` where libsndfile is needed and not there.
    """
    checks.refuse([check_file_size(content.size, at, rules)])
    with content.open() as file:
        start = mpeg_frames.tag_end(file, content.size, at, rules)
        file.seek(start)
        head = file.read(64)
        name = sniff(head)
        format = _check_name(name, head, content, at)
        if start and format in ("wav", "ogg"):
            raise _broken(at, name or "", "an ID3 tag in front of it")
        file.seek(0)
        if format == "wav":
            layout = wav.parse(file, content.size, at, rules)
            check_bounds(layout.sample_rate, layout.channels, layout.frames, layout.subtype or "PCM_16", at, rules)
            if layout.subtype is not None:
                # Without the byte that pads it, a file of an odd number of bytes may hold one more than can be written.
                checks.refuse([check_wav_size(layout.frames, layout.channels, layout.subtype, at, rules)])
                return _not_empty(AudioFacts("wav", layout.subtype, *layout[1:4], lossless=True), at)
            return _decode(content, "wav", None, at, rules)
        announced = None
        if format == "flac":
            announced = _check_flac(file, start, content.size, at, rules)
        elif format == "ogg":
            ogg_pages.check_pages(file, content.size, at, rules)
        else:
            frame = mpeg_frames.check_frames(file, content.size, at, rules)
            check_bounds(frame.sample_rate, frame.channels, 0, "MPEG_LAYER_III", at, rules)
    return _decode(content, format, announced, at, rules)


def _check_name(name: str | None, head: bytes, content: Content, at: str) -> str:
    formats: tuple[str, ...] = LIMITS["audio.formats"].value  # type: ignore[assignment]
    format = (name or "").lower()
    if format not in formats:
        expected = f"a sound file: {', '.join(formats)}"
        got = f"{name}" if name else ("an empty file" if not head else f"bytes that begin {checks.show(head[:12])}")
        if name in ("RF64", "RIFX", "W64", "AIFF", "AU", "CAF"):
            expected += " (others can be read with soundfile and passed as an array)"
        raise InvalidInput(Violation(at, "file.content", expected, got))
    declared = SUFFIXES.get(content.suffix, content.suffix)
    if declared in formats and declared != format:
        expected = f"a {declared.upper()} file, as its name {checks.show(content.name)} says"
        raise InvalidInput(Violation(at, "file.content", expected, f"a {name} file"))
    return format


def check_bounds(sample_rate: int, channels: int, frames: int, subtype: str, at: str, rules: Rules) -> None:
    """Hold what a header says, or an array has, against the limits."""
    advice = " (Audio(..., limits={'audio.duration': ...}) raises it; is sample_rate in hertz?)"
    checks.refuse(
        [
            checks.at_most(channels, "audio.channels", at, rules, "channels"),
            checks.at_most(sample_rate, "audio.sample_rate", at, rules, "samples a second"),
            checks.at_most(frames / sample_rate, "audio.duration", at, rules, "seconds", advice)
            if sample_rate
            else None,
            check_samples_size(frames, channels, subtype, at, rules),
        ]
    )


def check_samples_size(frames: int, channels: int, subtype: str, at: str, rules: Rules) -> Violation | None:
    """Hold the samples, as an array has them, against the limit."""
    size = frames * channels * SAMPLE_BYTES.get(subtype, 2)
    return checks.at_most(size, "audio.size", at, rules, "bytes of samples")


def check_wav_size(frames: int, channels: int, subtype: str, at: str, rules: Rules) -> Violation | None:
    """Hold the samples, as a WAV file has them, against what the format's own field can say."""
    size = frames * channels * wav.BYTES.get(subtype, 0)  # compressed ones: the file was read, so they fit
    return checks.at_most(size, "audio.wav_size", at, rules, "bytes of samples in a WAV file")


def check_file_size(size: int, at: str, rules: Rules) -> Violation | None:
    """Hold a file against the limit."""
    return checks.at_most(size, "audio.size", at, rules, "bytes of a file")


def check_format_channels(format: str, channels: int, at: str, rules: Rules) -> Violation | None:
    """Hold the channels of a flac or ogg file against what the format's own field can say."""
    if format not in ("flac", "ogg"):
        return None
    return checks.at_most(channels, f"audio.{format}_channels", at, rules, f"channels in {format}")


def _not_empty(facts: AudioFacts, at: str) -> AudioFacts:
    if not facts.frames:
        raise InvalidInput(Violation(at, "audio.empty", "at least one frame", f"a {facts.format} file of none"))
    return facts


def _check_flac(file: BinaryIO, start: int, size: int, at: str, rules: Rules) -> int | None:
    """Walk the metadata blocks of a FLAC file; return how many frames it announces, or None when it does not say."""
    position, blocks, last = start + 4, 0, False
    announced: int | None = None
    while not last:
        blocks += 1
        checks.refuse([checks.at_most(blocks, "audio.chunks", at, rules, "metadata blocks in a file")])
        file.seek(position)
        head = file.read(4)
        length = int.from_bytes(head[1:], "big")
        if len(head) < 4 or position + 4 + length > size:
            raise _broken(at, "FLAC", f"a metadata block of {length:,} bytes at byte {position:,} of {size:,}")
        last, kind = bool(head[0] & 0x80), head[0] & 0x7F
        if (blocks == 1) != (kind == 0) or (kind == 0 and length != 34):
            raise _broken(at, "FLAC", f"a metadata block of kind {kind} with {length} bytes as its number {blocks}")
        if kind == 0:
            # STREAMINFO, from its eleventh byte: 20 bits rate, 3 channels - 1, 5 bits - 1, 36 frames
            packed = int.from_bytes(file.read(18)[10:], "big")
            sample_rate, channels, announced = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1 or None
            if not sample_rate:
                raise _broken(at, "FLAC", "0 samples a second")
            check_bounds(sample_rate, channels, announced or 0, "PCM_16", at, rules)
        position += 4 + length
    return announced


def _decode(content: Content, format: str, announced: int | None, at: str, rules: Rules) -> AudioFacts:
    """Decode a file from end to end, keeping nothing, and return its facts."""
    soundfile = require("soundfile", "audio")
    name = format.upper()
    frames = 0
    try:
        with content.open() as file, soundfile.SoundFile(file) as sound:
            rate, channels, subtype = sound.samplerate, sound.channels, sound.subtype
            check_bounds(rate, channels, 0, subtype, at, rules)
            while read := len(sound.read(FRAMES_AT_ONCE // channels or 1, dtype="float32")):
                frames += read
                check_bounds(rate, channels, frames, subtype, at, rules)
    except InvalidInput:
        raise
    except Exception as error:  # libsndfile's own errors, and what its callbacks raise for broken files
        raise _broken(at, name, f"{type(error).__name__}: {str(error)[:120]}") from error
    if announced is not None and frames != announced:
        raise _broken(at, name, f"{frames:,} of the {announced:,} frames that its header announces")
    return _not_empty(AudioFacts(format, subtype, rate, channels, frames, lossless=True), at)


def _broken(at: str, name: str, got: str) -> InvalidInput:
    return InvalidInput(Violation(at, "file.content", f"a whole {name} file", got))


# --- writing and reading through libsndfile ---------------------------------------------------------------------------


def encode(samples: np.ndarray, sample_rate: int, format: str, at: str, rules: Rules) -> tuple[bytes, str]:
    """Return `samples` as a flac or ogg file, and its subtype. `InvalidInput` where the format cannot hold them."""
    import numpy as np

    soundfile = require("soundfile", "audio")
    # Checked here, not left to the library: libvorbis 1.3.7 ends the process when it is closed after refusing a rate.
    checks.refuse(
        [
            check_format_channels(format, samples.shape[1], at, rules),
            checks.at_most(
                sample_rate, f"audio.{format}_sample_rate", "sample_rate", rules, f"frames a second in {format}"
            ),
        ]
    )
    subtype = "VORBIS" if format == "ogg" else {"u1": "PCM_S8", "i2": "PCM_16", "i4": "PCM_24"}[samples.dtype.str[1:]]
    if subtype == "PCM_24" and (samples & 0xFF).any():
        got = "32-bit samples (flac holds 24 bits here)"
        raise InvalidInput(Violation(at, "audio.encoder", "format='wav' for samples of 32 bits", got))
    buffer = io.BytesIO()
    channels = samples.shape[1]
    try:
        with soundfile.SoundFile(buffer, "w", sample_rate, channels, subtype, format=format.upper()) as sound:
            # In blocks: libvorbis takes a long sound in one piece for more than its stack holds.
            for start in range(0, len(samples), FRAMES_AT_ONCE):
                block = samples[start : start + FRAMES_AT_ONCE]
                if format == "ogg":
                    block = to_float32(block)
                elif subtype == "PCM_S8":
                    block = (block.astype(np.int16) - 128) << 8
                sound.write(block)
    except Exception as error:  # a rate that libFLAC does not write, such as 65,537
        got = f"{sample_rate} Hz, {channels} channels: {str(error)[:100]}"
        raise InvalidInput(Violation(at, "audio.encoder", f"a rate and channels that {format} holds", got)) from error
    data = buffer.getvalue()
    return (ogg_pages.renumber(data) if format == "ogg" else data), subtype


def to_float32(samples: np.ndarray) -> np.ndarray:
    """Return integer samples as float32 in [-1, 1), as libsndfile scales them."""
    import numpy as np

    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    return (samples / 2.0 ** (8 * samples.dtype.itemsize - 1)).astype(np.float32)


def read_samples(content: Content, facts: AudioFacts, at: str, rules: Rules) -> Any:
    """Return the samples of a stored sound, (frames, channels): integers of a lossless coding, else float32."""
    import numpy as np

    if facts.format == "wav":
        data = content.read()
        samples = wav.decode(data, wav.parse(io.BytesIO(data), len(data), at, rules))
        if samples is not None:
            return samples
    dtype = {"PCM_S8": "int16", "PCM_16": "int16", "PCM_24": "int32"}.get(facts.subtype, "float32")
    with content.open() as file, require("soundfile", "audio").SoundFile(file) as sound:
        samples = sound.read(dtype=dtype, always_2d=True)
    if facts.subtype == "PCM_S8":
        return ((samples >> 8) + 128).astype(np.uint8)
    return samples
