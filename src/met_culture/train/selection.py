"""Choose how the last layer is fitted, by its predictions for paintings that were left out, and fit it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from met_culture.preprocess.array_file import ArrayFile
from met_culture.train.features import Scaling, kernel, read_blocks
from met_culture.train.logistic import KernelProblem, softmax, solve
from met_culture.train.params import TrainParams

Split = tuple[np.ndarray, np.ndarray]  # positions of the paintings to fit, and of those left out


@dataclass(frozen=True)
class Choice:
    """What was tried, and what was chosen.

    Attributes:
        rows: A row for each number of views and c, as in training.csv.
        best: Index of the chosen row, which has the lowest loss.
        probabilities: Of the paintings that were left out, by the chosen row, float64 (n, labels).
        one_hot: Classes of these paintings, (n, labels).
    """

    rows: list[dict[str, Any]]
    best: int
    probabilities: np.ndarray
    one_hot: np.ndarray

    @property
    def views(self) -> int:
        """Number of views of each painting that was chosen."""
        return int(self.rows[self.best]["views"])

    @property
    def c(self) -> float:
        """The value of c that was chosen."""
        return float(self.rows[self.best]["c"])


def settings(params: TrainParams) -> list[tuple[int, float]]:
    """Return the numbers of views and values of c to try, in order."""
    return list(itertools.product(sorted(params.head.views), sorted(params.head.c)))


def head_history(choice: Choice) -> list[dict[str, Any]]:
    """Return the rows of a choice as rows of training.csv: each counts as an epoch of the phase head."""
    return [{"epoch": number, "phase": "head"} | row for number, row in enumerate(choice.rows, 1)]


def _scores(probabilities: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    # Returns accuracy and cross-entropy. The targets are smoothed, as for the epochs that may follow in training.csv.
    correct = probabilities.argmax(axis=1) == targets.argmax(axis=1)
    losses = -(np.log(np.maximum(probabilities, 1e-12)) * targets).sum(axis=1)
    return float(correct.mean()), float(losses.mean())


class Problem:
    """The fit of the last layer to the features of paintings; a row is a view of a painting."""

    def __init__(
        self, features: ArrayFile, scale: Scaling, one_hot: np.ndarray, sample: np.ndarray, params: TrainParams
    ) -> None:
        """Compute the products of the rows of a sample of the paintings.

        Args:
            features: Features of all paintings, float32 (n, views, features); the first view is the image as it is.
            scale: What standardises them.
            one_hot: Classes, (n, labels).
            sample: Ascending indices of the paintings to choose on.
            params: Values of c, weights of the classes and label smoothing.
        """
        self._features, self._scale, self._one_hot = features, scale, one_hot
        self._sample, self._params = sample, params
        self._kernel = kernel(features, sample, scale)

    def choose(self, splits: list[Split]) -> Choice:
        """Return the number of views and the c with the lowest loss for paintings that were left out.

        Args:
            splits: Positions in the sample; together they leave a painting out at most once.
        """
        tried, one_hot = settings(self._params), self._one_hot[self._sample]
        targets = self._smoothed(one_hot)
        predictions = np.zeros((len(tried), *one_hot.shape))
        fitted = np.zeros((len(tried), len(splits), 2))
        for number, (fit, left_out) in enumerate(splits):
            for index, (on_fit, on_left_out) in enumerate(self._predictions(fit, left_out)):
                fitted[index, number] = _scores(on_fit, targets[fit])
                predictions[index, left_out] = on_left_out
        tested = np.sort(np.concatenate([left_out for _, left_out in splits]))
        rows = []
        for (views, c), scores, predicted in zip(tried, fitted.mean(axis=1), predictions, strict=True):
            val_accuracy, val_loss = _scores(predicted[tested], targets[tested])
            row = {"train_accuracy": float(scores[0]), "train_loss": float(scores[1])}
            rows.append(row | {"val_accuracy": val_accuracy, "val_loss": val_loss, "views": views, "c": c})
        best = int(np.argmin([row["val_loss"] for row in rows]))
        return Choice(rows, best, predictions[best, tested], one_hot[tested])

    def _predictions(self, fit: np.ndarray, left_out: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        # Yields the probabilities of the images as they are, for the paintings to fit and the others, by each setting.
        tried = settings(self._params)
        for views, group in itertools.groupby(tried, key=lambda setting: setting[0]):
            rows, problem = self._rows(fit, views), self._in_memory(fit, views)
            for _, c in group:
                dual, intercepts = problem.solve(c / views)
                on_fit, on_left_out = (
                    softmax(self._kernel[np.ix_(self._rows(part, 1), rows)] @ dual + intercepts)
                    for part in (fit, left_out)
                )
                yield on_fit, on_left_out

    def fit(self, paintings: np.ndarray, views: int, c: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights and intercepts of the layer after `standardise`, float64 (features, labels) and (labels,).

        Args:
            paintings: Ascending indices of the paintings to fit.
            views: Number of views of each.
            c: Inverse strength of the penalty, for a painting.
        """
        if np.isin(paintings, self._sample).all():
            dual, intercepts = self._in_memory(np.searchsorted(self._sample, paintings), views).solve(c / views)
            weights = sum(rows.T @ dual[position] for position, rows in self._blocks(paintings, views))
        else:
            start = np.zeros((self._features.shape[-1] + 1, self._one_hot.shape[1]))
            blocks = partial(self._blocks, paintings, views)
            solution = solve(blocks, *self._targets(self._one_hot[paintings], views), c / views, start)
            weights, intercepts = solution[:-1], solution[-1]
        return weights / np.sqrt(len(weights)), intercepts

    def _blocks(self, paintings: np.ndarray, views: int) -> Iterator[tuple[slice, np.ndarray]]:
        for position, rows in read_blocks(self._features, paintings, views):
            yield position, self._scale.apply(rows)

    def _rows(self, positions: np.ndarray, views: int) -> np.ndarray:
        # Rows of the products, for the first views of the paintings at these positions in the sample.
        return (positions[:, None] * self._features.shape[1] + np.arange(views)).ravel()

    def _in_memory(self, positions: np.ndarray, views: int) -> KernelProblem:
        rows, one_hot = self._rows(positions, views), self._one_hot[self._sample[positions]]
        return KernelProblem(self._kernel[np.ix_(rows, rows)], *self._targets(one_hot, views))

    def _targets(self, one_hot: np.ndarray, views: int) -> tuple[np.ndarray, np.ndarray]:
        # Returns the smoothed classes and the weight of every row.
        weights = np.ones(len(one_hot))
        if self._params.class_weights == "balanced":
            weights = one_hot @ (len(one_hot) / (one_hot.shape[1] * np.maximum(one_hot.sum(axis=0), 1)))
        return np.repeat(self._smoothed(one_hot), views, axis=0), np.repeat(weights, views)

    def _smoothed(self, one_hot: np.ndarray) -> np.ndarray:
        smoothing = self._params.label_smoothing
        return one_hot * (1 - smoothing) + smoothing / one_hot.shape[1]
