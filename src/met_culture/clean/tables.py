"""Write and read the tables of clean: paintings.csv and rejected.csv."""

from pathlib import Path

import pandas as pd

from met_culture.common.files import escape_formula, write_csv

SPLITS = ("train", "val", "test")
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


def read_paintings(path: Path) -> pd.DataFrame:
    """Return the table of paintings.csv; empty cells are empty text, and labels that look like numbers stay text."""
    return pd.read_csv(path, keep_default_na=False, dtype={"label": str})
