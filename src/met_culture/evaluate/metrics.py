"""The figures of a classifier, all from one table of predictions."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

from met_culture.evaluate.predictions import probabilities
from met_culture.models.temperature import apply_temperature

DRAWN = 50  # resamples of the bootstrap that memory holds at once
FEW = 10  # test images; the figures of a label with fewer say little
COVERAGES = (0.8, 0.9)  # shares of the images that a model answers, if it may leave out those of least confidence
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
        label: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    }


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int) -> float:
    """Return the expected calibration error: how far confidence is from accuracy, averaged over images.

    Source: Guo et al., On Calibration of Modern Neural Networks, 2017, with equal-width bins.

    Args:
        confidence: Highest probability of each image, (n,).
        correct: Whether the prediction was right, (n,).
        bins: Number of bins.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def selective_accuracy(confidence: np.ndarray, correct: np.ndarray, coverage: float) -> float:
    """Return the accuracy on the share of images of which the model is surest.

    Args:
        confidence: Highest probability of each image, (n,).
        correct: Whether the prediction was right, (n,).
        coverage: Share of the images that are answered, above 0; at least one image is.
    """
    answered = np.argsort(-confidence, kind="stable")[: max(1, round(coverage * len(confidence)))]
    return float(correct[answered].mean())


def answered(confidence: np.ndarray, correct: np.ndarray, threshold: float) -> dict[str, float | None]:
    """Return what becomes of images whose answers below a threshold are withheld.

    Args:
        confidence: Highest probability of each image, (n,).
        correct: Whether the prediction was right, (n,).
        threshold: Lowest probability that is answered.

    Returns:
        The threshold; coverage, the share of the images that are answered; their accuracy, None if there are none.
    """
    sure = confidence >= threshold
    accuracy = float(correct[sure].mean()) if sure.any() else None
    return {"threshold": threshold, "coverage": float(sure.mean()), "accuracy": accuracy}


def from_confusion(confusion: np.ndarray) -> np.ndarray:
    """Return `HEADLINE` of many confusion matrices at once, float64 (..., 3).

    Args:
        confusion: Counts or weights, (..., labels, labels), rows true.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    recall = np.divide(hits, true, out=np.zeros(true.shape), where=true > 0)
    f1 = np.divide(2 * hits, true + predicted, out=np.zeros(true.shape), where=true + predicted > 0)
    balanced = recall.sum(axis=-1) / (true > 0).sum(axis=-1)
    return np.stack([hits.sum(axis=-1) / true.sum(axis=-1), balanced, f1.mean(axis=-1)], axis=-1)


def cells(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return for each row its place in a flattened confusion matrix, int (n,)."""
    place = {label: index for index, label in enumerate(labels)}
    return (predictions["label"].map(place) * len(labels) + predictions["predicted"].map(place)).to_numpy(int)


def intervals(predictions: pd.DataFrame, labels: list[str], samples: int, seed: int) -> dict[str, list[float]]:
    """Return 95 % percentile intervals of the headline figures by a bootstrap that draws whole groups.

    Args:
        predictions: Columns group, label and predicted.
        labels: All labels.
        samples: Number of resamples.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    groups, names = pd.factorize(predictions["group"])
    counts = np.zeros((len(names), len(labels) ** 2))
    np.add.at(counts, (groups, cells(predictions, labels)), 1)
    # Drawing n of n groups with replacement is drawing how often each is taken. In turns, for the sake of memory.
    even = np.full(len(names), 1 / len(names))
    turns = (min(DRAWN, samples - start) for start in range(0, samples, DRAWN))
    draws = np.concatenate([rng.multinomial(len(names), even, size=turn) @ counts for turn in turns])
    figures = from_confusion(draws.reshape(samples, len(labels), len(labels)))
    low, high = np.percentile(figures, [2.5, 97.5], axis=0)
    return {name: [float(low[k]), float(high[k])] for k, name in enumerate(HEADLINE)}


def evaluate(
    predictions: pd.DataFrame,
    labels: list[str],
    *,
    majority: str,
    bins: int,
    samples: int,
    seed: int,
    temperature: float = 1.0,
    threshold: float = 0.0,
) -> dict[str, Any]:
    """Return every figure of one table of predictions.

    Args:
        predictions: Columns group, label, predicted and one `p_<label>` per label.
        labels: All labels, in the order of the classes.
        majority: The most frequent label of the training images, which the simplest baseline always predicts.
        bins: Bins of the calibration error.
        samples: Resamples of the bootstrap.
        seed: Seed of the bootstrap.
        temperature: What the model's logits were divided by, to say how it was calibrated before.
        threshold: Probability below which the model's answer is unsure.
    """
    true, predicted = predictions["label"].to_numpy(), predictions["predicted"].to_numpy()
    share = probabilities(predictions, labels)
    # Rounded to what predictions.csv holds, a row may miss 1 by 1e-6.
    share = share / share.sum(axis=1, keepdims=True)
    classes = np.array([labels.index(label) for label in true])
    confidence, correct = share.max(axis=1), true == predicted
    labelled = per_label(true, predicted, labels)
    return headline(true, predicted, labels) | {
        "log_loss": float(metrics.log_loss(classes, share, labels=range(len(labels)))),
        "calibration_error": calibration_error(confidence, correct, bins),
        "calibration_error_before": calibration_error(
            apply_temperature(share, 1 / temperature).max(axis=1), correct, bins
        ),
        "selective_accuracy": {str(each): selective_accuracy(confidence, correct, each) for each in COVERAGES},
        "answered": answered(confidence, correct, threshold),
        "majority_accuracy": float((true == majority).mean()),
        "n_test": len(predictions),
        "n_groups": int(predictions["group"].nunique()),
        "interval_95": intervals(predictions, labels, samples, seed),
        "labels": labelled,
        "labels_with_too_few": [label for label, figures in labelled.items() if figures["support"] < FEW],
    }
