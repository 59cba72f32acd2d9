"""GIF clips: written with one palette for the whole clip, and read as far as their structure goes.

The file is laid out here, Pillow compresses the pictures: its own animated writer drops a frame that equals the one
before it, makes a palette for each frame, and holds the clip a second time. Source: the GIF89a specification.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from medialog.validators.progress import track

if TYPE_CHECKING:
    import numpy as np

    from medialog.datatypes.video_frames import Clip

COLOURS = 256
SHORTEST_DELAY = 2  # 1/100 s; browsers show a frame with a shorter one for BROWSER_DELAY
BROWSER_DELAY = 10
_SAMPLE = 1 << 13  # pixels that the colours are chosen from; twice as many give 0.07 dB and take twice as long
_LOOP_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


class Layout(NamedTuple):
    """What a gif's structure says: size, and the delay of each frame in 1/100 s as browsers show it."""

    width: int
    height: int
    delays: list[int]


# --- writing ---


def delays_for(count: int, fps: Fraction) -> list[int]:
    """Return the delay of each of `count` frames in 1/100 s: whole numbers whose sum stays closest to `fps`."""
    ends = [round(100 * (index + 1) / fps) for index in range(count)]
    delays = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return [max(delay, SHORTEST_DELAY) for delay in delays]


class Palette(NamedTuple):
    """The colours of a clip as 768 bytes, how a frame becomes their indices, and whether no colour is lost."""

    colours: bytes
    indices: Callable[[np.ndarray], np.ndarray]
    exact: bool


def make_palette(clip: Clip) -> Palette:
    """Return the clip's own colours when there are at most 256, else a palette of 256.

    That is a median cut, refined by k-means, of pixels from all frames.
    """
    import numpy as np

    if clip.channels == 1:
        greys = np.repeat(np.arange(COLOURS, dtype=np.uint8), 3).tobytes()
        return Palette(greys, lambda frame: frame[:, :, 0], exact=True)
    found = _all_colours(clip)
    return _cut_palette(clip) if found is None else _exact_palette(found)


def _packed(frame: np.ndarray) -> np.ndarray:
    import numpy as np

    wide = frame.astype(np.uint32)
    packed: np.ndarray = (wide[:, :, 0] << 16) | (wide[:, :, 1] << 8) | wide[:, :, 2]
    return packed


def _all_colours(clip: Clip) -> np.ndarray | None:
    """Return the clip's colours as sorted 24-bit numbers, or None when there are more than a palette holds."""
    import numpy as np

    colours = np.empty(0, np.uint32)
    for frame in clip:
        packed = _packed(frame).reshape(-1)
        # The first pixels of a photograph settle it; of a drawing only those that differ from their neighbour are
        # sorted.
        for part in (packed[: 1 << 12], packed[1:][packed[1:] != packed[:-1]]):
            colours = np.union1d(colours, part)
            if colours.size > COLOURS:
                return None
    return colours


def _exact_palette(colours: np.ndarray) -> Palette:
    import numpy as np

    table = np.zeros((COLOURS, 3), np.uint8)
    for channel, shift in enumerate((16, 8, 0)):
        table[: colours.size, channel] = (colours >> shift) & 255
    return Palette(table.tobytes(), lambda frame: np.searchsorted(colours, _packed(frame)).astype(np.uint8), exact=True)


def _sample(clip: Clip) -> np.ndarray:
    """Return up to `_SAMPLE` pixels as N x 3, the same number from each frame, evenly strewn.

    Their places are those of the plane's golden sequence. Pixels at a fixed distance would lie on a few lines.
    """
    import numpy as np

    pixels = clip.count * clip.height * clip.width
    if pixels <= _SAMPLE:
        return np.concatenate([frame.reshape(-1, 3) for frame in clip])
    plastic = 1.324717957244746  # x**3 = x + 1
    number = np.arange(_SAMPLE)
    rows = (number / plastic % 1 * clip.height).astype(np.intp)
    columns = (number / plastic**2 % 1 * clip.width).astype(np.intp)
    ends = [_SAMPLE * (index + 1) // clip.count for index in range(clip.count)]
    parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    return np.concatenate([clip.frame(i)[rows[p], columns[p]] for i, p in enumerate(parts) if p.start < p.stop])


def _cut_palette(clip: Clip) -> Palette:
    import numpy as np
    from PIL import Image

    sample = _sample(clip)
    picture = Image.frombytes("RGB", (len(sample), 1), sample.tobytes())
    cut = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=1)
    colours = bytes(cut.getpalette("RGB") or ()).ljust(3 * COLOURS, b"\0")[: 3 * COLOURS]
    holder = Image.new("P", (1, 1))
    holder.putpalette(colours)

    def indices(frame: np.ndarray) -> np.ndarray:
        return np.asarray(_picture(frame).quantize(palette=holder, dither=Image.Dither.NONE))

    return Palette(colours, indices, exact=False)


def _picture(frame: np.ndarray) -> Any:
    """Return Pillow's picture of an RGB frame."""
    from PIL import Image

    if frame.strides[2] == 1:
        return Image.fromarray(frame)
    # In planes: numpy takes four times as long to turn them into pixels.
    return Image.merge("RGB", [Image.fromarray(frame[:, :, channel]) for channel in range(3)])


def write(clip: Clip, palette: Palette, delays: list[int], file: Any) -> None:
    """Write the clip, frame by frame; after the first only the rectangle that changed is stored."""
    file.write(b"GIF89a" + struct.pack("<HHBBB", clip.width, clip.height, 0xF7, 0, 0) + palette.colours)
    if clip.count > 1:
        file.write(_LOOP_FOREVER)
    before: np.ndarray | None = None
    for frame, delay in zip(track(clip, "encoding frames as gif", clip.count), delays, strict=True):
        indices = palette.indices(frame)
        left, top, right, bottom = (0, 0, clip.width, clip.height) if before is None else _changed(before, indices)
        file.write(b"\x21\xf9\x04\x04" + struct.pack("<H", delay) + b"\x00\x00")
        file.write(b"\x2c" + struct.pack("<HHHHB", left, top, right - left, bottom - top, 0))
        file.write(_compressed(indices[top:bottom, left:right]))
        before = indices
    file.write(b"\x3b")


def _changed(before: np.ndarray, after: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what differs; one pixel when nothing does, as a frame is never empty."""
    different = before != after
    rows, columns = different.any(1).nonzero()[0], different.any(0).nonzero()[0]
    if not rows.size:
        return 0, 0, 1, 1
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _compressed(indices: np.ndarray) -> bytes:
    """Return the minimum code size, the LZW data in sub-blocks, and the end of the blocks."""
    import numpy as np
    from PIL import Image

    return b"\x08" + Image.fromarray(np.ascontiguousarray(indices)).tobytes("gif", "L", 8, 0) + b"\x00"


# --- reading ---


def read_layout(file: BinaryIO) -> Layout:
    """Walk the blocks of a gif to its end, decoding nothing. `ValueError` says what is broken or cut off."""
    header = _read(file, 13)
    if header[:6] not in (b"GIF87a", b"GIF89a"):
        raise ValueError("no GIF signature")
    width, height, flags = struct.unpack("<HHB", header[6:11])
    if not (width and height):
        raise ValueError(f"a picture of {width} x {height}")
    _skip_palette(file, flags)
    delays: list[int] = []
    delay = 0
    while (mark := _read(file, 1)) != b"\x3b":
        if mark == b"\x21":
            if _read(file, 1) == b"\xf9":
                control = _read(file, 5)
                if control[0] != 4:
                    raise ValueError(f"a graphic control block of {control[0]} bytes")
                delay = int.from_bytes(control[2:4], "little")
            _skip_blocks(file)
        elif mark == b"\x2c":
            _skip_palette(file, _read(file, 9)[8])
            _read(file, 1)
            _skip_blocks(file)
            delays.append(delay if delay >= SHORTEST_DELAY else BROWSER_DELAY)
            delay = 0
        else:
            raise ValueError(f"the byte 0x{mark.hex()} where a block begins")
    if not delays:
        raise ValueError("no frame")
    return Layout(width, height, delays)


def _read(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise ValueError("cut off: it ends inside a block")
    return data


def _skip_palette(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        _read(file, 3 << ((flags & 7) + 1))


def _skip_blocks(file: BinaryIO) -> None:
    while length := _read(file, 1)[0]:
        _read(file, length)
