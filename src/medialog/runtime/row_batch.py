"""RowBatch: consecutive rows of one file of events as columns: a few bytes instead of many objects."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from medialog.runtime.entries import Row
from medialog.runtime.layout import SegmentName
from medialog.runtime.trees import Path, insert

if TYPE_CHECKING:
    import numpy as np

FEWEST = 16  # rows: fewer are not worth a batch
_SPARSEST = 4  # of so many cells one must be there


class Cells(NamedTuple):
    """What stands under one path in each row: float64, int64, bool, or objects; `present` is None where all have one.

    A cell that is not present is 0 or None.
    """

    values: np.ndarray[Any, Any]
    present: np.ndarray[Any, Any] | None


class RowBatch(NamedTuple):
    """Rows whose leaves are numbers, booleans, texts and nulls, in the order of their lines; numbered from `seq`.

    The columns come in the order in which the rows have them, all of them.
    """

    steps: np.ndarray[Any, Any]
    times: np.ndarray[Any, Any]
    runtimes: np.ndarray[Any, Any]
    cells: dict[Path, Cells]
    segment: SegmentName
    seq: int  # of the first row
    last_seq: int

    @property
    def size(self) -> int:
        """Return how many rows there are."""
        return self.last_seq - self.seq + 1

    def rows(self) -> list[Row]:
        """Return the rows one by one."""
        facts = self.steps.tolist(), self.times.tolist(), self.runtimes.tolist()
        numbers = range(self.seq, self.last_seq + 1)
        return list(map(Row, *facts, self.trees(), repeat(self.segment), numbers))

    @property
    def last_row(self) -> Row:
        """Return the row of the largest step; of several, the last."""
        index = self.size - 1 - int(self.steps[::-1].argmax())
        return self.part(index, index + 1).rows()[0]

    def part(self, begin: int, end: int) -> RowBatch:
        """Return the rows from `begin` up to `end`, counted from 0."""
        cells = {
            path: Cells(each.values[begin:end], None if each.present is None else each.present[begin:end])
            for path, each in self.cells.items()
        }
        facts = self.steps[begin:end], self.times[begin:end], self.runtimes[begin:end]
        return RowBatch(*facts, cells, self.segment, self.seq + begin, self.seq + end - 1)

    def trees(self) -> list[dict[str, Any]]:
        """Return the tree of each row."""
        if self.cells and all(len(path) == 1 and cells.present is None for path, cells in self.cells.items()):
            names = [path[0] for path in self.cells]
            columns = (cells.values.tolist() for cells in self.cells.values())
            return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        trees: list[dict[str, Any]] = [{} for _ in range(self.size)]
        for path, cells in self.cells.items():
            present = repeat(True) if cells.present is None else cells.present.tolist()
            for tree, value, is_there in zip(trees, cells.values.tolist(), present, strict=False):
                if is_there:
                    insert(tree, path, value)
        return trees


def batch(
    steps: Sequence[int],
    times: Sequence[float],
    runtimes: Sequence[float],
    data: list[dict[str, Any]],
    segment: SegmentName,
    seq: int,
) -> RowBatch | None:
    """Return rows without descriptors and tagged numbers as a batch; None where columns are no good for them."""
    import numpy as np

    cells: dict[Path, Cells] = {}
    if not _gather(data, (), cells) or not cells:
        return None
    count = len(data)
    return RowBatch(
        np.fromiter(steps, np.int64, count),
        np.fromiter(times, np.float64, count),
        np.fromiter(runtimes, np.float64, count),
        cells,
        segment,
        seq,
        seq + count - 1,
    )


def is_mixed(cells: Cells) -> bool:
    """Say whether there are both numbers (or booleans) and other values."""
    if cells.values.dtype.kind != "O":
        return False
    values = cells.values if cells.present is None else cells.values[cells.present]
    kinds = set(map(type, values.tolist()))
    return not kinds.isdisjoint(_FILL) and not kinds.issubset(_FILL)


def expanded(entries: Sequence[Row | RowBatch]) -> list[Row]:
    """Return the rows of entries, one by one."""
    rows: list[Row] = []
    for entry in entries:
        if type(entry) is RowBatch:
            rows += entry.rows()
        else:
            rows.append(entry)  # type: ignore[arg-type]
    return rows


class _Absent:
    pass


_ABSENT = _Absent()
_FILL: dict[type, Any] = {float: 0.0, int: 0, bool: False}
_SCALARS = frozenset((float, int, bool, str, type(None)))


def _gather(trees: list[dict[str, Any]], above: Path, into: dict[Path, Cells]) -> bool:
    """Put the columns of trees into `into`; say whether everything fits into columns."""
    import numpy as np

    columns = _cells(trees, is_top=not above)
    if columns is None:
        return False
    count = len(trees)
    for key, found in columns.items():
        cells = found
        kinds = set(map(type, cells))
        if kinds == {dict}:
            if not all(cells) or not _gather(cells, (*above, key), into):
                return False
            continue
        present = None
        if _Absent in kinds:
            kinds.discard(_Absent)
            present = np.fromiter((cell is not _ABSENT for cell in cells), bool, count)
            fill = _FILL.get(next(iter(kinds))) if len(kinds) == 1 else None
            cells = [fill if cell is _ABSENT else cell for cell in cells]
        if not _SCALARS.issuperset(kinds):
            return False
        into[*above, key] = Cells(typed(cells, kinds), present)
    return True


def _cells(trees: list[dict[str, Any]], *, is_top: bool) -> dict[str, list[Any]] | None:
    """Return what the trees have under each key, or `_ABSENT`.

    None where the keys of a row do not come in the order of the columns, as a row could not be made again then, and
    where hardly any row has most of the keys.
    """
    keys, count = list(trees[0]), len(trees)
    found = list(chain.from_iterable(trees))
    if found == keys * count:  # nearly always all of them have the keys of the first
        return {key: list(map(itemgetter(key), trees)) for key in keys}
    place = {key: index for index, key in enumerate(dict.fromkeys(found))}
    if not is_top or count * len(place) > _SPARSEST * len(found):
        return None
    for keys_of_some in set(map(tuple, trees)):
        places = [place[key] for key in keys_of_some]
        if places != sorted(places):
            return None
    return {key: [tree.get(key, _ABSENT) for tree in trees] for key in place}


def typed(cells: list[Any], kinds: set[type]) -> np.ndarray[Any, Any]:
    """Return cells as an array: of float64, int64 or bool where all are floats, whole numbers or booleans."""
    import numpy as np

    if kinds == {float}:
        return np.fromiter(cells, np.float64, len(cells))
    if kinds == {bool}:
        return np.fromiter(cells, np.bool_, len(cells))
    if kinds == {int}:
        try:
            return np.fromiter(cells, np.int64, len(cells))
        except OverflowError:
            pass
    objects = np.empty(len(cells), object)
    objects[:] = cells
    return objects
