"""Views of paintings and what can be computed from the maps of the style model: what benchmarks/style.py compares."""

from collections.abc import Callable

import cv2
import keras
import numpy as np
from keras import layers, ops
from probes import trimmed

from met_culture.models.border import BORDER, only_border, without_border
from met_culture.models.layers import ChannelCorrelations, MeanAndDeviation
from met_culture.preprocess.arrays import random_crop, squash
from met_culture.train.efficientnet_lite import STYLE_STAGES, style

SIZE = 224
CROPS = 3
OFFSETS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))  # rows and columns between two positions of a map
Picture = np.ndarray
Statistic = Callable[[keras.KerasTensor], keras.KerasTensor]


def views(picture: Picture, object_id: int, size: int = SIZE, smallest: float = 0.6, seed: int = 0) -> np.ndarray:
    """Return the picture, its mirror image and random crops, as training has them, uint8 (views, size, size, 3)."""
    crops = []
    for number in range(CROPS):
        crops.append(random_crop(picture, np.random.default_rng([seed, object_id, number]), smallest))
    image = squash(picture, size, cv2.INTER_AREA)
    squashed = [squash(np.ascontiguousarray(part), size, cv2.INTER_AREA) for part in crops]
    return np.stack([image, image[:, ::-1], *squashed])


def cut(picture: Picture) -> Picture:
    """Return the picture without the border that `without_border` masks."""
    height, width = (round(BORDER * size) for size in picture.shape[:2])
    return picture[height : len(picture) - height, width : picture.shape[1] - width]


def border(picture: Picture) -> Picture:
    """Return the picture with only its border."""
    return only_border(picture[None])[0]


def grey(picture: Picture) -> Picture:
    """Return the picture without colour."""
    return np.repeat(picture.mean(axis=2, keepdims=True).round().astype(np.uint8), 3, axis=2)


PICTURES: dict[str, Callable[[Picture], Picture]] = {"cut": cut, "border": border, "grey": grey, "trimmed": trimmed}


def inside(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return the correlations of the map without its border."""
    return ChannelCorrelations()(layers.Cropping2D(round(BORDER * x.shape[1]))(x))


def autocorrelations(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return how each channel goes with itself at a neighbouring position: the size of strokes and textures."""
    height, width = x.shape[1:3]
    centred = x - ops.mean(x, (1, 2), keepdims=True)
    variance = ops.mean(ops.square(centred), (1, 2)) + 1e-3
    result = []
    for down, right in OFFSETS:
        products = centred[:, : height - down, : width - right] * centred[:, down:, right:]
        result.append(ops.mean(products, (1, 2)) / variance)
    return ops.concatenate(result, axis=-1)


def neighbours(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return how each pair of channels goes together at positions one column or one row apart."""
    height, width, channels = x.shape[1:]
    scaled = ops.reshape(ChannelCorrelations().standardise(x), (-1, height, width, channels))
    total = 0.0
    for first, second in ((scaled[:, :, :-1], scaled[:, :, 1:]), (scaled[:, :-1], scaled[:, 1:])):
        first, second = (ops.reshape(part, (-1, height * (width - 1), channels)) for part in (first, second))
        matrix = ops.matmul(ops.transpose(first, (0, 2, 1)), second) / (height * (width - 1))
        total = total + matrix + ops.transpose(matrix, (0, 2, 1))
    rows, columns = np.triu_indices(channels)
    return ops.take(ops.reshape(total, (-1, channels * channels)), rows * channels + columns, axis=1)


STATISTICS: dict[str, Statistic] = {
    "correlations": lambda x: ChannelCorrelations()(x),
    "inside": inside,
    "autocorrelations": autocorrelations,
    "neighbours": neighbours,
    "means and deviations": lambda x: MeanAndDeviation()(x),
}


def features(images: np.ndarray, statistic: str = "correlations") -> np.ndarray:
    """Return a statistic of the maps of images, uint8 (n, views, size, size, 3), as float32 (n, views, features)."""
    size = images.shape[2]
    frozen, _ = style(size)
    maps = [frozen.get_layer(f"correlations_{stage}").input for stage in STYLE_STAGES]
    whole = keras.Model(frozen.input, ops.concatenate([STATISTICS[statistic](x) for x in maps], axis=-1))
    flat = images.reshape(-1, size, size, 3)
    values = [np.asarray(whole.predict_on_batch(flat[start : start + 16])) for start in range(0, len(flat), 16)]
    return np.concatenate(values).reshape(*images.shape[:2], -1)


def masked(images: np.ndarray) -> np.ndarray:
    """Return images, uint8 (n, views, size, size, 3), whose borders have the mean colour of the inside."""
    return without_border(images.reshape(-1, *images.shape[2:])).reshape(images.shape)


def channels(correlations: np.ndarray) -> list[np.ndarray]:
    """Return the correlations of each map, (n, views, features), from those of all maps."""
    frozen, _ = style(SIZE)
    widths = [frozen.get_layer(f"correlations_{stage}").output.shape[-1] for stage in STYLE_STAGES]
    return np.split(correlations, np.cumsum(widths)[:-1], axis=-1)
