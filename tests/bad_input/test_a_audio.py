"""A: sound, as arrays and as files."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import soundfile

from bad_input import nasty
from bad_input.postcondition import KEY, Bench, Case, accepted, flat, refused, refused_file
from medialog import Audio
from medialog.validators.errors import WrongType

SMALL = 4 << 20
TONE = np.sin(np.arange(800) / 9)


def coded(format: str, subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, TONE, 8000, subtype, format=format)
    return file.getvalue()


WAV, FLAC, OGG, MP3 = coded("WAV"), coded("FLAC"), coded("OGG"), coded("MP3")


def wav(
    *,
    tag: int = 1,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    block: int | None = None,
    data: bytes = b"\1\0" * 8,
    data_size: int | None = None,
    riff_size: int | None = None,
    fmt_size: int | None = None,
    before: bytes = b"",
    name: bytes = b"RIFF",
    extra: bytes = b"",
) -> bytes:
    """Return a WAV file any of whose numbers is another."""
    block = channels * bits // 8 if block is None else block
    fmt = struct.pack("<HHIIHH", tag, channels, rate, min(rate * block, 2**32 - 1), block, bits) + extra
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(fmt) if fmt_size is None else fmt_size) + fmt
    body += b"data" + struct.pack("<I", len(data) if data_size is None else data_size) + data
    return name + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def id3(size: int, body: bytes = b"") -> bytes:
    return b"ID3\4\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def sound(name: str, data: bytes | Any, *rules: str, suffix: str = ".wav", **options: Any) -> list[Case]:
    return refused_file(name, data, Audio, suffix, *rules, **options)


def array(name: str, make: Any, *rules: str, error: type[Exception] | None = None, **options: Any) -> list[Case]:
    options = {"sample_rate": 8000, **options}
    return refused(name, lambda at: Audio(make(), **options), *rules, **({"error": error} if error else {}))


def flac_announcing(frames: int, rate: int = 8000) -> bytes:
    data = bytearray(FLAC)
    packed = int.from_bytes(data[18:26], "big")
    data[18:26] = (rate << 44 | (packed >> 36 & 0xFF) << 36 | frames).to_bytes(8, "big")
    return bytes(data)


CASES = flat(
    sound("A1 claims 4 GiB", wav(data_size=2**32 - 1, riff_size=2**32 - 1), "file.content", peak=SMALL),
    sound("A1 data of 2 GiB", wav(data_size=2**31), "file.content", peak=SMALL),
    sound("A1 RIFF of 0", wav(riff_size=0), "file.content"),
    sound("A2 0 channels", wav(channels=0), "file.content"),
    sound(
        "A3 65,535 channels",
        wav(channels=65_535, bits=8, block=65_535, data=bytes(65_535)),
        "audio.channels",
        says="64",
    ),
    sound("A4 65 channels", wav(channels=65, data=bytes(130)), "audio.channels"),
    sound("A5 rate 0", wav(rate=0), "file.content"),
    sound("A5 rate 2**32 - 1", wav(rate=2**32 - 1), "audio.sample_rate"),
    sound("A6 bits 0", wav(bits=0), "file.content"),
    sound("A6 bits 33", wav(bits=33), "file.content"),
    sound("A6 bits 65,535", wav(bits=65_535), "file.content"),
    sound("A6 a block of 0", wav(block=0), "file.content"),
    sound("A7 fmt of 4 GiB", wav(fmt_size=2**32 - 1), "file.content", peak=SMALL),
    sound("A7 fmt of 0", wav(fmt_size=0), "file.content"),
    sound("A8 an unknown coding", wav(tag=0x55), "file.content"),
    sound("A8 an unknown extension", wav(tag=0xFFFE), "file.content"),
    sound("A8 ADPCM of nonsense", wav(tag=2, bits=4, block=256), "file.content"),
    sound("A9 100,000 LIST chunks", lambda: wav(before=b"LIST\0\0\0\0" * 100_000), "audio.chunks", says="1,000"),
    sound("A10 RF64", wav(name=b"RF64", riff_size=2**32 - 1), "file.content", says="RF64"),
    sound("A10 RIFX", wav(name=b"RIFX"), "file.content", says="RIFX"),
    sound("A11 text named .wav", b"hello", "file.content"),
    sound("A11 0 bytes", b"", "file.content"),
    sound("A11 NUL", bytes(4096), "file.content"),
    sound("A11 only RIFF", b"RIFF\4\0\0\0WAVE", "file.content"),
    sound("A11 half a frame", wav(data=bytes(7)), "file.content"),
    sound("A11 no frames", wav(data=b""), "audio.empty"),
    sound("A11 data before fmt", wav(before=b"data\0\0\0\0"), "file.content"),
    sound("A11 a FLAC named .wav", FLAC, "file.content", forms=["path", "open file"], says="FLAC"),
    sound("A11 a WAV named .mp3", WAV, "file.content", suffix=".mp3", forms=["path", "open file"], says="WAV"),
    sound("A12 FLAC of 2**36 - 1 frames", flac_announcing(2**36 - 1), "audio.duration", "audio.size", suffix=".flac"),
    sound("A12 FLAC of other frames", flac_announcing(801), "file.content", suffix=".flac"),
    sound("A12 FLAC of rate 0", flac_announcing(800, 0), "file.content", suffix=".flac"),
    sound(
        "A12 FLAC of 100,000 blocks",
        lambda: FLAC[:4] + b"\0" + FLAC[5:42] + b"\1\0\0\0" * 100_000,
        "audio.chunks",
        suffix=".flac",
    ),
    sound("A12 FLAC whose block is 16 MB", b"fLaC\x7f\xff\xff\xff", "file.content", suffix=".flac"),
    sound("A13 mp3 with 256 MB of ID3", id3(2**28 - 1, b"\0" * 10), "audio.tags", suffix=".mp3", says="16,777,216"),
    sound("A13 mp3 with a cut ID3", id3(1000, b"\0" * 10), "file.content", suffix=".mp3"),
    sound("A13 mp3 of ID3 only", id3(10, b"\0" * 10), "file.content", suffix=".mp3"),
    sound("A13 ID3 in front of a WAV", id3(0) + WAV, "file.content"),
    sound("A13 mp3 of one header", b"\xff\xfb\x90\x00", "file.content", suffix=".mp3"),
    sound("A13 mp3 of headers", b"\xff\xfb\x90\x00" * 1000, "file.content", suffix=".mp3"),
    sound(
        "A13 Ogg of one page over and over", lambda: OGG[: OGG.index(b"OggS", 4)] * 300, "file.content", suffix=".ogg"
    ),
    sound("A13 Ogg with a changed byte", OGG[:200] + bytes([OGG[200] ^ 1]) + OGG[201:], "file.content", suffix=".ogg"),
    sound("A13 Ogg without its headers", OGG[OGG.index(b"OggS", 4) :], "file.content", suffix=".ogg"),
    sound("A13 an HLS playlist", b"#EXTM3U\nhttp://127.0.0.1/a.mp3\n", "file.content", suffix=".mp3"),
    *(
        sound(f"A+ {suffix} cut at byte {end}", data[:end], "file.content", suffix=f".{suffix}", forms=["bytes"])
        for suffix, data in (("wav", WAV), ("flac", FLAC), ("ogg", OGG), ("mp3", MP3))
        for end in (1, 4, 8, 12, 20, 36, 43, 60, len(data) // 2)
    ),
    # arrays
    array("A14 NaN", lambda: np.array([0, np.nan]), "audio.finite"),
    array("A14 infinity", lambda: np.array([0, -np.inf]), "audio.finite"),
    array("A14 NaN in float16", lambda: np.full(9, np.nan, "f2"), "audio.finite"),
    array("A14 NaN, big-endian", lambda: np.full(9, np.nan, ">f8"), "audio.finite"),
    array("A15 1.5, strict", lambda: np.array([0.5, 1.5]), "audio.clipped", strict="error"),
    array("A17 no rate", lambda: TONE, "audio.sample_rate", sample_rate=None),
    *(
        array(f"A17 rate {name}", lambda: TONE, "audio.sample_rate", sample_rate=rate)
        for name, rate in {
            "0": 0,
            "-1": -1,
            "44.1": 44.1,
            "8000.0": 8000.0,
            "NaN": float("nan"),
            "True": True,
            "'8000'": "8000",
            "10**7 + 1": 10**7 + 1,
            "10**400": 10**400,
            "an array": np.array([1, 2]),
            "without repr": nasty.NoRepr(),
            "that raises": nasty.OddIndex(nasty.Rude("x")),
        }.items()
    ),
    array("A18 empty", list, "audio.empty"),
    array("A18 no channels", lambda: np.zeros((5, 0)), "audio.empty"),
    array("A18 a scalar", lambda: np.float64(0), "audio.shape"),
    array("A19 3-D", lambda: np.zeros((2, 5, 2)), "audio.shape"),
    array("A19 complex", lambda: np.zeros(5, complex), "array.dtype"),
    array("A19 objects", lambda: np.array([1, None]), "array.dtype"),
    array("A19 text", lambda: ["a"], "array.dtype"),
    array("A19 dates", lambda: np.zeros(5, "M8[s]"), "array.dtype"),
    array("A19 booleans", lambda: np.ones(9, bool), "audio.dtype"),
    array("A19 uint16", lambda: np.ones(9, np.uint16), "audio.dtype"),
    array("A19 2**31", lambda: [0, 2**31], "audio.integers"),
    array("A19 -2**31 - 1", lambda: [0, -(2**31) - 1], "audio.integers"),
    array("A19 2**63 in uint64", lambda: np.array([2**63], np.uint64), "audio.integers"),
    array("A19 2**70", lambda: [2**70], "array.dtype"),
    array("A20 ragged", lambda: [[1.0, 2.0], [1.0]], "array.ragged"),
    array("A20 masked", lambda: np.ma.masked_equal(np.eye(3), 1), "array.masked"),
    array("A20 a list in itself", nasty.cycle, "array.ragged"),
    array("A20 a list without iteration", lambda: nasty.NoIteration([1]), "value.read"),
    array("A20 an array that raises", nasty.NoArray, "array.kind"),
    array("A20 None", lambda: None, "array.kind", error=WrongType),
    array("A20 an object", object, "array.kind", error=WrongType),
    array("A20 an object whose attributes raise", nasty.NoAttributes, "array.kind", error=WrongType),
    array("A20 a mapping", dict, "array.kind", error=WrongType),
    array("A20 an hour and a second", lambda: np.zeros(3_601, "i2"), "audio.duration", sample_rate=1),
    array("A20 10**12 samples of one", lambda: np.broadcast_to(np.int16(0), (10**12,)), "audio.duration", "audio.size"),
    array("A20 channels first", lambda: np.zeros((2, 1000)), "audio.layout"),
    array("A20 65 channels", lambda: np.zeros((100, 65)), "audio.channels"),
    array("A20 format mp3", lambda: TONE, "audio.format", format="mp3"),
    array("A20 format ../x", lambda: TONE, "audio.format", format="../x"),
    array("A20 format 5", lambda: TONE, "audio.format", format=5),
    array("A20 flac of 9 channels", lambda: np.zeros((20, 9)), "audio.flac_channels", format="flac"),
    array("A20 flac at 65,537 Hz", lambda: TONE, "audio.encoder", format="flac", sample_rate=65_537),
    array("A20 flac of 32 bits", lambda: [2**30 + 1], "audio.encoder", format="flac"),
    array("A20 ogg at 200,001 Hz", lambda: TONE, "audio.ogg_sample_rate", format="ogg", sample_rate=200_001),
    # files that are none
    refused("A+ a directory", lambda at: Audio(at.directory), "file.missing"),
    refused("A+ a missing file", lambda at: Audio("no.wav"), "file.missing"),
    refused("A+ a URL", lambda at: Audio("https://example.org/a.wav"), "file.url"),
    refused("A+ another rate than the file's", lambda at: Audio(WAV, sample_rate=16_000), "audio.file_options"),
    refused("A+ 101 sounds", lambda at: [Audio(WAV)] * 101, "audio.per_step", says="100"),
    refused("A+ a sound and a number", lambda at: [Audio(WAV), 5], "list.mixed"),
    accepted(
        "A15 1.5 is clipped",
        lambda at: Audio(np.array([0.5, 1.5]), 8000),
        lambda row: row[KEY]["changes"][-1]["lossy"] or row[KEY]["changes"][0]["lossy"],
    ),
    accepted("A+ one sample", lambda at: Audio([0.5], 1), lambda row: row[KEY]["duration"] == 1),
    accepted(
        "A+ every format",
        lambda at: [Audio(data) for data in (WAV, FLAC, OGG, MP3)],
        lambda row: row[KEY]["count"] == 4,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_audio(case: Case, bench: Bench) -> None:
    bench.hold(case)
