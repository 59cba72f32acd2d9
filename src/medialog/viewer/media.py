"""The files of a run as the report takes them: only regular files below `media/`, sound ones, block by block."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from medialog.datatypes.files import StorageSource
from medialog.validators.errors import DamagedFile, StorageError, UnsafePath
from medialog.wire import jsontext
from medialog.wire.fileref import REFS_SUFFIX, FileRef, parse_refs
from medialog.wire.storage import Storage

BLOCK = 3 << 18  # a multiple of three: base64 of the pieces is that of the whole
TYPES = {
    "bmp": "image/bmp",
    "flac": "audio/flac",
    "gif": "image/gif",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "md": "text/markdown",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "obj": "model/obj",
    "ogg": "application/ogg",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "stl": "model/stl",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
}
# What has no compression of its own. The rest would only cost time.
COMPRESSIBLE = frozenset(
    ("bmp", "cif", "glb", "gltf", "gro", "html", "json", "mcif", "md", "mmcif", "mol2", "npy", "obj", "pdb", "ply",
     "pqr", "sd", "sdf", "stl", "svg", "txt")
)  # fmt: skip
LARGE = 4 << 20
MOST_REFS = 16 << 20


class Unusable(Exception):
    """A file that cannot be put into a report: its `state`, missing or damaged, and the reason."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def suffix_of(path: str) -> str:
    """Return the last suffix of a stored file's name, lower case."""
    return path.rpartition(".")[2].lower()


def type_of(path: str) -> str:
    """Return the MIME type of a stored file by its suffix."""
    return TYPES.get(suffix_of(path), "application/octet-stream")


def open_file(storage: Storage, reference: FileRef) -> BinaryIO:
    """Open a stored file; `Unusable` when it is not there, not of its size, or no regular file of the run."""
    try:
        return StorageSource(storage).open(reference)
    except UnsafePath as error:
        raise Unusable("missing", f"not opened: {error}"[:300]) from error
    except DamagedFile as error:
        there = storage.size(reference.path) is not None
        raise Unusable("damaged" if there else "missing", str(error)[:300]) from error
    except (StorageError, OSError, ValueError) as error:
        raise Unusable("missing", f"cannot be read: {error}"[:300]) from error


def check_file(storage: Storage, reference: FileRef) -> None:
    """Raise `Unusable` for a file that is not there or not of its size; its bytes are not read."""
    open_file(storage, reference).close()


def encoded(storage: Storage, reference: FileRef, *, compress: bool) -> Iterator[bytes]:
    """Yield the base64 of a file, of its gzip when `compress`; `Unusable` at its end when its bytes are others."""
    digest = hashlib.sha256()
    with open_file(storage, reference) as file:

        def blocks() -> Iterator[bytes]:
            try:
                while block := file.read(BLOCK):
                    digest.update(block)
                    yield block
            except OSError as error:
                raise Unusable("damaged", f"cannot be read: {error}"[:300]) from error

        level = 1 if reference.size > LARGE else 6
        yield from to_base64(gzipped(blocks(), level) if compress else blocks())
    if digest.hexdigest() != reference.sha256:
        raise Unusable("damaged", f"{reference.path}: its bytes are not those of its sha256")


def to_base64(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the base64 of all pieces together."""
    rest = b""
    for piece in pieces:
        piece = rest + piece if rest else piece  # noqa: PLW2901 - what is left of the last one comes first
        whole = len(piece) - len(piece) % 3
        rest = piece[whole:]
        yield base64.b64encode(memoryview(piece)[:whole])
    yield base64.b64encode(rest)


def gzipped(pieces: Iterator[bytes], level: int = 6) -> Iterator[bytes]:
    """Yield the gzip of all pieces together, without a time: the same bytes give the same file."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def read_small(storage: Storage, reference: FileRef, most: int) -> bytes:
    """Return the bytes of a sound file of at most `most` bytes; `Unusable` otherwise."""
    if reference.size > most:
        raise Unusable("left-out", f"{reference.path}: {reference.size:,} bytes, at most {most:,} are read here")
    with open_file(storage, reference) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != reference.sha256:
        raise Unusable("damaged", f"{reference.path}: its bytes are not those of its sha256")
    return data


def listed(storage: Storage, reference: FileRef) -> list[FileRef]:
    """Return what a refs file lists; nothing for any other file. `Unusable` when it cannot be read."""
    if not reference.path.endswith(f".{REFS_SUFFIX}"):
        return []
    try:
        return parse_refs(read_small(storage, reference, MOST_REFS))
    except ValueError as error:
        raise Unusable("damaged", f"{reference.path}: {error}"[:300]) from error


def to_json(document: object) -> bytes:
    """Return JSON that can stand in a script element: it holds no `<`, `>` or `&`."""
    text = jsontext.dumps(document)
    for character in (b"<", b">", b"&"):
        text = text.replace(character, b"\\u%04x" % character[0])
    return text
