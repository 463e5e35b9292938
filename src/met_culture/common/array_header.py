"""Read the header of a .npy file; every fault is one sentence with the file and the command that rebuilds it."""

import tokenize
from pathlib import Path

import numpy as np

from met_culture.common.errors import UserError

# What NumPy raises for a header that is cut off, no Python, nested too deeply, or of an impossible shape.
FAULTS = (ValueError, TypeError, EOFError, SyntaxError, tokenize.TokenError, OverflowError, RecursionError, MemoryError)


def damaged_array(path: Path, reason: object) -> UserError:
    """Return the error of an array that cannot be used."""
    words = " ".join(str(reason).split())[:200]
    return UserError(f"{path} is not a whole .npy file ({words}); run `dvc repro --force preprocess`.")


def read_header(path: Path) -> tuple[tuple[int, ...], np.dtype, int]:
    """Return shape, type and the position of the first byte of the array in a .npy file.

    Raises:
        UserError: The file is not a .npy file of numbers in rows, or it is cut off.
    """
    try:
        mapped = np.lib.format.open_memmap(path, mode="r")  # reads the header alone
    except FAULTS as error:
        raise damaged_array(path, error) from None
    if path.stat().st_size != mapped.offset + mapped.nbytes:
        raise damaged_array(path, "it is longer than its shape says")
    if mapped.ndim < 1 or not mapped.flags.c_contiguous or mapped.dtype.kind not in "biuf":
        raise damaged_array(path, f"it holds {mapped.dtype} of shape {mapped.shape}")
    return mapped.shape, mapped.dtype, mapped.offset
