"""The handwritten digits of scikit-learn and a two-layer network that learns them, in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

Array = np.ndarray[Any, Any]


@dataclass
class Batch:
    loss: float
    gradients: dict[str, Array]


class DigitNetwork:
    def __init__(self, hidden: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        data = load_digits()
        order = self._random.permutation(len(data.target))
        self._images, self._labels = data.images[order], data.target[order]
        self._inputs = self._images.reshape(len(order), -1) / 16.0
        self._train = slice(0, 1400)
        self._validation = slice(1400, None)
        self.hidden_weights = self._random.normal(0, 0.15, (64, hidden))
        self.output_weights = self._random.normal(0, 0.15, (hidden, 10))
        self.hidden_bias, self.output_bias = np.zeros(hidden), np.zeros(10)

    def _forward(self, inputs: Array) -> tuple[Array, Array]:
        hidden = np.maximum(inputs @ self.hidden_weights + self.hidden_bias, 0)
        scores = hidden @ self.output_weights + self.output_bias
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, exponentials / exponentials.sum(axis=1, keepdims=True)

    def train_step(self, size: int, learning_rate: float) -> Batch:
        """One step of gradient descent on a random batch."""
        chosen = self._random.integers(0, self._train.stop, size)
        inputs, labels = self._inputs[chosen], self._labels[chosen]
        hidden, probabilities = self._forward(inputs)
        loss = -np.log(probabilities[np.arange(size), labels] + 1e-12).mean()
        error = probabilities.copy()
        error[np.arange(size), labels] -= 1
        error /= size
        back = (error @ self.output_weights.T) * (hidden > 0)
        gradients = {
            "hidden": inputs.T @ back,
            "hidden bias": back.sum(axis=0),
            "output": hidden.T @ error,
            "output bias": error.sum(axis=0),
        }
        parameters = (self.hidden_weights, self.hidden_bias, self.output_weights, self.output_bias)
        for parameter, gradient in zip(parameters, gradients.values(), strict=True):
            np.subtract(parameter, learning_rate * gradient, out=parameter)
        return Batch(float(loss), gradients)

    def probabilities(self) -> tuple[Array, Array]:
        """The labels of the validation digits and the network's probabilities."""
        return self._labels[self._validation], self._forward(self._inputs[self._validation])[1]

    def accuracy(self) -> float:
        labels, probabilities = self.probabilities()
        return float((probabilities.argmax(axis=1) == labels).mean())

    def confusion(self) -> Array:
        """10 x 10 counts: true digit by predicted digit."""
        labels, probabilities = self.probabilities()
        counts = np.zeros((10, 10), int)
        np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
        return counts

    def mistakes(self) -> list[tuple[Array, int, Array]]:
        """The validation digits that are taken for others: pixels, label, probabilities."""
        labels, probabilities = self.probabilities()
        wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
        images = self._images[self._validation]
        return [(images[i], int(labels[i]), probabilities[i]) for i in wrong]

    def principal_components(self) -> tuple[Array, Array]:
        """The validation digits in three dimensions, and their labels."""
        inputs = self._inputs[self._validation]
        centred = inputs - inputs.mean(axis=0)
        axes = np.linalg.svd(centred, full_matrices=False)[2][:3]
        return centred @ axes.T, self._labels[self._validation]

    def validation_examples(self, count: int) -> tuple[Array, Array, Array]:
        """The first validation digits (count x 8 x 8, 0..16), their labels and the guesses."""
        labels, probabilities = self.probabilities()
        return self._images[self._validation][:count], labels[:count], probabilities.argmax(axis=1)[:count]
