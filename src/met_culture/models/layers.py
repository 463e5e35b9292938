"""The pooling layer of the pretrained networks."""

import keras
from keras import ops

EPSILON = 1e-3  # added below the root, whose slope at 0 is infinite


# The package and class name are written into .keras files: renaming either makes older models unreadable.
@keras.saving.register_keras_serializable(package="met_culture")
class MeanAndDeviation(keras.layers.Layer):
    """Mean and standard deviation of each channel over the image: float (n, h, w, c) to (n, 2 c).

    The deviation separates styles with equal means, such as a few strong brush strokes and an even wash.
    Source: second-order statistics as style, Huang and Belongie, Arbitrary Style Transfer, 2017.
    """

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the means, then the deviations."""
        return ops.concatenate([ops.mean(x, (1, 2)), ops.sqrt(ops.var(x, (1, 2)) + EPSILON)], axis=-1)

    def compute_output_shape(
        self, input_shape: tuple[int | None, int | None, int | None, int]
    ) -> tuple[int | None, int]:
        """Return (n, 2 c)."""
        return input_shape[0], 2 * input_shape[-1]
