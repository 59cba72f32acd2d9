"""Ogg pages: walked and checked before a decoder sees them, and renumbered so that equal sound gives equal files.

Source: RFC 3533 (pages), RFC 7845 (Opus), the Vorbis I specification (section 4.2).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.validators.rules import Rules

_HEADER = struct.Struct("<4sBBqIIIB")
_FIRST_PAGE = 0x02
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# How the first packet of a stream begins -> what the stream is.
_CODECS = (
    (b"\x01vorbis", "vorbis"),
    (b"OpusHead", "opus"),
    (b"\x7fFLAC", "flac"),
    (b"\x80theora", "theora video"),
    (b"Speex   ", "speex"),
    (b"fishead\0", "skeleton"),
    (b"BBCD\0", "dirac video"),
    (b"OVP80", "VP8 video"),
)
SOUND = ("vorbis", "opus", "flac")


def checksum(page: bytes) -> int:
    """Return the CRC of a page whose checksum field is zero.

    It is the CRC-32 of zlib with bits in the other order and without its inversions, so zlib does the work.
    """
    reflected = zlib.crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REVERSED), "big")


def _pages(file: BinaryIO, size: int, at: str, rules: Rules) -> Iterator[tuple[int, bytes]]:
    """Yield `(flags, page)` of every page; `InvalidInput` for a cut or damaged one."""
    position = count = 0
    while position < size:
        count += 1
        checks.refuse([checks.at_most(count, "audio.pages", at, rules, "Ogg pages")])
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or head[:5] != b"OggS\0":
            raise _broken(at, f"no page at byte {position:,}")
        lacing = file.read(head[26])
        body = file.read(sum(lacing))
        if len(lacing) < head[26] or len(body) < sum(lacing):
            raise _broken(at, f"a page that is cut at byte {size:,}")
        if checksum(head[:22] + b"\0\0\0\0" + head[26:] + lacing + body) != int.from_bytes(head[22:26], "little"):
            raise _broken(at, f"a damaged page at byte {position:,} (its checksum does not match)")
        page = head + lacing + body
        yield head[5], page
        position += len(page)


def check_pages(file: BinaryIO, size: int, at: str, rules: Rules) -> str:
    """Return the codec of an Ogg file ("vorbis", "opus", "flac") whose every page is whole."""
    found: list[str] = []
    for flags, page in _pages(file, size, at, rules):
        if flags & _FIRST_PAGE:
            packet = page[_HEADER.size + page[26] :]
            found.append(next((name for magic, name in _CODECS if packet.startswith(magic)), "unknown"))
            if len(found) > 64:
                raise _broken(at, "more than 64 streams")
        elif not found:
            raise _broken(at, "a first page that begins no stream")
    kinds = sorted(set(found))
    if len(kinds) == 1 and kinds[0] in SOUND:
        return kinds[0]
    got = f"an Ogg file of {', '.join(kinds)}"
    if any(kind.endswith("video") for kind in kinds):
        got += " (log it with Video)"
    raise InvalidInput(Violation(at, "file.content", f"an Ogg file of {', '.join(SOUND)}", got))


def renumber(data: bytes, serial: int = 1) -> bytes:
    """Return a one-stream Ogg file with the serial number `serial` in place of the random one its encoder chose."""
    result, position = bytearray(data), 0
    while position < len(data):
        segments = data[position + 26]
        lacing_end = position + 27 + segments
        end = lacing_end + sum(data[position + 27 : lacing_end])
        struct.pack_into("<I", result, position + 14, serial)
        struct.pack_into("<I", result, position + 22, 0)
        struct.pack_into("<I", result, position + 22, checksum(bytes(result[position:end])))
        position = end
    return bytes(result)


def _broken(at: str, got: str) -> InvalidInput:
    return InvalidInput(Violation(at, "file.content", "a whole Ogg file", got))
