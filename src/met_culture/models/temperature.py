"""Divide the logits of a model by a temperature, given its probabilities."""

import numpy as np


def tempered(shares: np.ndarray, temperature: float) -> np.ndarray:
    """Return what shares, (n, labels), become when their logits are divided by a temperature; rows sum to 1."""
    logits = np.log(np.maximum(shares.astype(np.float64), 1e-12)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
