from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from met_culture.explore import plots
from met_culture.explore.distributions import distributions
from met_culture.plotting.style import save_figure

SCOPE = "a source: 10 objects"


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


def test_bars_say_their_numbers_and_what_was_fetched() -> None:
    figure = plots.bars(pd.Series({"Paintings": 1200, "Prints": 3}), "Classes", SCOPE, "objects")
    for text in ("Paintings", "1,200", "3", "objects", SCOPE):
        assert text in texts(figure)
    first, second = figure.axes[0].patches
    assert first.get_width() == 1200
    assert first.get_y() < second.get_y()
    assert figure.axes[0].yaxis.get_inverted()


def test_shares_are_said_in_per_cent_and_a_second_number_in_brackets() -> None:
    assert "25%" in texts(plots.bars(pd.Series({"culture": 0.25}), "Filled", SCOPE, "share"))
    works, paintings = pd.Series({"China": 5}, name="works"), pd.Series({"China": 2}, name="paintings")
    figure = plots.bars(works, "Cultures", SCOPE, "objects", paintings)
    assert "5 (2)" in texts(figure)
    assert {"works", "paintings"} <= set(texts(figure).split())


def test_no_bars_at_all_can_be_drawn(tmp_path: Path) -> None:
    save_figure(plots.bars(pd.Series([], dtype=int), "Nothing", SCOPE, "objects"), tmp_path / "x.png")


def test_a_grid_shows_every_picture(tmp_path: Path) -> None:
    pictures = [(np.full((8, 4 + number, 3), number, np.uint8), f"$number {number}$") for number in range(7)]
    figure = plots.grid(pictures, 6, "Some", SCOPE)
    assert [axis.images[0].get_array().max() for axis in figure.axes if axis.images] == list(range(7))
    assert "$number 3$" in texts(figure)
    save_figure(figure, tmp_path / "x.png")


def test_an_object_shows_what_is_filled_and_names_what_is_empty() -> None:
    figure = plots.example(pd.Series({"title": "Plum", "culture": "", "tags": None, "medium": "ink " * 50}), SCOPE)
    assert "2 of 4 columns are filled" in texts(figure)
    assert "empty: culture, tags" in texts(figure)
    assert "…" in texts(figure)


def test_a_distribution_without_data_says_so(tmp_path: Path) -> None:
    shapes = pd.DataFrame({"label": ["China"], "aspect": [1.5], "height_cm": [np.nan], "year": [np.nan]})
    figure = distributions(shapes, {"China": np.full((1, 3), 0.5)}, ["China"], SCOPE)
    save_figure(figure, tmp_path / "shapes.png")
    assert [[text.get_text() for text in axis.texts] for axis in figure.axes] == [[], ["no data"], ["no data"], []]


def test_distributions_count_what_is_known(tmp_path: Path) -> None:
    shapes = pd.DataFrame(
        {
            "label": ["China", "China", "Japan"],
            "aspect": [0.5, 2.0, 1.0],
            "height_cm": [30.0, np.nan, np.nan],
            "year": [1500.0, 1600.0, np.nan],
        }
    )
    colours = {"China": np.array([[0.9, 0.9, 0.9], [0.1, 0.1, 0.1]]), "Japan": np.array([[0.5, 0.2, 0.1]])}
    figure = distributions(shapes, colours, ["China", "Japan"], SCOPE)
    assert {"China (2)", "China (1)", "Japan (0)"} <= {
        label.get_text() for axis in figure.axes for label in axis.get_yticklabels()
    }
    assert figure.axes[-1].images[0].get_array()[0, 0].tolist() == [0.1, 0.1, 0.1]  # dark to light
    save_figure(figure, tmp_path / "x.png")
