"""The pictures of the stage explore. Equal data give equal bytes."""

import textwrap

import matplotlib

matplotlib.use("Agg")  # files only; no window and no display needed

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.figure import Figure

plt.rcParams["text.parse_math"] = False  # a $ in a title is no formula
# Okabe and Ito's, told apart by the colour-blind; in the order of the labels, again from the start if there are more.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BAR = 0.24  # inches a bar
LINE = 30  # characters of a caption's line
LINES = {"title": 2, "objectDate": 1, "creditLine": 3}  # of a caption
VALUE = 70  # characters of a column's content


def shortened(text: str, characters: int) -> str:
    """Return a text that fits, with an ellipsis where something was cut."""
    text = " ".join(text.split())
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def _number(value: float) -> str:
    return f"{value:.0%}" if isinstance(value, float) else f"{value:,}"


def bars(values: pd.Series, title: str, scope: str, x_label: str, second: pd.Series | None = None) -> Figure:
    """Draw values as horizontal bars, the first on top, with their numbers; `second` is drawn inside the first."""
    figure, axis = plt.subplots(figsize=(9, 1.5 + BAR * len(values)), layout="constrained")
    places = np.arange(len(values))
    axis.barh(places, values, color=COLOURS[5] if second is not None else COLOURS[0], label=values.name)
    numbers = [_number(value) for value in values]
    if second is not None:
        axis.barh(places, second, color=COLOURS[0], height=0.45, label=second.name)
        numbers = [f"{number} ({_number(value)})" for number, value in zip(numbers, second, strict=True)]
        axis.legend(loc="lower right")
    for place, value, number in zip(places, values, numbers, strict=True):
        axis.annotate(number, (value, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axis.set_yticks(places, [shortened(str(name), 45) for name in values.index], fontsize=8)
    axis.set_ylim(len(values) - 0.4, -0.6)
    axis.set_xlim(0, (max(values) if len(values) else 1) * 1.15 or 1)
    axis.set_xlabel(x_label)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(f"{title}\n{scope}", fontsize=10)
    return figure


def caption(row: pd.Series) -> str:
    """Return title, date and credit line of a work, each in at most its `LINES`."""
    parts = [
        textwrap.wrap(" ".join(str(row[name]).split()), LINE, max_lines=lines, placeholder="…")
        for name, lines in LINES.items()
    ]
    return "\n".join(line for part in parts for line in part)


def grid(pictures: list[tuple[np.ndarray, str]], columns: int, title: str, scope: str) -> Figure:
    """Draw pictures, uint8 (h, w, 3), RGB, in rows with a caption above each."""
    rows = max(1, -(-len(pictures) // columns))
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.2 * columns, 0.6 + 2.9 * rows), layout="constrained", squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, (image, text) in zip(axes.flat, pictures, strict=False):
        axis.imshow(image)
        axis.set_title(text, fontsize=7)
    figure.suptitle(f"{title}\n{scope}", fontsize=10)
    return figure


def example(record: pd.Series, scope: str) -> Figure:
    """Draw one object as the table of its columns: those that say something, and the names of the empty ones."""
    said = {name: shortened(str(value), VALUE) for name, value in record.items() if pd.notna(value) and value != ""}
    empty = textwrap.wrap(", ".join(name for name in record.index if name not in said), 120)
    height = 0.9 + 0.135 * (len(said) + len(empty) + 1)  # a line of this font takes 0.13 inches
    figure, axis = plt.subplots(figsize=(9, height), layout="constrained")
    axis.axis("off")
    lines = [f"{name:<22}{value}" for name, value in said.items()]
    text = "\n".join([*lines, "", f"empty: {empty[0] if empty else 'none'}", *empty[1:]])
    axis.text(0, 1, text, family="monospace", fontsize=7.5, va="top", transform=axis.transAxes)
    axis.set_title(f"One object: {len(said)} of {len(record)} columns say something\n{scope}", fontsize=10)
    return figure


def distributions(shapes: pd.DataFrame, colours: dict[str, np.ndarray], labels: list[str], scope: str) -> Figure:
    """Draw aspect ratio, height and date of each label, and the mean colour of its paintings.

    Args:
        shapes: Columns label, aspect, height_cm and year.
        colours: Mean colours of each label's paintings, float (n, 3), RGB, 0 to 1.
        labels: All labels, in order.
        scope: What was fetched, shown above.
    """
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.5), layout="constrained")
    panels = [
        ("aspect", "aspect ratio (width / height)", True),
        ("height_cm", "height (cm)", True),
        ("year", "year (middle of its dates)", False),
    ]
    for axis, (column, text, logarithmic) in zip(axes.flat, panels, strict=False):
        known = [shapes.loc[shapes["label"] == label, column].dropna().to_numpy() for label in labels]
        if logarithmic:
            axis.set_xscale("log")
        drawn = axis.boxplot(
            known, orientation="horizontal", widths=0.6, patch_artist=True, flierprops={"markersize": 3}
        )
        for box, colour in zip(drawn["boxes"], _colours(labels), strict=True):
            box.set_facecolor(colour)
        for line in drawn["medians"]:
            line.set_color("black")
        names = [f"{label} ({len(values)})" for label, values in zip(labels, known, strict=True)]
        axis.set_yticks(range(1, len(labels) + 1), names, fontsize=8)
        axis.invert_yaxis()
        axis.set_xlabel(text)
        axis.grid(axis="x", alpha=0.3)
        if logarithmic:
            axis.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
            axis.xaxis.set_minor_locator(ticker.NullLocator())
    last = axes.flat[-1]
    for place, label in enumerate(labels):
        shown = colours[label][np.argsort(colours[label].sum(axis=1), kind="stable")]
        if len(shown):
            last.imshow(shown[None], extent=(0, 1, place + 0.85, place + 0.15), aspect="auto")
    last.set(xlim=(0, 1), ylim=(len(labels), 0), xticks=[], xlabel="mean colour of each painting, dark to light")
    last.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=8)
    figure.suptitle(f"Paintings by culture: sizes, dates, colours (number of paintings that say)\n{scope}", fontsize=10)
    return figure


def _colours(labels: list[str]) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(len(labels))]
