"""Decode paintings in parallel and write them as one array; memory holds only the images in work."""

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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
from met_culture.preprocess.arrays import to_array, to_crops
from met_culture.preprocess.params import PreprocessParams

CHUNK = 16  # images in a task; with one image in a task, handing over would take a tenth of the threads' time


def _convert(painting: Mapping[Any, Any], raw: Path, convert: Callable[[bytes], np.ndarray]) -> np.ndarray:
    # Returns the array that `convert` makes of the bytes of the painting's image.
    path = raw / painting["image_file"]
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != painting["image_sha256"]:
            raise UserError(f"{path} is not the image that was fetched; run `dvc repro --force fetch`.")
        return convert(data)
    except (OSError, ImageError) as error:
        raise UserError(f"{path} cannot be read ({error}); run `dvc repro --force fetch`.") from None


def read_painting(painting: Mapping[Any, Any], raw: Path, params: PreprocessParams) -> np.ndarray:
    """Return a painting, a row of paintings.csv, as uint8 (size, size, 3), RGB.

    Raises:
        UserError: The image is missing, or it is not the one that was fetched and checked.
    """
    return _convert(painting, raw, lambda data: to_array(data, params.image_size, params.fit, params.interpolation))


def read_crops(painting: Mapping[Any, Any], raw: Path, params: PreprocessParams) -> np.ndarray:
    """Return random crops of a painting as uint8 (crops, size, size, 3), RGB; other paintings do not change them.

    Raises:
        UserError: As `read_painting`.
    """
    keys = [[params.seed, painting["objectID"], number] for number in range(params.crops)]
    rngs = [np.random.default_rng(key) for key in keys]
    geometry = params.crop_min, params.image_size, params.fit, params.interpolation
    return _convert(painting, raw, lambda data: to_crops(data, rngs, *geometry))


def write_images(paintings: pd.DataFrame, raw: Path, out: Path, params: PreprocessParams) -> None:
    """Write the paintings, in order, as one array of shape (n, size, size, 3).

    Raises:
        UserError: As `read_painting`, for the painting that fails.
    """
    shape = (len(paintings), params.image_size, params.image_size, 3)
    _write(paintings, out, shape, partial(read_painting, raw=raw, params=params))


def write_crops(paintings: pd.DataFrame, raw: Path, out: Path, params: PreprocessParams) -> None:
    """Write random crops of the paintings as one array of shape (n, crops, size, size, 3), which may be empty.

    Raises:
        UserError: As `read_painting`, for the painting that fails.
    """
    shape = (len(paintings), params.crops, params.image_size, params.image_size, 3)
    if params.crops:
        _write(paintings, out, shape, partial(read_crops, raw=raw, params=params))
    else:
        np.save(out, np.zeros(shape, np.uint8))


def _write(
    paintings: pd.DataFrame, out: Path, shape: tuple[int, ...], read: Callable[[Mapping[Any, Any]], np.ndarray]
) -> None:
    array = ArrayFile.create(out, shape, np.uint8)
    rows = paintings[["objectID", *IMAGE_COLUMNS]].to_dict("records")

    def write_chunk(start: int) -> int:
        chunk = rows[start : start + CHUNK]
        for index, row in enumerate(chunk, start):  # one at a time, because the crops of 16 paintings may be gigabytes
            array.write(index, read(row)[None])
        return len(chunk)

    bar: tqdm[None] = progress(None, out.stem, "images", total=len(rows))
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for written in pool.map(write_chunk, range(0, len(rows), CHUNK)):
            bar.update(written)
