"""Batches for any Keras backend: this module imports no TensorFlow."""

import keras
import numpy as np

from met_culture.augment import augment
from met_culture.params import AugmentParams


class Batches(keras.utils.PyDataset):
    """One epoch of images, shuffled and augmented; any epoch can be repeated alone.

    The order derives from (seed, epoch), an image's augmentation from (seed, epoch, index), so neither depends on
    history, batch size or threads.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, labels: int, batch_size: int) -> None:
        """Take the images in order and as they are.

        Args:
            x: Images, uint8 (n, size, size, 3); may be memory-mapped.
            y: Classes, int (n,).
            labels: Number of classes.
            batch_size: Images a batch; the last may hold fewer.
        """
        super().__init__()
        self._x, self._y, self._batch_size = x, keras.utils.to_categorical(y, labels), batch_size
        self._order = np.arange(len(x))
        self._augmented: tuple[int, int, AugmentParams] | None = None

    def epoch(self, seed: int, epoch: int, params: AugmentParams) -> "Batches":
        """Turn to the images of one epoch, shuffled and augmented; returns itself."""
        self._order = np.random.default_rng([seed, epoch]).permutation(len(self._x))
        self._augmented = seed, epoch, params
        return self

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self._x)

    def size(self, batch: int) -> int:
        """Return the number of images in a batch."""
        return min(self._batch_size, self.images - batch * self._batch_size)

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-len(self._x) // self._batch_size)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return images, uint8 (b, size, size, 3), and classes, one-hot float32 (b, labels)."""
        rows = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        if self._augmented is None:
            return self._x[rows], self._y[rows]
        seed, epoch, params = self._augmented
        images = [augment(self._x[row], np.random.default_rng([seed, epoch, row]), params) for row in rows]
        return np.stack(images), self._y[rows]
