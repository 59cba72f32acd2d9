"""The posters of a run's values, drawn once: kept in `derived/posters/`, where the run may be written."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialog.viewer.contents import references
from medialog.wire import jsontext
from medialog.wire.storage import Storage

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "derived/posters"
VERSION = 1  # of the drawing: another one draws anew
MOST_BYTES = 2 << 20
MOST_HELD = 2_000  # posters in memory: some ten kilobytes each
_QUALITY = 82
_SUFFIXES = {"webp": "image/webp", "png": "image/png"}


@dataclass(frozen=True)
class Poster:
    """A picture: its bytes, its MIME type, its size."""

    data: bytes
    type: str
    width: int
    height: int


class PosterCache:
    """Gives the poster of any value of a run: `get(value)`, where the value is as it is stored."""

    def __init__(self, storage: Storage, *, keep: bool = True) -> None:
        self._storage = storage
        self._keep = keep
        self._held: dict[str, Poster] = {}

    def get(self, value: Any) -> Poster:
        """Return the poster of a value, drawn if there is none yet."""
        has_files = next(iter(references(value)), None) is not None
        name = hashlib.sha256(b"%d\n" % VERSION + jsontext.dumps(value)).hexdigest()
        if name in self._held:
            return self._held[name]
        poster = self._read(name) if has_files and self._keep else None
        if poster is None:
            from medialog.viewer.posters.draw import draw

            drawn = draw(value, self._storage)
            poster = encode(drawn.image, photo=drawn.photo)
            if has_files and self._keep and drawn.whole:
                self._write(name, poster)
        if len(self._held) < MOST_HELD:
            self._held[name] = poster
        return poster

    def _read(self, name: str) -> Poster | None:
        for suffix, type in _SUFFIXES.items():
            path = f"{FOLDER}/{name}.{suffix}"
            size = self._storage.size(path)
            if size is None or size > MOST_BYTES:
                continue
            with suppress(OSError, ValueError, SyntaxError):
                with self._storage.open(path) as file:
                    data = file.read()
                from PIL import Image

                with Image.open(io.BytesIO(data), formats=(suffix,)) as image:
                    if max(image.size) <= 2_000:
                        return Poster(data, type, *image.size)
        return None

    def _write(self, name: str, poster: Poster) -> None:
        """Keep a poster. A run that cannot be written is no error: the poster is drawn again next time."""
        import secrets

        suffix = poster.type.partition("/")[2]
        temporary = f"tmp/{secrets.token_hex(8)}"
        with suppress(OSError):
            if self._storage.size("run.json") is None:
                return
            for folder in ("tmp", "derived", FOLDER):
                self._storage.make_directory(folder)
            handle = self._storage.create(temporary)
            try:
                self._storage.write(handle, poster.data)
                whole = self._storage.handle_size(handle) == len(poster.data)
            finally:
                self._storage.close(handle)
            if whole:
                self._storage.rename(temporary, f"{FOLDER}/{name}.{suffix}")
            else:
                self._storage.remove(temporary)


def encode(image: Image, *, photo: bool) -> Poster:
    """Return a picture as WebP where it is a photograph, as a PNG of few colours where it is drawn."""
    from PIL import Image, features

    buffer = io.BytesIO()
    if photo and features.check("webp"):
        image.save(buffer, "WEBP", quality=_QUALITY, method=2)
        return Poster(buffer.getvalue(), "image/webp", *image.size)
    if image.mode == "RGB":
        image = image.quantize(
            128, Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG if photo else Image.Dither.NONE
        )
    image.save(buffer, "PNG", optimize=False, compress_level=6)
    return Poster(buffer.getvalue(), "image/png", *image.size)


def as_png(poster: Poster) -> bytes:
    """Return a poster as PNG, which every notebook shows."""
    if poster.type == "image/png":
        return poster.data
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(poster.data)) as image:
        image.save(buffer, "PNG")
    return buffer.getvalue()
