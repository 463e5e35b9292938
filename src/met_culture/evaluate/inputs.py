"""What evaluate reads: the test images with their rows, and the model that must fit them."""

from dataclasses import dataclass
from pathlib import Path

import keras
import pandas as pd

from met_culture.common.csv_files import check_splits, check_values, read_table
from met_culture.common.errors import UserError
from met_culture.common.files import damaged, read_json
from met_culture.common.schemas import ROWS, Meta
from met_culture.models.model_file import ModelMeta, load_model
from met_culture.preprocess.array_file import ArrayFile, read_images

REBUILD = "dvc repro preprocess"


@dataclass(frozen=True)
class EvaluationData:
    """The test split.

    Attributes:
        images: uint8 (n, size, size, 3), RGB.
        rows: One row per image: objectID, group, label, title, ...
        labels: All labels, in the order of the classes.
        source: Name of the data.
        majority: The most frequent label of the training images.
    """

    images: ArrayFile
    rows: pd.DataFrame
    labels: list[str]
    source: str
    majority: str


def read_data(arrays: Path) -> EvaluationData:
    """Return the test split from the folder of preprocess.

    Raises:
        UserError: A file is missing, damaged, or does not fit the others.
    """
    meta = read_json(arrays / "meta.json", Meta, REBUILD)
    rows = read_table(arrays / "rows.csv", ROWS, REBUILD)
    check_splits(arrays / "rows.csv", rows, ("train", "test"), REBUILD)
    test_rows = rows[rows["split"] == "test"].drop(columns="split")
    majority = rows.loc[rows["split"] == "train", "label"].mode().iloc[0]
    images = read_images(arrays / "test_x.npy", meta["image_size"])
    if len(images) != len(test_rows):
        reason = f"it has {len(test_rows)} rows for {len(images)} test images"
        raise damaged(arrays / "rows.csv", reason, REBUILD)
    return EvaluationData(images, test_rows, meta["labels"], meta["source"], majority)


def check_labels(arrays: Path, data: EvaluationData) -> None:
    """Check that every test image has one of the labels.

    Raises:
        UserError: One has another.
    """
    check_values(arrays / "rows.csv", data.rows["label"], data.labels, REBUILD)


def load_model_for(labels: list[str], path: Path) -> tuple[keras.Model, ModelMeta]:
    """Return a model and its meta.

    Raises:
        UserError: The file is not a model of this project, or its labels are not `labels`.
    """
    model, meta = load_model(path)
    if list(meta.labels) != labels:
        raise UserError(f"{path} was trained for other labels ({', '.join(meta.labels)}); run `dvc repro`.")
    return model, meta
