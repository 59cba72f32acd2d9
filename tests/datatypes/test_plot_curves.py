"""The mathematics of the curves and of the confusion matrix, against scikit-learn and their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from medialog.datatypes.plot import confusion, curves

KINDS = ["random", "tied", "constant", "perfect", "reversed", "float32", "one positive", "one negative", "two"]


def make(kind: str, seed: int = 0, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (booleans) and scores."""
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.3
    positive[:2] = [True, False]
    scores: np.ndarray = np.clip(0.5 * positive + rng.normal(0.3, 0.3, n), 0, 1)
    if kind == "tied":
        scores = np.round(scores * 7) / 7
    elif kind == "constant":
        scores = np.full(n, 0.25)
    elif kind == "perfect":
        scores = positive.astype(float)
    elif kind == "reversed":
        scores = 1.0 - positive
    elif kind == "float32":
        scores = scores.astype(np.float32)
    elif kind == "one positive":
        positive[:] = False
        positive[7] = True
    elif kind == "one negative":
        positive[:] = True
        positive[7] = False
    elif kind == "two":
        positive, scores = np.array([True, False]), np.array([0.5, 0.5])
    return positive, scores


@pytest.mark.parametrize("kind", KINDS)
def test_precision_recall_is_scikit_learns(kind: str) -> None:
    for seed in range(5):
        positive, scores = make(kind, seed)

        curve = curves.precision_recall(positive, scores)

        precision, recall, thresholds = sklearn.metrics.precision_recall_curve(positive, scores)
        np.testing.assert_allclose(curve.y, precision, rtol=0, atol=1e-12)
        np.testing.assert_allclose(curve.x, recall, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(curve.threshold[:-1], thresholds)
        assert np.isnan(curve.threshold[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_roc_is_scikit_learns(kind: str) -> None:
    for seed in range(5):
        positive, scores = make(kind, seed)

        curve = curves.roc(positive, scores)

        fpr, tpr, thresholds = sklearn.metrics.roc_curve(positive, scores, drop_intermediate=False)
        np.testing.assert_allclose(curve.x, fpr, rtol=0, atol=1e-12)
        np.testing.assert_allclose(curve.y, tpr, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(curve.threshold[1:], thresholds[1:])
        assert np.isinf(thresholds[0])
        assert np.isnan(curve.threshold[0])


scored = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.1 + 1e-17, 0.25, 0.5, 0.5 + 1e-16, 1.0])),
    min_size=1,
    max_size=60,
)


@given(scored)
def test_points_are_what_counting_at_each_threshold_gives(pairs: list[tuple[bool, float]]) -> None:
    positive = np.array([True, False] + [label for label, _ in pairs])
    scores = np.array([0.5, 0.5] + [score for _, score in pairs])

    pr, roc = curves.precision_recall(positive, scores), curves.roc(positive, scores)

    assert sorted(set(scores)) == pr.threshold[:-1].tolist() == roc.threshold[:0:-1].tolist()
    for precision, recall, threshold in zip(pr.y[:-1], pr.x[:-1], pr.threshold[:-1], strict=True):
        chosen = scores >= threshold
        assert (positive & chosen).sum() / chosen.sum() == precision
        assert (positive & chosen).sum() / positive.sum() == recall
    for fpr, tpr, threshold in zip(roc.x[1:], roc.y[1:], roc.threshold[1:], strict=True):
        chosen = scores >= threshold
        assert (~positive & chosen).sum() / (~positive).sum() == fpr
        assert (positive & chosen).sum() / positive.sum() == tpr


@given(scored, st.integers(2, 40))
def test_interpolated_precision_is_the_best_at_that_recall_or_more(pairs: list[tuple[bool, float]], size: int) -> None:
    positive = np.array([True, False] + [label for label, _ in pairs])
    scores = np.array([0.5, 0.5] + [score for _, score in pairs])
    exact = curves.precision_recall(positive, scores)

    interpolated = curves.interpolate_precision(exact, size)

    np.testing.assert_array_equal(np.linspace(0, 1, size)[::-1], interpolated.x)
    for recall, precision, threshold in zip(*interpolated, strict=True):
        assert exact.y[exact.x >= recall].max() == precision
        if not np.isnan(threshold):
            chosen = scores >= threshold
            assert (positive & chosen).sum() / chosen.sum() == precision
            assert (positive & chosen).sum() / positive.sum() >= recall


def test_thinning_keeps_the_ends_and_stays_near() -> None:
    positive, scores = make("random", n=20_000)
    for exact in (curves.precision_recall(positive, scores), curves.roc(positive, scores)):
        length = np.abs(np.diff(exact.x)).sum() + np.abs(np.diff(exact.y)).sum()
        for most in (2, 3, 10, 500):
            thinned = curves.thin(exact, most)

            assert 2 <= len(thinned.x) <= most
            assert (exact.x[0], exact.y[0]) == (thinned.x[0], thinned.y[0])
            assert (exact.x[-1], exact.y[-1]) == (thinned.x[-1], thinned.y[-1])
            points = set(zip(exact.x.tolist(), exact.y.tolist(), strict=True))
            assert set(zip(thinned.x.tolist(), thinned.y.tolist(), strict=True)) <= points
            nearest = np.min(
                [np.abs(exact.x - x) + np.abs(exact.y - y) for x, y in zip(thinned.x, thinned.y, strict=True)], axis=0
            )
            assert nearest.max() <= length / (most - 1)


def test_a_curve_within_its_budget_is_not_thinned() -> None:
    curve = curves.roc(*make("random"))

    assert curve is curves.thin(curve, len(curve.x))
    assert len(curves.thin(curve, len(curve.x) - 1).x) < len(curve.x)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=200))
def test_counts_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    actual, predicted = np.array(pairs).T

    counts = confusion.count_pairs(actual, predicted, 5)

    np.testing.assert_array_equal(sklearn.metrics.confusion_matrix(actual, predicted, labels=range(5)), counts)
