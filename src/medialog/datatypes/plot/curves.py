"""Precision-recall and ROC curves of one class against the rest, exactly: one point per distinct score.

The definitions are scikit-learn's `precision_recall_curve` and `roc_curve(drop_intermediate=False)`; the tests hold
both equal. Only numpy is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Curve(NamedTuple):
    """Points of a curve: `x`, `y` in [0, 1], and the `threshold` of each (scores >= it are positive), NaN where none.

    Precision-recall: x is recall, from 1 down to 0. ROC: x is the false positive rate, from 0 up to 1.
    """

    x: np.ndarray
    y: np.ndarray
    threshold: np.ndarray


def _cumulated(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return true positives, false positives and the threshold at each distinct score, from the highest down."""
    import numpy as np

    order = np.argsort(scores, kind="stable")[::-1]
    scores, positive = scores[order], positive[order]
    ends = np.append(np.flatnonzero(np.diff(scores)), scores.size - 1)
    true = np.cumsum(positive, dtype=np.int64)[ends]
    return true, 1 + ends - true, scores[ends].astype(np.float64)


def precision_recall(positive: np.ndarray, scores: np.ndarray) -> Curve:
    """Return precision (y) over recall (x) at every distinct score, and the end point (0, 1), which has no threshold.

    `positive`: n booleans, at least one True; `scores`: n finite numbers, higher means more positive.
    """
    import numpy as np

    true, false, thresholds = _cumulated(positive, scores)
    precision, recall = true / (true + false), true / true[-1]
    return Curve(np.append(recall[::-1], 0.0), np.append(precision[::-1], 1.0), np.append(thresholds[::-1], np.nan))


def roc(positive: np.ndarray, scores: np.ndarray) -> Curve:
    """Return the true positive rate (y) over the false positive rate (x) at every distinct score.

    The first point is (0, 0), which has no threshold.

    `positive`: n booleans, at least one True and one False; `scores`: n finite numbers, higher means more positive.
    """
    import numpy as np

    true, false, thresholds = _cumulated(positive, scores)
    first = np.zeros(1)
    return Curve(
        np.concatenate([first, false / false[-1]]),
        np.concatenate([first, true / true[-1]]),
        np.concatenate([[np.nan], thresholds]),
    )


def interpolate_precision(curve: Curve, size: int) -> Curve:
    """Return a precision-recall curve at `size` evenly spaced recalls from 1 down to 0.

    At each stands the best precision at that recall or more, and its threshold.
    """
    import numpy as np

    recalls = np.linspace(0, 1, size)[::-1]
    # From recall 1 down, the best precision so far; where it is reached first, so that its threshold is known.
    best = np.maximum.accumulate(curve.y)
    reached = np.maximum.accumulate(np.where(np.concatenate([[True], np.diff(best) > 0]), np.arange(best.size), 0))
    # The last point with at least that recall. Recall falls along the curve.
    last = np.searchsorted(-curve.x, -recalls, side="right") - 1
    return Curve(recalls, best[last], curve.threshold[reached[last]])


def thin(curve: Curve, most: int) -> Curve:
    """Return at most `most` (>= 2) points of the curve, evenly spaced along its length, both ends among them.

    The length is measured in steps along x and y (|dx| + |dy|). Every point that is left out is nearer to a point
    that is kept than the curve's length divided by `most - 1`.
    """
    import numpy as np

    if curve.x.size <= most:
        return curve
    travelled = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y)))])
    marks = np.searchsorted(travelled, np.linspace(0, travelled[-1], most))
    marks[-1] = curve.x.size - 1
    kept = np.unique(marks)
    return Curve(curve.x[kept], curve.y[kept], curve.threshold[kept])
