"""Counting samples in equal bins: the very counts of `numpy.histogram`, in less time.

numpy divides for every sample and then compares it with both edges of the bin it found. Here the position is shifted up
by a little more than what rounding can take away, so that the bin found is the sample's own or the next one: one
comparison, with the lower edge, decides. Work is done in blocks that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_BLOCK = 1 << 15
# The bins of so many samples are counted together.
_COUNTED = 1 << 17
# Up to this many bins, whose numbers fit into a byte, many samples are counted two at a time, as one of 65,536 pairs.
_MOST_IN_PAIRS = 255
_LEAST_IN_PAIRS = 1 << 16
# A shift beyond this part of a bin is left to numpy: the samples' spacing is not small against their bins.
_LARGEST_SHIFT = 1 / 16


def count(samples: np.ndarray, bins: int, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return `numpy.histogram(samples, bins)`; `low` and `high` are the least and the largest of the finite samples.

    `samples` is one-dimensional and not empty, of integers, float32 or float64.
    """
    import numpy as np

    # numpy makes the edges of the smallest and the largest sample, in the samples' own precision.
    edges = np.histogram_bin_edges(np.array([low, high], samples.dtype), bins)
    placing = _placing(edges, bins)
    if placing is None:
        return np.histogram(samples, bins=bins)
    return _count(samples, edges, bins, *placing), edges


def _placing(edges: np.ndarray, bins: int) -> tuple[Any, Any] | None:
    """Return origin and scale, in the precision of `edges`: the bin of x is (x - origin) * scale, or one less.

    None when rounding may move a sample by more than a small part of a bin.
    """
    import numpy as np

    precise = edges.dtype.type
    eps, least, most = (float(getattr(np.finfo(precise), name)) for name in ("eps", "tiny", "max"))
    first, last = float(edges[0]), float(edges[-1])
    width = (last - first) / bins
    # Neither the range nor the scale, 1 / width, may leave the numbers of full precision.
    if not (last - first < most / 2 and 1 / most < width < 1 / least):
        return None
    # Of a position in units of a bin: the rounding of the product, and that of the sample, the origin and the edges.
    spacing = float(np.spacing(precise(max(abs(first), abs(last)))))
    shift = 8 * (bins * eps + spacing / width)
    if shift > _LARGEST_SHIFT:
        return None
    return precise(first - shift * width), precise(1 / width)


def _count(samples: np.ndarray, edges: np.ndarray, bins: int, origin: Any, scale: Any) -> np.ndarray:
    import numpy as np

    in_pairs = bins <= _MOST_IN_PAIRS and samples.size >= _LEAST_IN_PAIRS
    find = _finder(edges, origin, scale)
    found: Any = np.empty(min(_COUNTED, samples.size), np.uint8 if in_pairs else np.intp)
    # A bin of its own for the largest sample, which numpy counts in the last one.
    counts = np.zeros(bins + 1, np.int64)
    pairs = np.zeros((bins + 1) * 256 if in_pairs else 0, np.int64)
    for start in range(0, samples.size, _COUNTED):
        part = samples[start : start + _COUNTED]
        index = found[: len(part)]
        find(part, index)
        if in_pairs and len(part) % 2 == 0:
            counted = np.bincount(index.view(np.uint16))
            pairs[: len(counted)] += counted
        else:
            counts += np.bincount(index, minlength=bins + 1)
    if in_pairs:
        both = pairs.reshape(bins + 1, 256)
        counts += both.sum(axis=1) + both.sum(axis=0)[: bins + 1]
    counts[bins - 1] += counts[bins]
    return counts[:bins]


def _finder(edges: np.ndarray, origin: Any, scale: Any) -> Callable[[np.ndarray, Any], None]:
    """Return what writes the bins of samples into an array."""
    import numpy as np

    positions, lower = np.empty((2, _BLOCK), edges.dtype)
    below = np.empty(_BLOCK, np.bool_)

    def find(samples: np.ndarray, found: Any) -> None:
        for start in range(0, len(samples), _BLOCK):
            block, index = samples[start : start + _BLOCK], found[start : start + _BLOCK]
            position, edge, is_below = positions[: len(block)], lower[: len(block)], below[: len(block)]
            np.subtract(block, origin, out=position)
            position *= scale
            np.copyto(index, position, casting="unsafe")
            edges.take(index, out=edge, mode="wrap")  # none is outside; to make sure of it, numpy would copy
            index -= np.less(block, edge, out=is_below)

    return find
