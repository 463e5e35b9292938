from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from met_culture.evaluate import plots
from met_culture.evaluate.confusion_matrix import plot_confusion_matrix
from met_culture.evaluate.examples import select_examples
from met_culture.plotting.style import save_figure

LABELS = ["China", "Japan", "America", "India"]
HISTORY = pd.DataFrame(
    {"epoch": [1, 2, 3], "phase": "all", "train_accuracy": [0.4, 0.5, 0.6], "train_loss": [1.3, 1.1, 0.9],
     "val_accuracy": [0.4, 0.6, 0.5], "val_loss": [1.3, 1.0, 1.1]}
)  # fmt: skip


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has drawn."""
    yield
    plt.close("all")


def predictions(count: int, wrong: int) -> pd.DataFrame:
    true = [LABELS[i % 4] for i in range(count)]
    predicted = [LABELS[(i + (i < wrong)) % 4] for i in range(count)]
    p = {f"p_{name}": [0.7 if name == label else 0.1 for label in predicted] for name in LABELS}
    title = [f"A long title of a painting with $ signs, number {i}" for i in range(count)]
    return pd.DataFrame({"title": title, "label": true, "predicted": predicted} | p)


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


def test_curves_show_both_splits_and_the_kept_epoch() -> None:
    figure = plots.curves(HISTORY, "synthetic sample", kept_epoch=2)
    for word in ("synthetic sample", "train (augmented)", "validation", "kept epoch (2)", "epoch", "cross-entropy"):
        assert word in texts(figure)
    assert [len(axis.lines) for axis in figure.axes] == [3, 3]
    assert figure.axes[0].lines[1].get_ydata().tolist() == HISTORY["val_accuracy"].tolist()


def test_curves_show_where_fine_tuning_starts() -> None:
    figure = plots.curves(HISTORY.assign(phase=["head", "head", "all"]), "synthetic sample", kept_epoch=3)
    assert figure.axes[0].lines[3].get_xdata()[0] == 2.5
    assert "fine-tuning starts" in texts(figure)


def test_a_head_alone_is_never_fine_tuned() -> None:
    settings = {"phase": "head", "views": ["1", "1", "5"], "c": ["32.0", "100.0", "32.0"]}
    figure = plots.curves(HISTORY.assign(**settings), "synthetic sample", kept_epoch=3)
    assert "fine-tuning" not in texts(figure)
    assert {"1\n100", "left out", "chosen"} <= {text.get_text() for text in figure.findobj(plt.Text)}


@pytest.mark.parametrize(("wrong", "shown"), [(0, 0), (3, 3), (20, 12)])
def test_errors_show_the_worst(tmp_path: Path, wrong: int, shown: int) -> None:
    table = predictions(24, wrong)
    table.loc[5, "p_Japan"] = 0.01  # the true label of the sixth image, which is thus the worst
    images = np.zeros((24, 8, 8, 3), np.uint8)
    images[5] = 200
    figure = plots.errors(table, images, LABELS, "synthetic sample")
    filled = [axis for axis in figure.axes if axis.images]
    assert len(filled) == shown
    assert f"{wrong} errors among 24" in texts(figure)
    if wrong > 5:
        assert filled[0].images[0].get_array().max() == 200
    save_figure(figure, tmp_path / "errors.png")  # titles with $ draw too


@pytest.mark.parametrize("wrong", [0, 20])
def test_a_heat_map_lies_below_its_image(tmp_path: Path, wrong: int) -> None:
    table = predictions(24, wrong)
    shown = select_examples(table, LABELS)
    images = np.full((len(shown), 8, 8, 3), 50, np.uint8)
    figure = plots.gradcam(table.iloc[shown], images, [image + 100 for image in images], "synthetic sample", "Grad-CAM")
    filled = [axis.images[0].get_array().max() for axis in figure.axes if axis.images]
    assert sorted(filled) == [50] * len(shown) + [150] * len(shown)
    save_figure(figure, tmp_path / "gradcam.png")


def test_a_source_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    save_figure(plots.curves(HISTORY, "museum folder $1_$", 2), tmp_path / "a.png")
    save_figure(plot_confusion_matrix(predictions(9, 1), LABELS, "$\\x{$"), tmp_path / "b.png")


def test_equal_data_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save_figure(plots.curves(HISTORY, "synthetic sample", 2), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert plt.get_fignums() == []
