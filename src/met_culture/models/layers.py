"""The pooling layers of the pretrained networks."""

import keras
import numpy as np
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


@keras.saving.register_keras_serializable(package="met_culture")
class ChannelCorrelations(keras.layers.Layer):
    """Correlation of each pair of channels over the image: float (n, h, w, c) to (n, c (c - 1) / 2).

    They say which features occur together, wherever that is: the style of an image rather than its content.
    Source: Gatys, Ecker and Bethge, Image Style Transfer Using Convolutional Neural Networks, 2016, whose Gram matrix
    is neither centred nor scaled.
    """

    def standardise(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return each channel with mean 0 and deviation 1, or less if it hardly varies: (n, h w, c)."""
        height, width, channels = x.shape[1:]
        x = ops.reshape(x, (-1, height * width, channels))
        x = x - ops.mean(x, axis=1, keepdims=True)
        return x / ops.sqrt(ops.mean(ops.square(x), axis=1, keepdims=True) + EPSILON)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the upper triangle of the correlation matrix, row by row, without its diagonal."""
        x = self.standardise(x)
        positions, channels = x.shape[1:]
        matrix = ops.matmul(ops.transpose(x, (0, 2, 1)), x) / positions
        rows, columns = np.triu_indices(channels, 1)
        return ops.take(ops.reshape(matrix, (-1, channels * channels)), rows * channels + columns, axis=1)

    def compute_output_shape(
        self, input_shape: tuple[int | None, int | None, int | None, int]
    ) -> tuple[int | None, int]:
        """Return (n, c (c - 1) / 2)."""
        return input_shape[0], input_shape[-1] * (input_shape[-1] - 1) // 2
