"""All metrics of a table of predictions, and a line that summarises them."""

from typing import Any

import pandas as pd
from sklearn.metrics import log_loss

from met_culture.evaluate.bootstrap import intervals
from met_culture.evaluate.metrics import (
    COVERAGES,
    MIN_IMAGES,
    calibration_error,
    headline,
    metrics_above_threshold,
    per_label,
    selective_accuracy,
)
from met_culture.evaluate.predictions import label_indices, probabilities
from met_culture.models.temperature import apply_temperature


def compute_metrics(
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
    """Return all metrics of a table of predictions.

    Args:
        predictions: Columns group, label, predicted and one `p_<label>` per label.
        labels: All labels, in the order of the classes.
        majority: The most frequent label of the training images, the prediction of the simplest baseline.
        bins: Number of bins of the calibration error.
        samples: Number of resamples of the bootstrap.
        seed: Seed of the bootstrap.
        temperature: Temperature of the model, to compute the calibration error before calibration.
        threshold: Confidence threshold of the model.
    """
    true, predicted = predictions["label"].to_numpy(), predictions["predicted"].to_numpy()
    p = probabilities(predictions, labels)
    p = p / p.sum(axis=1, keepdims=True)  # in predictions.csv they are rounded, and a row's sum may miss 1 by 1e-6
    confidence, correct = p.max(axis=1), true == predicted
    by_label = per_label(true, predicted, labels)
    classes = label_indices(predictions["label"], labels)
    return headline(true, predicted, labels) | {
        "log_loss": float(log_loss(classes, p, labels=range(len(labels)))),
        "calibration_error": calibration_error(confidence, correct, bins),
        "calibration_error_before": calibration_error(apply_temperature(p, 1 / temperature).max(axis=1), correct, bins),
        "selective_accuracy": {str(value): selective_accuracy(confidence, correct, value) for value in COVERAGES},
        "answered": metrics_above_threshold(confidence, correct, threshold),
        "majority_accuracy": float((true == majority).mean()),
        "n_test": len(predictions),
        "n_groups": int(predictions["group"].nunique()),
        "interval_95": intervals(predictions, labels, samples, seed),
        "labels": by_label,
        "labels_with_too_few": [label for label in labels if by_label[label]["support"] < MIN_IMAGES],
    }


def describe(result: dict[str, Any]) -> str:
    """Return the headline metrics with their intervals, and a warning for labels with few images, in one line."""
    headlines = []
    for name, (low, high) in result["interval_95"].items():
        headlines.append(f"{name} {result[name]:.3f} (95 %: {low:.3f} to {high:.3f})")
    few = result["labels_with_too_few"]
    warning = f"; too few test images to say much of {', '.join(few)}" if few else ""
    return f"{result['n_test']} test images: {', '.join(headlines)}{warning}"
