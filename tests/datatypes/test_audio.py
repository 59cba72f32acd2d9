from __future__ import annotations

import io
import pickle
import random
import struct
import sys
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from laws import Call, TypeLaws, call
from medialog.datatypes import Audio, DirectorySink, MediaList, MemorySink
from medialog.datatypes.base import decode
from medialog.validators import validate
from medialog.validators.errors import Advice, DataChanged, InvalidInput, MissingDependency, WrongType
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules


def tone(seconds: float = 0.1, rate: int = 8000, channels: int = 1, dtype: str = "f8") -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    wave = np.stack([0.5 * np.sin(2 * np.pi * (440 + 110 * channel) * time) for channel in range(channels)], axis=1)
    return (wave[:, 0] if channels == 1 else wave).astype(dtype)


@cache
def file(format: str, subtype: str | None = None, rate: int = 16_000, channels: int = 1, seconds: float = 0.5) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(seconds, rate, channels), rate, subtype, format=format)
    return buffer.getvalue()


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
) -> bytes:
    block = channels * bits // 8 if block is None else block
    fmt = struct.pack("<HHIIHH", tag, channels, rate, min(rate * block, 2**32 - 1), block, bits)
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(fmt) if fmt_size is None else fmt_size) + fmt
    body += b"data" + struct.pack("<I", len(data) if data_size is None else data_size) + data
    return name + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def id3(size: int, body: bytes = b"") -> bytes:
    return b"ID3\4\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def flac_with(announced: int) -> bytes:
    """A FLAC file that announces another number of frames than it has."""
    data = bytearray(file("FLAC"))
    packed = int.from_bytes(data[18:26], "big")
    data[18:26] = (packed >> 36 << 36 | announced).to_bytes(8, "big")
    return bytes(data)


def bad(data: Any, *rules: str, **options: Any) -> tuple[Callable[[], Call], set[str]]:
    return lambda: call(data() if callable(data) else data, **options), set(rules)


class TestAudio(TypeLaws):
    type = Audio
    valid = {
        "float64": lambda: call(tone(), 8000, caption="a tone"),
        "float32 stereo": lambda: call(tone(channels=2, dtype="f4"), 44_100),
        "float16": lambda: call(tone(dtype="f2"), 8000),
        "long double": lambda: call(tone().astype(np.longdouble), 8000),
        "the documented example": lambda: call(np.zeros(64), caption="Nice", sample_rate=32),
        "int16": lambda: call(np.arange(-100, 100, dtype=np.int16), 8000),
        "int16, big-endian": lambda: call(np.arange(-100, 100, dtype=">i2"), 8000),
        "int32": lambda: call(np.arange(-(2**31), 2**31 - 1, 2**24, dtype=np.int32), 8000),
        "uint8": lambda: call(np.arange(255, dtype=np.uint8), 8000),
        "a list of ints": lambda: call([0, 1, -32_768, 32_767], 8000),
        "a list of large ints": lambda: call([0, 32_768, -(2**31), 2**31 - 1], 8000),
        "a list of floats": lambda: call([0.0, 0.5, -1.0, 1.0], 8000),
        "one frame": lambda: call([0.5], 8000),
        "eight channels": lambda: call(np.zeros((2, 8), np.int16), 8000),
        "64 channels": lambda: call(np.zeros((100, 64), np.int16), 8000),
        "clipped": lambda: call([0.0, 1.5, -3.0], 8000, strict="record"),
        "not contiguous": lambda: call(tone(channels=2)[::-2, ::-1], 8000),
        "flac": lambda: call(tone(channels=2), 8000, format="flac"),
        "flac of uint8": lambda: call(np.arange(255, dtype=np.uint8), 8000, format="flac"),
        "flac of 24 bits": lambda: call(np.arange(-1000, 1000, dtype=np.int32) << 8, 8000, format="flac"),
        "ogg": lambda: call(tone(channels=2), 16_000, format="ogg"),
        "a WAV file": lambda: call(file("WAV")),
        "a WAV file of 24 bits": lambda: call(file("WAV", "PCM_24", channels=2)),
        "a WAV file of floats": lambda: call(file("WAV", "FLOAT")),
        "a WAV file of doubles": lambda: call(file("WAV", "DOUBLE")),
        "a mu-law WAV file": lambda: call(file("WAV", "ULAW")),
        "an extensible WAV file": lambda: call(file("WAVEX", "PCM_16", channels=2)),
        "an ADPCM WAV file": lambda: call(file("WAV", "IMA_ADPCM")),
        "a FLAC file": lambda: call(io.BytesIO(file("FLAC"))),
        "an Ogg Vorbis file": lambda: call(file("OGG")),
        "an Ogg Opus file": lambda: call(file("OGG", "OPUS")),
        "an MP3 file": lambda: call(file("MP3")),
        "an MP3 file with tags": lambda: call(id3(100, bytes(100)) + file("MP3") + b"TAG" + bytes(125)),
        "its own rate and format": lambda: call(file("FLAC"), sample_rate=16_000, format="flac"),
        "another Audio": lambda: call(Audio(tone(), 8000, caption="first")),
    }
    invalid = {
        # arrays
        "A14 NaN": bad(np.array([0.0, np.nan, np.nan]), "audio.finite", sample_rate=8000),
        "A14 infinity": bad(np.array([0.0, np.inf]), "audio.finite", sample_rate=8000),
        "A15 beyond 1 when strict": bad([0.5, 1.001], "audio.clipped", sample_rate=8000, strict="error"),
        "A17 no rate": bad(tone, "audio.sample_rate"),
        "rate 0": bad(tone, "audio.sample_rate", sample_rate=0),
        "negative rate": bad(tone, "audio.sample_rate", sample_rate=-8000),
        "rate 44.1 kHz": bad(tone, "audio.sample_rate", sample_rate=44.1),
        "rate as a float": bad(tone, "audio.sample_rate", sample_rate=8000.0),
        "rate True": bad(tone, "audio.sample_rate", sample_rate=True),
        "rate as text": bad(tone, "audio.sample_rate", sample_rate="8000"),
        "A18 empty": bad([], "audio.empty", sample_rate=8000),
        "A18 no channels": bad(np.zeros((5, 0)), "audio.empty", sample_rate=8000),
        "A19 3-D": bad(np.zeros((2, 5, 2)), "audio.shape", sample_rate=8000),
        "A19 a scalar": bad(np.float64(0.5), "audio.shape", sample_rate=8000),
        "A19 complex": bad(np.zeros(5, complex), "array.dtype", sample_rate=8000),
        "A19 objects": bad(np.array([1, None]), "array.dtype", sample_rate=8000),
        "A19 text": bad(["a"], "array.dtype", sample_rate=8000),
        "ragged": bad([[1.0, 2.0], [1.0]], "array.ragged", sample_rate=8000),
        "an object": bad(object, "array.kind", sample_rate=8000),
        "channels first": bad(np.zeros((2, 1000)), "audio.layout", sample_rate=8000),
        "one channel first": bad(np.zeros((1, 9)), "audio.layout", sample_rate=8000),
        "many channels first": bad(np.zeros((16, 1000)), "audio.layout", sample_rate=8000),
        "65 channels": bad(np.zeros((100, 65)), "audio.channels", sample_rate=8000),
        "booleans": bad(np.ones(9, bool), "audio.dtype", sample_rate=8000),
        "int8": bad(np.ones(9, np.int8), "audio.dtype", sample_rate=8000),
        "uint16": bad(np.ones(9, np.uint16), "audio.dtype", sample_rate=8000),
        "integers beyond 32 bits": bad([0, 2**31], "audio.integers", sample_rate=8000),
        "mp3 from an array": bad(tone, "audio.format", sample_rate=8000, format="mp3"),
        "no rate and no format": bad(tone, "audio.format", "audio.sample_rate", format="WAV"),
        "flac of 32 bits": bad([2**30 + 1], "audio.encoder", sample_rate=8000, format="flac"),
        "flac of nine channels": bad(np.zeros((20, 9)), "audio.flac_channels", sample_rate=8000, format="flac"),
        "flac at 655,351 Hz": bad(np.zeros(20), "audio.flac_sample_rate", sample_rate=655_351, format="flac"),
        "flac at 65,537 Hz": bad(np.zeros(20), "audio.encoder", sample_rate=65_537, format="flac"),
        "ogg at 200,001 Hz": bad(np.zeros(20), "audio.ogg_sample_rate", sample_rate=200_001, format="ogg"),
        "a caption of bytes": bad(tone, "caption.text", sample_rate=8000, caption=b"no"),
        # files
        "a missing file": bad("missing.wav", "file.missing"),
        "a directory": bad(".", "file.missing"),
        "a URL": bad("https://example.org/a.wav", "file.url"),
        "0 bytes": bad(b"", "file.content"),
        "A1 claims 4 GiB": bad(wav(data_size=2**32 - 1, riff_size=2**32 - 1), "file.content"),
        "A1 data beyond the file": bad(wav(data_size=2**31), "file.content"),
        "A1 cut": bad(lambda: file("WAV")[:-100], "file.content"),
        "A2 0 channels": bad(wav(channels=0), "file.content"),
        "A3 65,535 channels": bad(wav(channels=65_535, bits=8, data=bytes(65_535), block=65_535), "audio.channels"),
        "A5 rate 0": bad(wav(rate=0), "file.content"),
        "rate 4 GHz": bad(wav(rate=2**32 - 1), "audio.sample_rate"),
        "A6 bits 0": bad(wav(bits=0), "file.content"),
        "A6 bits 33": bad(wav(bits=33), "file.content"),
        "a block of another size": bad(wav(block=4), "file.content"),
        "half a frame": bad(wav(data=bytes(7)), "file.content"),
        "no frames": bad(wav(data=b""), "audio.empty"),
        "A7 fmt of 4 GiB": bad(wav(fmt_size=2**32 - 1), "file.content"),
        "a short fmt": bad(wav(fmt_size=8), "file.content"),
        "an unknown coding": bad(wav(tag=0x55), "file.content"),
        "an unknown extension": bad(wav(tag=0xFFFE), "file.content"),
        "data before fmt": bad(wav(before=b"data\0\0\0\0"), "file.content"),
        "two fmt": bad(wav(before=wav()[12:36]), "file.content"),
        "only a header": bad(b"RIFF\4\0\0\0WAVE", "file.content"),
        "A9 100,000 chunks": bad(wav(before=b"LIST\0\0\0\0" * 100_000), "audio.chunks"),
        "A10 RF64": bad(wav(name=b"RF64", riff_size=2**32 - 1), "file.content"),
        "an ID3 tag before WAV": bad(id3(0) + wav(), "file.content"),
        "A11 text": bad(b"hello, I am text\n" * 100, "file.content"),
        "AIFF": bad(lambda: file("AIFF"), "file.content"),
        "a picture": bad(b"\x89PNG\r\n\x1a\n" + bytes(100), "file.content"),
        "an m4a": bad(b"\0\0\0 ftypM4A " + bytes(100), "file.content"),
        "AAC": bad(b"\xff\xf1\x50\x80" + bytes(100), "file.content"),
        "FLAC cut": bad(lambda: file("FLAC")[:-3000], "file.content"),
        "FLAC of no blocks": bad(b"fLaC", "file.content"),
        "FLAC block beyond the file": bad(b"fLaC\x80\xff\xff\xff" + bytes(50), "file.content"),
        "FLAC without STREAMINFO": bad(b"fLaC\x81\0\0\4" + bytes(50), "file.content"),
        "FLAC of 100,000 blocks": bad(lambda: file("FLAC")[:42] + b"\1\0\0\0" * 100_000, "audio.chunks"),
        "FLAC that announces more": bad(lambda: flac_with(8001), "file.content"),
        "FLAC that announces 50 days": bad(lambda: flac_with(2**36 - 1), "audio.duration", "audio.size"),
        "Ogg cut": bad(lambda: file("OGG")[:-100], "file.content"),
        "Ogg with a changed byte": bad(lambda: file("OGG")[:-5] + b"12345", "file.content"),
        "Ogg and then text": bad(lambda: file("OGG") + b"text", "file.content"),
        "A13 256 MB of ID3": bad(lambda: id3(2**28 - 1) + file("MP3"), "audio.tags"),
        "ID3 beyond the file": bad(id3(1000), "file.content"),
        "ID3 and nothing": bad(id3(10, bytes(10)), "file.content"),
        "MP3 cut": bad(lambda: file("MP3")[:-10], "file.content"),
        "MP3 cut between frames": bad(lambda: mp3_frames(5), "file.content"),
        "MP3 with a hole": bad(lambda: mp3_frames(5) + bytes(36) + file("MP3")[len(mp3_frames(6)) :], "file.content"),
        "a rate that is not the file's": bad(lambda: file("FLAC"), "audio.file_options", sample_rate=8000),
        "a format that is not the file's": bad(lambda: file("FLAC"), "audio.file_options", format="wav"),
        "new options for an Audio": (lambda: call(Audio([0.5], 8000), 16_000), {"audio.file_options"}),
    }
    spellings = {
        "samples": [
            lambda: call([0.0, 0.25, -0.5], 8000),
            lambda: call((0.0, 0.25, -0.5), sample_rate=np.int64(8000)),
            lambda: call(np.array([0.0, 0.25, -0.5]), 8000, format="wav"),
            lambda: call(np.array([[0.0], [0.25], [-0.5]], np.float32), 8000),
            lambda: call(Tensor([0.0, 0.25, -0.5]), 8000),
        ],
        "integers": [
            lambda: call([1, -2, 300], 8000),
            lambda: call(np.array([1, -2, 300], np.int16), 8000),
            lambda: call(np.array([1, -2, 300], ">i2"), 8000),
            lambda: call(np.array([[1], [-2], [300]]), 8000),
        ],
        "a file": [
            lambda: call(file("MP3")),
            lambda: call(bytearray(file("MP3"))),
            lambda: call(io.BytesIO(file("MP3"))),
            lambda: call(Audio(file("MP3"))),
        ],
    }


def mp3_frames(count: int) -> bytes:
    """The first frames of an MP3 file whose Xing header announces more."""
    from medialog.datatypes.mpeg_frames import read_header

    data, position = file("MP3"), 0
    for _ in range(count):
        frame = read_header(data[position : position + 4])
        assert frame is not None
        position += frame.length
    return data[:position]


class Tensor:
    """An array of a library that is not installed: only `.numpy()` and a shape."""

    def __init__(self, values: list[float]) -> None:
        self._values = np.array(values)
        self.shape = self._values.shape

    def numpy(self) -> np.ndarray:
        return self._values


# --- values --------------------------------------------------------------------------------------------------------

floats = hnp.arrays(np.float64, st.integers(1, 200), elements=st.floats(-1, 1))


@given(floats)
def test_floats_come_back_within_one_step(samples: np.ndarray) -> None:
    stored, rate = soundfile.read(io.BytesIO(Audio(samples, 8000).read()))

    assert 8000 == rate
    assert np.abs(stored - samples).max() <= 1 / 32768
    inner = samples < 32767 / 32768
    assert not inner.any() or np.abs(stored - samples)[inner].max() <= 0.5 / 32768


@given(hnp.arrays(np.int16, st.integers(1, 200)))
def test_what_was_read_from_a_16_bit_file_is_stored_exactly(samples: np.ndarray) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 8000, format="WAV")
    for dtype in ("float32", "float64"):
        read = soundfile.read(io.BytesIO(buffer.getvalue()), dtype=dtype)[0]

        audio = Audio(read, 8000)

        assert audio.lossless
        assert buffer.getvalue() == audio.read()
        np.testing.assert_array_equal(samples, audio.to_numpy())


@pytest.mark.parametrize(
    ("dtype", "subtype", "read_as"), [("u1", "PCM_U8", "int16"), ("i2", "PCM_16", "int16"), ("i4", "PCM_32", "int32")]
)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_integers_are_exact(dtype: str, subtype: str, read_as: str, channels: int) -> None:
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    samples = rng.integers(info.min, info.max, (1001, channels), dtype, endpoint=True)

    audio = Audio(samples, 22_050)

    assert (subtype, channels, 1001, True) == (audio.subtype, audio.channels, audio.frames, audio.lossless)
    assert () == audio.changes
    expected = samples[:, 0] if channels == 1 else samples
    np.testing.assert_array_equal(expected, audio.to_numpy())
    read = soundfile.read(io.BytesIO(audio.read()), dtype=read_as)[0]
    scaled = (samples.astype(np.int16) - 128) << 8 if dtype == "u1" else samples
    np.testing.assert_array_equal(scaled[:, 0] if channels == 1 else scaled, read)


@pytest.mark.parametrize("dtype", ["i2", "i4"])
def test_wav_is_byte_for_byte_libsndfiles(dtype: str) -> None:
    samples = np.arange(-500, 500, dtype=dtype).reshape(-1, 2)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 44_100, {"i2": "PCM_16", "i4": "PCM_32"}[dtype], format="WAV")

    assert buffer.getvalue() == Audio(samples, 44_100).read()


def test_golden_wav() -> None:
    assert (
        "52494646" "2a000000" "57415645"
        "666d7420" "10000000" "0100" "0100" "20000000" "40000000" "0200" "1000"
        "64617461" "06000000" "0000" "0040" "ff7f"
    ) == Audio([0.0, 0.5, 1.0], sample_rate=32).read().hex()  # fmt: skip
    assert (
        "52494646" "28000000" "57415645"
        "666d7420" "10000000" "0100" "0100" "401f0000" "401f0000" "0100" "0800"
        "64617461" "03000000" "0080ff" "00"
    ) == Audio(np.array([0, 128, 255], np.uint8), 8000).read().hex()  # fmt: skip


def test_python_integers_are_16_bits_when_all_fit() -> None:
    assert "PCM_16" == Audio([-32_768, 32_767], 8000).subtype
    assert "PCM_32" == Audio([-32_769], 8000).subtype
    assert "PCM_32" == Audio([32_768], 8000).subtype


def test_rounding_is_counted_and_clipping_warned_about() -> None:
    audio = Audio([0.25, 0.1, 1.0, -1.0], 8000)
    assert [("audio.pcm16", False, 2)] == [(change.id, change.lossy, change.count) for change in audio.changes]

    audio = Audio([0.25, 1.5, -3.0], 8000)
    with pytest.warns(DataChanged, match=r"the peak is 3 \[audio.clipped\]"):
        audio.encode(MemorySink())
    assert ("audio.clipped", True, 2) == (audio.changes[0].id, audio.changes[0].lossy, audio.changes[0].count)
    assert [8192, 32_767, -32_768] == audio.to_numpy().tolist()


def long_sound(dtype: str, channels: int) -> np.ndarray:
    """Return two and a half of the blocks in which floats are converted; clipped in the first and the last."""
    frames = 5 * 2**16 // (2 * channels)
    sound = np.random.default_rng(0).uniform(-1, 1, (frames, channels)).astype(dtype)
    sound[3], sound[-2], sound[-1] = 1.0, -1.5, 2.0
    sound[7] = 0.25
    return sound


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "frames first": np.ascontiguousarray,
    "channels first": np.asfortranarray,
    "every other frame": lambda sound: np.repeat(sound, 2, axis=0)[::2],
    "big-endian": lambda sound: sound.astype(sound.dtype.newbyteorder(">")),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("dtype", "channels"), [("f2", 1), ("f4", 2), ("f8", 3)])
def test_a_long_sound_is_converted_as_a_whole_one_would_be(layout: str, dtype: str, channels: int) -> None:
    sound = long_sound(dtype, channels)
    scaled = np.clip(sound.astype("f8"), -1, 1) * 32_768
    expected = np.minimum(np.rint(scaled), 32_767)

    audio = Audio(LAYOUTS[layout](sound), 8000, strict="record")

    np.testing.assert_array_equal(expected if channels > 1 else expected[:, 0], audio.to_numpy())
    assert [
        ("audio.clipped", "samples outside [-1, 1] clipped; the peak is 2", 2 * channels),
        (
            "audio.pcm16",
            "float samples stored as 16-bit integers, rint(x * 32768), at most 32767",
            int((expected != scaled).sum()),
        ),
    ] == [(change.id, change.detail, change.count) for change in audio.changes]


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_long_sound_is_finite_to_its_end(place: int, value: float) -> None:
    sound = np.zeros((5 * 2**15, 1), "f4")
    sound[place] = value

    with pytest.raises(InvalidInput, match=rf"Audio\[{place % len(sound)}, 0\]: a finite number, got {value}"):
        Audio(sound, 8000)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
def test_nothing_of_a_sounds_size_is_made_but_its_file(dtype: str, tmp_path: Path) -> None:
    sound = np.zeros((2**22, 2), dtype)
    file_bytes = 44 + 2 * sound.size
    Audio(sound[:10], 8000)
    tracemalloc.start()
    try:
        audio = Audio(sound, 8000)
        audio.encode(DirectorySink(tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert file_bytes < peak < file_bytes + 2**21


def test_integers_in_a_float_array_are_pointed_out() -> None:
    audio = Audio(np.array([0.0, 20_000.0]), 8000, strict="record")

    assert "astype('int16')" in audio.changes[0].detail


def test_messages_say_where_and_how_many() -> None:
    with pytest.raises(InvalidInput, match=r"Audio\[1, 0\]: a finite number, got nan \(2 such elements\)"):
        Audio([[0.0, 0.0], [np.nan, np.inf]], 8000)
    with pytest.raises(InvalidInput, match=r"Audio\[1\]: a finite number, got nan"):
        Audio([0.0, np.nan], 8000)
    with pytest.raises(InvalidInput, match=r"Audio\[1\]: an integer of at most 32 bits, got 2147483648 "):
        Audio([0, 2**31], 8000)
    with pytest.raises(InvalidInput, match=r"transpose, data\.T, got shape \(2, 1000\)"):
        Audio(np.zeros((2, 1000)), 8000)
    with pytest.raises(WrongType):
        Audio({"a": 1}, 8000)


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "subtype", "suffix"),
    [("WAV", "PCM_16", "wav"), ("WAV", "PCM_24", "WAVE"), ("FLAC", "PCM_16", "flac"), ("OGG", "VORBIS", "oga"),
     ("OGG", "OPUS", "opus"), ("MP3", "MPEG_LAYER_III", "mp3")],
)  # fmt: skip
def test_files_are_stored_byte_for_byte_and_described(format: str, subtype: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"sound.{suffix}"
    path.write_bytes(file(format, subtype, rate=48_000, channels=2))
    info = soundfile.info(path)

    sink = MemorySink()
    descriptor = Audio(path, caption="a file").encode(sink)

    assert path.read_bytes() == sink.files[descriptor["path"]]
    assert {
        "format": format.lower(), "subtype": subtype, "sample_rate": info.samplerate, "channels": 2,
        "frames": info.frames, "duration": info.frames / 48_000, "lossless": True, "caption": "a file",
    } == {name: descriptor[name] for name in (
        "format", "subtype", "sample_rate", "channels", "frames", "duration", "lossless", "caption")}  # fmt: skip


@pytest.mark.parametrize(
    ("format", "subtype", "dtype"),
    [("WAV", "PCM_U8", "uint8"), ("WAV", "PCM_16", "int16"), ("WAV", "PCM_24", "int32"), ("WAV", "PCM_32", "int32"),
     ("WAV", "FLOAT", "float32"), ("WAV", "DOUBLE", "float64"), ("WAVEX", "PCM_24", "int32"),
     ("FLAC", "PCM_S8", "uint8"), ("FLAC", "PCM_16", "int16"), ("FLAC", "PCM_24", "int32"), ("WAV", "ALAW", "float32"),
     ("OGG", "VORBIS", "float32"), ("OGG", "OPUS", "float32"), ("MP3", "MPEG_LAYER_III", "float32")],
)  # fmt: skip
def test_samples_are_those_that_soundfile_reads(format: str, subtype: str, dtype: str) -> None:
    data = file(format, subtype, 48_000, 2)
    expected = soundfile.read(io.BytesIO(data), dtype="int16" if dtype == "uint8" else dtype)[0]

    samples = Audio(data).to_numpy()

    assert dtype == samples.dtype.name
    if dtype == "uint8":
        samples = (samples.astype(np.int16) - 128) << 8
    np.testing.assert_array_equal(expected, samples)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4"])
def test_flac_is_lossless(dtype: str) -> None:
    samples = np.arange(0, 250, dtype=dtype).reshape(-1, 2) * (256 if dtype == "i4" else 1)

    audio = Audio(samples, 44_100, format="flac")

    assert audio.lossless
    np.testing.assert_array_equal(samples, audio.to_numpy())


def test_ogg_sounds_like_what_was_given_and_is_the_same_each_time() -> None:
    samples = tone(1.0, 16_000)

    audio = Audio(samples, 16_000, format="ogg")

    assert not audio.lossless
    assert audio.read() == Audio(samples, 16_000, format="ogg").read()
    assert 1 == int.from_bytes(audio.read()[14:18], "little")
    assert len(samples) == audio.frames == len(audio.to_numpy())
    assert np.abs(audio.to_numpy() - samples).max() < 0.05


def test_a_long_ogg_is_written_in_blocks() -> None:
    samples = tone(60, 16_000)

    assert 60 == Audio(Audio(samples, 16_000, format="ogg").read()).duration


def test_a_file_named_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(file("FLAC"))

    with pytest.raises(
        InvalidInput, match=r"a WAV file, as its name 'sound.wav' says, got a FLAC file \[file.content\]"
    ):
        Audio(path)


def test_an_open_file_is_read_from_its_position_and_left_open(tmp_path: Path) -> None:
    path = tmp_path / "sound.bin"
    path.write_bytes(b"junk" + file("WAV"))
    with path.open("rb") as opened:
        opened.seek(4)

        audio = Audio(opened)

        assert not opened.closed
    assert file("WAV") == audio.read()


def test_a_file_that_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(file("WAV"))
    audio = Audio(path, limits={"file.in_memory": 100})

    assert audio == Audio(file("WAV"))
    assert audio == pickle.loads(pickle.dumps(audio))
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], audio.to_numpy())
    path.write_bytes(file("WAV")[:-1] + b"x")
    with pytest.raises(InvalidInput, match=r"file\.changed"):
        audio.encode(MemorySink())


@pytest.mark.parametrize(
    ("format", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)]
)
def test_damaged_files_are_refused_or_read_and_nothing_else(format: str, subtype: str | None) -> None:
    rng = random.Random(format)
    whole = file(format, subtype, 48_000)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(len(damaged)) if rng.random() < 0.5 else rng.randrange(100)] = rng.randrange(256)
        if rng.random() < 0.3:
            del damaged[rng.randrange(len(damaged)) :]
        try:
            Audio(bytes(damaged)).encode_into(MemorySink())
        except InvalidInput:
            refused += 1
    assert refused > 10


def test_every_cut_of_a_file_is_refused() -> None:
    rng = random.Random(1)
    for format in ("WAV", "FLAC", "OGG", "MP3"):
        whole = file(format)
        for length in [0, 1, 4, 12, 27, 43, *(rng.randrange(len(whole)) for _ in range(20)), len(whole) - 1]:
            with pytest.raises(InvalidInput):
                Audio(whole[:length])


def test_ogg_video_names_video() -> None:
    from medialog.datatypes.ogg_pages import checksum

    page = b"OggS\0\2" + bytes(8) + bytes(8) + bytes(4) + b"\1\7" + b"\x80theora"
    page = page[:22] + checksum(page).to_bytes(4, "little") + page[26:]

    with pytest.raises(InvalidInput, match=r"an Ogg file of theora video \(log it with Video\)"):
        Audio(page)


def test_ogg_checksum_is_that_of_the_encoder() -> None:
    from medialog.datatypes.ogg_pages import renumber

    data = file("OGG")

    assert data == renumber(data, int.from_bytes(data[14:18], "little"))


# --- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "most", "at", "over"),
    [
        ("audio.channels", 3, (np.zeros((9, 3)), 8000), (np.zeros((9, 4)), 8000)),
        ("audio.duration", 2, (np.zeros(200), 100), (np.zeros(201), 100)),
        ("audio.sample_rate", 8000, (np.zeros(9), 8000), (np.zeros(9), 8001)),
        ("audio.size", 244, (np.zeros(100), 8000), (np.zeros(101), 8000)),
        ("audio.size", len(file("MP3")), (file("WAV")[:44] and wav(), None), (file("MP3") + bytes(1), None)),
        ("audio.chunks", 3, (wav(before=b"LIST\0\0\0\0"), None), (wav(before=b"LIST\0\0\0\0" * 2), None)),
        ("audio.tags", 110, (id3(100, bytes(100)) + file("MP3"), None), (id3(101, bytes(101)) + file("MP3"), None)),
    ],
)
def test_limits(limit: str, most: int, at: tuple[Any, Any], over: tuple[Any, Any]) -> None:
    Audio(*at, limits={limit: most})
    with pytest.raises(InvalidInput) as caught:
        Audio(*over, limits={limit: most})
    assert {limit} == {violation.rule for violation in caught.value.violations}


def test_default_limits_of_duration_and_channels() -> None:
    silence = np.zeros(1, np.int16)
    Audio(np.broadcast_to(silence, (3600 * 32,)), 32)
    with pytest.raises(InvalidInput, match=r"is sample_rate in hertz\?\), got 3,600\.03125 \[audio\.duration\]"):
        Audio(np.broadcast_to(silence, (3600 * 32 + 1,)), 32)
    for format in ("MP3", "FLAC", "OGG"):
        Audio(file(format), limits={"audio.duration": 0.6})
        with pytest.raises(InvalidInput, match=r"audio\.duration"):
            Audio(file(format), limits={"audio.duration": 0.4})


def test_ogg_pages_limit() -> None:
    pages = file("OGG").count(b"OggS\0")

    Audio(file("OGG"), limits={"audio.pages": pages})
    with pytest.raises(InvalidInput, match=r"audio\.pages"):
        Audio(file("OGG"), limits={"audio.pages": pages - 1})


def test_limits_of_the_formats() -> None:
    Audio(np.zeros((20, 8)), 655_350, format="flac")
    Audio(np.zeros((300, 255)), 200_000, format="ogg", limits={"audio.channels": 300})
    with pytest.raises(InvalidInput, match=r"audio\.ogg_channels"):
        Audio(np.zeros((300, 256)), 200_000, format="ogg", limits={"audio.channels": 300})


def test_a_wav_file_ends_at_4_gib() -> None:
    too_long = np.broadcast_to(np.zeros(1, np.int16), (2**31 - 18,))

    with pytest.raises(InvalidInput, match=r"4,294,967,258 bytes of .*, got 4,294,967,260 \[audio\.wav_size\]"):
        Audio(too_long, 10_000_000, limits={"audio.size": 2**40})


def test_a_hundred_sounds_in_a_list() -> None:
    sound = Audio([0.5], 8000)
    descriptor: Any = MediaList([sound] * 100).encode_into(MemorySink())

    assert 100 == descriptor["count"]
    with pytest.raises(InvalidInput, match=r"at most 100 Audio objects in a list.*got 101 \[audio\.per_step\]"):
        MediaList([sound] * 101)
    MediaList([sound] * 101, Rules({"audio.per_step": 101}))


# --- descriptors ---------------------------------------------------------------------------------------------------


def test_the_list_has_the_columns_that_wandb_writes() -> None:
    sounds = [Audio(np.zeros(500), 1000, caption="c"), Audio(np.zeros((16, 2)), 16_000)]

    descriptor = MediaList(sounds).encode_into(MemorySink())

    singles = [sound.encode_into(MemorySink()) for sound in sounds]
    assert {
        "_type": "audio",
        "count": 2,
        "audio": singles,
        "sampleRates": [1000, 16_000],
        "durations": [0.5, 0.001],
        "captions": ["c", None],
        "items": singles,
    } == descriptor


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        ("duration", 0.7, "audio.descriptor"),
        ("duration", 0, "schema.exclusiveMinimum"),
        ("frames", 0, "schema.minimum"),
        ("channels", 65, "audio.channels"),
        ("sample_rate", 20_000_000, "audio.sample_rate"),
        ("format", "aiff", "schema.enum"),
        ("subtype", "", "schema.minLength"),
    ],
)
def test_false_descriptors(place: str, value: Any, rule: str) -> None:
    descriptor = Audio(np.zeros(500), 1000).encode_into(MemorySink())

    assert rule in {violation.rule for violation in validate({**descriptor, place: value})}


@pytest.mark.parametrize("name", ["count", "audio", "sampleRates", "durations", "captions"])
def test_false_lists(name: str) -> None:
    descriptor: Any = MediaList([Audio(np.zeros(500), 1000, caption="c")]).encode_into(MemorySink())
    false = {"count": 2, "audio": [], "sampleRates": [1], "durations": [1.0], "captions": ["d"]}[name]

    assert ["audio.list"] == [violation.rule for violation in validate({**descriptor, name: false})]


def test_formats_are_those_of_the_table() -> None:
    from typing import get_args

    from medialog.datatypes.audio import WRITTEN_FORMATS, StoredFormat

    assert LIMITS["audio.formats"].value == get_args(StoredFormat) == (*WRITTEN_FORMATS, "mp3")


# --- without soundfile ---------------------------------------------------------------------------------------------


def test_wav_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    data, flac = file("WAV", "PCM_24"), file("FLAC")
    expected = soundfile.read(io.BytesIO(data), dtype="int32")[0]
    monkeypatch.setitem(sys.modules, "soundfile", None)
    sink = MemorySink()

    written = decode(Audio(np.array([1, -1], np.int16), 8000).encode(sink), sink)

    assert [1, -1] == written.to_numpy().tolist()
    np.testing.assert_array_equal(expected, Audio(data).to_numpy())
    for make in (
        lambda: Audio(flac),
        lambda: Audio([0.5], 8000, format="flac"),
        lambda: Audio([0.5], 8000, format="ogg"),
    ):
        with pytest.raises(MissingDependency, match=r'pip install "medialog\[audio\]"'):
            make()


@pytest.mark.parametrize(
    ("make", "rule", "sentence"),
    [
        (lambda: Audio(file("WAV", "MS_ADPCM")), "audio.playable", "do not play MS_ADPCM samples"),
        (lambda: Audio(file("WAV", "DOUBLE")), "audio.playable", "do not play DOUBLE samples"),
        (lambda: Audio([0.5], 32), "audio.playable_rate", "3,000 to 768,000 Hz, this is 32 Hz (is it 32 kHz?"),
        (lambda: Audio([0.5], 2999), "audio.playable_rate", "this is 2,999 Hz"),
        (lambda: Audio([0.5], 768_001), "audio.playable_rate", "this is 768,001 Hz"),
        (lambda: Audio(np.zeros((20, 9)), 8000), "audio.playable_channels", "up to 8 channels, this has 9"),
    ],
)
def test_what_no_browser_plays_is_kept_with_advice(make: Callable[[], Audio], rule: str, sentence: str) -> None:
    sound = make()

    [(found, text)] = sound.advice()

    assert rule == found
    assert sentence in text
    with pytest.warns(Advice, match=rf"\[{rule}\]"):
        sound.encode(MemorySink())


def test_what_browsers_play_has_no_advice() -> None:
    for sound in (
        Audio([0.5], 3000),
        Audio([0.5], 768_000),
        Audio(np.zeros((20, 8)), 8000),
        Audio(file("WAV", "ULAW")),
    ):
        assert [] == list(sound.advice())


def test_another_audio_can_be_given_another_caption() -> None:
    first = Audio([0.25], 8000, caption="first")

    assert ("second", first.read()) == (Audio(first, caption="second").caption, Audio(first).read())
    assert "first" == Audio(first).caption


def test_repr() -> None:
    assert "Audio(0.5 s, stereo, 16000 Hz, flac PCM_16, caption='c')" == repr(
        Audio(file("FLAC", channels=2), caption="c")
    )


def test_an_mp3_that_ends_inside_its_first_header_is_broken() -> None:
    """Found by fuzzing: the Xing header was read beyond the end of the file."""
    frame = b"\xff\xfb\x90\xc4" + b"\0" * 32

    for end in range(4, 12):
        with pytest.raises(InvalidInput) as caught:
            Audio(frame + b"Info" + b"\0\0\0\1\0\0\0\1"[: end - 4])
        assert ["file.content"] == [violation.rule for violation in caught.value.violations]
