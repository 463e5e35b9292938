"""Stage preprocess: decode the paintings and write them as arrays.

Reads: `images/` of fetch; `paintings.csv` and `labels.json` of clean.
Writes, in the folder of the last argument: `{train,val,test}_x.npy` (uint8, (n, size, size, 3), RGB), `{...}_y.npy`
(int64, (n,), the label's place in `labels`), `rows.csv` (objectID, group, label, split, title, ... in the order of the
arrays) and `meta.json` (labels, source and geometry, which the model carries along).

Memory holds the images that the threads are at, whatever their number.
"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from met_culture.clean.tables import SPLITS
from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.common.progress import progress
from met_culture.images.check import ImageError
from met_culture.preprocess.array_file import ArrayFile
from met_culture.preprocess.arrays import to_array
from met_culture.preprocess.params import PreprocessParams

ROWS = ["objectID", "group", "label", "split", "title", "artistDisplayName", "objectDate", "objectURL"]
CHUNK = 16  # images a task; with a task for each, the threads would spend a tenth of their time on handing over


def read_painting(painting: pd.Series, raw: Path, params: PreprocessParams) -> np.ndarray:
    """Return one painting as uint8 (size, size, 3), RGB.

    Raises:
        UserError: The image is missing, or no longer the one that was fetched and checked.
    """
    path = raw / painting.image_file
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != painting.image_sha256:
            raise UserError(f"{path} is not the image that was fetched; run `dvc repro --force fetch`.")
        shortest = min(painting.image_width, painting.image_height)
        return to_array(data, shortest, params.image_size, params.fit, params.interpolation)
    except (OSError, ImageError) as error:
        raise UserError(f"{path} cannot be read ({error}); run `dvc repro --force fetch`.") from None


def write_images(paintings: pd.DataFrame, raw: Path, out: Path, params: PreprocessParams) -> None:
    """Write the paintings, in order, as one array of shape (n, size, size, 3).

    Raises:
        UserError: As `read_painting`, for a painting that fails.
    """
    shape = (len(paintings), params.image_size, params.image_size, 3)
    array = ArrayFile.create(out, shape, np.uint8)
    rows = list(paintings.itertuples(index=False))

    def write(start: int) -> int:
        read = [read_painting(row, raw, params) for row in rows[start : start + CHUNK]]
        array.write(start, np.stack(read))
        return len(read)

    with ThreadPoolExecutor(os.cpu_count()) as pool, progress(None, out.stem, "images", total=len(rows)) as bar:
        for written in pool.map(write, range(0, len(rows), CHUNK)):
            bar.update(written)


def main() -> None:
    """Write the arrays of every split."""
    paths = path_arguments(__doc__, "raw", "clean", "out")
    params = load("preprocess", PreprocessParams)
    cv2.setNumThreads(1)  # the pool has a thread per core already
    meta = read_json(paths.clean / "labels.json") | asdict(params)
    paintings = pd.read_csv(paths.clean / "paintings.csv", keep_default_na=False, dtype={"label": str})
    splits = [paintings[paintings["split"] == name] for name in SPLITS]
    paths.out.mkdir(parents=True, exist_ok=True)
    for name, members in zip(SPLITS, splits, strict=True):
        write_images(members, paths.raw, paths.out / f"{name}_x.npy", params)
        np.save(paths.out / f"{name}_y.npy", members["label"].map(meta["labels"].index).to_numpy(np.int64))
    write_csv(paths.out / "rows.csv", pd.concat(splits)[ROWS])
    write_json(paths.out / "meta.json", meta)


if __name__ == "__main__":
    run(main)
