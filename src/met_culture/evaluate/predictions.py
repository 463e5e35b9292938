"""The table of predictions, one row per image, from which every metric and plot of evaluate derives."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from met_culture.common.csv_files import check_values, parse_table
from met_culture.common.files import damaged, read_text
from met_culture.common.schemas import PREDICTIONS
from met_culture.models.probabilities import predict_probabilities
from met_culture.preprocess.array_file import Array

if TYPE_CHECKING:  # code that only reads predictions need not wait for a backend
    import keras

REBUILD = "dvc repro evaluate"
PREFIX = "p_"  # of the columns of probabilities


def predict_array(
    model: "keras.Model", images: Array, batch_size: int, transform: Callable[[np.ndarray], np.ndarray] | None = None
) -> np.ndarray:
    """Return the probabilities of images, uint8 (n, size, size, 3), RGB, as float32 (n, labels).

    Args:
        model: From images to probabilities.
        images: uint8 (n, size, size, 3), RGB.
        batch_size: Number of images in a batch.
        transform: Applied to the images of each batch before the prediction.

    Raises:
        UserError: The model gives values that are no probabilities.
    """
    batches = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        if transform is not None:
            batch = transform(batch)
        batches.append(predict_probabilities(model, batch))
    return np.concatenate(batches)


def prediction_table(rows: pd.DataFrame, probabilities: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """Return `rows` with columns `predicted` and one `p_<label>` per label."""
    predicted = np.asarray(labels)[probabilities.argmax(axis=1)]
    columns = {f"p_{label}": probabilities[:, index] for index, label in enumerate(labels)}
    return rows.assign(predicted=predicted, **columns)


def read_predictions(path: Path, labels: list[str] | None = None) -> pd.DataFrame:
    """Return the table of predictions.csv; labels that look like numbers stay text.

    Args:
        path: The file.
        labels: All labels, which it must have; None for any.

    Raises:
        UserError: It is missing or damaged, or has other labels.
    """
    return parse_predictions(path, read_text(path, REBUILD), labels)


def parse_predictions(name: object, text: str, labels: list[str] | None = None) -> pd.DataFrame:
    """Return the table of the text of a predictions.csv; arguments and errors as for `read_predictions`."""
    table = parse_table(name, text, PREDICTIONS, REBUILD, number_prefix=PREFIX)
    columns = [str(name).removeprefix(PREFIX) for name in table if str(name).startswith(PREFIX)]
    if not columns or columns != (labels or columns):
        raise damaged(name, f"its labels are {', '.join(columns) or 'missing'}", REBUILD)
    for column in ("label", "predicted"):
        check_values(name, table[column], columns, REBUILD)
    if not table[[f"{PREFIX}{label}" for label in columns]].ge(0).all(axis=None):
        raise damaged(name, "a probability is below 0", REBUILD)
    return table


def probabilities(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the probabilities of a table as float64 (n, labels)."""
    return predictions[[f"p_{label}" for label in labels]].to_numpy(float)


def label_indices(names: pd.Series, labels: list[str]) -> np.ndarray:
    """Return the index in `labels` of each name, int (n,)."""
    return np.array([labels.index(name) for name in names])
