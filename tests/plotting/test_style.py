from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from met_culture.plotting.style import image_grid, save_figure


def test_a_grid_leaves_blanks_and_has_only_the_rows_that_it_needs(tmp_path: Path) -> None:
    before = plt.get_fignums()
    image = np.zeros((8, 8, 3), np.uint8)
    cells = [None, (image, "$number 1$"), None, (image, "$number 3$"), None]
    figure = image_grid(cells, 3, width=6, row_height=2, header_height=0.5, caption_size=7)
    assert figure.get_size_inches().tolist() == [6, 4.5]
    assert [bool(axis.images) for axis in figure.axes] == [False, True, False, True, False, False]
    assert figure.axes[1].get_title() == "$number 1$"
    save_figure(figure, tmp_path / "new folder/grid.png")  # a $ in a caption is no formula
    assert plt.get_fignums() == before


def test_equal_figures_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save_figure(image_grid([], 2, width=2, row_height=1, header_height=0, caption_size=7), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
