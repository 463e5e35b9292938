"""Forest plot of a comparison: a row per configuration, means on the left, differences to the baseline on the right."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from met_culture.compare.estimates import Estimate
from met_culture.plotting.style import BLUE, GREEN, SKY_BLUE, VERMILION

# Each verdict has its own marker too, for readers who cannot tell the colours apart.
MARKS = {
    "better": (GREEN, "^"),
    "worse": (VERMILION, "v"),
    "no difference shown": (BLUE, "o"),
    "too few seeds": (SKY_BLUE, "s"),
    "not tested": ("0.4", "o"),
    "baseline": ("0.1", "D"),
}
WIDTH = 34  # characters of a label in one line


@dataclass(frozen=True)
class Row:
    """One configuration in the plot.

    Attributes:
        label: What differs from the baseline.
        runs: The metric of each run.
        mean: Mean over the runs.
        difference: Difference to the baseline; None for the baseline itself, and without common test images.
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
        metric: Name of the metric.
        title: Title; names the data.
    """
    labels = ["\n".join(textwrap.wrap(f"{row.label} (n={len(row.runs)})", WIDTH)) for row in rows]
    # The height of a row follows its label, in lines; with equal heights, long labels would overlap.
    heights = np.array([max(2, label.count("\n") + 1.5) for label in labels])
    positions = np.cumsum(heights) - heights / 2
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 2.2 + 0.22 * heights.sum()), layout="constrained", sharey=True, width_ratios=[1, 1]
    )
    for y, row in zip(positions, rows, strict=True):
        colour, marker = MARKS[row.verdict]
        left.plot(row.runs, np.full(len(row.runs), y + 0.45), ".", color="0.45", markersize=6, linestyle="none")
        _interval(left, row.mean, y, colour, marker)
        if row.difference:
            _interval(right, row.difference, y, colour, marker)
        elif row is not rows[0]:
            right.annotate("not tested", (0, y), ha="center", va="center", color="0.4", fontsize=9, backgroundcolor="w")
    right.axvline(0, color="0.3", linestyle=":", linewidth=1)
    left.set_yticks(positions, labels)
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
