"""Calibration by temperature, so that a share of 0.9 is right nine times in ten.

Source: Guo et al., On Calibration of Modern Neural Networks, 2017. The temperature goes into the last layer's weights:
the model file needs no further word of it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from met_culture.models.temperature import apply_temperature

if TYPE_CHECKING:  # whoever only reads predictions need not wait for a backend
    import keras

RANGE = (0.1, 10.0)  # temperatures; beyond, the validation images are too few or too easy to say


def fit_temperature(shares: np.ndarray, one_hot: np.ndarray) -> float:
    """Return the temperature in `RANGE` of least log loss.

    Args:
        shares: Of a model, (n, labels).
        one_hot: Classes, (n, labels).
    """

    def loss(log_temperature: float) -> float:
        chosen = (apply_temperature(shares, np.exp(log_temperature)) * one_hot).sum(axis=1)
        return -np.log(np.maximum(chosen, 1e-12)).mean()

    return float(np.exp(minimize_scalar(loss, bounds=np.log(RANGE), method="bounded").x))


def sure_from(shares: np.ndarray, one_hot: np.ndarray, accuracy: float) -> float:
    """Return the lowest probability from which on so large a share of the answers is right.

    Args:
        shares: Of a model, (n, labels).
        one_hot: Classes, (n, labels).
        accuracy: The share, 0 to 1.

    Returns:
        0 if all answers together are as good; 1 if not even the surest is right.
    """
    confidence, correct = shares.max(axis=1), shares.argmax(axis=1) == one_hot.argmax(axis=1)
    order = np.argsort(-confidence, kind="stable")
    good = np.flatnonzero(np.cumsum(correct[order]) / np.arange(1, len(order) + 1) >= accuracy)
    if not len(good):
        return 1.0
    return 0.0 if good[-1] == len(order) - 1 else float(confidence[order[good[-1]]])


def settle(
    model: "keras.Model", val: Sequence[tuple[np.ndarray, np.ndarray]], accuracy: float, *, calibrate: bool
) -> dict[str, float]:
    """Find out on validation images how sure a model may be, and return its threshold and, if fitted, temperature.

    Args:
        model: Its last layer, `label`, is a softmax; its logits are divided by the temperature.
        val: Batches of validation images, or what the frozen part makes of them, and their classes, one-hot.
        accuracy: As `sure_from`.
        calibrate: Whether a temperature is fitted.
    """
    figures, told, right = {}, [], []
    for index in range(len(val)):  # a batch at a time: all images together may not fit into memory
        images, classes = val[index]
        told.append(np.asarray(model.predict_on_batch(images)))
        right.append(classes)
    shares, classes = np.concatenate(told), np.concatenate(right)
    if calibrate:
        figures["temperature"] = temperature = fit_temperature(shares, classes)
        label = model.get_layer("label")
        label.set_weights([weight / temperature for weight in label.get_weights()])
        shares = apply_temperature(shares, temperature)
    return figures | {"threshold": sure_from(shares, classes, accuracy)}
