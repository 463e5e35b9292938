"""Batches of images for any Keras backend: this module imports no TensorFlow."""

import math
import tempfile
from pathlib import Path

import keras
import numpy as np

from met_culture.preprocess.array_file import ArrayFile, read_classes, read_images
from met_culture.train.augment import augment
from met_culture.train.disk import check_disk
from met_culture.train.params import AugmentParams, TrainParams

FROZEN_BATCH = 32  # images in a batch of the frozen part
Version = tuple[int, int] | None  # seed and number of an augmented version; None for the images as they are


class Batches(keras.utils.PyDataset):
    """One epoch of images, shuffled and augmented; every epoch can be computed on its own.

    The order depends on (seed, epoch) and an image's augmentation on (seed, epoch, index), so neither depends on
    history, batch size or threads. If a part of the network is frozen, the batches hold its output for the images.
    Then each image has only `versions` augmented versions, which the epochs use in turn.
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
        """Start with the images in order and not augmented.

        Args:
            x: Images, uint8 (n, size, size, 3).
            y: Classes, int (n,).
            labels: Number of classes.
            batch_size: Images in a batch; the last may hold fewer.
            frozen: Frozen part of the network; it runs once for each version of an image.
            versions: Number of augmented versions of each image; without `frozen` every epoch has its own.
        """
        super().__init__()
        self._x, self._y, self._batch_size = x, keras.utils.to_categorical(y, labels), batch_size
        self._order = np.arange(len(x))
        self._version: Version = None
        self._augment: AugmentParams | None = None
        self._frozen, self._versions = frozen, versions
        self._activations: dict[Version, ArrayFile] = {}

    def epoch(self, seed: int, epoch: int, params: AugmentParams) -> "Batches":
        """Switch to the images of an epoch, shuffled and augmented; return self."""
        self._order = np.random.default_rng([seed, epoch]).permutation(len(self._x))
        self._version = seed, epoch % self._versions if self._frozen else epoch
        self._augment = params
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
        """Return images, uint8 (b, size, size, 3), or the frozen part's output for them; and classes, one-hot."""
        return self.part(batch, 0, 1)

    def part(self, batch: int, index: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
        """Return one of several equal parts of a batch, by its index from 0; reads only the images of that part."""
        rows = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        rows = rows[index * len(rows) // parts : (index + 1) * len(rows) // parts]
        if self._frozen is None:
            return self._images(rows), self._y[rows]
        if self._version not in self._activations:
            self._activations[self._version] = self._run_frozen(self._frozen)
        return self._activations[self._version][rows].astype(np.float32), self._y[rows]

    def _images(self, rows: np.ndarray) -> np.ndarray:
        if self._version is None or self._augment is None:
            return self._x[rows]
        images = []
        for row in rows:
            rng = np.random.default_rng([*self._version, row])
            images.append(augment(self._x[row], rng, self._augment))
        return np.stack(images)

    def _run_frozen(self, frozen: keras.Model) -> ArrayFile:
        # On disk and in half precision: a painting takes 44 kB a version, at 224 pixels and from block 11 on.
        shape = len(self._x), *frozen.output_shape[1:]
        self._check_disk(math.prod(shape) * 2)
        with tempfile.TemporaryDirectory() as folder:  # the file exists without a name as long as it is open
            activations = ArrayFile.create(Path(folder) / "activations.npy", shape, np.float16)
        for start in range(0, len(self._x), FROZEN_BATCH):
            rows = np.arange(start, min(start + FROZEN_BATCH, len(self._x)))
            activations.write(start, frozen.predict_on_batch(self._images(rows)))
        return activations

    def _check_disk(self, version_bytes: int) -> None:
        # Checked for all versions before the first one, so that the disk cannot become full later in the training.
        missing = 1
        if self._version is not None:
            missing = self._versions - len(self._activations.keys() - {None})
        check_disk(version_bytes * missing, "activations")


def load_batches(
    arrays: Path,
    split: str,
    labels: int,
    params: TrainParams,
    frozen: keras.Model | None,
    size: int | None = None,
) -> Batches:
    """Return the images of a split.

    Args:
        arrays: Folder of the arrays of preprocess.
        split: train or val.
        labels: Number of classes.
        params: Batch size and number of versions.
        frozen: As in `Batches`.
        size: Width and height that the images must have; None for any.

    Raises:
        UserError: An array is missing or damaged.
    """
    x = read_images(arrays / f"{split}_x.npy", size)
    y = read_classes(arrays / f"{split}_y.npy", len(x), labels)
    return Batches(x, y, labels, params.batch_size, frozen, params.versions)
