"""MP3 frames: every frame's header is walked before a decoder sees the file.

Source: ISO/IEC 11172-3 and 13818-3 (frame header), ID3v2.4 (tag header). MP3 has no checksum of the whole, so a file is
held to be whole when its frames follow one another without a gap to its end, and are as many as its first frame says.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules

_KBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_BLOCK = 1 << 16
_PADDED_FRAMES = 10
_ID3V1_SIZE = 128


class MpegFrame(NamedTuple):
    """One frame of MPEG audio layer III: its length in bytes, and how many samples of each channel it holds."""

    length: int
    samples: int
    sample_rate: int
    channels: int


def read_header(head: bytes) -> MpegFrame | None:
    """Return the frame that four bytes announce, or None when they are no header of a layer III frame."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate, padding = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return None
    first = version == 3
    sample_rate = _RATES[version][rate]
    length = (144 if first else 72) * _KBITS[1 if first else 2][bitrate] * 1000 // sample_rate + padding
    return MpegFrame(length, 1152 if first else 576, sample_rate, 1 if head[3] >> 6 == 3 else 2)


def tag_end(file: BinaryIO, size: int, at: str, rules: Rules) -> int:
    """Return where the ID3v2 tags at the beginning of a file end; 0 when it has none."""
    end = 0
    while True:
        file.seek(end)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
            return end
        length = 0
        for byte in head[6:10]:
            length = length << 7 | byte
        end += 10 + length + (10 if head[5] & 0x10 else 0)
        checks.refuse([checks.at_most(end, "audio.tags", at, rules, "bytes of ID3 tags")])
        if end > size:
            raise _broken(at, f"an ID3 tag of {length:,} bytes in a file of {size:,}")


def check_frames(file: BinaryIO, size: int, at: str, rules: Rules) -> MpegFrame:
    """Return the first frame of an MP3 file whose frames all follow one another; `InvalidInput` for anything else."""
    position = tag_end(file, size, at, rules)
    reader = _Blocks(file)
    first = read_header(reader.at(position, 4))
    if first is None:
        raise _broken(at, f"no MPEG layer III frame at byte {position:,}")
    announced = _announced_frames(reader.at(position, 64))
    # A bound for the walk; the decoder, which knows what the encoder padded, counts exactly.
    most = rules.limit("audio.duration") * first.sample_rate / first.samples + _PADDED_FRAMES
    frames, frame = 0, first
    while True:
        if position + frame.length > size:
            raise _broken(at, f"a frame of {frame.length} bytes where {size - position} are left")
        position, frames = position + frame.length, frames + 1
        if frames > most:
            seconds = frames * first.samples / first.sample_rate
            checks.refuse([checks.at_most(seconds, "audio.duration", at, rules, "seconds")])
        head = reader.at(position, 4)
        following = read_header(head)
        if following is None:
            break
        if following.sample_rate != first.sample_rate:
            raise _broken(
                at, f"a frame of {following.sample_rate} Hz after {first.sample_rate} Hz at byte {position:,}"
            )
        frame = following
    if not _is_ending(reader.at(position, 8), size - position):
        raise _broken(at, f"something else than a frame at byte {position:,} of {size:,}")
    if announced is not None and frames - 1 < announced:
        raise _broken(at, f"{frames - 1:,} of the {announced:,} frames that its first one announces")
    return first


class _Blocks:
    """Small reads anywhere in a file, through one buffered block."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._start, self._block = file, 0, b""

    def at(self, position: int, count: int) -> bytes:
        offset = position - self._start
        if not 0 <= offset <= len(self._block) - count:
            self._file.seek(position)
            self._start, self._block, offset = position, self._file.read(_BLOCK), 0
        return self._block[offset : offset + count]


def _announced_frames(frame: bytes) -> int | None:
    """Return how many frames a Xing or Info header in the first frame says will follow it."""
    for name in (b"Xing", b"Info"):
        where = frame.find(name, 4, 44)
        if 0 <= where <= len(frame) - 12 and frame[where + 7] & 1:
            return int.from_bytes(frame[where + 8 : where + 12], "big")
    return None


def _is_ending(head: bytes, left: int) -> bool:
    """Say whether what follows the last frame may stand there: nothing, a tag of a known kind, or zeros."""
    if head[:3] == b"TAG":
        return left == _ID3V1_SIZE
    return not left or head in (b"APETAGEX", b"LYRICSBE") or head[:3] == b"ID3" or not any(head)


def _broken(at: str, got: str) -> InvalidInput:
    return InvalidInput(Violation(at, "file.content", "a whole MP3 file", got))
