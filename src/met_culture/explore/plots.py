"""The kinds of plots of explore: bars, grids of images, one object as a table. Equal data give equal bytes."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from met_culture.plotting.style import BLUE, SKY_BLUE, Cell, image_grid

BAR_HEIGHT = 0.24  # inches
VALUE = 70  # characters of a column's content


def shortened(text: str, characters: int) -> str:
    """Return a text that fits, with an ellipsis where it was cut."""
    text = " ".join(text.split())
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def _number(value: float) -> str:
    return f"{value:.0%}" if isinstance(value, float) else f"{value:,}"


def bars(values: pd.Series, title: str, scope: str, x_label: str, second: pd.Series | None = None) -> Figure:
    """Draw values as horizontal bars, the first on top, with their numbers; `second` is drawn inside the first."""
    figure, axis = plt.subplots(figsize=(9, 1.5 + BAR_HEIGHT * len(values)), layout="constrained")
    positions = np.arange(len(values))
    axis.barh(positions, values, color=BLUE if second is None else SKY_BLUE, label=values.name)
    numbers, ends = [_number(value) for value in values], list(values)
    if second is not None:
        axis.barh(positions, second, color=BLUE, height=0.45, label=second.name)
        numbers = [f"{number} ({_number(value)})" for number, value in zip(numbers, second, strict=True)]
        ends = list(np.maximum(values, second))
        axis.legend(loc="lower right")
    for position, end, number in zip(positions, ends, numbers, strict=True):
        axis.annotate(number, (end, position), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axis.set_yticks(positions, [shortened(str(name), 45) for name in values.index], fontsize=8)
    axis.set_ylim(len(values) - 0.4, -0.6)
    largest = max(ends, default=0)
    axis.set_xlim(0, largest * 1.15 if largest else 1)
    axis.set_xlabel(x_label)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(f"{title}\n{scope}", fontsize=10)
    return figure


def grid(cells: Sequence[Cell | None], columns: int, title: str, scope: str) -> Figure:
    """Draw images, uint8 (h, w, 3), RGB, in rows with a caption above each; None leaves a cell blank."""
    figure = image_grid(cells, columns, width=2.2 * columns, row_height=2.9, header_height=0.6, caption_size=7)
    figure.suptitle(f"{title}\n{scope}", fontsize=10)
    return figure


def example(record: pd.Series, scope: str) -> Figure:
    """Draw one object as the table of its columns that have a value, and the names of the empty columns."""
    filled = {}
    for name, value in record.items():
        if pd.notna(value) and value != "":
            filled[name] = shortened(str(value), VALUE)
    empty = textwrap.wrap(", ".join(name for name in record.index if name not in filled) or "none", 120)
    lines = [f"{name:<22}{value}" for name, value in filled.items()]
    lines += ["", f"empty: {empty[0]}", *empty[1:]]
    height = 0.9 + 0.135 * len(lines)  # a line of this font takes 0.13 inches
    figure, axis = plt.subplots(figsize=(9, height), layout="constrained")
    axis.axis("off")
    axis.text(0, 1, "\n".join(lines), family="monospace", fontsize=7.5, va="top", transform=axis.transAxes)
    axis.set_title(f"One object: {len(filled)} of {len(record)} columns are filled\n{scope}", fontsize=10)
    return figure
