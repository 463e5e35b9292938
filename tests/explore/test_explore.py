from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support import set_param

from met_culture.clean import run as clean
from met_culture.common.files import read_json
from met_culture.explore import run as explore
from met_culture.fetch import run as fetch

PICTURES = ["classes", "classifications", "collection", "columns", "cultures"]
PICTURES += ["duplicates", "kinds", "media", "object", "shapes"]


@pytest.fixture
def fetched(workspace: Path, small_sample: Path, stage: Callable[..., None]) -> Path:
    set_param(workspace, "source: sample", f"source: {small_sample}")
    stage(fetch.main, "data/raw", "metrics/fetch.json")
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    return workspace


def drawn(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (folder / "plots/explore").iterdir()}


def test_every_picture_is_drawn_and_equal_runs_give_equal_bytes(fetched: Path, stage: Callable[..., None]) -> None:
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    first = drawn(fetched)
    assert sorted(first) == sorted(PICTURES)
    for name in PICTURES:
        with Image.open(fetched / f"plots/explore/{name}.png") as image:
            assert image.width >= 900
            assert len(image.convert("L").getcolors(256) or []) > 20  # more than an empty frame
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert drawn(fetched) == first


def test_the_seed_chooses_the_pictures_and_no_count(fetched: Path, stage: Callable[..., None]) -> None:
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    first = drawn(fetched)
    set_param(fetched, "  seed: 0 # chooses", "  seed: 1 # chooses")
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert {name for name, data in drawn(fetched).items() if data != first[name]} == {"collection", "classes"}


def test_what_was_fetched_is_said() -> None:
    assert explore.scope("synthetic sample", 1472) == "synthetic sample: 1,472 objects, all of it"
    museum = explore.scope("Metropolitan Museum of Art Collection API", 5)
    assert museum.endswith("5 objects, those that fetch.candidates asked for")


def test_a_row_for_every_label(fetched: Path) -> None:
    paintings = pd.read_csv(fetched / "data/clean/paintings.csv", keep_default_na=False)
    labels = read_json(fetched / "data/clean/labels.json")["labels"]
    paintings = pd.concat([paintings[paintings["label"] != "India"], paintings[paintings["label"] == "India"].head(1)])
    cells = explore.classes(paintings, labels, fetched / "data/raw", 3, np.random.default_rng(0))
    assert [text.split("\n")[0] for _, text in cells] == ["China"] * 3 + ["Japan"] * 3 + ["America"] * 3 + [
        "India",
        "",
        "",
    ]


def test_a_picture_that_is_gone_leaves_a_grey_square(tmp_path: Path) -> None:
    assert explore.picture(tmp_path / "gone.jpg").std() == 0
