"""config.json and summary.json of a run that is being written: derived from the events, replaced whole."""

from __future__ import annotations

from typing import Any

from medialog.runtime import layout
from medialog.validators.errors import storage_errors
from medialog.wire.storage import Storage


class StateFiles:
    """The two files, and whether they are behind the events.

    While a run goes on only the writer of rank 0 writes them, from its own view. Whoever finishes writes what all
    writers logged, if there are others.
    """

    def __init__(self, storage: Storage, writer: str, *, is_owner: bool) -> None:
        self.is_owner, self.is_stale = is_owner, False
        self._storage = storage
        self._before = self._others(writer)

    def write(self, config: dict[str, Any], summary: dict[str, Any], *, durable: bool = False) -> None:
        """Replace both files."""
        with storage_errors("writing config.json and summary.json"):
            layout.replace_json(self._storage, layout.CONFIG, config, durable=durable)
            layout.replace_json(self._storage, layout.SUMMARY, summary, durable=durable)
        self.is_stale = False

    def others_wrote(self, writer: str) -> bool:
        """Say whether other writers have added lines since this one began."""
        return self._others(writer) != self._before

    def _others(self, writer: str) -> dict[str, int | None]:
        with storage_errors("looking for other writers"):
            return {
                segment.path: self._storage.size(segment.path)
                for segment in layout.segments(self._storage)
                if segment.writer != writer
            }
