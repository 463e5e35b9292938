"""The table of predictions, one row per image, from which every figure of evaluate derives."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:  # whoever only reads predictions need not wait for a backend
    import keras


def predict_array(
    model: "keras.Model", x: np.ndarray, batch_size: int, change: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> np.ndarray:
    """Return probabilities, float32 (n, labels); memory holds a batch.

    Args:
        model: From images to probabilities.
        x: Images, uint8 (n, size, size, 3), or an `ArrayFile` of them.
        batch_size: Images at once.
        change: What is done to the images of a batch before.
    """
    batches = (change(x[start : start + batch_size]) for start in range(0, len(x), batch_size))
    return np.concatenate([np.asarray(model.predict_on_batch(batch)) for batch in batches])


def table(rows: pd.DataFrame, probabilities: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """Return `rows` with columns `predicted` and one `p_<label>` per label."""
    predicted = np.asarray(labels)[probabilities.argmax(axis=1)]
    columns = {f"p_{label}": probabilities[:, index] for index, label in enumerate(labels)}
    return rows.assign(predicted=predicted, **columns)


def probabilities(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the probabilities of a table as float64 (n, labels)."""
    return predictions[[f"p_{label}" for label in labels]].to_numpy(float)
