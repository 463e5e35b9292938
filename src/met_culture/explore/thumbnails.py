"""Small images for grids, with captions, and the mean colours of paintings."""

import textwrap
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from met_culture.images.check import ImageError
from met_culture.images.decode import decode
from met_culture.plotting.style import Cell

SIDE = 240  # pixels of the longer side
LINE = 30  # characters in a line of a caption
LINES = {"title": 2, "objectDate": 1, "creditLine": 3}  # largest number of lines of each part of a caption


def thumbnail(path: Path) -> np.ndarray:
    """Return a small image, uint8 (h, w, 3), RGB, its longer side `SIDE` pixels; a grey square if it cannot be read."""
    try:
        image = decode(path.read_bytes(), reduction=2)
    except (OSError, ImageError):
        return np.full((SIDE, SIDE, 3), 128, np.uint8)
    scale = SIDE / max(image.shape[:2])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def caption(row: pd.Series) -> str:
    """Return title, date and credit line of a work, each in at most its number of `LINES`."""
    lines: list[str] = []
    for column, count in LINES.items():
        text = " ".join(str(row[column]).split())
        lines += textwrap.wrap(text, LINE, max_lines=count, placeholder="…")
    return "\n".join(lines)


def captioned(rows: pd.DataFrame, raw: Path, first_line: str = "") -> list[Cell]:
    """Return the thumbnail and caption of every row; `first_line` goes above each caption."""
    cells = []
    for _, row in rows.iterrows():
        text = f"{first_line}\n{caption(row)}" if first_line else caption(row)
        cells.append((thumbnail(raw / row["image_file"]), text))
    return cells


def sample_rows(rows: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return at most `count` random rows, in their order."""
    return rows.iloc[np.sort(rng.permutation(len(rows))[:count])]


def cells_by_label(
    paintings: pd.DataFrame, labels: list[str], raw: Path, count: int, rng: np.random.Generator
) -> list[Cell | None]:
    """Return `count` random paintings of every label, the label above the caption; blanks where there are fewer."""
    cells: list[Cell | None] = []
    for label in labels:
        rows = sample_rows(paintings[paintings["label"] == label], count, rng)
        cells += captioned(rows, raw, label)
        cells += [None] * (count - len(rows))
    return cells


def mean_colours(paintings: pd.DataFrame, labels: list[str], raw: Path) -> dict[str, np.ndarray]:
    """Return the mean colour of every painting by label, float (n, 3), RGB, 0 to 1."""
    colours = {}
    for label in labels:
        files = paintings.loc[paintings["label"] == label, "image_file"]
        means = [thumbnail(raw / file).mean(axis=(0, 1)) / 255 for file in files]
        colours[label] = np.array(means).reshape(-1, 3)
    return colours
