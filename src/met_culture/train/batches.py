"""Batches for any Keras backend: this module imports no TensorFlow."""

import math
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.preprocess.array_file import ArrayFile
from met_culture.train.augment import augment
from met_culture.train.params import AugmentParams

PASSED = 32  # images that pass the frozen part at once


class Batches(keras.utils.PyDataset):
    """One epoch of images, shuffled and augmented; any epoch can be repeated alone.

    The order derives from (seed, epoch), an image's augmentation from (seed, epoch, index), so neither depends on
    history, batch size or threads. Where a part of the network is frozen, the batches hold what it makes of the images;
    then there are only so many augmented versions, and epochs take turns with them.
    """

    def __init__(
        self,
        x: np.ndarray | ArrayFile,
        y: np.ndarray,
        labels: int,
        batch_size: int,
        frozen: keras.Model | None = None,
        versions: int = 1,
    ) -> None:
        """Take the images in order and as they are.

        Args:
            x: Images, uint8 (n, size, size, 3).
            y: Classes, int (n,).
            labels: Number of classes.
            batch_size: Images a batch; the last may hold fewer.
            frozen: The part of the network that every image passes once for each version.
            versions: Number of augmented versions of each image; without `frozen` every epoch has its own.
        """
        super().__init__()
        self._x, self._y, self._batch_size = x, keras.utils.to_categorical(y, labels), batch_size
        self._order = np.arange(len(x))
        self._augmented: tuple[int, int, AugmentParams] | None = None
        self._frozen, self._versions = frozen, versions
        self._kept: dict[tuple[int, int] | None, ArrayFile] = {}

    def epoch(self, seed: int, epoch: int, params: AugmentParams) -> "Batches":
        """Turn to the images of one epoch, shuffled and augmented; returns itself."""
        self._order = np.random.default_rng([seed, epoch]).permutation(len(self._x))
        self._augmented = seed, epoch % self._versions if self._frozen else epoch, params
        return self

    @property
    def one_hot(self) -> np.ndarray:
        """The classes in order, float32 (n, labels)."""
        return self._y

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
        """Return images, uint8 (b, size, size, 3), or what the frozen part makes of them; and classes, one-hot."""
        return self.part(batch, 0, 1)

    def part(self, batch: int, piece: int, pieces: int) -> tuple[np.ndarray, np.ndarray]:
        """Return as `[batch]` one of so many pieces of a batch, counted from 0, in order; only its images are read."""
        rows = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        rows = rows[piece * len(rows) // pieces : (piece + 1) * len(rows) // pieces]
        if self._frozen is None:
            return self._images(rows), self._y[rows]
        return self._passed()[rows].astype(np.float32), self._y[rows]

    def _images(self, rows: np.ndarray) -> np.ndarray:
        if self._augmented is None:
            return self._x[rows]
        seed, version, params = self._augmented
        return np.stack([augment(self._x[row], np.random.default_rng([seed, version, row]), params) for row in rows])

    def _passed(self) -> ArrayFile:
        version = self._augmented and self._augmented[:2]
        if version not in self._kept:
            # On disk and in half precision: a painting takes 44 kB a version, at 224 pixels and from block 11 on.
            shape = len(self._x), *self._frozen.output_shape[1:]
            # Asked before the first augmented version, for all, so that nobody waits for a disk that will be full.
            to_come = self._versions - len(self._kept.keys() - {None}) if version else 1
            needed, folder = math.prod(shape) * 2 * to_come, tempfile.gettempdir()
            if shutil.disk_usage(folder).free < needed:
                raise UserError(
                    f"{folder} has no room for {needed:,} bytes of activations; set TMPDIR to a larger disk."
                )
            with tempfile.TemporaryDirectory() as named:  # the file outlives its name, as long as it is open
                kept = ArrayFile.create(Path(named) / "kept.npy", shape, np.float16)
            for start in range(0, len(self._x), PASSED):
                rows = np.arange(start, min(start + PASSED, len(self._x)))
                kept.write(start, self._frozen.predict_on_batch(self._images(rows)))
            self._kept[version] = kept
        return self._kept[version]
