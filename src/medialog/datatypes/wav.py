"""WAV files: written from samples, parsed with every size checked, and read back. numpy and struct are enough."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules

if TYPE_CHECKING:
    import numpy as np

# (format tag, bits per sample) -> the name that libsndfile gives the coding of the samples.
SUBTYPES = {
    (1, 8): "PCM_U8",
    (1, 16): "PCM_16",
    (1, 24): "PCM_24",
    (1, 32): "PCM_32",
    (3, 32): "FLOAT",
    (3, 64): "DOUBLE",
    (6, 8): "ALAW",
    (7, 8): "ULAW",
}
# Codings in which the number of frames is not the number of bytes: libsndfile counts them.
COMPRESSED_TAGS = {0x02: "MS_ADPCM", 0x11: "IMA_ADPCM", 0x31: "GSM610"}
# Bytes of a sample in a file.
BYTES = {name: bits // 8 for (_, bits), name in SUBTYPES.items()}
EXTENSIBLE_TAG = 0xFFFE
_EXTENSIBLE_GUID = bytes.fromhex("000000001000800000aa00389b71")
_DTYPES = {"PCM_U8": "u1", "PCM_16": "<i2", "PCM_32": "<i4", "FLOAT": "<f4", "DOUBLE": "<f8"}
_HEADER = 44  # bytes, of the files that are written here


class WavLayout(NamedTuple):
    """What a WAV file holds and where. `subtype` is None for a coding that only its decoder can count."""

    subtype: str | None
    sample_rate: int
    channels: int
    frames: int
    offset: int
    size: int


# --- writing --------------------------------------------------------------------------------------------------------


def new_file(frames: int, channels: int, subtype: str, sample_rate: int) -> np.ndarray:
    """Return a WAV file as uint8, whole but for its samples: write them to `samples_of` it.

    The canonical 44-byte header, then the samples of PCM_U8 (128 is silence), PCM_16 or PCM_32: byte for byte what
    libsndfile writes. In one piece, as a file system takes whole pages in half the time of pages that begin after a
    header.
    """
    import numpy as np

    bytes_each = BYTES[subtype]
    block = channels * bytes_each
    size = frames * block
    # Bytes per second is a hint for players; where it does not fit its field, the largest number that does stands in.
    per_second = min(sample_rate * block, 0xFFFF_FFFF)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size + size % 2, b"WAVE"),
        *(b"fmt ", 16, 1, channels, sample_rate, per_second, block, 8 * bytes_each),
        *(b"data", size),
    )
    file = np.empty(written_size(size), np.uint8)
    file[: len(header)] = np.frombuffer(header, np.uint8)
    file[len(header) + size :] = 0
    return file


def samples_of(file: np.ndarray, channels: int, subtype: str) -> np.ndarray:
    """Return the samples in a file from `new_file`, (frames, channels), little-endian: a view, which can be written."""
    size = int.from_bytes(file[_HEADER - 4 : _HEADER].tobytes(), "little")
    return file[_HEADER : _HEADER + size].view(_DTYPES[subtype]).reshape(-1, channels)


def written_size(sample_bytes: int) -> int:
    """Return the size of a file from `new_file` with so many bytes of samples."""
    return _HEADER + sample_bytes + sample_bytes % 2


# --- reading --------------------------------------------------------------------------------------------------------


def parse(file: BinaryIO, size: int, at: str, rules: Rules) -> WavLayout:
    """Return the layout of a WAV file of `size` bytes.

    Reads headers only; `InvalidInput` when anything is not whole.
    """
    claimed = int.from_bytes(file.read(8)[4:], "little")
    if claimed + 8 > size:
        raise _broken(at, f"one that claims {claimed + 8:,} bytes and has {size:,} (cut, or written to a pipe)")
    position, end, chunks = 12, claimed + 8, 0
    format: _Format | None = None
    data: tuple[int, int] | None = None
    while position + 8 <= end:
        chunks += 1
        checks.refuse([checks.at_most(chunks, "audio.chunks", at, rules, "chunks in a file")])
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        body = position + 8
        if body + length > end:
            raise _broken(at, f"a chunk {checks.show(name)} of {length:,} bytes where {end - body:,} are left")
        if name == b"fmt ":
            if format is not None:
                raise _broken(at, "two 'fmt ' chunks")
            format = _parse_format(file.read(min(length, 40)), at)
        elif name == b"data":
            if format is None:
                raise _broken(at, "a 'data' chunk before any 'fmt ' chunk")
            if data is not None:
                raise _broken(at, "two 'data' chunks")
            data = body, length
        position = body + length + length % 2
    if format is None or data is None:
        raise _broken(at, f"no {'fmt ' if format is None else 'data'!r} chunk")
    return _layout(format, *data, at)


class _Format(NamedTuple):
    tag: int
    channels: int
    sample_rate: int
    block: int
    bits: int


def _parse_format(body: bytes, at: str) -> _Format:
    if len(body) < 16:
        raise _broken(at, f"a 'fmt ' chunk of {len(body)} bytes (16 at least)")
    tag, channels, sample_rate, _, block, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == EXTENSIBLE_TAG:
        if len(body) < 40 or body[26:40] != _EXTENSIBLE_GUID:
            raise _broken(at, "an extensible 'fmt ' chunk of no known coding")
        tag = int.from_bytes(body[24:26], "little")
    return _Format(tag, channels, sample_rate, block, bits)


def _layout(format: _Format, offset: int, size: int, at: str) -> WavLayout:
    if not format.channels or not format.sample_rate:
        raise _broken(at, f"{format.channels} channels at {format.sample_rate} Hz")
    if format.tag in COMPRESSED_TAGS:
        return WavLayout(None, format.sample_rate, format.channels, 0, offset, size)
    subtype = SUBTYPES.get((format.tag, format.bits))
    if subtype is None:
        got = f"format tag {format.tag:#06x} with {format.bits} bits"
        expected = "a WAV file of PCM (8, 16, 24, 32 bits), float (32, 64), A-law, mu-law, ADPCM or GSM samples"
        raise InvalidInput(Violation(at, "file.content", expected, got))
    block = format.channels * format.bits // 8
    if format.block != block:
        raise _broken(at, f"a block of {format.block} bytes for {format.channels} channels of {format.bits} bits")
    if size % block:
        raise _broken(at, f"{size:,} bytes of samples, not a multiple of the {block} of a frame")
    return WavLayout(subtype, format.sample_rate, format.channels, size // block, offset, size)


def _broken(at: str, got: str) -> InvalidInput:
    return InvalidInput(Violation(at, "file.content", "a whole WAV file", got))


def decode(data: bytes, layout: WavLayout) -> np.ndarray | None:
    """Return the samples, (frames, channels), in their own dtype; None for a coding that is not plain numbers.

    24-bit samples come as int32 with the lowest byte zero, as libsndfile gives them.
    """
    import numpy as np

    shape = (layout.frames, layout.channels)
    if layout.subtype == "PCM_24":
        packed = np.frombuffer(data, "u1", layout.size, layout.offset).reshape(-1, 3)
        wide = np.zeros((len(packed), 4), "u1")
        wide[:, 1:] = packed
        return wide.view("<i4").reshape(shape)
    if layout.subtype not in _DTYPES:
        return None
    dtype = np.dtype(_DTYPES[layout.subtype])
    stored = np.frombuffer(data, dtype, layout.frames * layout.channels, layout.offset)
    return stored.reshape(shape).astype(dtype.newbyteorder("="))
