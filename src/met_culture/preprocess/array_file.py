"""Arrays in .npy files, read and written by rows, so that memory holds only the rows in use.

A memory map is simpler, but every page that it touches counts as memory of the process, and a full disk kills the
process without an error message.
"""

import os
import weakref
from pathlib import Path

import numpy as np

from met_culture.common.array_header import damaged_array, read_header
from met_culture.common.errors import UserError


class ArrayFile:
    """An array on disk whose first axis is its rows; threads may share it.

    Attributes:
        shape: Its shape, rows first.
        dtype: Its type.
    """

    def __init__(self, path: Path) -> None:
        """Open a .npy file; it may be deleted while it is open.

        Raises:
            UserError: The file is not a .npy file of numbers in rows, or it is cut off.
        """
        self.shape, self.dtype, self._start = read_header(path)
        self._path, self._file = path, os.open(path, os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._indices = np.arange(len(self))
        self._row_bytes = int(np.prod(self.shape[1:])) * self.dtype.itemsize

    @classmethod
    def create(cls, path: Path, shape: tuple[int, ...], dtype: type) -> "ArrayFile":
        """Create a file of zeros and open it."""
        np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        return cls(path)

    def write(self, start: int, rows: np.ndarray) -> None:
        """Write rows, (n, ...), beginning at row `start`.

        Raises:
            OSError: The disk is full.
        """
        data = np.ascontiguousarray(rows, self.dtype).reshape(-1).view(np.uint8).data
        position = self._start + start * self._row_bytes
        while data:  # one call may write only a part
            written = os.pwrite(self._file, data, position)
            data, position = data[written:], position + written

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        """Return one row, or the rows of a slice or of indices, int (n,), in that order."""
        indices = self._indices[rows]
        result = np.empty((*indices.shape, *self.shape[1:]), self.dtype)
        buffer, filled = result.reshape(-1).view(np.uint8).data, 0
        flat = indices.ravel()
        # Consecutive rows are read together.
        for consecutive in np.split(flat, np.flatnonzero(np.diff(flat) != 1) + 1):
            if consecutive.size:
                end = filled + consecutive.size * self._row_bytes
                self._read_into(buffer[filled:end], int(consecutive[0]))
                filled = end
        return result

    def _read_into(self, buffer: memoryview, start: int) -> None:
        """Fill a buffer with the bytes of the file, beginning at row `start`."""
        position = self._start + start * self._row_bytes
        while buffer:
            read = os.preadv(self._file, [buffer], position)
            if not read:
                raise UserError(f"{self._path} has become shorter; run `dvc repro --force preprocess`.")
            buffer, position = buffer[read:], position + read


Array = np.ndarray | ArrayFile  # rows in memory or on disk


def read_images(path: Path, size: int | None) -> ArrayFile:
    """Return the images of a split, uint8 (n, size, size, 3), at least one.

    Args:
        path: The file.
        size: Width and height that the images must have, in pixels; None for any.

    Raises:
        UserError: The file is missing, damaged, or of another size.
    """
    images = _open(path)
    side = size or images.shape[-2] if len(images.shape) > 1 else 0
    if images.dtype != np.uint8 or images.shape[1:] != (side, side, 3) or not len(images):
        raise damaged_array(
            path, f"it holds {images.dtype} of shape {images.shape}, not images of {size or 'n'} pixels"
        )
    return images


def read_crops(path: Path, images: int, size: int) -> ArrayFile:
    """Return the crops of the images of a split, uint8 (images, crops, size, size, 3); there may be none.

    Args:
        path: The file.
        images: Number of images.
        size: Width and height of a crop in pixels.

    Raises:
        UserError: The file is missing, damaged, or does not fit the images.
    """
    crops = _open(path)
    if crops.dtype != np.uint8 or len(crops.shape) != 5 or (len(crops), *crops.shape[2:]) != (images, size, size, 3):
        raise damaged_array(path, f"it holds {crops.dtype} of shape {crops.shape}, not crops of {images} images")
    return crops


def read_classes(path: Path, images: int, labels: int) -> np.ndarray:
    """Return the class of each image of a split, int64 (images,).

    Args:
        path: The file.
        images: Number of images.
        labels: Number of labels.

    Raises:
        UserError: The file is missing, damaged, or does not fit the images and labels.
    """
    file = _open(path)
    if file.dtype.kind not in "iu" or file.shape != (images,):
        raise damaged_array(path, f"it holds {file.dtype} of shape {file.shape}, not the classes of {images} images")
    classes = file[:]
    if images and not 0 <= classes.min() <= classes.max() < labels:
        raise damaged_array(path, f"a class is not among the {labels} labels")
    return classes


def _open(path: Path) -> ArrayFile:
    try:
        return ArrayFile(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run `dvc repro preprocess`.") from None
