"""Decode paintings in parallel and write them as one array; memory holds only the images in work."""

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from met_culture.clean.tables import IMAGE_COLUMNS
from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.images.check import ImageError
from met_culture.preprocess.array_file import ArrayFile
from met_culture.preprocess.arrays import to_array
from met_culture.preprocess.params import PreprocessParams

CHUNK = 16  # images in a task; with one image in a task, handing over would take a tenth of the threads' time


def read_painting(painting: Mapping[Any, Any], raw: Path, params: PreprocessParams) -> np.ndarray:
    """Return a painting, a row of paintings.csv, as uint8 (size, size, 3), RGB.

    Raises:
        UserError: The image is missing, or it is not the one that was fetched and checked.
    """
    path = raw / painting["image_file"]
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != painting["image_sha256"]:
            raise UserError(f"{path} is not the image that was fetched; run `dvc repro --force fetch`.")
        return to_array(data, params.image_size, params.fit, params.interpolation)
    except (OSError, ImageError) as error:
        raise UserError(f"{path} cannot be read ({error}); run `dvc repro --force fetch`.") from None


def write_images(paintings: pd.DataFrame, raw: Path, out: Path, params: PreprocessParams) -> None:
    """Write the paintings, in order, as one array of shape (n, size, size, 3).

    Raises:
        UserError: As `read_painting`, for the painting that fails.
    """
    shape = (len(paintings), params.image_size, params.image_size, 3)
    array = ArrayFile.create(out, shape, np.uint8)
    rows = paintings[IMAGE_COLUMNS].to_dict("records")

    def write_chunk(start: int) -> int:
        images = [read_painting(row, raw, params) for row in rows[start : start + CHUNK]]
        array.write(start, np.stack(images))
        return len(images)

    bar: tqdm[None] = progress(None, out.stem, "images", total=len(rows))
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for written in pool.map(write_chunk, range(0, len(rows), CHUNK)):
            bar.update(written)
