"""The plots of a run except the confusion matrix: curves, worst errors, heat maps. Equal data give equal bytes.

`source` is the name of the data, which every title shows. `predictions` has one row per image: title, label, predicted,
p_<label>. `images` are uint8 (n, size, size, 3), RGB, in the order of `predictions`.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from met_culture.evaluate.examples import EXAMPLES, worst_first
from met_culture.plotting.style import BLUE, VERMILION, Cell, image_grid
from met_culture.preprocess.array_file import Array

COLUMNS, ROWS = 4, 3  # of the grid of errors
TITLE_CHARACTERS = 38  # of a painting's title that fit above an image of that grid


def _metric_curve(axis: Axes, history: pd.DataFrame, metric: str, kept_epoch: int) -> None:
    for split, colour, label in (("train", BLUE, "train (augmented)"), ("val", VERMILION, "validation")):
        axis.plot(history["epoch"], history[f"{split}_{metric}"], color=colour, label=label)
    axis.axvline(kept_epoch, color="0.5", linestyle=":", label=f"kept epoch ({kept_epoch})")
    head_epochs = int((history["phase"] == "head").sum())
    if head_epochs:
        axis.axvline(head_epochs + 0.5, color="0.7", linestyle="--", label="fine-tuning starts")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("epoch")


def _metric_of_settings(axis: Axes, history: pd.DataFrame, metric: str, kept_epoch: int) -> None:
    # Of a last layer that is fitted for several numbers of views and values of c, in this order.
    for split, colour, label in (("train", BLUE, "train"), ("val", VERMILION, "left out")):
        for _, part in history.groupby("views"):
            axis.plot(part["epoch"], part[f"{split}_{metric}"], "o-", color=colour, markersize=4)
        axis.lines[-1].set_label(label)
    axis.axvline(kept_epoch, color="0.5", linestyle=":", label="chosen")
    labels = [f"{views}\n{float(c):g}" for views, c in zip(history["views"], history["c"], strict=True)]
    axis.set_xticks(history["epoch"], labels, fontsize=8)
    axis.set_xlabel("number of views, above c")


def _metric(axis: Axes, history: pd.DataFrame, metric: str, unit: str, kept_epoch: int) -> None:
    if (history["phase"] == "head").all():
        _metric_of_settings(axis, history, metric, kept_epoch)
    else:
        _metric_curve(axis, history, metric, kept_epoch)
    axis.set(ylabel=f"{metric} ({unit})", title=metric.capitalize())
    axis.set_ylim(0, 1.02 if metric == "accuracy" else None)
    axis.grid(alpha=0.3)
    axis.legend()


def curves(history: pd.DataFrame, source: str, kept_epoch: int) -> Figure:
    """Draw train and validation accuracy and loss by epoch; mark the kept epoch and the start of fine-tuning.

    If only the last layer was fitted, they are drawn by the settings that were tried.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    _metric(left, history, "accuracy", "fraction of images", kept_epoch)
    _metric(right, history, "loss", "cross-entropy, nats", kept_epoch)
    figure.suptitle(f"Training ({source})")
    return figure


def _caption(prediction: pd.Series, characters: int) -> str:
    title, label, predicted = prediction["title"], prediction["label"], prediction["predicted"]
    if len(title) > characters:
        title = title[: characters - 1] + "…"
    answer = label if label == predicted else f"{label}, taken for {predicted}"
    return f"{title}\n{answer} ({prediction['p_' + predicted]:.0%})"


def errors(predictions: pd.DataFrame, images: Array, labels: list[str], source: str) -> Figure:
    """Draw the wrong predictions with the lowest probability of the true label."""
    wrong = worst_first(predictions, labels)
    cells = [(images[index], _caption(predictions.iloc[index], TITLE_CHARACTERS)) for index in wrong[: COLUMNS * ROWS]]
    figure = image_grid(cells, COLUMNS, width=10, row_height=3, header_height=0.2, caption_size=8)
    figure.suptitle(f"Worst of {len(wrong)} errors among {len(predictions)} test images ({source})")
    return figure


def gradcam(
    predictions: pd.DataFrame, images: np.ndarray, heat_maps: Sequence[np.ndarray], source: str, method: str
) -> Figure:
    """Draw images and, below each, the same image under its heat map, one of `heat_maps` that `method` made."""
    characters = TITLE_CHARACTERS * COLUMNS // EXAMPLES  # images are smaller than in the grid of errors
    cells: list[Cell | None] = []
    for start in range(0, len(images), EXAMPLES):
        row = range(start, min(start + EXAMPLES, len(images)))
        blanks = [None] * (EXAMPLES - len(row))
        cells += [(images[index], _caption(predictions.iloc[index], characters)) for index in row]
        cells += blanks
        cells += [(heat_maps[index], "") for index in row]
        cells += blanks
    figure = image_grid(cells, EXAMPLES, width=14, row_height=2.45, header_height=0.3, caption_size=8)
    figure.suptitle(f"{method}: evidence for the predicted culture, from dark blue (none) to yellow (most) ({source})")
    return figure
