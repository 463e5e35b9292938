"""Confidence intervals of the headline metrics by a bootstrap over groups, computed on confusion matrices."""

import numpy as np
import pandas as pd

from met_culture.evaluate.metrics import HEADLINE
from met_culture.evaluate.predictions import label_indices

BATCH = 50  # resamples that memory holds at once


def confusion_cells(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return for each row the index of its cell in a flattened confusion matrix, int (n,)."""
    true = label_indices(predictions["label"], labels)
    return true * len(labels) + label_indices(predictions["predicted"], labels)


def headline_from_confusion(confusion: np.ndarray) -> np.ndarray:
    """Return the metrics of `HEADLINE` for many confusion matrices at once, float64 (..., 3).

    Args:
        confusion: Counts or weights, (..., labels, labels); rows are true labels.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    recall = np.divide(hits, true, out=np.zeros(true.shape), where=true > 0)
    f1 = np.divide(2 * hits, true + predicted, out=np.zeros(true.shape), where=true + predicted > 0)
    balanced = recall.sum(axis=-1) / (true > 0).sum(axis=-1)
    return np.stack([hits.sum(axis=-1) / true.sum(axis=-1), balanced, f1.mean(axis=-1)], axis=-1)


def _resampled(counts: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return the summed counts, (samples, cells), of groups drawn with replacement from `counts`, (groups, cells)."""
    rng = np.random.default_rng(seed)
    # To draw n of n groups with replacement is to draw how often each group is taken.
    equal = np.full(len(counts), 1 / len(counts))
    batches = []
    for start in range(0, samples, BATCH):
        times_taken = rng.multinomial(len(counts), equal, size=min(BATCH, samples - start))
        batches.append(times_taken @ counts)
    return np.concatenate(batches)


def intervals(predictions: pd.DataFrame, labels: list[str], samples: int, seed: int) -> dict[str, list[float]]:
    """Return 95 % percentile intervals of the headline metrics by a bootstrap that draws whole groups.

    `predictions` has columns group, label and predicted.
    """
    group_indices, groups = pd.factorize(predictions["group"])
    counts = np.zeros((len(groups), len(labels) ** 2))
    np.add.at(counts, (group_indices, confusion_cells(predictions, labels)), 1)
    confusion = _resampled(counts, samples, seed).reshape(samples, len(labels), len(labels))
    low, high = np.percentile(headline_from_confusion(confusion), [2.5, 97.5], axis=0)
    return {name: [float(low[index]), float(high[index])] for index, name in enumerate(HEADLINE)}
