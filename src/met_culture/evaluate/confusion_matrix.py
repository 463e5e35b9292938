"""The plot of the confusion matrix."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay

from met_culture.evaluate.metrics import MIN_IMAGES


def plot_confusion_matrix(predictions: pd.DataFrame, labels: list[str], source: str) -> Figure:
    """Draw the confusion matrix, each row normalised to 1.

    Each label shows its number of images, and "too few" below `MIN_IMAGES`: such a row is too noisy to interpret.
    """
    figure, axis = plt.subplots(figsize=(6, 5), layout="constrained")
    true, predicted = predictions["label"], predictions["predicted"]
    ConfusionMatrixDisplay.from_predictions(
        true,
        predicted,
        labels=labels,
        display_labels=labels,
        normalize="true",
        cmap="Blues",
        values_format=".2f",
        ax=axis,
        im_kw={"vmin": 0, "vmax": 1},
    )
    row_names = []
    for label in labels:
        images = int((true == label).sum())
        note = ", too few" if images < MIN_IMAGES else ""
        row_names.append(f"{label}\n(n={images}{note})")
    axis.set_yticks(range(len(labels)), row_names)
    axis.set(
        xlabel="predicted culture",
        ylabel="true culture",
        title=f"Confusion matrix of the test images,\nrows normalised ({source})",
    )
    return figure
