"""The picture of a comparison: a row per configuration, means on the left, differences to the baseline on the right."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")  # files only; no window and no display needed

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from met_culture.compare.statistics import Estimate

plt.rcParams["text.parse_math"] = False  # a $ in a parameter is no formula
# Okabe and Ito's colours, told apart by the colour-blind; the shape says it too.
MARKS = {
    "better": ("#009E73", "^"),
    "worse": ("#D55E00", "v"),
    "no difference shown": ("#0072B2", "o"),
    "too few seeds": ("#56B4E9", "s"),
    "not tested": ("0.4", "o"),
    "baseline": ("0.1", "D"),
}
WIDTH = 34  # characters of a label in one line


@dataclass(frozen=True)
class Row:
    """What is drawn of one configuration.

    Attributes:
        label: What differs from the baseline.
        runs: The figure of each run.
        mean: Mean over the runs.
        difference: Difference to the baseline; None for the baseline and where nothing can be paired.
        verdict: Key of `MARKS`.
    """

    label: str
    runs: tuple[float, ...]
    mean: Estimate
    difference: Estimate | None
    verdict: str


def _interval(axis: Axes, estimate: Estimate, y: float, colour: str, marker: str) -> None:
    if np.isfinite(estimate.low):
        axis.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
    axis.plot([estimate.value], [y], marker=marker, color=colour, markersize=8, linestyle="none")


def forest(rows: Sequence[Row], metric: str, title: str) -> Figure:
    """Draw a comparison.

    Args:
        rows: From top to bottom, the baseline first.
        metric: Name of the figure.
        title: Says which data the figures are of.
    """
    labels = ["\n".join(textwrap.wrap(f"{row.label} (n={len(row.runs)})", WIDTH)) for row in rows]
    # A row is as high as its label, in lines; of equal rows, long labels beside each other would overlap.
    heights = np.array([max(2, label.count("\n") + 1.5) for label in labels])
    places = np.cumsum(heights) - heights / 2
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 2.2 + 0.22 * heights.sum()), layout="constrained", sharey=True, width_ratios=[1, 1]
    )
    for y, row in zip(places, rows, strict=True):
        colour, marker = MARKS[row.verdict]
        left.plot(row.runs, np.full(len(row.runs), y + 0.45), ".", color="0.45", markersize=6, linestyle="none")
        _interval(left, row.mean, y, colour, marker)
        if row.difference:
            _interval(right, row.difference, y, colour, marker)
        elif row is not rows[0]:
            right.annotate("not tested", (0, y), ha="center", va="center", color="0.4", fontsize=9, backgroundcolor="w")
    right.axvline(0, color="0.3", linestyle=":", linewidth=1)
    left.set_yticks(places, labels)
    left.set_ylim(heights.sum(), 0)
    name = metric.replace("_", " ")
    left.set(xlabel=f"test {name}", title="Mean, 95 % interval, single runs")
    right.set(xlabel=f"difference in test {name}", title="Against the baseline, same test images")
    for axis in (left, right):
        axis.grid(axis="x", alpha=0.3)
        axis.margins(x=0.08)
        axis.xaxis.set_major_locator(MaxNLocator(5))
    for verdict in dict.fromkeys(row.verdict for row in rows):
        colour, marker = MARKS[verdict]
        right.plot([], [], marker=marker, color=colour, markersize=8, linestyle="none", label=verdict)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(title)
    return figure
