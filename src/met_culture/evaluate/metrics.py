"""The metrics of a classifier.

`confidence` is the highest probability of each image, `correct` whether its prediction is correct; both (n,).
"""

import numpy as np
from sklearn import metrics

MIN_IMAGES = 10  # of a label in the test split; with fewer, its metrics are too noisy to interpret
COVERAGES = (0.8, 0.9)  # fractions of the images that a model answers if it may skip the least confident ones
HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1")


def headline(true: np.ndarray, predicted: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Return accuracy, balanced accuracy (mean recall of the labels that occur) and macro-F1 (over all labels)."""
    recall = metrics.recall_score(true, predicted, labels=labels, average=None, zero_division=np.nan)
    return {
        "accuracy": float(metrics.accuracy_score(true, predicted)),
        "balanced_accuracy": float(np.nanmean(recall)),
        "macro_f1": float(metrics.f1_score(true, predicted, labels=labels, average="macro", zero_division=0)),
    }


def per_label(true: np.ndarray, predicted: np.ndarray, labels: list[str]) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support (number of images) of each label; 0 where undefined."""
    columns = metrics.precision_recall_fscore_support(true, predicted, labels=labels, zero_division=0)
    return {
        label: {"precision": float(precision), "recall": float(recall), "f1": float(f1), "support": int(support)}
        for label, precision, recall, f1, support in zip(labels, *columns, strict=True)
    }


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int) -> float:
    """Return the expected calibration error: how far confidence is from accuracy, averaged over images.

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017, with equal-width bins.
    """
    bin_index = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_index, weights=confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def selective_accuracy(confidence: np.ndarray, correct: np.ndarray, coverage: float) -> float:
    """Return the accuracy on the most confident images: on a fraction `coverage` of all, at least one image."""
    count = max(1, round(coverage * len(confidence)))
    most_confident = np.argsort(-confidence, kind="stable")[:count]
    return float(correct[most_confident].mean())


def metrics_above_threshold(confidence: np.ndarray, correct: np.ndarray, threshold: float) -> dict[str, float | None]:
    """Return the metrics of a model that answers only with a confidence of at least `threshold`.

    Returns:
        The threshold; coverage, the fraction of the images that are answered; accuracy on these, None without any.
    """
    answered = confidence >= threshold
    accuracy = float(correct[answered].mean()) if answered.any() else None
    return {"threshold": threshold, "coverage": float(answered.mean()), "accuracy": accuracy}
