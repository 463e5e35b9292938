"""The layer that turns a feature map into numbers: what is in the picture, and how evenly."""

import keras
from keras import ops

EPSILON = 1e-3  # below the root, as its slope at 0 is infinite


@keras.saving.register_keras_serializable(package="met_culture")
class MeanAndDeviation(keras.layers.Layer):
    """Mean and standard deviation of each channel over the picture: float (n, h, w, c) to (n, 2 c).

    The deviation tells styles apart that have the same mean: few strong brush strokes from an even wash.
    Source: second-order statistics as style, Huang and Belongie, Arbitrary Style Transfer, 2017.
    """

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the means, then the deviations."""
        return ops.concatenate([ops.mean(x, (1, 2)), ops.sqrt(ops.var(x, (1, 2)) + EPSILON)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (n, 2 c)."""
        return input_shape[0], 2 * input_shape[-1]
