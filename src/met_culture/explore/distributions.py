"""The plot of sizes, dates and colours of the paintings of each label."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from met_culture.plotting.style import PALETTE


def _box_plot(axis: Axes, values: pd.Series, label_of: pd.Series, labels: list[str]) -> None:
    if values.isna().all():
        axis.text(0.5, 0.5, "no data", transform=axis.transAxes, ha="center", va="center")
        axis.set(xticks=[], yticks=[])
        return
    known = [values[label_of == label].dropna().to_numpy() for label in labels]
    drawn = axis.boxplot(known, orientation="horizontal", widths=0.6, patch_artist=True, flierprops={"markersize": 3})
    for index, box in enumerate(drawn["boxes"]):
        box.set_facecolor(PALETTE[index % len(PALETTE)])
    for line in drawn["medians"]:
        line.set_color("black")
    names = [f"{label} ({len(numbers)})" for label, numbers in zip(labels, known, strict=True)]
    axis.set_yticks(range(1, len(labels) + 1), names, fontsize=8)
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.3)


def _logarithmic_ticks(axis: Axes) -> None:
    axis.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axis.xaxis.set_minor_locator(ticker.NullLocator())


def _colour_bands(axis: Axes, colours: dict[str, np.ndarray], labels: list[str]) -> None:
    for row, label in enumerate(labels):
        dark_to_light = colours[label][np.argsort(colours[label].sum(axis=1), kind="stable")]
        if len(dark_to_light):
            axis.imshow(dark_to_light[None], extent=(0, 1, row + 0.85, row + 0.15), aspect="auto")
    axis.set(xlim=(0, 1), ylim=(len(labels), 0), xticks=[], xlabel="mean colour of each painting, dark to light")
    axis.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=8)


def distributions(shapes: pd.DataFrame, colours: dict[str, np.ndarray], labels: list[str], scope: str) -> Figure:
    """Draw aspect ratio, height and date of each label, and the mean colours of its paintings.

    Args:
        shapes: Columns label, aspect, height_cm and year.
        colours: Mean colours of each label's paintings, float (n, 3), RGB, 0 to 1.
        labels: All labels, in order.
        scope: Subtitle, which says what was fetched.
    """
    figure, ((aspect, height), (year, colour)) = plt.subplots(2, 2, figsize=(10, 6.5), layout="constrained")
    for axis, column in ((aspect, "aspect"), (height, "height_cm")):
        if shapes[column].notna().any():
            axis.set_xscale("log")
            _logarithmic_ticks(axis)
        _box_plot(axis, shapes[column], shapes["label"], labels)
    _box_plot(year, shapes["year"], shapes["label"], labels)
    _colour_bands(colour, colours, labels)
    aspect.set_xlabel("aspect ratio (width / height)")
    height.set_xlabel("height (cm)")
    year.set_xlabel("year (middle of its dates)")
    title = "Paintings by culture: sizes, dates, colours (number of paintings with data)"
    figure.suptitle(f"{title}\n{scope}", fontsize=10)
    return figure
