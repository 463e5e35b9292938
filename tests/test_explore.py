import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, run_stage, set_param
from PIL import Image

from met_culture import clean, explore, fetch
from met_culture.files import read_json

PICTURES = ["classes", "classifications", "collection", "columns", "cultures"]
PICTURES += ["duplicates", "kinds", "media", "object", "shapes"]


@pytest.fixture(scope="module")
def explored(small_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which fetch, clean and explore have run; no test may change it."""
    folder = tmp_path_factory.mktemp("explored")
    shutil.copy(ROOT / "params.yaml", folder)
    set_param(folder, "source: sample", f"source: {small_sample}")
    with contextlib.chdir(folder):
        run_stage(fetch.main, "data/raw", "metrics/fetch.json")
        run_stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
        run_stage(explore.main, "data/raw", "data/clean", "plots/explore")
    return folder


@pytest.fixture
def copied(explored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of `explored`, the current folder."""
    folder = Path(shutil.copytree(explored, tmp_path / "copy"))
    monkeypatch.chdir(folder)
    return folder


def drawn(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (folder / "plots/explore").iterdir()}


def test_every_picture_is_drawn_and_equal_runs_give_equal_bytes(
    explored: Path, copied: Path, stage: Callable[..., None]
) -> None:
    assert sorted(drawn(explored)) == sorted(PICTURES)
    for name in PICTURES:
        with Image.open(explored / f"plots/explore/{name}.png") as image:
            assert image.width >= 900
            assert len(image.convert("L").getcolors(256) or []) > 20  # more than an empty frame
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert drawn(copied) == drawn(explored)


def test_the_seed_chooses_the_pictures_and_no_count(explored: Path, copied: Path, stage: Callable[..., None]) -> None:
    first = drawn(explored)
    set_param(copied, "  seed: 0 # chooses", "  seed: 1 # chooses")
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert {name for name, data in drawn(copied).items() if data != first[name]} == {"collection", "classes"}


def test_what_was_fetched_is_said() -> None:
    assert explore.scope("synthetic sample", 1472) == "synthetic sample: 1,472 objects, all of it"
    museum = explore.scope("Metropolitan Museum of Art Collection API", 5)
    assert museum.endswith("5 objects, those that fetch.candidates asked for")


def test_a_row_for_every_label(explored: Path) -> None:
    paintings = pd.read_csv(explored / "data/clean/paintings.csv", keep_default_na=False)
    labels = read_json(explored / "data/clean/labels.json")["labels"]
    paintings = pd.concat([paintings[paintings["label"] != "India"], paintings[paintings["label"] == "India"].head(1)])
    cells = explore.classes(paintings, labels, explored / "data/raw", 3, np.random.default_rng(0))
    assert [text.split("\n")[0] for _, text in cells] == ["China"] * 3 + ["Japan"] * 3 + ["America"] * 3 + [
        "India",
        "",
        "",
    ]


def test_a_picture_that_is_gone_leaves_a_grey_square(tmp_path: Path) -> None:
    assert explore.picture(tmp_path / "gone.jpg").std() == 0
