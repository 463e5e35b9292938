"""Choose the predictions that the plots show: the worst errors, and confident correct predictions of every label."""

import numpy as np
import pandas as pd

from met_culture.evaluate.predictions import label_indices, probabilities

EXAMPLES = 6  # correct predictions that get a heat map, and as many wrong ones


def worst_first(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the indices of the wrong predictions, the lowest probability of the true label first."""
    true_index = label_indices(predictions["label"], labels)
    true_probability = probabilities(predictions, labels)[np.arange(len(predictions)), true_index]
    wrong = np.flatnonzero(predictions["label"] != predictions["predicted"])
    return wrong[np.argsort(true_probability[wrong], kind="stable")]


def _confident_correct(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the indices of the correct predictions: the most confident of each label, then the next of each, ..."""
    confidence = probabilities(predictions, labels).max(axis=1)
    correct = predictions.assign(index=range(len(predictions)), confidence=confidence)
    correct = correct[correct["label"] == correct["predicted"]]
    correct = correct.sort_values("confidence", ascending=False, kind="stable")
    rank_in_label = correct.groupby("label").cumcount()
    return correct["index"].to_numpy()[np.argsort(rank_in_label, kind="stable")]


def select_examples(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the indices of at most `EXAMPLES` correct predictions and then of as many wrong ones."""
    correct = _confident_correct(predictions, labels)[:EXAMPLES]
    return np.concatenate([correct, worst_first(predictions, labels)[:EXAMPLES]])
