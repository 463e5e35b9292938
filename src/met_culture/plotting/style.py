"""How every plot looks: no display, one palette, PNG files with reproducible bytes, grids of images."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # before pyplot is imported: plots go to files, and no display is needed

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

plt.rcParams["text.parse_math"] = False  # a $ in a title, label or folder name starts no formula

# The palette of Okabe and Ito, whose colours colour-blind readers can tell apart.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, ORANGE, SKY_BLUE = "#CC79A7", "#E69F00", "#56B4E9"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE)

Cell = tuple[np.ndarray, str]  # an image, uint8 (h, w, 3), RGB, and its caption


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG and close it; equal figures give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, metadata={"Software": None})  # the default is the version of matplotlib
    plt.close(figure)


def image_grid(
    cells: Sequence[Cell | None],
    columns: int,
    *,
    width: float,
    row_height: float,
    header_height: float,
    caption_size: float,
) -> Figure:
    """Draw images in rows with a caption above each.

    Args:
        cells: Row by row; None leaves a cell blank.
        columns: Number of images in a row.
        width: Width of the figure in inches.
        row_height: Height of a row in inches.
        header_height: Height in inches of the room above the first row.
        caption_size: Font size of the captions in points.
    """
    rows = max(1, -(-len(cells) // columns))
    size = width, header_height + row_height * rows
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, cell in zip(axes.flat, cells, strict=False):
        if cell is not None:
            image, caption = cell
            axis.imshow(image)
            axis.set_title(caption, fontsize=caption_size)
    return figure
