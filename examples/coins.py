"""The coins of scikit-image's photograph and a logistic model that learns to find them, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from skimage import data, filters, measure, morphology, segmentation

Array = np.ndarray[Any, Any]


class CoinFinder:
    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.photograph = data.coins()  # 303 x 384, grey, uint8
        self.truth = _watershed(self.photograph)
        grey = self.photograph / 255.0
        planes = [grey, filters.sobel(grey)]
        planes += [filters.gaussian(grey, sigma) for sigma in (1, 2, 4, 8, 16)]
        rows = np.linspace(-1, 1, grey.shape[0])[:, None] * np.ones_like(grey)
        planes.append(rows)  # the photograph is lit from above
        features = np.stack(planes, axis=-1).reshape(-1, len(planes))
        self._features = (features - features.mean(axis=0)) / features.std(axis=0)
        self._weights = np.zeros(len(planes))
        self._bias = 0.0

    def probabilities(self) -> Array:
        """The probability of a coin at each pixel, height x width."""
        scores = self._features @ self._weights + self._bias
        return (1 / (1 + np.exp(-scores))).reshape(self.truth.shape)

    def train_step(self, learning_rate: float) -> float:
        """One step of gradient descent on a sample of the pixels; returns the loss."""
        chosen = self._random.integers(0, len(self._features), 4096)
        labels = self.truth.reshape(-1)[chosen]
        guesses = self.probabilities().reshape(-1)[chosen]
        error = guesses - labels
        self._weights -= learning_rate * (self._features[chosen].T @ error) / len(chosen)
        self._bias -= learning_rate * float(error.mean())
        return float(-np.log(np.where(labels == 1, guesses, 1 - guesses) + 1e-12).mean())

    def predict(self) -> Array:
        """1 where the model sees a coin."""
        return (self.probabilities() > 0.5).astype(np.uint8)

    def intersection_over_union(self) -> float:
        guess, truth = self.predict() == 1, self.truth == 1
        return float((guess & truth).sum() / max((guess | truth).sum(), 1))

    def boxes(self, mask: Array) -> list[dict[str, Any]]:
        """A box around each region of a mask that is larger than a spot, in pixels, with the mean probability."""
        found = []
        for region in measure.regionprops(measure.label(mask), intensity_image=self.probabilities()):
            top, left, bottom, right = region.bbox
            if region.area >= 150:
                position = {"minX": left, "maxX": right, "minY": top, "maxY": bottom}
                scores = {"probability": region.intensity_mean}
                found.append({"position": position, "domain": "pixel", "class_id": 1, "scores": scores})
        return found


def _watershed(photograph: Array) -> Array:
    """The segmentation of scikit-image's own tutorial: a watershed on the edges, from dark and bright markers."""
    markers = np.zeros_like(photograph, dtype=np.int32)
    markers[photograph < 30] = 1
    markers[photograph > 150] = 2
    regions = segmentation.watershed(filters.sobel(photograph), markers)
    return morphology.remove_small_objects(regions == 2, max_size=64).astype(np.uint8)
