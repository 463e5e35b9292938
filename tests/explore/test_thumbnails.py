from pathlib import Path

import numpy as np
import pandas as pd

from met_culture.explore.thumbnails import LINE, caption, cells_by_label, thumbnail


def test_a_caption_holds_title_date_and_credit() -> None:
    row = pd.Series({"title": "A very long title " * 9, "objectDate": "ca. 1700", "creditLine": "Gift of\nsomebody"})
    lines = caption(row).split("\n")
    assert lines[1].endswith("…")
    assert lines[2:] == ["ca. 1700", "Gift of somebody"]
    assert max(map(len, lines)) <= LINE


def test_every_label_has_a_row_and_missing_paintings_are_blank(tmp_path: Path) -> None:
    columns = {"title": "Plum", "objectDate": "", "creditLine": "", "image_file": "gone.jpg"}
    paintings = pd.DataFrame({"label": ["China"] * 4 + ["Japan"] * 3 + ["India"]}).assign(**columns)
    cells = cells_by_label(paintings, ["China", "Japan", "India"], tmp_path, 3, np.random.default_rng(0))
    labels = [cell[1].split("\n")[0] if cell else None for cell in cells]
    assert labels == ["China"] * 3 + ["Japan"] * 3 + ["India", None, None]


def test_an_image_that_is_gone_leaves_a_grey_square(tmp_path: Path) -> None:
    assert thumbnail(tmp_path / "gone.jpg").std() == 0
