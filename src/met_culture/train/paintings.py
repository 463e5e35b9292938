"""The images that the last layer of a pretrained network is fitted to: several views of each painting."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from met_culture.common.csv_files import check_splits, read_table
from met_culture.common.files import damaged
from met_culture.common.schemas import ROWS
from met_culture.models.border import without_border
from met_culture.preprocess.array_file import Array, read_classes, read_crops, read_images

REBUILD = "dvc repro preprocess"
SPLITS = ("train", "val")


@dataclass(frozen=True)
class Paintings:
    """The training paintings, then the validation paintings.

    Attributes:
        images: Images of each of the two splits, uint8 (n, size, size, 3).
        crops: Crops of each of the two splits, uint8 (n, crops, size, size, 3).
        classes: Class of each painting, int64 (n,).
        groups: Group of each painting, text (n,).
        mask_border: Whether the image without its border is the last view.
    """

    images: tuple[Array, ...]
    crops: tuple[Array, ...]
    classes: np.ndarray
    groups: np.ndarray
    mask_border: bool

    def __len__(self) -> int:
        """Return the number of paintings."""
        return len(self.classes)

    @property
    def views(self) -> int:
        """Number of views of a painting: image, mirror image, crops, image without its border."""
        return 2 + self.crops[0].shape[1] + self.mask_border

    @property
    def training(self) -> np.ndarray:
        """Indices of the training paintings."""
        return np.arange(len(self.images[0]))

    @property
    def validation(self) -> np.ndarray:
        """Indices of the validation paintings."""
        return np.arange(len(self.images[0]), len(self))

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """Yield the views of at most `size` paintings at a time, in order, uint8 (size, views, size, size, 3)."""
        for images, crops in zip(self.images, self.crops, strict=True):
            for start in range(0, len(images), size):
                rows = slice(start, start + size)
                image = images[rows]
                views = [image[:, None], image[:, None, :, ::-1], crops[rows]]
                if self.mask_border:
                    views.append(without_border(image)[:, None])
                yield np.concatenate(views, axis=1)


def load_paintings(arrays: Path, labels: int, size: int, *, mask_border: bool) -> Paintings:
    """Return the training and validation paintings from the folder of preprocess.

    Args:
        arrays: The folder.
        labels: Number of classes.
        size: Width and height that the images must have.
        mask_border: Whether the image without its border is another view.

    Raises:
        UserError: A file is missing, damaged, or does not fit the others.
    """
    images = tuple(read_images(arrays / f"{split}_x.npy", size) for split in SPLITS)
    crops, classes = [], []
    for split, array in zip(SPLITS, images, strict=True):
        crops.append(read_crops(arrays / f"{split}_crops.npy", len(array), size))
        classes.append(read_classes(arrays / f"{split}_y.npy", len(array), labels))
    if crops[0].shape[1] != crops[1].shape[1]:
        raise damaged(arrays / "val_crops.npy", "train_crops.npy has another number of crops", REBUILD)
    rows = read_table(arrays / "rows.csv", ROWS, REBUILD)
    check_splits(arrays / "rows.csv", rows, SPLITS, REBUILD)
    groups = [rows.loc[rows["split"] == split, "group"].to_numpy(str) for split in SPLITS]
    if [len(group) for group in groups] != [len(array) for array in images]:
        raise damaged(arrays / "rows.csv", "it has another number of rows than the arrays", REBUILD)
    return Paintings(images, tuple(crops), np.concatenate(classes), np.concatenate(groups), mask_border)
