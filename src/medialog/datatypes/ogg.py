"""Ogg files, as far as their pages go. Source: RFC 3533."""

from __future__ import annotations

from typing import BinaryIO

_PAGES = 1_000_000
_FIRST, _LAST = 2, 4
_VIDEO = (b"OVP80", b"\x80theora", b"BBCD")


def walk(file: BinaryIO, size: int) -> None:
    """Walk the pages: they fill the file, each stream's are numbered, and the picture's last is marked as the last.

    `ValueError` says what is broken or cut off.
    """
    place = 0
    expected: dict[bytes, int] = {}
    pictures: dict[bytes, bool] = {}
    for _ in range(_PAGES):
        if place == size:
            break
        file.seek(place)
        head = file.read(27)
        if len(head) < 27 or head[:5] != b"OggS\x00":
            raise ValueError(f"cut off, or no page where one begins, at byte {place:,}")
        flags, serial, number = head[5], head[14:18], int.from_bytes(head[18:22], "little")
        lengths = file.read(head[26])
        place += 27 + head[26] + sum(lengths)
        if len(lengths) < head[26] or place > size:
            raise ValueError(f"cut off: its last page ends {place - size:,} bytes beyond the file")
        if flags & _FIRST:
            expected[serial] = number
            if file.read(8).startswith(_VIDEO):
                pictures[serial] = False
        if expected.get(serial) != number:
            raise ValueError(f"a page numbered {number} where {expected.get(serial, 'a first page')} follows")
        expected[serial] += 1
        if flags & _LAST and serial in pictures:
            pictures[serial] = True
    else:
        raise ValueError(f"more than {_PAGES:,} pages")
    if not pictures:
        raise ValueError("no VP8 or Theora stream")
    if not all(pictures.values()):
        raise ValueError("cut off: the last page of the picture is missing")
