"""The summary: one value per key of a run. `SummaryFold` computes it, for the writer and the reader alike.

The fold takes events in order and keeps, per leaf: the last value (of the largest step: a late row of an earlier step
does not turn it back), first, min, max, sum and count. What a user sets by hand stays as set until it is deleted, and
so through a resume, because setting is an event too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from medialog.runtime.leaf import NOTHING_SEEN, Column, Leaf, Once
from medialog.runtime.metric import Metric
from medialog.runtime.trees import KIND, Path, dotted, insert, leaves, plain

if TYPE_CHECKING:
    from medialog.runtime.row_batch import RowBatch


class Shape(Protocol):
    """The keys of such rows; under each key all of them have the same type of value."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return the leaves' paths."""


class NumberRow(Protocol):
    """A row of nothing but finite numbers and booleans, of a later step than the one before."""

    @property
    def shape(self) -> Shape:
        """Return what rows of the same keys share."""

    @property
    def values(self) -> tuple[Any, ...]:
        """Return their values."""

    @property
    def step(self) -> int:
        """Return the step."""

    @property
    def rank(self) -> int:
        """Return the writer's rank."""


class SummaryFold:
    """Events in, summary out. Pure: it touches no file and no clock.

    Every change can be interrupted at any point by an exception from outside (Ctrl-C) and then made again: the second
    time it changes only what the first did not. `token` names the row, so that no value is counted twice. It should be
    small: it lives as long as the key is not logged again.
    """

    def __init__(self) -> None:
        self._leaves: dict[Path, Leaf | Once] = {}
        self._manual: dict[Path, Any] = {}
        self._trees: dict[Path, dict[str, None]] = {}  # each mapping: the names in it
        self._definitions: dict[str, Metric] = {}
        self._definition_of: dict[Path, Metric | None] = {}
        self.has_step_metrics = False  # a definition asks for a step metric in every row
        # Rows of numbers are gathered and taken many at once: those being taken, and those that came since.
        self._gathered: tuple[list[NumberRow], list[NumberRow]] = ([], [])

    def add_numbers(self, row: NumberRow) -> bool:
        """Take a committed row of numbers, at the latest when somebody asks for a value; say whether it is new."""
        gathered = self._gathered[1]
        if gathered:
            if gathered[-1] is row:
                return False
            if len(gathered) >= _GATHER:
                self._take_gathered()
                gathered = self._gathered[1]
        gathered.append(row)  # the last thing: when it was not reached, nothing of the row was taken
        return True

    def _take_gathered(self) -> None:
        while any(self._gathered):  # both, when an earlier taking was interrupted
            taking, gathered = self._gathered
            if not taking:
                self._gathered = taking, _ = gathered, []
            self._take(taking)
            self._gathered = [], self._gathered[1]

    def _take(self, taking: list[NumberRow]) -> None:
        columns: dict[Path, Column] = {}
        for shape, group in groupby(taking, _SHAPE):
            rows = list(group)
            for path, values in zip(shape.paths, zip(*map(_VALUES, rows), strict=True), strict=True):
                column = columns.get(path)
                if column is None:
                    column = columns[path] = Column(rows[0].step)
                column.values += values
                column.last = rows[-1].step
                column.has_booleans = column.has_booleans or type(values[0]) is bool
        rank = taking[0].rank
        for path, column in columns.items():
            token = -1 - column.last  # no other token is a number, and no two of these rows have the same step
            known = self._leaves.get(path)
            if known is None:
                self._take_place(path)
                if len(column.values) == 1:
                    self._leaves[path] = Once(column.values[0], column.first, rank, token)
                else:
                    self._leaves[path] = NOTHING_SEEN.after_numbers(column, rank, token)
            elif known.token != token:
                self._leaves[path] = known.after_numbers(column, rank, token)

    def add_columns(self, batch: RowBatch, rank: int) -> None:
        """Take the rows of a batch."""
        from numpy import isfinite

        self._take_gathered()
        in_order = bool((batch.steps[1:] > batch.steps[:-1]).all())
        for path, cells in batch.cells.items():
            values, steps = cells.values, batch.steps
            if cells.present is not None:
                values, steps = values[cells.present], steps[cells.present]
            known = self._leaves.get(path)
            if known is None:
                self._take_place(path)
                known = NOTHING_SEEN
            if in_order and (values.dtype.kind in "ib" or (values.dtype.kind == "f" and isfinite(values).all())):
                column = Column(int(steps[0]))
                column.values, column.last = values.tolist(), int(steps[-1])
                column.has_booleans = values.dtype.kind == "b"
                known = known.after_numbers(column, rank, None)
            else:
                for step, value in zip(steps.tolist(), values.tolist(), strict=True):
                    known = known.after(value, step, rank)
            self._leaves[path] = known

    def add_row(self, row: Iterable[tuple[Path, Any]], step: int, rank: int = 0, token: object = None) -> None:
        """Take the leaves of a committed row.

        The last value of a key is that of its largest step; where several ranks have that step, the lowest rank's.
        """
        self._take_gathered()
        for path, value in row:
            known = self._leaves.get(path)
            if known is None:
                self._take_place(path)
                self._leaves[path] = Once(value, step, rank, token)
            elif token is None or known.token is not token:
                self._leaves[path] = known.after(value, step, rank, token)

    def define(self, metric: Metric) -> None:
        """Take a metric definition; it holds for earlier values too."""
        self._definitions[metric.name] = metric
        self.has_step_metrics = any(each.step_sync for each in self._definitions.values())
        self._definition_of.clear()

    def definition(self, name: str) -> Metric | None:
        """Return the definition of that very name."""
        return self._definitions.get(name)

    @property
    def definitions(self) -> list[Metric]:
        """Return the definitions, in the order they were made."""
        return list(self._definitions.values())

    def definition_for(self, path: Path) -> Metric | None:
        """Return the definition that holds for a leaf: its own, else the longest matching glob."""
        if not self._definitions:
            return None
        if path not in self._definition_of:
            key = dotted(path)
            found = [metric for metric in self._definitions.values() if metric.matches(path, key)]
            own = [metric for metric in found if not metric.is_glob]
            best = own[-1] if own else max(found, key=lambda metric: len(metric.name), default=None)
            self._definition_of[path] = best
        return self._definition_of[path]

    def set(self, path: Path, value: Any) -> None:
        """Set a value by hand, as JSON. A mapping replaces what was below `path`; its leaves stay as set."""
        self._take_gathered()
        if type(value) is dict and KIND not in value:
            self.delete(path)
            for inner, leaf in leaves(value, path):
                self.set(inner, leaf)
            return
        if path not in self._leaves:
            self._take_place(path)
        self._manual[path] = value

    def delete(self, path: Path) -> bool:
        """Forget a leaf, or everything below a path; say whether there was anything."""
        self._take_gathered()
        return self._delete(path)

    def _delete(self, path: Path) -> bool:
        gone = [known for known in self._paths() if known[: len(path)] == path]
        for known in gone:
            self._forget(known)
        return bool(gone)

    def _paths(self) -> Iterable[Path]:
        """Return every path: those that were logged, then those that were only set by hand."""
        return {**dict.fromkeys(self._leaves), **dict.fromkeys(self._manual)} if self._manual else self._leaves

    def _take_place(self, path: Path) -> None:
        """Make room for a new leaf: a leaf replaces a tree of that name, and a tree replaces a leaf."""
        if path in self._manual:
            return  # it has its place
        if path in self._trees:
            self._delete(path)
        for length in range(1, len(path)):
            if path[:length] in self._leaves or path[:length] in self._manual:
                self._forget(path[:length])
            self._trees.setdefault(path[:length], {})[path[length]] = None

    def _forget(self, path: Path) -> None:
        self._leaves.pop(path, None)
        self._manual.pop(path, None)
        for length in range(len(path) - 1, 0, -1):
            names = self._trees.get(path[:length], {})
            names.pop(path[length], None)
            if names:
                break
            self._trees.pop(path[:length], None)

    def items(self) -> Iterator[tuple[Path, Any]]:
        """Yield `(path, value)` of the summary, as JSON."""
        self._take_gathered()
        for path in self._paths():
            if path in self._manual:
                yield path, self._manual[path]
                continue
            value = self._value(path, self._leaves[path])
            if value is not _ABSENT:
                yield path, value

    def _value(self, path: Path, leaf: Leaf | Once) -> Any:
        metric = self.definition_for(path)
        names = metric.summary if metric is not None else ()
        if "none" in names:
            return _ABSENT
        if metric is None or not names or names == ("copy",):
            return leaf.last
        values = {name: leaf.statistic(name, metric.goal) for name in names if name != "copy"}
        values = {name: value for name, value in values.items() if value is not None}
        if leaf.nan and not {"min", "max", "mean", "best"}.isdisjoint(values):
            values["nan"] = leaf.nan
        # Media and text have no minimum: their last value stands for them.
        return values or leaf.last

    def latest_value(self, path: Path) -> Any:
        """Return the value of a leaf that was logged last, also when it was in a late row, or None."""
        self._take_gathered()
        leaf = self._leaves.get(path)
        return None if leaf is None else leaf.latest

    def has_value(self, path: Path) -> bool:
        """Say whether a value was logged at `path`."""
        self._take_gathered()
        return path in self._leaves

    def last_value(self, path: Path) -> Any:
        """Return the last logged value of a leaf, or None."""
        self._take_gathered()
        leaf = self._leaves.get(path)
        return None if leaf is None else leaf.last

    def to_json(self) -> dict[str, Any]:
        """Return the summary as a tree."""
        tree: dict[str, Any] = {}
        for path, value in self.items():
            insert(tree, path, value)
        return tree


_ABSENT = object()
_GATHER = 1024  # rows
_SHAPE, _VALUES = attrgetter("shape"), attrgetter("values")


class Summary(MutableMapping[str, Any]):
    """A run's summary as a mapping: `run.summary["best"] = 0.9`, `run.summary.best`, `run.summary["val"]["acc"]`.

    What is set by hand stays as set: `log` no longer updates that key until `del run.summary[key]`. Media are their
    descriptors; `medialog.load` makes objects of them. Large arrays are stored whole in a file, with their statistics.
    """

    def __init__(self, keeper: SummaryKeeper, path: Path = ()) -> None:
        self.__dict__["_keeper"] = keeper
        self.__dict__["_path"] = path

    def _tree(self) -> dict[str, Any]:
        tree: Any = self._keeper.summary_tree()
        for key in self._path:
            tree = tree.get(key, {}) if type(tree) is dict and KIND not in tree else {}
        return tree if type(tree) is dict else {}

    def __getitem__(self, key: str) -> Any:
        value = self._tree()[key]
        if type(value) is dict and KIND not in value:
            return Summary(self._keeper, (*self._path, key))
        return plain(value)

    def __setitem__(self, key: str, value: Any) -> None:
        self._keeper.set_summary(self._path, {key: value})

    def __delitem__(self, key: str) -> None:
        if key not in self._tree():
            raise KeyError(key)
        self._keeper.delete_summary((*self._path, key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree())

    def __len__(self) -> int:
        return len(self._tree())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the summary has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def update(self, *others: Any, **values: Any) -> None:
        """Set several keys in one step: all of them, or none when one is refused."""
        merged: dict[str, Any] = {}
        for other in others:
            merged.update(other)
        merged.update(values)
        if merged:
            self._keeper.set_summary(self._path, merged)

    def to_dict(self) -> dict[str, Any]:
        """Return a copy as nested dicts; media are their descriptors."""
        copied: dict[str, Any] = plain(self._tree())
        return copied

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return self.to_dict() == dict(other)
        return NotImplemented

    def __repr__(self) -> str:
        return f"Summary({self.to_dict()!r:.150})"


class SummaryKeeper:
    """What a `Summary` needs of the run behind it."""

    def summary_tree(self) -> dict[str, Any]:
        """Return the summary as a JSON tree."""
        raise NotImplementedError

    def set_summary(self, path: Path, values: Mapping[str, Any]) -> None:
        """Check, store and set values below `path`."""
        raise NotImplementedError

    def delete_summary(self, path: Path) -> None:
        """Delete a key."""
        raise NotImplementedError
