"""Picture files: which they are, and whether they are whole, before anything is trusted."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from medialog.datatypes import gif, png
from medialog.datatypes.files import Content
from medialog.validators import checks
from medialog.validators.errors import DamagedFile, InvalidInput, Violation
from medialog.validators.rules import Rules

# Pillow's format name -> ours, for the pictures that browsers show. Nothing else is ever opened: a file that merely
# looks like EPS, TIFF or a camera's raw format never reaches its decoder.
FORMATS = {"PNG": "png", "JPEG": "jpeg", "BMP": "bmp", "WEBP": "webp", "GIF": "gif"}
SUFFIXES = {"jpg": "jpeg", "jpe": "jpeg", "jfif": "jpeg", "dib": "bmp"}

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"%!PS", "PostScript"),
    (b"%PDF", "PDF"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"8BPS", "Photoshop"),
)


def sniff(head: bytes) -> str | None:
    """Return the name of the format a file begins like ("PNG", "TIFF", "SVG"), or None when it is none we know."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")) or b"<svg" in text[:256]:
        return "SVG"
    return None


def open_picture(content: Content, at: str, rules: Rules) -> tuple[Any, str]:
    """Return the decoded Pillow image of a file and its format ("png", "jpeg", "bmp", "webp", "gif").

    Raises `InvalidInput`: not a picture a browser shows, another format than its name says, larger than the limits
    (from the header, before anything is decoded), or broken anywhere.
    """
    with content.open() as file:
        head = file.read(512)
    name = sniff(head)
    if name not in FORMATS:
        expected = f"a picture file: {', '.join(FORMATS.values())}"
        if name is not None:
            expected += " (other pictures can be opened with PIL and passed as an image)"
        got = f"{name}" if name else ("an empty file" if not head else f"bytes that begin {checks.show(head[:12])}")
        raise InvalidInput(Violation(at, "file.content", expected, got))
    format = FORMATS[name]
    declared = SUFFIXES.get(content.suffix, content.suffix)
    if declared in FORMATS.values() and declared != format:
        expected = f"a {declared.upper()} file, as its name {checks.show(content.name)} says"
        raise InvalidInput(Violation(at, "file.content", expected, f"a {name} file"))
    return _decode(content, name, at, rules), format


def _decode(content: Content, name: str, at: str, rules: Rules) -> Any:
    file = content.open()
    try:
        picture = open_decoder(file, name)
        check_size(picture.width, picture.height, at, rules)
        _check_structure(content, name, picture.width * picture.height, at, rules)
        check_frames(picture, at, rules)
        picture.load()
    except InvalidInput:
        raise
    except Exception as error:  # decoders raise SyntaxError, struct.error, ValueError, OSError ... for broken files
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise InvalidInput(Violation(at, "file.content", f"a whole {name} file", got)) from error
    finally:
        if content.data is None:
            file.close()
    return picture


def _check_structure(content: Content, name: str, pixels: int, at: str, rules: Rules) -> None:
    """Check what Pillow passes over: the checksums of a PNG, the end of a GIF and the number of its frames."""
    with content.open() as file:
        if name == "PNG":
            png.check_chunks(file)
        elif name == "GIF":
            _refuse_frames(len(gif.read_layout(file).delays), pixels, at, rules)


def open_decoder(file: BinaryIO, name: str) -> Any:
    """Return Pillow's picture of an open file of the format `name` ("PNG"), its header read and nothing decoded.

    `PIL.Image.open` would also hold the size against a number of Pillow's own, for the whole process; here the limits
    of the rules decide alone, so the decoder that Pillow registered is called directly.
    """
    from PIL import Image

    Image.init()
    return Image.OPEN[name][0](file, "")


def load_stored(data: bytes, format: str) -> Any:
    """Return the decoded picture of a file we stored; `DamagedFile` when its bytes are no such picture."""
    try:
        picture = open_decoder(io.BytesIO(data), format.upper())
        picture.load()
    except Exception as error:  # as above
        raise DamagedFile(f"not a whole {format} picture: {type(error).__name__}: {str(error)[:120]}") from error
    return picture


def check_size(width: int, height: int, at: str, rules: Rules) -> None:
    """Hold a picture's size against `image.side` and `image.pixels`."""
    checks.refuse(
        [
            checks.at_most(max(width, height), "image.side", at, rules, "pixels a side"),
            checks.at_most(width * height, "image.pixels", at, rules, "pixels"),
        ]
    )


def check_frames(picture: Any, at: str, rules: Rules) -> None:
    """Hold the frames of an animated picture against `image.frames` and `image.frames_pixels`."""
    width, height = picture.size
    _refuse_frames(count_frames(picture), width * height, at, rules)


def _refuse_frames(frames: int, pixels: int, at: str, rules: Rules) -> None:
    checks.refuse(
        [
            checks.at_most(frames, "image.frames", at, rules, "frames"),
            checks.at_most(frames * pixels, "image.frames_pixels", at, rules, "pixels in all frames"),
        ]
    )


def count_frames(picture: Any) -> int:
    """Return the frames of an animated picture; 1 for a JPEG, where more "frames" are previews and other exposures."""
    return 1 if picture.format in ("JPEG", "MPO") else int(getattr(picture, "n_frames", 1))
