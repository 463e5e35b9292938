"""The pictures of a run: curves, confusion matrix, worst errors, heat maps. Equal data give equal bytes."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # files only; no window and no display needed

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import ConfusionMatrixDisplay

from met_culture.evaluate.metrics import FEW
from met_culture.evaluate.predictions import probabilities

plt.rcParams["text.parse_math"] = False  # a $ in a title, label or folder name is no formula
TRAIN, VAL = "#0072B2", "#D55E00"  # Okabe and Ito's blue and vermilion, told apart by the colour-blind
COLUMNS, ROWS = 4, 3  # of the grid of errors
SHOWN = 38  # characters of a title that fit over a picture
RIGHT = 6  # right predictions, and as many wrong ones, whose heat is drawn


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG without the version that matplotlib would put in, and close it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def curves(history: pd.DataFrame, source: str, kept_epoch: int) -> Figure:
    """Draw accuracy and loss of train and validation by epoch, the kept epoch, and where fine-tuning starts."""
    head = int((history["phase"] == "head").sum())
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, name, unit in zip(axes, ("accuracy", "loss"), ("share of images", "cross-entropy, nats"), strict=True):
        for split, colour, text in (("train", TRAIN, "train (as fed)"), ("val", VAL, "validation")):
            axis.plot(history["epoch"], history[f"{split}_{name}"], color=colour, label=text)
        axis.axvline(kept_epoch, color="0.5", linestyle=":", label=f"kept epoch ({kept_epoch})")
        if 0 < head < len(history):
            axis.axvline(head + 0.5, color="0.7", linestyle="--", label="fine-tuning starts")
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


def worst_first(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the places of the wrong predictions, those first in which the true label got the least probability."""
    share = probabilities(predictions, labels)
    true = share[np.arange(len(share)), [labels.index(label) for label in predictions["label"]]]
    wrong = np.flatnonzero(predictions["label"] != predictions["predicted"])
    return wrong[np.argsort(true[wrong], kind="stable")]


def _caption(row: pd.Series, shown: int = SHOWN) -> str:
    title = row["title"] if len(row["title"]) <= shown else row["title"][: shown - 1] + "…"
    answer = row["label"] if row["label"] == row["predicted"] else f"{row['label']}, taken for {row['predicted']}"
    return f"{title}\n{answer} ({row['p_' + row['predicted']]:.0%})"


def telling(predictions: pd.DataFrame, labels: list[str]) -> np.ndarray:
    """Return the places of the predictions worth a look, at most `RIGHT` right ones and as many wrong ones.

    First the right ones, the labels in turn and the surest first; then the wrong ones, the worst first.
    """
    right = predictions.assign(place=range(len(predictions)), p=probabilities(predictions, labels).max(axis=1))
    right = right[right["label"] == right["predicted"]].sort_values("p", ascending=False, kind="stable")
    turn = right.groupby("label").cumcount()
    surest = right["place"].to_numpy()[np.argsort(turn, kind="stable")][:RIGHT]
    return np.concatenate([surest, worst_first(predictions, labels)[:RIGHT]])


def gradcam(predictions: pd.DataFrame, images: np.ndarray, heated: list[np.ndarray], source: str) -> Figure:
    """Draw pictures and, below each, where the network looked for what it answered.

    Args:
        predictions: One row per picture: title, label, predicted, p_<label>.
        images: uint8 (n, size, size, 3), RGB, in that order.
        heated: The pictures under the colours of their heat.
        source: Name of the data, shown above.
    """
    blocks = max(1, -(-len(images) // RIGHT))
    figure, axes = plt.subplots(
        2 * blocks, RIGHT, figsize=(14, 0.3 + 4.9 * blocks), layout="constrained", squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for place, image in enumerate(images):
        block, column = divmod(place, RIGHT)
        axes[2 * block, column].imshow(image)
        axes[2 * block, column].set_title(_caption(predictions.iloc[place], SHOWN * COLUMNS // RIGHT), fontsize=8)
        axes[2 * block + 1, column].imshow(heated[place])
    figure.suptitle(f"Where the network looked for its answer: dark blue nowhere, yellow most ({source})")
    return figure


def errors(predictions: pd.DataFrame, images: np.ndarray, labels: list[str], source: str) -> Figure:
    """Draw the wrong predictions in which the true label got the least probability.

    Args:
        predictions: One row per image: title, label, predicted, p_<label>.
        images: uint8 (n, size, size, 3), RGB, in the order of `predictions`; or an `ArrayFile` of them.
        labels: All labels.
        source: Name of the data, shown above.
    """
    wrong = worst_first(predictions, labels)
    worst = wrong[: COLUMNS * ROWS]
    rows = max(1, -(-len(worst) // COLUMNS))  # no empty ones
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(10, 0.2 + 3 * rows), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, index in zip(axes.flat, worst, strict=False):
        row = predictions.iloc[index]
        axis.imshow(images[index])
        axis.set_title(_caption(row), fontsize=8)
    figure.suptitle(f"Worst of {len(wrong)} errors among {len(predictions)} test images ({source})")
    return figure
