"""How often each class was taken for which: the counts of a confusion matrix, as scikit-learn's `confusion_matrix`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def count_pairs(actual: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return counts[i, j], how many of class i were predicted as j: `classes` x `classes` of int64.

    `actual`, `predicted`: n class indices in 0..classes-1.
    """
    import numpy as np

    flat = np.asarray(actual, np.int64) * classes + predicted
    return np.bincount(flat, minlength=classes * classes).reshape(classes, classes)
