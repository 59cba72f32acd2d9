"""RunReader: a run directory, read back, finished or still being written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medialog.datatypes.base import decode
from medialog.datatypes.files import Source, StorageSource
from medialog.runtime import events as event_log
from medialog.runtime import merging, trees
from medialog.runtime.columns import Columns, columns
from medialog.runtime.config import Config
from medialog.runtime.entries import Row
from medialog.runtime.events import Events, OpenRow, Problem, Recovery
from medialog.runtime.layout import FORMAT_VERSION, RUN, segments
from medialog.runtime.merging import Clashes, Ranks, StepRow
from medialog.runtime.metric import Metric
from medialog.runtime.row_batch import RowBatch
from medialog.validators import rules as rulebook
from medialog.validators.errors import RunError, UnsupportedVersion
from medialog.validators.limits import LIMITS
from medialog.validators.rules import Rules
from medialog.wire import display
from medialog.wire.storage import LocalStorage, Storage

if TYPE_CHECKING:
    from medialog.runtime.compacted import Compacted


class RunReader:
    """A run to read: `medialog.open_run("runs/abc")`.

    Every access sees what is in the directory at that moment, so a run can be followed while it is written; a step is
    there with all its keys and files, or it is not there. What could not be read is in `problems`. What was read once
    is kept, and only what was appended since is read; media files that were there are not looked at again.

    A run may have several *ranks*, processes that log into one directory. `ranks="merged"`: one view of all; where
    ranks logged different values under one key of one step, the lowest rank's is shown, and `clashes` says so. A rank:
    what that rank logged, empty for one that has logged nothing (`ranks` lists those there are). `"all"`: side by side.
    """

    def __init__(self, storage: Storage, recovery: Recovery = "recover") -> None:
        self._storage = storage
        self._recovery: Recovery = recovery
        self._clashes: Clashes | None = None
        self._compacted: Compacted | None = None
        place = getattr(storage, "root", storage)
        try:
            self._info: dict[str, Any] = event_log.read_json(storage, RUN)
        except FileNotFoundError as error:
            raise RunError(f"{place}: not a run directory: there is no run.json in it") from error
        except (OSError, ValueError) as error:
            raise RunError(f"{place}: not a run directory: run.json: {error}") from error
        version = self._info.get("format_version") if isinstance(self._info, dict) else None
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise RunError(f"{place}: not a run directory: run.json has no format_version")
        if not isinstance(self._info.get("id"), str):
            raise RunError(f"{place}: not a run directory: run.json has no id")
        if version > FORMAT_VERSION:
            raise UnsupportedVersion(f"format version {version}; this medialog reads up to {FORMAT_VERSION}")
        self._events = Events(storage, recovery)

    def _read(self) -> Events:
        if self._events.refresh():
            self._clashes = None
        return self._events

    def _rows(self, *, include_open: bool) -> Sequence[Row | RowBatch]:
        events = self._read()
        return events.rows_and_open() if include_open else events.batches

    def _compacted_rows(self) -> Sequence[Row | RowBatch] | None:
        """Return the rows as `compact` wrote them; None when nothing holds that it wrote, or the lines were read."""
        if self._events.is_read:
            return None
        from medialog.runtime.compacted import read_compacted

        if self._compacted is None:
            self._compacted = read_compacted(self._storage, self._events.line_size)
        if self._compacted is None:
            return None
        entries = self._compacted.entries(strict=self._recovery == "strict")
        if entries is None:
            self._compacted = None
        return entries

    @property
    def info(self) -> dict[str, Any]:
        """Return what `run.json` says, with the name, notes and tags that were set later."""
        return {**self._info, **self._read().info}

    @property
    def id(self) -> str:
        """Return the run's id."""
        return str(self._info["id"])

    @property
    def name(self) -> str:
        """Return the run's name; its id when it has none."""
        return str(self.info.get("name") or self.id)

    @property
    def project(self) -> str | None:
        """Return the run's project."""
        return self._info.get("project")

    @property
    def problems(self) -> list[Problem]:
        """Return what could not be read as written; empty for a sound run."""
        return list(self._read().problems)

    @property
    def finished(self) -> bool:
        """Say whether the last process of every rank finished the run; forked children do not count."""
        return self._read().finished

    @property
    def steps(self) -> list[int]:
        """Return the steps that have a row, in order."""
        return self._read().steps

    @property
    def config(self) -> Config:
        """Return the config, to read."""
        return Config(dict(self._read().config), None, rulebook.current())

    @property
    def summary(self) -> dict[str, Any]:
        """Return the summary as nested dicts; media are their descriptors."""
        summary: dict[str, Any] = trees.plain(self._read().summary.to_json())
        return summary

    @property
    def ranks(self) -> list[int]:
        """Return the ranks that have logged to the run, or begun to."""
        return self._read().ranks

    @property
    def metrics(self) -> list[Metric]:
        """Return the definitions that `define_metric` made, in their order."""
        return self._read().summary.definitions

    @property
    def writers(self) -> list[str]:
        """Return who wrote the events: one name for each process."""
        return sorted({segment.writer for segment in segments(self._storage)})

    def stored_rows(self) -> Iterator[StepRow | RowBatch]:
        """Yield what each step holds, as it is stored, by step; where nothing is merged, many steps at once.

        A number that JSON has no token for is in its tagged form, which `rows` decodes.
        """
        entries = self._rows(include_open=False)
        if not merging.is_in_order(entries):
            yield from merging.by_step(entries, "merged")
            return
        for entry in entries:
            if isinstance(entry, RowBatch):
                yield entry
            else:
                yield from merging.by_step((entry,), "merged")

    @property
    def stored_summary(self) -> dict[str, Any]:
        """Return the summary as it is stored, numbers in their tagged form where JSON has no token for them."""
        return self._read().summary.to_json()

    @property
    def storage(self) -> Storage:
        """Return the storage that the run is in."""
        return self._storage

    @property
    def clashes(self) -> Clashes:
        """Return where ranks logged different values under one key of one step: no damage, but worth knowing.

        Equal values are no clash. `clashes.count`, `clashes.keys` (key: number of steps), `clashes.first` (a hundred).
        """
        rows = self._rows(include_open=False)
        if self._clashes is None:
            self._clashes = merging.clashes(rows)
        return self._clashes

    @property
    def open_rows(self) -> list[OpenRow]:
        """Return what was collected for steps whose row is not written: `(rank, writer, step, tree)`."""
        return [row._replace(tree=trees.plain(row.tree)) for row in self._read().open_rows]

    def rows(self, *, ranks: Ranks = "merged", include_open: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield `(step, tree)` in the order of steps: nested dicts in their exact form, late rows merged in.

        `ranks`, `include_open`: as in `history`; with `ranks="all"` a step comes once for each rank that has it, the
        lowest first.
        """
        checked = merging.check_ranks(ranks)
        found = merging.by_step(self._rows(include_open=include_open), checked)
        return ((row.step, trees.plain(row.tree)) for row in found)

    def history(
        self, keys: Iterable[str] | str | None = None, *, ranks: Ranks = "merged", include_open: bool = False
    ) -> list[dict[str, Any]]:
        r"""Return one dict per step: `_step`, `_timestamp` (unix), `_runtime` (seconds), and dotted keys.

        Nested keys are joined with dots, `val.acc`; a dot that belongs to a key is escaped, `v1\.0`. Media are their
        descriptors (`media` decodes them). With `keys`, only those, and only the steps that have one of them.

        `ranks`: `"merged"` (the lowest rank's value where ranks differ: see `clashes`), the number of a rank, or
        `"all"`: one dict per step and rank, which stands in `_rank`. `include_open`: also what was collected for a
        step whose row is not written. `_timestamp` and `_runtime` are those of the step's last row, of its lowest rank.

        Raises `InvalidInput` for any other `ranks`.
        """
        wanted = None if keys is None else {keys} if isinstance(keys, str) else set(keys)
        checked = merging.check_ranks(ranks)
        return list(merging.histories(self._rows(include_open=include_open), checked, wanted))

    def columns(
        self, keys: Iterable[str] | str | None = None, *, ranks: Ranks = "merged", include_open: bool = False
    ) -> Columns:
        """Return what `history` returns as numpy arrays, one per key, without a dict for every step.

        `columns().keys["loss"]` has `values`, and `valid` where not every step has one. Numbers are exact; which dtype
        a key gets says `medialog.runtime.columns`. The arguments are those of `history`.
        """
        wanted = None if keys is None else {keys} if isinstance(keys, str) else set(keys)
        checked = merging.check_ranks(ranks)
        entries = None if include_open else self._compacted_rows()
        return columns(self._rows(include_open=include_open) if entries is None else entries, checked, wanted)

    def frame(
        self, keys: Iterable[str] | str | None = None, *, ranks: Ranks = "merged", include_open: bool = False
    ) -> Any:
        """Return what `history` returns as a pandas DataFrame: `pd.DataFrame(run.history())`, sooner and exactly.

        A whole number stays one where steps lack the key (`Int64`), as booleans do (`boolean`); NaN stands for both a
        logged NaN and no value in a column of floats (`columns` tells them apart). Media are their descriptors. Raises
        `MissingDependency` where pandas is not installed.
        """
        return self.columns(keys, ranks=ranks, include_open=include_open).to_pandas()

    def media(self, key: str | tuple[str, ...], step: int | None = None, rank: int | None = None) -> Any:
        """Return the object logged under `key` (dotted, or the exact tuple) at `step`, by default the last one.

        Where several ranks logged the key, that of `rank`, by default of the lowest one that has it. A list that was
        logged comes back as a list of objects, an INCREMENTAL table as the whole table as it was at that step (`load`
        gives the rows of one descriptor). `KeyError`, which names the keys that have media, when there is none.
        """
        path = trees.undotted(key) if isinstance(key, str) else tuple(key)
        chosen = None if rank is None else merging.check_rank(rank)
        found: dict[int, Any] = {}
        others: dict[trees.Path, None] = {}
        entries = self._rows(include_open=False)
        if merging.is_in_order(entries):  # nothing is merged into another row, and batches have no media
            entries = [entry for entry in entries if not isinstance(entry, RowBatch)]
        for at, _, _, tree, of_rank in merging.by_step(entries, "all"):
            if (step is not None and at != step) or (chosen is not None and of_rank != chosen) or of_rank is None:
                continue
            for leaf, value in trees.leaves(tree):
                if not _is_media(value):
                    continue
                if leaf != path:
                    others[leaf] = None
                elif not _is_earlier_increment(value, found.get(of_rank)):
                    found[of_rank] = value
        if not found:
            where = ("" if step is None else f" at step {step}") + ("" if chosen is None else f" of rank {chosen}")
            there = ", ".join(repr(trees.dotted(other)) for other in list(others)[:10])
            raise KeyError(
                f"no media under {trees.dotted(path)!r}{where}; there is {f'media under {there}' if there else 'none'}"
            )
        return self.decode(found[min(found)], whole=True)

    def decode(self, descriptor: Any, *, whole: bool = False) -> Any:
        """Return the object of a descriptor of this run, under the limits that the run was written with.

        `whole`: of an increment, the value with all increments up to it.
        """
        with self.rules.use():
            return decode(descriptor, self.source, whole=whole)

    @property
    def rules(self) -> Rules:
        """Return the run's own limits; what it lost when it was written is not warned about again."""
        limits = self._info.get("rules", {}).get("limits", {})
        known = {name: value for name, value in limits.items() if name in LIMITS}
        return Rules(known, "record")

    @property
    def source(self) -> Source:
        """Return the source that the run's descriptors refer to."""
        return StorageSource(self._storage)

    def __repr__(self) -> str:
        return f"RunReader({self.id!r}, {len(self.steps)} steps)"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return what a notebook shows of the run."""
        return display.bundle(self, include, exclude)


def _is_earlier_increment(value: Any, other: Any) -> bool:
    """Say whether `value` is an increment that comes before the increment `other`, which a late row can put last."""
    number, newest = (item.get("increment_num") if isinstance(item, dict) else None for item in (value, other))
    return number is not None and newest is not None and number < newest


def _is_media(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_media(item) for item in value)
    return isinstance(value, dict) and value.get(trees.KIND, "number") != "number"


def open_run(path: str | os.PathLike[str], recovery: Recovery = "recover") -> RunReader:
    """Open a run directory for reading, also while it is being written.

    `recovery`: `"recover"` (default) leaves damaged lines out, and rows whose media files are missing, of another size
    or, when their writer did not end well, of other bytes; `problems` lists them. `"strict"` raises `DamagedRow` at
    the first of them, `"salvage"` lists the same and keeps such rows. Raises `RunError` for any other directory,
    `UnsupportedVersion` for a run of a later format.
    """
    return RunReader(LocalStorage(path), recovery)


def load(descriptor: Any, source: Any) -> Any:
    """Return the object of a descriptor: `load(descriptor, "runs/abc")`.

    `source` is a run directory, the directory of a `DirectorySink`, a reader, or any `Source`. List forms give lists.
    What a run stored is read under that run's limits, anything else under those that hold now: for a value that was
    made with a raised limit, `with medialog.Rules({"image.pixels": 10**9}).use(): load(...)`.

    Raises `InvalidDescriptor`, `UnknownKind`, `DamagedFile`, `UnsafePath`.
    """
    if isinstance(descriptor, Mapping) and descriptor.get(trees.KIND) == "number":
        return trees.plain(dict(descriptor))
    if isinstance(source, (str, os.PathLike)):
        storage = LocalStorage(source)
        source = RunReader(storage) if storage.size(RUN) is not None else StorageSource(storage)
    return source.decode(descriptor) if isinstance(source, RunReader) else decode(descriptor, source)
