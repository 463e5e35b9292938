"""The probabilities that a model gives for a batch of images, checked."""

from typing import TYPE_CHECKING

import numpy as np

from met_culture.common.errors import UserError

if TYPE_CHECKING:  # code that only reads predictions need not wait for a backend
    import keras

ROUNDING = 1e-3  # by which a probability may leave the range from 0 to 1


def predict_probabilities(model: "keras.Model", images: np.ndarray) -> np.ndarray:
    """Return the probabilities of a batch, float (n, labels).

    Args:
        model: As `load_model` returns it; the error names its `file`.
        images: uint8 (n, size, size, 3), RGB.

    Raises:
        UserError: The model gives values that are no probabilities, such as NaN.
    """
    probabilities = np.asarray(model.predict_on_batch(images))
    if not ((probabilities >= -ROUNDING) & (probabilities <= 1 + ROUNDING)).all():  # False for NaN, too
        name = getattr(model, "file", "the model")
        raise UserError(f"{name} gives values that are no probabilities (NaN, or outside 0 to 1); use another model.")
    return probabilities
