"""Divide the logit of a model of correlations among the positions of an image.

A correlation is a sum over positions, and the logit is a weighted sum of correlations. So the parts of all positions
add up to the logit, minus the mean logit of the labels and minus that of the average training image. A position counts
with all its channels together; what the other positions show is in the standardisation of the channels.
"""

import functools

import cv2
import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.models.layers import ChannelCorrelations


@functools.lru_cache(4)  # the backend would compile a new submodel again on every call
def _maps(model: keras.Model) -> keras.Model:
    return keras.Model(model.inputs, [layer.input for layer in correlation_layers(model)])


def correlation_layers(model: keras.Model) -> list[ChannelCorrelations]:
    """Return the layers of correlations of a model of `load_model`; none for another network."""
    return [layer for layer in model.layers if isinstance(layer, ChannelCorrelations)]


def _weights(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    # Returns the weight of each correlation in the logits minus their mean, (features, labels), and the mean features.
    features = sum(layer.output.shape[-1] for layer in correlation_layers(model))
    try:
        head = model.layers[-1]
        standardise, label = head.get_layer("standardise"), head.get_layer("label")
        (mean, variance), (weights, _) = standardise.get_weights(), label.get_weights()
        if not len(mean) == len(variance) == len(weights) == features:
            raise ValueError
    except (AttributeError, ValueError):  # a file of another origin may have any layers
        name = getattr(model, "file", "the model")
        raise UserError(f"{name} has no heat maps: its last layers are not those of train.model: style.") from None
    weights = weights - weights.mean(axis=1, keepdims=True)
    return weights / np.sqrt(variance + standardise.epsilon)[:, None], mean


def _parts(channels: np.ndarray, weights: np.ndarray, mean: np.ndarray) -> np.ndarray:
    # Returns the part of each position, (positions,), from standardised channels, (positions, channels), and the
    # weights and means of their correlations.
    positions, count = channels.shape
    matrix = np.zeros((count, count))
    matrix[np.triu_indices(count, 1)] = weights
    return (((channels @ matrix) * channels).sum(axis=1) - weights @ mean) / positions


def correlation_evidence(model: keras.Model, images: np.ndarray, label_indices: np.ndarray) -> np.ndarray:
    """Return the part of each position in a label's logit, float64 (n, h, w), of the size of the largest map.

    Args:
        model: As `load_model` returns it.
        images: uint8 (n, size, size, 3), RGB.
        label_indices: Index of the label for each image, int (n,).

    Returns:
        Positive values support the label, negative ones other labels. The sum over an image is the label's logit minus
        the mean logit, minus the same of the average training image.

    Raises:
        UserError: The layers above the correlations are not those of `train.model: style`.
    """
    weights, mean = _weights(model)
    maps = _maps(model).predict_on_batch(images)
    height, width = max(layer.input.shape[1:3] for layer in correlation_layers(model))
    result, start = np.zeros((len(images), height, width)), 0
    for layer, values in zip(correlation_layers(model), maps, strict=True):
        channels = keras.ops.convert_to_numpy(layer.standardise(values)).astype(np.float64)
        part = slice(start, start := start + layer.output.shape[-1])
        size = layer.input.shape[1:3]
        for index, label in enumerate(label_indices):
            parts = _parts(channels[index], weights[part, label], mean[part]).reshape(size)
            # Each position of a smaller map covers several of the largest, which share its part.
            spread = cv2.resize(parts, (width, height), interpolation=cv2.INTER_NEAREST)
            result[index] += spread * (parts.size / spread.size)
    return result
