from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from met_culture.compare.estimates import Estimate
from met_culture.compare.forest_plot import Row, forest
from met_culture.plotting.style import save_figure

MEAN = Estimate(0.8, 0.7, 0.9)
ROWS = [
    Row("baseline", (0.8,), MEAN, None, "not tested"),
    Row("train.epochs=100", (0.85, 0.9), MEAN, Estimate(0.1, 0.02, 0.2, 0.01), "better"),
    Row("train.batch_size=16", (0.7,), Estimate(0.7, np.nan, np.nan), None, "not tested"),
    Row("fetch.source=$x$ " + "very long " * 12, (0.5,) * 3, MEAN, Estimate(-0.1, -0.2, 0, 0.03), "worse"),
    *[Row(f"train.seed={n}", (0.8,), MEAN, Estimate(0, -0.1, 0.1, 0.9), "no difference shown") for n in range(21)],
]


@pytest.mark.parametrize("count", [1, 4, 25])
def test_nothing_is_cut_off_and_every_configuration_is_named(count: int, tmp_path: Path) -> None:
    figure = forest(ROWS[:count], "macro_f1", "Comparison (synthetic sample)")
    figure.canvas.draw()
    left, right = figure.axes
    labels = left.get_yticklabels()
    assert [label.get_text().replace("\n", " ").split(" (n=")[0] for label in labels] == [
        row.label.strip() for row in ROWS[:count]
    ]
    edge = figure.bbox
    texts = [*labels, left.xaxis.label, right.xaxis.label, left.title, right.title, *figure.texts, *figure.legends]
    for text in texts:
        box = text.get_window_extent()
        assert box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1 and box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1
    boxes = [label.get_window_extent() for label in labels]
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes)), "labels overlap"
    save_figure(figure, tmp_path / "forest.png")
    assert (tmp_path / "forest.png").stat().st_size > 5000


def test_long_labels_beside_each_other_do_not_overlap() -> None:
    long = [Row(f"preprocess.interpolation=lanczos {n}, " * 4, (0.8,), MEAN, None, "not tested") for n in range(3)]
    figure = forest([*ROWS[:2], *long, *ROWS[4:]], "accuracy", "t")
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
    plt.close(figure)


def test_the_legend_says_what_the_marks_mean() -> None:
    figure = forest(ROWS[:5], "accuracy", "t")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "not tested", "better", "worse", "no difference shown"
    ]  # fmt: skip
    plt.close(figure)


def test_a_row_without_a_difference_says_so() -> None:
    figure = forest(ROWS[:3], "accuracy", "t")
    assert [text.get_text() for text in figure.axes[1].texts] == ["not tested"]
    plt.close(figure)
