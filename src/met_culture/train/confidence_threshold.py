"""The threshold below which the answer of a model is unsure."""

import numpy as np


def confidence_threshold(probabilities: np.ndarray, one_hot: np.ndarray, accuracy: float) -> float:
    """Return the lowest confidence threshold that reaches the target accuracy.

    Args:
        probabilities: Of a model, (n, labels).
        one_hot: Classes, (n, labels).
        accuracy: Target accuracy of the predictions at or above the threshold, 0 to 1.

    Returns:
        0 if all predictions together reach it; 1 if no threshold does.
    """
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == one_hot.argmax(axis=1)
    order = np.argsort(-confidence, kind="stable")
    accuracies = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    reaching = np.flatnonzero(accuracies >= accuracy)
    if not len(reaching):
        return 1.0
    last = reaching[-1]
    return 0.0 if last == len(order) - 1 else float(confidence[order[last]])
