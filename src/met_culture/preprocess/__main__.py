"""Stage preprocess: decode the paintings and write them as arrays.

Reads: `images/` of fetch; `paintings.csv` and `labels.json` of clean.
Writes, in the folder of the last argument: `{train,val,test}_x.npy` (uint8, (n, size, size, 3), RGB), `{...}_y.npy`
(int64, (n,), the index of the label in `labels`), `{train,val}_crops.npy` (uint8, (n, crops, size, size, 3), random
crops of the same images, mirrored half of the time), `rows.csv` (objectID, group, label, split, title, ... in the order
of the arrays) and `meta.json` (labels, source and geometry, which the model carries along).
"""

from dataclasses import asdict

import cv2
import numpy as np
import pandas as pd

from met_culture.clean.tables import REBUILD, read_paintings
from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.common.schemas import SPLITS, Labels
from met_culture.preprocess.paintings import write_crops, write_images
from met_culture.preprocess.params import PreprocessParams

GEOMETRY = ("image_size", "interpolation", "fit")  # what prediction needs
ROWS = ["objectID", "group", "label", "split", "title", "artistDisplayName", "objectDate", "objectURL"]


def main() -> None:
    """Write the arrays of every split."""
    paths = path_arguments(__doc__, "raw", "clean", "out", prog="python -m met_culture.preprocess")
    params = load("preprocess", PreprocessParams)
    cv2.setNumThreads(1)  # the pool already has a thread per core
    meta = read_json(paths.clean / "labels.json", Labels, REBUILD)
    meta |= {name: value for name, value in asdict(params).items() if name in GEOMETRY}
    paintings = read_paintings(paths.clean / "paintings.csv", meta["labels"])
    paths.out.mkdir(parents=True, exist_ok=True)
    members = [paintings[paintings["split"] == split] for split in SPLITS]
    for split, rows in zip(SPLITS, members, strict=True):
        write_images(rows, paths.raw, paths.out / f"{split}_x.npy", params)
        if split != "test":
            write_crops(rows, paths.raw, paths.out / f"{split}_crops.npy", params)
        label_indices = rows["label"].map(meta["labels"].index)
        np.save(paths.out / f"{split}_y.npy", label_indices.to_numpy(np.int64))
    write_csv(paths.out / "rows.csv", pd.concat(members)[ROWS])
    write_json(paths.out / "meta.json", meta)


if __name__ == "__main__":
    run(main)
