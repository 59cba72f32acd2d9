"""The rows of several ranks as one view: by step, merged or side by side, and the keys on which ranks differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from medialog.runtime import trees
from medialog.runtime.entries import Row
from medialog.runtime.row_batch import RowBatch, expanded
from medialog.runtime.trees import KIND, Path
from medialog.validators import checks
from medialog.validators.errors import InvalidInput, Violation
from medialog.wire import jsontext

Ranks = Literal["merged", "all"] | int
SHOWN = 100


class StepRow(NamedTuple):
    """What one step holds: of one rank, or (`rank` None) merged. Time and seconds are those of its last row."""

    step: int
    t: float
    m: float
    tree: dict[str, Any]
    rank: int | None


class Clash(NamedTuple):
    """A key that several ranks logged at one step with different values; the lowest rank's is the one that is shown."""

    step: int
    key: str
    ranks: tuple[int, ...]


@dataclass(frozen=True)
class Clashes:
    """Where ranks differ: `count` in all, at how many steps for each key in `keys`, and the `first` hundred."""

    count: int = 0
    keys: MappingProxyType[str, int] = field(default_factory=lambda: MappingProxyType({}))
    first: tuple[Clash, ...] = ()

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Clash]:
        return iter(self.first)


def check_ranks(ranks: Any) -> Ranks:
    """Return a checked `ranks`; `InvalidInput` for anything but "merged", "all" and a rank."""
    if isinstance(ranks, str) and ranks in ("merged", "all"):
        return ranks  # type: ignore[return-value]
    return _number(ranks, "ranks", '"merged", "all" or a rank >= 0')


def check_rank(rank: Any) -> int:
    """Return a checked rank; `InvalidInput` for anything but a whole number from 0."""
    return _number(rank, "rank", "a rank >= 0")


def _number(rank: Any, at: str, expected: str) -> int:
    number = None if isinstance(rank, (str, bool)) else checks.whole_number(rank)
    if number is None or number < 0:
        raise InvalidInput(Violation(at, "read.ranks", expected, checks.show(rank)))
    return number


def by_step(entries: Sequence[Row | RowBatch], ranks: Ranks) -> Iterator[StepRow]:
    """Yield what each step holds, in the order of steps; `entries` are in folding order.

    Rows of one rank and step are merged, the later value of a key winning. Of several ranks, the lowest that has a
    key gives its value.
    """
    if ranks == "all":
        for _, of_ranks in _grouped(expanded(entries)):
            for rank, found in sorted(of_ranks.items()):
                yield _joined(found, rank)
    else:
        yield from _merged(of_rank(entries, ranks), None)


def of_rank(entries: Sequence[Row | RowBatch], ranks: Ranks) -> Sequence[Row | RowBatch]:
    """Return the entries of a rank; of "merged" and "all", all of them."""
    return entries if isinstance(ranks, str) else [entry for entry in entries if entry.segment.rank == ranks]


def is_in_order(entries: Sequence[Row | RowBatch]) -> bool:
    """Say whether there is one row a step, by step: there is nothing to merge then."""
    last = -1
    for entry in entries:
        if type(entry) is RowBatch:
            steps = entry.steps
            if steps[0] <= last or not (steps[1:] > steps[:-1]).all():
                return False
            last = int(steps[-1])
        else:
            if entry.step <= last:  # type: ignore[union-attr]
                return False
            last = entry.step  # type: ignore[union-attr]
    return True


def clashes(entries: Sequence[Row | RowBatch]) -> Clashes:
    """Return where ranks logged different values under one key of one step; equal values are no clash."""
    found: list[Clash] = []
    keys: dict[str, int] = {}

    def note(step: int, path: Path, ranks: tuple[int, ...]) -> None:
        key = trees.dotted(path)
        keys[key] = keys.get(key, 0) + 1
        if len(found) < SHOWN:
            found.append(Clash(step, key, ranks))

    if len({entry.segment.rank for entry in entries}) > 1:
        for _ in _merged(entries, note):
            pass
    return Clashes(sum(keys.values()), MappingProxyType(keys), tuple(found))


Note = Callable[[int, Path, tuple[int, ...]], None]


def _grouped(rows: Sequence[Row]) -> Iterator[tuple[int, dict[int, list[Row]]]]:
    steps: dict[int, dict[int, list[Row]]] = {}
    for row in rows:
        steps.setdefault(row.step, {}).setdefault(row.segment.rank, []).append(row)
    for step in sorted(steps):
        yield step, steps[step]


def _merged(entries: Sequence[Row | RowBatch], note: Note | None) -> Iterator[StepRow]:
    if is_in_order(entries):
        for entry in entries:
            rows: list[Any] = entry.rows() if type(entry) is RowBatch else [entry]
            for step, t, m, tree, _, _ in rows:
                yield StepRow(step, t, m, tree, None)
        return
    for step, of_ranks in _grouped(expanded(entries)):
        joined = [_joined(found, rank) for rank, found in sorted(of_ranks.items())]
        first = joined[0]
        if len(joined) == 1:
            yield first._replace(rank=None)
            continue
        tree = trees.copied(first.tree)
        differing: dict[Path, None] = {}
        for other in joined[1:]:
            _fill(tree, other.tree, (), differing)
        if note is not None:
            for path in differing:
                note(step, path, tuple(rank for rank in sorted(of_ranks) if _has(of_ranks[rank], path)))
        yield StepRow(step, first.t, first.m, tree, None)


def _joined(rows: list[Row], rank: int) -> StepRow:
    """Return the rows of one rank and step as one: the later value of a key wins."""
    last = rows[-1]
    tree = last.tree
    if len(rows) > 1:
        tree = {}
        for row in rows:
            trees.merge(tree, trees.copied(row.tree))
    return StepRow(last.step, last.t, last.m, tree, rank)


def _fill(into: dict[str, Any], new: dict[str, Any], above: Path, differing: dict[Path, None]) -> None:
    """Put what a higher rank has into a tree where it has nothing; note where both have something else."""
    for key, value in new.items():
        is_tree = _is_tree(value)
        if key not in into or (not is_tree and _is_empty(into[key])):
            into[key] = trees.copied(value) if is_tree else value
        elif is_tree and _is_tree(into[key]):
            _fill(into[key], value, (*above, key), differing)
        elif _is_empty(value):
            continue
        elif not _equal(into[key], value):
            differing[*above, key] = None


def _is_tree(value: Any) -> bool:
    return type(value) is dict and KIND not in value


def _is_empty(value: Any) -> bool:
    return _is_tree(value) and next(trees.leaves(value), None) is None


def _equal(one: Any, other: Any) -> bool:
    """Say whether two values are the same JSON: 1, 1.0 and true are three."""
    if type(one) is not type(other):
        return False
    if type(one) in (dict, list):
        return one == other and jsontext.dumps(one) == jsontext.dumps(other)
    return bool(one == other)


def _has(rows: list[Row], path: Path) -> bool:
    return any(_reaches(row.tree, path) for row in rows)


def _reaches(tree: Any, path: Path) -> bool:
    for key in path:
        if not _is_tree(tree) or key not in tree:
            return False
        tree = tree[key]
    return True


_SCALARS = frozenset((float, int, str, bool, type(None)))


class _Dotted(dict[str, str]):
    """Keys at the top of a tree -> their dotted form."""

    def __missing__(self, key: str) -> str:
        name = self[key] = trees.dotted((key,))
        return name


def histories(
    entries: Sequence[Row | RowBatch], ranks: Ranks, wanted: set[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield each step as one dict with dotted keys; with `wanted`, only those, and only steps that have one."""
    chosen = of_rank(entries, ranks)
    if ranks == "all" or not is_in_order(chosen):
        yield from _histories(by_step(chosen, ranks), wanted)
        return
    for entry in chosen:
        if type(entry) is RowBatch and wanted is None:
            yield from _batch_histories(entry)
        else:
            yield from _histories(by_step((entry,), ranks), wanted)


def _batch_histories(batch: RowBatch) -> Iterator[dict[str, Any]]:
    names = ["_step", "_timestamp", "_runtime", *map(trees.dotted, batch.cells)]
    columns = [batch.steps.tolist(), batch.times.tolist(), batch.runtimes.tolist()]
    is_regular = True
    for cells in batch.cells.values():
        values = cells.values.tolist()
        if cells.present is not None:
            is_regular = False
            values = [value if there else _ABSENT for value, there in zip(values, cells.present.tolist(), strict=True)]
        columns.append(values)
    for row in zip(*columns, strict=True):
        if is_regular:
            yield dict(zip(names, row, strict=True))
        else:
            yield {name: value for name, value in zip(names, row, strict=True) if value is not _ABSENT}


_ABSENT: Any = object()


def _histories(rows: Iterator[StepRow], wanted: set[str] | None) -> Iterator[dict[str, Any]]:
    dotted = _Dotted()
    for step, t, m, tree, rank in rows:
        found: dict[str, Any] = {"_step": step, "_timestamp": t, "_runtime": m}
        if rank is not None:
            found["_rank"] = rank
        facts = len(found)
        for key, value in tree.items():
            if type(value) in _SCALARS:
                name = dotted[key]
                if wanted is None or name in wanted:
                    found[name] = value
                continue
            for path, leaf in trees.leaves({key: value}):
                name = trees.dotted(path)
                if wanted is None or name in wanted:
                    found[name] = trees.plain(leaf)
        if wanted is None or len(found) > facts:
            yield found
