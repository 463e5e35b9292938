"""Calibrate a model by temperature, so that predictions with probability 0.9 are right nine times in ten.

Source: Guo et al., On Calibration of Modern Neural Networks, 2017. The last layer's weights absorb the temperature, so
whoever reads the model file need not apply it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from met_culture.models.temperature import apply_temperature
from met_culture.train.confidence_threshold import confidence_threshold

if TYPE_CHECKING:  # importing keras takes seconds
    import keras

RANGE = (0.1, 10.0)  # of temperatures; a fit outside means too few validation images, or too easy ones


def _log_loss(log_temperature: float, probabilities: np.ndarray, one_hot: np.ndarray) -> float:
    chosen = (apply_temperature(probabilities, np.exp(log_temperature)) * one_hot).sum(axis=1)
    return -np.log(np.maximum(chosen, 1e-12)).mean()


def fit_temperature(probabilities: np.ndarray, one_hot: np.ndarray) -> float:
    """Return the temperature in `RANGE` with the lowest log loss.

    Args:
        probabilities: Of a model, (n, labels).
        one_hot: Classes, (n, labels).
    """
    low, high = np.log(RANGE)
    optimum = minimize_scalar(_log_loss, bounds=(low, high), args=(probabilities, one_hot), method="bounded")
    return float(np.exp(optimum.x))


def predict_batches(
    model: "keras.Model", batches: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities that a model gives for batches of inputs and one-hot classes, and these classes."""
    probabilities, classes = [], []
    for index in range(len(batches)):  # a batch at a time: all images together may not fit into memory
        images, one_hot = batches[index]
        probabilities.append(np.asarray(model.predict_on_batch(images)))
        classes.append(one_hot)
    return np.concatenate(probabilities), np.concatenate(classes)


def calibrate_and_set_threshold(
    label: "keras.layers.Layer", probabilities: np.ndarray, one_hot: np.ndarray, accuracy: float, *, calibrate: bool
) -> dict[str, float]:
    """Choose the confidence threshold of a model; calibrate the model first if `calibrate` is set.

    Args:
        label: Last layer of the model, a softmax; calibration divides its weights by the temperature.
        probabilities: Of images that the model was not trained on, (n, labels).
        one_hot: Classes of these images, (n, labels).
        accuracy: Target accuracy of `confidence_threshold`.
        calibrate: Whether to fit a temperature.

    Returns:
        `threshold`, and `temperature` if it was fitted.
    """
    if not calibrate:
        return {"threshold": confidence_threshold(probabilities, one_hot, accuracy)}
    temperature = fit_temperature(probabilities, one_hot)
    label.set_weights([weight / temperature for weight in label.get_weights()])
    calibrated = apply_temperature(probabilities, temperature)
    return {"temperature": temperature, "threshold": confidence_threshold(calibrated, one_hot, accuracy)}
