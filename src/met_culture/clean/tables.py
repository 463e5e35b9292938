"""Write and read the tables of clean: paintings.csv and rejected.csv."""

from pathlib import Path

import pandas as pd

from met_culture.common.csv_files import check_splits, check_values, read_table
from met_culture.common.files import escape_formula, write_csv
from met_culture.common.schemas import PAINTINGS, SPLITS

REBUILD = "dvc repro clean"
IMAGE_COLUMNS = ["image_file", "image_sha256", "image_width", "image_height"]
TEXT_COLUMNS = ["title", "artistDisplayName", "objectDate", "medium", "objectURL", "creditLine"]
PAINTING_COLUMNS = ["objectID", "label", "group", "split", *IMAGE_COLUMNS, *TEXT_COLUMNS]
REJECTED_COLUMNS = ["objectID", "kind", "reason", "culture", "department", "classification", "objectName", "title"]


def _escaped(table: pd.DataFrame) -> pd.DataFrame:
    escaped = table.copy()
    for column in table.select_dtypes(include=["object", "string"]):
        escaped[column] = table[column].astype(str).map(escape_formula)
    return escaped


def write_paintings(path: Path, paintings: pd.DataFrame) -> None:
    """Write paintings.csv: one row per kept object."""
    write_csv(path, _escaped(paintings[PAINTING_COLUMNS]))


def write_rejected(path: Path, rejected: pd.DataFrame) -> None:
    """Write rejected.csv: one row per rejected object, with its reason."""
    write_csv(path, _escaped(rejected[REJECTED_COLUMNS]))


def read_paintings(path: Path, labels: list[str]) -> pd.DataFrame:
    """Return the table of paintings.csv; empty cells are empty text, and labels that look like numbers stay text.

    Raises:
        UserError: It is missing, damaged, has no row of a split, or labels other than `labels`.
    """
    paintings = read_table(path, PAINTINGS, REBUILD)
    check_splits(path, paintings, SPLITS, REBUILD)
    check_values(path, paintings["label"], labels, REBUILD)
    return paintings
