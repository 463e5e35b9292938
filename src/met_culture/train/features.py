"""The features of paintings: computed once, kept on disk, and read in blocks as standardised rows."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.preprocess.array_file import ArrayFile
from met_culture.train.disk import check_disk
from met_culture.train.paintings import Paintings

IMAGES = 96  # views at most in a batch of the network, unless one painting has more
PAINTINGS = 16  # at most in such a batch
ROWS = 1024  # rows of features at most in memory at once, unless one painting has more
BLOCK = 128  # paintings at most that these rows belong to


def compute_features(model: keras.Model, paintings: Paintings, views: int) -> ArrayFile:
    """Return the features of the first views of paintings, float32 (n, views, features), in a file without a name.

    Raises:
        UserError: The disk has no room for them, or they are no finite numbers.
    """
    shape = len(paintings), views, model.output_shape[-1]
    check_disk(4 * int(np.prod(shape)), "features")
    with tempfile.TemporaryDirectory() as folder:  # the file exists without a name as long as it is open
        features = ArrayFile.create(Path(folder) / "features.npy", shape, np.float32)
    done = 0
    bar: Any = progress(None, "features", "images", total=len(paintings) * views)
    with bar:
        for batch in paintings.batches(min(PAINTINGS, max(1, IMAGES // views))):
            images = batch[:, :views].reshape(-1, *batch.shape[2:])
            values = np.asarray(model.predict_on_batch(images)).astype(np.float32)
            if not np.isfinite(values).all():
                raise UserError("the network gives features that are no finite numbers; set train.precision: float32.")
            features.write(done, values.reshape(len(batch), *shape[1:]))
            done += len(batch)
            bar.update(len(images))
    return features


@dataclass(frozen=True)
class Scaling:
    """What standardises features, in the order of the weights of a layer BatchNormalization.

    Attributes:
        mean: Mean of each feature, float32 (features,).
        variance: Variance of each feature, float32 (features,).
        epsilon: Added to the variance.
    """

    mean: np.ndarray
    variance: np.ndarray
    epsilon: float

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Return standardised features, float64, divided by the root of their number, so that c is comparable."""
        deviation = np.sqrt(self.variance.astype(np.float64) + self.epsilon)
        return (features - self.mean.astype(np.float64)) / (deviation * np.sqrt(len(deviation)))


def read_blocks(features: ArrayFile, paintings: np.ndarray, views: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the first `views` views of some paintings in blocks: positions among all rows, float32 (rows, features).

    Args:
        features: Of all paintings, (n, all views, features).
        paintings: Indices of paintings.
        views: Number of views; the views of a painting are consecutive rows.
    """
    block = min(BLOCK, max(1, ROWS // features.shape[1]))
    for start in range(0, len(paintings), block):
        part = features[paintings[start : start + block]][:, :views]
        rows = part.reshape(-1, part.shape[-1])
        yield slice(start * views, start * views + len(rows)), rows


def scaling(features: ArrayFile, paintings: np.ndarray, epsilon: float) -> Scaling:
    """Return mean and variance of each feature over all views of some paintings; two passes, in float64."""
    views, total = features.shape[1], features.shape[1] * len(paintings)
    mean, variance = np.zeros(features.shape[-1]), np.zeros(features.shape[-1])
    for _, rows in read_blocks(features, paintings, views):
        mean += rows.sum(axis=0, dtype=np.float64) / total
    for _, rows in read_blocks(features, paintings, views):
        variance += np.square(rows - mean).sum(axis=0) / total
    return Scaling(mean.astype(np.float32), variance.astype(np.float32), epsilon)


def kernel(features: ArrayFile, paintings: np.ndarray, scale: Scaling) -> np.ndarray:
    """Return the products of all rows of some paintings, float64 (rows, rows); a row is a view of a painting."""
    views = features.shape[1]
    result = np.empty((len(paintings) * views,) * 2)
    for position, rows in read_blocks(features, paintings, views):
        left = scale.apply(rows)
        for other, more in read_blocks(features, paintings, views):
            if other.start <= position.start:
                right = left if other == position else scale.apply(more)
                result[position, other] = left @ right.T
                result[other, position] = result[position, other].T
    return result
