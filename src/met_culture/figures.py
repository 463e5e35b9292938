"""The pictures of a run: curves, confusion matrix, worst errors. Equal data give equal bytes."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # files only; no window and no display needed

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import ConfusionMatrixDisplay

from met_culture.predictions import probabilities
from met_culture.scores import FEW

plt.rcParams["text.parse_math"] = False  # a $ in a title, label or folder name is no formula
TRAIN, VAL = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion, told apart by the colour-blind
COLUMNS, ROWS = 4, 3  # of the grid of errors
SHOWN = 38  # characters of a title that fit over a picture


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG without the version that matplotlib would put in, and close it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def curves(history: pd.DataFrame, source: str, kept_epoch: int) -> Figure:
    """Draw accuracy and loss of train and validation by epoch; the kept epoch is marked."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, name, unit in zip(axes, ("accuracy", "loss"), ("share of images", "cross-entropy, nats"), strict=True):
        for split, colour, text in (("train", TRAIN, "train (augmented)"), ("val", VAL, "validation")):
            axis.plot(history["epoch"], history[f"{split}_{name}"], color=colour, label=text)
        axis.axvline(kept_epoch, color="0.5", linestyle=":", label=f"kept epoch ({kept_epoch})")
        axis.set(xlabel="epoch", ylabel=f"{name} ({unit})", title=name.capitalize())
        axis.set_ylim(0, 1.02 if name == "accuracy" else None)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.3)
        axis.legend()
    figure.suptitle(f"Training ({source})")
    return figure


def confusion(predictions: pd.DataFrame, labels: list[str], source: str) -> Figure:
    """Draw the confusion matrix, each row normalised to 1, with the number of images beside each label.

    A label with few images says so: its row is an anecdote.
    """
    figure, axis = plt.subplots(figsize=(6, 5), layout="constrained")
    true, predicted = predictions["label"], predictions["predicted"]
    counts = {label: int((true == label).sum()) for label in labels}
    names = [f"{label}\n(n={n}{', too few' if n < FEW else ''})" for label, n in counts.items()]
    ConfusionMatrixDisplay.from_predictions(
        true, predicted, labels=labels, display_labels=labels, normalize="true", cmap="Blues", values_format=".2f",
        ax=axis, im_kw={"vmin": 0, "vmax": 1}
    )  # fmt: skip
    axis.set_yticks(range(len(labels)), names)
    axis.set(xlabel="predicted culture", ylabel="true culture", title=f"Test images, share of each row\n({source})")
    return figure


def errors(predictions: pd.DataFrame, images: np.ndarray, labels: list[str], source: str) -> Figure:
    """Draw the wrong predictions in which the true label got the least probability.

    Args:
        predictions: One row per image: title, label, predicted, p_<label>.
        images: uint8 (n, size, size, 3), RGB, in the order of `predictions`.
        labels: All labels.
        source: Name of the data, shown above.
    """
    share = probabilities(predictions, labels)
    true = share[np.arange(len(share)), [labels.index(label) for label in predictions["label"]]]
    wrong = np.flatnonzero(predictions["label"] != predictions["predicted"])
    worst = wrong[np.argsort(true[wrong], kind="stable")][: COLUMNS * ROWS]
    rows = max(1, -(-len(worst) // COLUMNS))  # no empty ones
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(10, 0.2 + 3 * rows), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, index in zip(axes.flat, worst, strict=False):
        row = predictions.iloc[index]
        axis.imshow(images[index])
        title = row["title"] if len(row["title"]) <= SHOWN else row["title"][: SHOWN - 1] + "…"
        text = f"{title}\n{row['label']}, taken for {row['predicted']} ({share[index].max():.0%})"
        axis.set_title(text, fontsize=8)
    figure.suptitle(f"Worst of {len(wrong)} errors among {len(predictions)} test images ({source})")
    return figure
