"""Arrays in .npy files, read and written by rows, so that a process is never larger than the rows it holds.

A memory map is simpler, but whatever it has touched counts as the process's memory, and a full disk ends the process
without a word.
"""

import os
import weakref
from itertools import pairwise
from pathlib import Path

import numpy as np

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
            UserError: It is no such file, or cut off.
        """
        try:
            mapped = np.load(path, mmap_mode="r")  # finds shape and place, and touches nothing
        except (ValueError, EOFError) as error:
            raise UserError(f"{path} is not a whole .npy file ({error}); run `dvc repro --force preprocess`.") from None
        self.shape, self.dtype, self._start = mapped.shape, mapped.dtype, mapped.offset
        self._path, self._file = path, os.open(path, os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._places = np.arange(len(self))
        self._row_bytes = int(np.prod(self.shape[1:])) * self.dtype.itemsize

    @classmethod
    def create(cls, path: Path, shape: tuple[int, ...], dtype: type) -> "ArrayFile":
        """Make a file of zeros and open it."""
        np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        return cls(path)

    def write(self, start: int, rows: np.ndarray) -> None:
        """Write rows, (n, ...), from row `start` on.

        Raises:
            OSError: The disk is full.
        """
        data = memoryview(np.ascontiguousarray(rows, self.dtype).reshape(-1).view(np.uint8))
        place = self._start + start * self._row_bytes
        while data:  # a call may write less than it is given
            written = os.pwrite(self._file, data, place)
            data, place = data[written:], place + written

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        """Return one row, or those of a slice or of int (n,) in that order."""
        places = self._places[rows]
        result = np.empty((*places.shape, *self.shape[1:]), self.dtype)
        data, size = memoryview(result.reshape(-1).view(np.uint8)), self._row_bytes
        # Neighbours are read at once.
        ends = [*np.flatnonzero(np.diff(places.ravel()) != 1) + 1, places.size] if places.size else []
        for first, end in pairwise([0, *ends]):
            self._read(int(places.flat[first]), data[first * size : end * size])
        return result

    def _read(self, start: int, into: memoryview) -> None:
        place = self._start + start * self._row_bytes
        while into:
            read = os.preadv(self._file, [into], place)
            if not read:
                raise UserError(f"{self._path} has become shorter; run `dvc repro --force preprocess`.")
            into, place = into[read:], place + read
