"""The history as columns: an array per key and where it has a value, without a dict for every step.

| values of a key                                 | dtype of `values` | in a DataFrame, where steps have none |
| ----------------------------------------------- | ----------------- | ------------------------------------- |
| floats, also with whole numbers up to 2**53     | float64           | float64, NaN                          |
| whole numbers of 64 bits                        | int64, uint64     | Int64, UInt64                         |
| booleans                                        | bool              | boolean                               |
| texts                                           | object            | pandas' default for texts             |
| media, lists, larger numbers, mixtures          | object            | object                                |

No number changes: a dtype holds every value of its key exactly. A step without the key, or with null, has no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialog.runtime import merging, trees
from medialog.runtime.entries import Row
from medialog.runtime.merging import Ranks, StepRow
from medialog.runtime.row_batch import Cells, RowBatch, typed
from medialog.validators.optional import require

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_EXACT = 2**53  # every whole number up to it is a float


@dataclass(frozen=True)
class Column:
    """The values of one key, one for each step; `valid` says where there is one, None that there is one everywhere.

    What stands where there is none has no meaning: NaN, 0, False or None.
    """

    values: Array
    valid: Array | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Columns:
    """The history of a run: `step`, `timestamp` (unix), `runtime` (seconds), with `ranks="all"` also `rank`, and keys.

    Keys are dotted, as in `RunReader.history`, in the order in which the run had them first.
    """

    step: Array
    timestamp: Array
    runtime: Array
    rank: Array | None
    keys: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.step)

    def to_pandas(self) -> Any:
        """Return a DataFrame: `_step`, `_timestamp`, `_runtime`, with `ranks="all"` also `_rank`, and the keys.

        Raises `MissingDependency` where pandas is not installed.
        """
        pd = require("pandas", extra="table")
        series: dict[str, Any] = {"_step": self.step, "_timestamp": self.timestamp, "_runtime": self.runtime}
        if self.rank is not None:
            series["_rank"] = self.rank
        series.update((key, _series(pd, column)) for key, column in self.keys.items())
        return pd.DataFrame(series)


def _series(pd: Any, column: Column) -> Any:
    values, valid = column.values, column.valid
    kind = values.dtype.kind
    if valid is not None and kind in "iu":
        return pd.arrays.IntegerArray(values, ~valid)
    if valid is not None and kind == "b":
        return pd.arrays.BooleanArray(values, ~valid)
    if kind != "O":
        return values
    cells = values.tolist()
    if {str} == set(map(type, cells)) - {type(None)}:
        return pd.Series(cells)
    return pd.Series(values, dtype=object)


# --- making them ---


class Part:
    """Some steps in order: their facts, and what each path has there."""

    def __init__(self, steps: Any, times: Any, runtimes: Any, ranks: Any, cells: dict[trees.Path, Cells]) -> None:
        self.steps, self.times, self.runtimes, self.ranks, self.cells = steps, times, runtimes, ranks, cells

    def __len__(self) -> int:
        return len(self.steps)


def columns(entries: Sequence[Row | RowBatch], ranks: Ranks, wanted: set[str] | None = None) -> Columns:
    """Return the columns of entries; with `wanted`, only those, and only steps that have one."""
    found = list(parts(entries, ranks))
    if wanted is not None:
        found = [_chosen(part, wanted) for part in found]
    paths = dict.fromkeys(path for part in found for path in part.cells)
    return Columns(
        joined([part.steps for part in found], "i8"),
        joined([part.times for part in found], "f8"),
        joined([part.runtimes for part in found], "f8"),
        joined([part.ranks for part in found], "i8") if ranks == "all" else None,
        {trees.dotted(path): _column(*gathered(found, path)) for path in paths},
    )


def parts(entries: Sequence[Row | RowBatch], ranks: Ranks) -> Iterator[Part]:
    """Yield what each step holds, many steps at once."""
    import numpy as np

    chosen = merging.of_rank(entries, ranks)
    one = {entry.segment.rank for entry in chosen} if ranks == "all" else set()
    if len(one) > 1 or not merging.is_in_order(chosen):
        yield _part_of_rows(list(merging.by_step(chosen, ranks)))
        return
    rows: list[StepRow] = []
    for entry in chosen:
        if type(entry) is not RowBatch:
            rows += merging.by_step((entry,), ranks)
            continue
        yield _part_of_rows(rows)
        rows = []
        numbers = np.full(entry.size, entry.segment.rank) if ranks == "all" else None
        yield Part(entry.steps, entry.times, entry.runtimes, numbers, entry.cells)
    yield _part_of_rows(rows)


def _part_of_rows(rows: list[StepRow]) -> Part:
    import numpy as np

    count = len(rows)
    found: dict[trees.Path, tuple[list[int], list[Any]]] = {}
    for index, row in enumerate(rows):
        for path, leaf in trees.leaves(row.tree):
            known = found.get(path)
            if known is None:
                known = found[path] = ([], [])
            known[0].append(index)
            known[1].append(trees.plain(leaf) if type(leaf) in (dict, list) else leaf)
    cells = {}
    for path, (places, leaves) in found.items():
        values = typed(leaves, set(map(type, leaves)))
        if len(places) == count:
            cells[path] = Cells(values, None)
            continue
        spread, present = np.zeros(count, values.dtype), np.zeros(count, bool)
        if values.dtype.kind == "O":
            spread[:] = None
        spread[places], present[places] = values, True
        cells[path] = Cells(spread, present)
    steps, times, runtimes, _, ranks = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    numbers = None if None in ranks else np.array(ranks, np.int64)
    return Part(np.array(steps, np.int64), np.array(times, float), np.array(runtimes, float), numbers, cells)


def _chosen(part: Part, wanted: Iterable[str]) -> Part:
    """Return the paths that are wanted, and the steps that have one of them."""
    import numpy as np

    cells = {path: each for path, each in part.cells.items() if trees.dotted(path) in wanted}
    there = np.zeros(len(part), bool)
    for each in cells.values():
        there |= True if each.present is None else each.present
    kept = {
        path: Cells(each.values[there], None if each.present is None else each.present[there])
        for path, each in cells.items()
    }
    ranks = None if part.ranks is None else part.ranks[there]
    return Part(part.steps[there], part.times[there], part.runtimes[there], ranks, kept)


def joined(arrays: list[Any], dtype: str) -> Any:
    """Return arrays, one behind the other; none of them is an empty one."""
    import numpy as np

    return np.concatenate([array for array in arrays if array is not None] or [np.empty(0)]).astype(dtype, copy=False)


def gathered(parts: Sequence[Part], path: trees.Path) -> tuple[Array, Array]:
    """Return the values of one path over all parts, and where there are any."""
    import numpy as np

    count = sum(map(len, parts))
    there = [part.cells[path].values for part in parts if path in part.cells and len(part)]
    dtypes = {each.dtype for each in there}
    dtype = np.dtype(object)
    if len(dtypes) == 1:
        dtype = dtypes.pop()
    elif dtypes == {np.dtype(np.float64), np.dtype(np.int64)} and all(map(_fits_float, there)):
        dtype = np.dtype(np.float64)
    values, present = np.empty(count, dtype), np.zeros(count, bool)
    begin = 0
    for part in parts:
        end = begin + len(part)
        cells = part.cells.get(path)
        if cells is not None:
            values[begin:end] = cells.values
            present[begin:end] = True if cells.present is None else cells.present
        else:
            values[begin:end] = None if dtype.kind == "O" else 0
        begin = end
    return values, present


def _column(values: Array, present: Array) -> Column:
    import numpy as np

    if values.dtype.kind == "O":
        return of_objects(values, present)
    if present.all():
        return Column(values)
    if values.dtype == np.float64:
        values[~present] = np.nan
    return Column(values, present)


def _fits_float(values: Any) -> bool:
    """Say whether a float holds every number."""
    return values.dtype.kind == "f" or bool(((values <= _EXACT) & (values >= -_EXACT)).all())


def of_objects(values: Any, valid: Any) -> Column:
    """Return a column of what was gathered as objects: numbers may come to one dtype all the same."""
    import numpy as np

    cells = values.tolist()
    kinds = {type(cell) for cell, is_there in zip(cells, valid.tolist(), strict=True) if is_there}
    if type(None) in kinds:
        valid = valid & np.fromiter((cell is not None for cell in cells), bool, len(cells))
        kinds.discard(type(None))
    missing = None if valid.all() else valid
    numbers = [cell for cell, is_there in zip(cells, valid.tolist(), strict=True) if is_there] if kinds else []
    dtype = _dtype(numbers, kinds)
    if dtype is None:
        values[~valid] = None
        return Column(values, missing)
    filled = np.full(len(cells), np.nan if dtype == "f8" else 0, dtype)
    filled[valid] = np.array(numbers, dtype)
    return Column(filled, missing)


def _dtype(numbers: list[Any], kinds: set[type]) -> str | None:
    """Return the dtype that holds every number exactly, None for objects."""
    if kinds == {bool}:
        return "?"
    if kinds == {int}:
        low, high = min(numbers), max(numbers)
        if low >= -(2**63) and high < 2**63:
            return "i8"
        return "u8" if low >= 0 and high < 2**64 else None
    if kinds == {float} or (kinds == {float, int} and all(_is_float(number) for number in numbers)):
        return "f8"
    return None


def _is_float(number: Any) -> bool:
    return type(number) is float or -_EXACT <= number <= _EXACT
