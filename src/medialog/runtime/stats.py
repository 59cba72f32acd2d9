"""RunStats: the ledger of a run that is being written, `run.stats`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunStats:
    """What a writer has done so far, and what it still has to do."""

    rows: int = 0
    """rows in the file of events"""
    line_bytes: int = 0
    """bytes of the lines of all kinds"""
    media_files: int = 0
    """media files that were not there before"""
    media_bytes: int = 0
    """their bytes"""
    encode_seconds: float = 0.0
    """time spent in making files of values; in the background of all workers together"""
    syncs: int = 0
    """how often everything was brought to the disk"""
    unsynced_bytes: int = 0
    """bytes of lines that a power cut could still take"""
    unsynced_files: int = 0
    """media files that a power cut could still take"""
    queued_rows: int = 0
    """calls of `log` that are not written yet; only with `background`"""
    queued_bytes: int = 0
    """bytes of the values that wait with them"""
    dropped_rows: int = 0
    """calls of `log` that were dropped because the queue was full; only with `Background(when_full="drop")`"""
