from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from support import set_param

from met_culture.clean import __main__ as clean
from met_culture.explore import __main__ as explore
from met_culture.fetch import __main__ as fetch

PLOTS = ["classes", "classifications", "collection", "columns", "cultures"]
PLOTS += ["duplicates", "kinds", "media", "object", "shapes"]


@pytest.fixture
def fetched(workspace: Path, small_sample: Path, stage: Callable[..., None]) -> Path:
    set_param(workspace, "source: sample", f"source: {small_sample}")
    stage(fetch.main, "data/raw", "metrics/fetch.json")
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    return workspace


def drawn(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (folder / "plots/explore").iterdir()}


def test_every_plot_is_drawn_and_equal_runs_give_equal_bytes(fetched: Path, stage: Callable[..., None]) -> None:
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    first = drawn(fetched)
    assert sorted(first) == sorted(PLOTS)
    for name in PLOTS:
        with Image.open(fetched / f"plots/explore/{name}.png") as image:
            assert image.width >= 900
            assert len(image.convert("L").getcolors(256) or []) > 20  # more than an empty frame
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert drawn(fetched) == first


def test_the_seed_chooses_images_and_changes_no_count(fetched: Path, stage: Callable[..., None]) -> None:
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    first = drawn(fetched)
    set_param(fetched, "  seed: 0 # chooses", "  seed: 1 # chooses")
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert {name for name, data in drawn(fetched).items() if data != first[name]} == {"collection", "classes"}
