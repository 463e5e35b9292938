"""Multinomial logistic regression with a squared penalty, solved to its only optimum.

A gradient of 1e-8 makes the solution the same on every processor, up to 0.00003 in a probability: the path to a unique
optimum does not matter, unlike that of a network's training.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize

from met_culture.common.errors import UserError

GRADIENT = 1e-8  # largest entry at the solution, of the objective divided by c and the sum of the weights
ACCEPTED = 1e-6  # where rounding ends the search before
RANK = 1e-12  # eigenvalues below this fraction of the largest are rounding errors

Blocks = Callable[[], Iterator[tuple[slice, np.ndarray]]]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits, float64 (n, labels)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _loss_and_gradient(
    blocks: Blocks, targets: np.ndarray, weights: np.ndarray, coefficients: np.ndarray
) -> tuple[float, np.ndarray]:
    # Returns the sum of the weighted cross-entropies and its gradient.
    loss, gradient = 0.0, np.zeros(coefficients.shape)
    for position, rows in blocks():
        logits = rows @ coefficients[:-1] + coefficients[-1]
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        sums = exponentials.sum(axis=1, keepdims=True)
        losses = np.log(sums[:, 0]) - (logits * targets[position]).sum(axis=1)
        loss += float(weights[position] @ losses)
        residuals = weights[position, None] * (exponentials / sums - targets[position])
        gradient[:-1] += rows.T @ residuals
        gradient[-1] += residuals.sum(axis=0)
    return loss, gradient


def solve(blocks: Blocks, targets: np.ndarray, weights: np.ndarray, c: float, start: np.ndarray) -> np.ndarray:
    """Return the coefficients that minimise c times the weighted cross-entropies plus half the sum of their squares.

    Args:
        blocks: Returns an iterator over the rows: their positions, and float64 (rows, features).
        targets: Probabilities to reach, (n, labels).
        weights: Weight of each row, (n,).
        c: Inverse strength of the penalty.
        start: Where the search starts, float64 (features + 1, labels).

    Returns:
        float64 of the shape of `start`; the last row holds the intercepts, which have no penalty.

    Raises:
        UserError: There is no convergence.
    """
    total = c * weights.sum()

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        coefficients = flat.reshape(start.shape)
        loss, gradient = _loss_and_gradient(blocks, targets, weights, coefficients)
        gradient *= c
        gradient[:-1] += coefficients[:-1]
        return (c * loss + 0.5 * np.square(coefficients[:-1]).sum()) / total, gradient.ravel() / total

    result = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 10_000, "maxfun": 20_000, "maxcor": 20, "gtol": GRADIENT, "ftol": 0},
    )
    if not np.abs(result.jac).max() <= ACCEPTED:
        raise UserError("the last layer's fit does not converge; remove the largest value from train.head.c.")
    return result.x.reshape(start.shape)


class KernelProblem:
    """The same problem for few rows of many features, given only the products of the rows.

    The optimum is a combination of the rows, so as many features as rows are enough: the eigenvectors of the products.
    """

    def __init__(self, kernel: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> None:
        """Prepare; `kernel` is float64 (n, n), the others are as for `solve`."""
        values, vectors = eigh(kernel, driver="evd")
        kept = values > RANK * values[-1]
        self._rows = vectors[:, kept] * np.sqrt(values[kept])
        self._to_dual = vectors[:, kept] / np.sqrt(values[kept])
        self._targets, self._weights = targets, weights
        self._solution = np.zeros((kept.sum() + 1, targets.shape[1]))

    def solve(self, c: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients of the rows, (n, labels), and the intercepts, (labels,); starts from the last c."""
        everything = slice(0, len(self._rows)), self._rows
        self._solution = solve(lambda: iter([everything]), self._targets, self._weights, c, self._solution)
        return self._to_dual @ self._solution[:-1], self._solution[-1]
