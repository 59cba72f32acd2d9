"""The media files of a run that is being written: which of them are not yet known to be on the disk."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable

from medialog.datatypes.files import BLOCK, StagedSink, is_sound
from medialog.runtime import layout
from medialog.validators.errors import DurabilityLost, storage_errors
from medialog.wire import names
from medialog.wire.fileref import FileRef
from medialog.wire.storage import Storage


class MediaFiles:
    """Gives sinks to values, and brings to the disk what they stored."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._unsynced: dict[str, None] = {}
        self._suspect: dict[str, None] = {}
        self._trusted: set[bytes] = set()

    @property
    def unsynced(self) -> int:
        """Return how many files are not yet known to be on the disk."""
        return len(self._unsynced)

    def sink(self) -> StagedSink:
        """Return a sink for the values of one call: its files appear together or not at all."""
        return StagedSink(self._storage, self._unsynced.setdefault, self._trusted)

    def adopt(self, paths: Iterable[str]) -> None:
        """Bring to the disk, too, what writers have left behind that can do it no more."""
        self._unsynced.update((path, None) for path in paths if self._storage.size(path) is not None)

    def forget(self) -> None:
        """Leave what is not on the disk to the process that stored it: for a forked child."""
        self._unsynced, self._suspect = {}, {}

    def sync(self) -> None:
        """Return only when every file that a row refers to is on the disk, and the directories that name it.

        After a failed `fsync` the kernel may have dropped pages of the file, and asking again would report a success
        that is none: the next call writes the file anew from what can still be read.
        """
        with storage_errors("writing a media file again"):
            for path in list(self._suspect):
                self._unsynced[path] = None
                self._write_again(path)
                self._suspect.pop(path, None)
        paths = list(self._unsynced)
        folders = list(dict.fromkeys(os.path.dirname(path) for path in paths))
        at = ""
        try:
            for at in (*paths, *folders):
                self._storage.fsync_path(at)
            if any(folder.startswith(f"{names.MEDIA}/") for folder in folders):
                self._storage.fsync_path(at := names.MEDIA)
        except OSError as error:
            media = [path for path in paths if path.startswith(f"{names.MEDIA}/")]
            self._suspect.update((path, None) for path in media if f"{path}/".startswith(f"{at}/"))
            raise DurabilityLost(error.errno or 0, f"syncing {at}: {error.strerror or error}") from error
        for path in paths:
            self._unsynced.pop(path, None)

    def _write_again(self, path: str) -> None:
        digest = os.path.basename(path).partition(".")[0]
        size = self._storage.size(path)
        if size is None or not is_sound(self._storage, FileRef(path, digest, size)):
            self._suspect.pop(path, None)
            self._unsynced.pop(path, None)
            self._trusted.discard(bytes.fromhex(digest))  # the same value, logged again, is stored anew
            raise DurabilityLost(
                0, f"{path}: the disk lost its bytes; the rows that refer to it are reported as damaged"
            )
        self._storage.make_directory(layout.TEMPORARY)
        temporary = f"{layout.TEMPORARY}/{secrets.token_hex(8)}"
        handle = self._storage.create(temporary)
        try:
            with self._storage.open(path) as file:
                while block := file.read(BLOCK):
                    layout.write_all(self._storage, handle, block)
        except BaseException:
            layout.discard(self._storage, handle, temporary)
            raise
        self._storage.close(handle)
        self._storage.rename(temporary, path)
