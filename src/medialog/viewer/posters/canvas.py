"""What posters are drawn with: sizes, colours, type."""

from __future__ import annotations

import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL import ImageFont
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SIDE = 640
WIDTH, HEIGHT = 640, 400
SCALE = 2  # charts are drawn larger and reduced: Pillow draws no smooth lines
PAPER, INK, FAINT, GRID = (255, 255, 255), (34, 38, 43), (110, 118, 126), (226, 229, 233)
# Okabe and Ito's, and further ones of like lightness; a class has the colour of its id.
COLORS = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0), (240, 228, 66),
    (100, 100, 100), (117, 112, 179), (166, 118, 29), (102, 166, 30), (231, 41, 138), (27, 158, 119), (68, 68, 170),
)  # fmt: skip
_VIRIDIS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))

Color = tuple[int, int, int]


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the type that Pillow brings along."""
    from PIL import ImageFont

    try:
        return ImageFont.load_default(size)
    except (OSError, ImportError, ValueError):  # a Pillow without FreeType
        return ImageFont.load_default()


def blank(width: int = WIDTH, height: int = HEIGHT, color: Color = PAPER) -> tuple[Image, ImageDraw]:
    """Return an empty picture and what draws on it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), color)
    return image, ImageDraw.Draw(image)


def color_of(number: int) -> Color:
    """Return the colour of a class id or of the n-th series."""
    return COLORS[number % len(COLORS)]


def viridis(values: np.ndarray) -> np.ndarray:
    """Return the colours of values in 0..1, n x 3 uint8."""
    import numpy as np

    stops = np.array(_VIRIDIS, np.float64)
    place = np.clip(np.nan_to_num(values), 0.0, 1.0) * (len(stops) - 1)
    low = np.minimum(place.astype(np.int64), len(stops) - 2)
    part = (place - low)[..., None]
    return np.asarray(np.rint(stops[low] * (1 - part) + stops[low + 1] * part), np.uint8)


def printable(text: str) -> str:
    """Return text without what cannot be drawn."""
    return "".join(character if character.isprintable() else " " for character in text.replace("\t", "    "))


def one_line(text: Any, most: int = 60) -> str:
    """Return any value as a line of at most `most` characters."""
    line = printable(" ".join(str(text)[: 4 * most].split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def write(
    draw: ImageDraw, place: tuple[float, float], text: str, size: int, color: Color = INK, anchor: str = "la"
) -> None:
    """Write a line; a type without anchors or letters for it writes what it can."""
    face = font(size)
    try:
        draw.text(place, text, fill=color, font=face, anchor=anchor)
    except (ValueError, UnicodeError, OSError):
        draw.text(place, text.encode("ascii", "replace").decode(), fill=color, font=face)


def text_width(draw: ImageDraw, text: str, size: int) -> float:
    """Return how wide a line will be."""
    try:
        return draw.textlength(text, font=font(size))
    except (ValueError, UnicodeError, OSError):
        return 0.6 * size * len(text)


def page(title: str, lines: list[str], *, size: int = 15, note: str = "") -> Image:
    """Return a page of text: a title, lines as they are (long ones wrapped), and a note at the foot."""
    image, draw = blank()
    write(draw, (24, 20), one_line(title, 56), 20)
    draw.line((24, 52, WIDTH - 24, 52), fill=GRID, width=1)
    top, step = 64, size + 5
    room = int((WIDTH - 48) / (0.5 * size))
    for line in lines:
        for part in textwrap.wrap(printable(line)[:2000], room, drop_whitespace=False) or [""]:
            if top > HEIGHT - 44:
                write(draw, (24, top), "…", size, FAINT)
                break
            write(draw, (24, top), part, size)
            top += step
        else:
            continue
        break
    if note:
        write(draw, (24, HEIGHT - 18), one_line(note, 80), 13, FAINT, "ls")
    return image


def shrink(image: Image, side: int = SIDE) -> Image:
    """Return a picture at most `side` pixels wide and high; small ones are enlarged to whole multiples, sharp."""
    from PIL import Image

    width, height = image.size
    if max(width, height) > side:
        factor = side / max(width, height)
        size = max(1, round(width * factor)), max(1, round(height * factor))
        return image.resize(size, Image.Resampling.BOX if factor < 0.5 else Image.Resampling.BILINEAR, reducing_gap=2.0)
    times = side // (2 * max(width, height))
    if times > 1:
        return image.resize((width * times, height * times), Image.Resampling.NEAREST)
    return image


def grid(images: list[Image], total: int, side: int = SIDE) -> Image:
    """Return pictures side by side; `total` says how many there are altogether."""
    import math

    from PIL import ImageOps

    columns = min(4, math.ceil(math.sqrt(len(images))))
    rows = math.ceil(len(images) / columns)
    cell = side // columns
    more = total - len(images)
    paper, draw = blank(columns * cell, rows * cell + (22 if more else 0))
    for index, image in enumerate(images):
        part = ImageOps.contain(image.convert("RGB"), (cell - 6, cell - 6))
        left = (index % columns) * cell + (cell - part.width) // 2
        paper.paste(part, (left, index // columns * cell + (cell - part.height) // 2))
    if more:
        write(draw, (paper.width / 2, paper.height - 6), f"and {more:,} more", 14, FAINT, "ms")
    return paper
