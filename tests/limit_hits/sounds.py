"""Limits of sounds and sound files."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any

import numpy as np
import soundfile

from limit_hits.hits import Limits, Noticed, Refused, RefusedByName, Shown, described, noticed
from medialog.datatypes import audio_file
from medialog.datatypes.audio import Audio
from medialog.datatypes.base import MediaList
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules

RATE = 8000
OPEN = {"audio.size": 2**62, "audio.duration": 10**9}
ENOUGH_CHANNELS = {"audio.channels": 1000}


def silence(frames: int, channels: int = 1) -> np.ndarray:
    return np.zeros((frames, channels), np.int16)


@cache
def file(format: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, silence(RATE // 2), RATE, format=format)
    return buffer.getvalue()


def wav(size: int = 2, *, channels: int = 1, rate: int = RATE, chunks: int = 2, data: bytes | None = None) -> bytes:
    """Return a WAV file of `size` bytes of 16-bit samples and of so many chunks."""
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    body = b"WAVE" + b"LIST\0\0\0\0" * (chunks - 2) + b"fmt \x10\0\0\0" + fmt
    body += b"data" + struct.pack("<I", size) + (bytes(size) if data is None else data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def flac_of_blocks(n: int) -> bytes:
    """Return a FLAC file of n metadata blocks: empty paddings behind the first."""
    data = Audio(silence(20), RATE, format="flac").read()
    first, rest = bytearray(data[:42]), data[42:]
    own, position, last = 1, 0, bool(first[4] & 0x80)
    while not last:
        own, last = own + 1, bool(rest[position] & 0x80)
        position += 4 + int.from_bytes(rest[position + 1 : position + 4], "big")
    first[4] &= 0x7F
    return bytes(first) + b"\1\0\0\0" * (n - own) + (rest if own > 1 else b"\x81\0\0\0" + rest)


def tagged_mp3(size: int) -> bytes:
    """Return an MP3 file behind an ID3 tag of `size` bytes in all."""
    length = size - 10
    head = b"ID3\4\0\0" + bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
    return head + bytes(length) + file("MP3")


def aiff(name: str) -> bytes:
    return file({"other": "AIFF"}.get(name, name.upper()))


PAGES = file("OGG").count(b"OggS")


def ogg_of_pages(n: int) -> bytes:
    """Return an Ogg file of `PAGES` pages, or of one more: its last page, of no samples, once again."""
    data = file("OGG")
    if n == PAGES:
        return data
    soundless = bytearray(data[data.rindex(b"OggS") :][:27])
    soundless[26] = 0
    soundless[18:22] = (int.from_bytes(soundless[18:22], "little") + 1).to_bytes(4, "little")
    soundless[22:26] = bytes(4)
    from medialog.datatypes import ogg_pages

    soundless[22:26] = ogg_pages.checksum(bytes(soundless)).to_bytes(4, "little")
    return data + bytes(soundless)


def encoded(frames: int, channels: int, rate: int, format: str, limits: Limits) -> Audio:
    return Audio(silence(frames, channels), rate, format=format, limits=limits)


def listed(n: int, limits: Limits) -> MediaList:
    return MediaList([Audio([0], RATE)] * n, Rules(limits))


def wav_of_size(n: int, limits: Limits) -> None:
    """A sound of so many bytes, in an array that takes no memory.

    The samples that pass are copied, 4 GiB: they are held against the check alone. Those over it are refused before.
    """
    if n <= LIMITS["audio.wav_size"].value:  # type: ignore[operator]
        audio_file.check_wav_size(n // 2, 1, "PCM_16", "Audio", Rules(limits))
    else:
        Audio(np.broadcast_to(np.int16(0), (n // 2,)), RATE, limits=limits)


INPUT = [
    Refused("audio.channels", lambda n, limits: Audio(silence(100, n), RATE, limits=limits)),
    Refused("audio.channels", lambda n, limits: Audio(wav(2 * n, channels=n), limits=limits)),
    Refused("audio.chunks", lambda n, limits: Audio(wav(chunks=n), limits=limits)),
    Refused("audio.chunks", lambda n, limits: Audio(flac_of_blocks(n), limits=limits)),
    Refused("audio.duration", lambda n, limits: Audio(silence(n), 1, limits=limits)),
    Refused("audio.duration", lambda n, limits: Audio(wav(2 * n, rate=1), limits=limits)),
    Refused("audio.flac_channels", lambda n, limits: encoded(20, n, RATE, "flac", limits)),
    Refused("audio.flac_sample_rate", lambda n, limits: encoded(20, 1, n, "flac", limits)),
    *(
        # What the bytes are is seen by how they begin: the rule is that of every file's content.
        RefusedByName("audio.formats", lambda n, limits: Audio(aiff(n)), at=name, past="other", name="file.content")
        for name in ("wav", "flac", "ogg", "mp3")
    ),
    Refused("audio.ogg_channels", lambda n, limits: encoded(300, n, RATE, "ogg", limits), also=ENOUGH_CHANNELS),
    Refused("audio.ogg_sample_rate", lambda n, limits: encoded(20, 1, n, "ogg", limits)),
    Refused("audio.pages", lambda n, limits: Audio(ogg_of_pages(n), limits=limits), lowered=PAGES),
    Refused("audio.per_step", listed),
    Noticed("audio.playable_channels", lambda n, limits: noticed(Audio(silence(100, n), RATE, limits=limits))),
    Noticed(
        "audio.playable_channels", lambda n, limits: noticed(Audio(silence(100, n), RATE, limits=limits)), lowered=2
    ),
    Noticed("audio.playable_rate", lambda n, limits: noticed(Audio([0], n, limits=limits)), at=3000, step=-1),
    Noticed("audio.playable_rate", lambda n, limits: noticed(Audio([0], n, limits=limits)), at=768_000),
    Noticed(
        "audio.playable_rate", lambda n, limits: noticed(Audio([0], n, limits=limits)), at=7, step=-1, lowered=(7, 9)
    ),
    Refused("audio.sample_rate", lambda n, limits: Audio([0], n, limits=limits)),
    Refused("audio.sample_rate", lambda n, limits: Audio(wav(rate=n), limits=limits), lowered=9000),
    # The file of an array is 44 bytes of header, and samples.
    Refused("audio.size", lambda n, limits: Audio(silence((n - 44) // 2), RATE, limits=limits), lowered=200, step=2),
    Refused("audio.size", lambda n, limits: Audio(wav(n - 44), limits=limits), lowered=200, step=2),
    Refused("audio.tags", lambda n, limits: Audio(tagged_mp3(n), limits=limits), lowered=1000),
    Refused("audio.wav_size", wav_of_size, also=OPEN, step=2),
]


@cache
def _sound(format: str = "wav") -> dict[str, Any]:
    descriptor: dict[str, Any] = described(Audio(silence(8), RATE, format=format))
    return descriptor


def sound(encoded: str = "wav", **members: Any) -> dict[str, Any]:
    descriptor = {**_sound(encoded), **members}
    return {**descriptor, "duration": descriptor["frames"] / descriptor["sample_rate"]}


def list_of_sounds(n: int) -> Any:
    return described(MediaList([Audio([0], RATE)] * n, Rules({"audio.per_step": n})))


DESCRIPTOR = [
    Shown("audio.channels", lambda n: sound(channels=n)),
    Shown("audio.sample_rate", lambda n: sound(sample_rate=n)),
    Shown("audio.duration", lambda n: sound(frames=n, sample_rate=1)),
    Shown("audio.per_step", list_of_sounds),
    Shown("audio.size", lambda n: sound(size=n)),
    # The samples, when they are decoded.
    Shown("audio.size", lambda n: sound("ogg", frames=n // 2), step=2, also={"audio.duration": 10**9}),
    Shown("audio.wav_size", lambda n: sound(frames=n // 2), step=2, also=OPEN),
    Shown("audio.flac_channels", lambda n: sound("flac", channels=n)),
    Shown("audio.ogg_channels", lambda n: sound("ogg", channels=n), also=ENOUGH_CHANNELS),
    *(
        Shown("audio.formats", lambda n: sound(format=n), at=name, past="aiff", rule="schema.enum")
        for name in ("wav", "flac", "ogg", "mp3")
    ),
]
NOT_SHOWN = {
    "audio.chunks": "chunks are inside the file",
    "audio.flac_sample_rate": "the limit of the encoder: a file of a higher rate is kept as it is",
    "audio.ogg_sample_rate": "the limit of the encoder: a file of a higher rate is kept as it is",
    "audio.pages": "pages are inside the file",
    "audio.playable_channels": "a piece of advice: more channels are valid",
    "audio.playable_rate": "a piece of advice: other rates are valid",
    "audio.tags": "tags are inside the file",
}
