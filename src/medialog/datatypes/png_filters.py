"""The row filters of PNG, in numpy: a byte is stored as its difference from a prediction, modulo 256.

The prediction is nothing, the byte of the pixel to the left, the one above, or the mean of both (section 9 of the PNG
specification; the fifth, Paeth's, costs more here than it saves). Which of them a picture has is found by trying: parts
of it are filtered in each way and compressed. Photographs mostly take the mean, masks and drawings none or above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

# The filter types as the specification numbers them.
NONE, SUB, UP, AVERAGE = range(4)

# How much of a picture is tried: a part of its bytes, within bounds, in bands of rows from top to bottom.
_SAMPLED_PART = 48
_LEAST_SAMPLED = 1 << 12
_MOST_SAMPLED = 1 << 16
_BANDS = 8
_LEAST_ROWS = 2

# Of rows [top, bottom) of a picture as bytes: those above them, and themselves. Above the first are zeros.
Pair = tuple["np.ndarray", "np.ndarray"]
Rows = Callable[[int, int], Pair]


class Choice(NamedTuple):
    """The filter of a picture, the sample as filtered by it, and its size when it is compressed."""

    kind: int
    sample: np.ndarray
    size: int


def filtered(pair: Pair, kind: int, step: int, out: np.ndarray | None = None) -> np.ndarray:
    """Return the filtered rows, (n, 1 + m) for rows of (n, m), each behind the byte that names its filter.

    `pair` is the rows above and the rows; `step` is the bytes of a pixel; `out` is used when it is given.
    """
    import numpy as np

    above, rows = pair
    if out is None:
        out = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    out[:, 0] = kind
    body = out[:, 1:]
    if kind == NONE:
        body[...] = rows
    elif kind == SUB:
        body[:, :step] = rows[:, :step]
        np.subtract(rows[:, step:], rows[:, :-step], out=body[:, step:])
    elif kind == UP:
        np.subtract(rows, above, out=body)
    else:
        _subtract_mean(above, rows, step, body)
    return out


def _subtract_mean(above: np.ndarray, rows: np.ndarray, step: int, body: np.ndarray) -> None:
    import numpy as np

    mean = np.empty(rows.shape, np.uint8)
    # As one long row, which is faster; what this makes of the first pixels of each row is replaced.
    left, over, both = rows.reshape(-1)[:-step], above.reshape(-1)[step:], mean.reshape(-1)[step:]
    # The mean of two bytes, rounded down, without a wider type: what they share and half of where they differ.
    np.bitwise_xor(over, left, out=both)
    both //= 2  # which numpy does faster than a shift
    both += over & left
    mean[:, :step] = above[:, :step] >> 1
    np.subtract(rows, mean, out=body)


def choose(rows: Rows, height: int, width: int, step: int, size: Callable[[Any], int]) -> Choice:
    """Return the filter with which a sample of the picture becomes smallest.

    `width`, of a row, and `step`, of a pixel, are bytes; `size` is that of some bytes when they are compressed.
    """
    sample = _sample(rows, height, width, step)
    tried = [filtered(sample, kind, step) for kind in (NONE, SUB, UP, AVERAGE)]
    sizes = [size(one) for one in tried]
    kind = sizes.index(min(sizes))
    return Choice(kind, tried[kind], sizes[kind])


def _sample(rows: Rows, height: int, width: int, step: int) -> Pair:
    """Return parts of some bands of rows, from top left to bottom right."""
    import numpy as np

    wanted = min(max(height * width // _SAMPLED_PART, _LEAST_SAMPLED), _MOST_SAMPLED)
    shown = min(width, -(-wanted // (_BANDS * _LEAST_ROWS * step)) * step)
    band = max(_LEAST_ROWS, wanted // (_BANDS * shown))
    if band * _BANDS >= height:
        above, below = rows(0, height)
        return above[:, :shown], below[:, :shown]
    parts = []
    for index in range(_BANDS):
        # Not from the first row on: nothing is above it, which would tell against the filters that look there.
        top = 1 + (height - band - 1) * index // (_BANDS - 1)
        left = (width - shown) // step * index // (_BANDS - 1) * step
        parts.append([side[:, left : left + shown] for side in rows(top, top + band)])
    above, below = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    return above, below
