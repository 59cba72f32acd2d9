"""`validators.run` with what only the rooms above it have: the decoder of values, and the fold of the summary."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from medialog.datatypes.base import decode
from medialog.datatypes.files import StorageSource
from medialog.runtime import entries
from medialog.runtime.layout import SegmentName
from medialog.runtime.run import Run
from medialog.runtime.summary import SummaryFold
from medialog.validators import run as directories
from medialog.validators.errors import Violation
from medialog.validators.rules import Rules
from medialog.validators.run_files import Progress
from medialog.wire import line
from medialog.wire.storage import LocalStorage, Storage


class SummaryOfEvents:
    """The reader's own fold of the events, without their rows."""

    def __init__(self) -> None:
        self._fold = SummaryFold()

    def take(self, entry: line.Line, rank: int) -> None:
        """Take one line of a writer of that rank."""
        entries.fold(entries.parse(entry, SegmentName(0, "", rank)), self._fold, rank)

    def summary(self) -> dict[str, Any]:
        """Return the summary, as it is stored."""
        return self._fold.to_json()


def validate_run(
    path: str | os.PathLike[str] | Storage | Run, deep: bool = False, progress: Progress | None = None
) -> list[Violation]:
    """Return everything that is wrong with a run directory (or a `Run`); an empty list for a sound, finished run.

    Each violation has a place (a file of the run, a line, a key), a stable id of `docs/rules.md`, and what was expected
    and found. Each line is held against its checksum, each record against its schema, each descriptor against the
    rules of the run, each file against its size and SHA-256, config.json and summary.json against the events.
    `deep` also reads every value back. `progress(what, done, total)` is called while it works.

    Violations for which `medialog.validators.is_note` is true are no faults: the run goes on, or a value was replaced
    before it was written. Raises `RunError` when there is no such directory. The run may be written meanwhile.
    """
    storage = path._storage if isinstance(path, Run) else _storage(path)
    return directories.validate_run(storage, deep, progress, decode=_decoder(storage), fold=SummaryOfEvents())


def validate_folder(
    path: str | os.PathLike[str] | Storage,
    deep: bool = False,
    progress: Progress | None = None,
    rules: Rules | None = None,
) -> list[Violation]:
    """Return everything that is wrong with a folder of `*.medialog.json` and media, as `medialog.convert` makes one.

    `rules`: those that the values were made under; by default those that hold now. The rest is as in `validate_run`.
    """
    storage = _storage(path)
    return directories.validate_folder(storage, deep, progress, decode=_decoder(storage), rules=rules)


def validate_file(
    path: str | os.PathLike[str],
    deep: bool = False,
    progress: Progress | None = None,
    rules: Rules | None = None,
) -> list[Violation]:
    """Return everything that is wrong with one descriptor file, and with the files in `media/` that it refers to."""
    storage = LocalStorage(os.path.dirname(os.path.abspath(path)))
    return directories.validate_file(path, deep, progress, decode=_decoder(storage), rules=rules)


def _storage(path: str | os.PathLike[str] | Storage) -> Storage:
    return LocalStorage(path) if isinstance(path, (str, os.PathLike)) else path


def _decoder(storage: Storage) -> Callable[[Any], object]:
    source = StorageSource(storage)
    return lambda descriptor: decode(descriptor, source)
