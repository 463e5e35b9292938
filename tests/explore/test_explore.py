import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from support import DAMAGES, ROOT, run_stage, set_param

from met_culture.clean import __main__ as clean
from met_culture.common.errors import UserError
from met_culture.explore import __main__ as explore
from met_culture.explore.collection import read_collection
from met_culture.explore.overview import _fullest_object
from met_culture.fetch import __main__ as fetch

PLOTS = ["article_classifications", "article_cultures", "classes", "classifications", "collection"]
PLOTS += ["columns", "cultures", "duplicates", "kinds", "media", "object", "shapes"]


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


def test_every_plot_is_drawn_and_equal_runs_give_equal_bytes(
    explored: Path, copied: Path, stage: Callable[..., None]
) -> None:
    assert sorted(drawn(explored)) == sorted(PLOTS)
    for name in PLOTS:
        with Image.open(explored / f"plots/explore/{name}.png") as image:
            assert image.width >= 900
            assert len(image.convert("L").getcolors(256) or []) > 20  # more than an empty frame
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert drawn(copied) == drawn(explored)


def test_the_seed_chooses_images_and_changes_no_count(explored: Path, copied: Path, stage: Callable[..., None]) -> None:
    first = drawn(explored)
    set_param(copied, "  seed: 0 # seed that chooses", "  seed: 1 # seed that chooses")
    stage(explore.main, "data/raw", "data/clean", "plots/explore")
    assert {name for name, data in drawn(copied).items() if data != first[name]} == {"collection", "classes"}


@pytest.mark.parametrize("name", ["raw/source.json", "raw/objects.parquet", "clean/paintings.csv", "clean/labels.json"])
def test_a_damaged_input_is_one_sentence(copied: Path, stage: Callable[..., None], name: str) -> None:
    path = copied / "data" / name
    data = path.read_bytes()
    for damage in DAMAGES.values():
        path.write_bytes(damage(data))
        with pytest.raises(UserError, match=rf"{name} (is damaged|cannot be read).*; run `dvc repro"):
            stage(explore.main, "data/raw", "data/clean", "plots/explore")


def test_paintings_of_another_fetch_are_refused(copied: Path, stage: Callable[..., None]) -> None:
    path = copied / "data/clean/paintings.csv"
    header, first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, "99" + first, *rest]))
    with pytest.raises(UserError, match=r"paintings\.csv has paintings of another fetch; run `dvc repro clean`"):
        stage(explore.main, "data/raw", "data/clean", "plots/explore")


def test_a_year_is_whole_beside_a_null(copied: Path) -> None:
    collection = read_collection(copied / "data/raw", copied / "data/clean")
    years = collection.objects["objectBeginDate"].astype(float)
    years.iloc[0] = None
    collection = replace(collection, objects=collection.objects.assign(objectBeginDate=years))
    lines = _fullest_object(collection).axes[0].texts[0].get_text().splitlines()
    (shown,) = [line.split()[1] for line in lines if line.startswith("objectBeginDate")]
    assert shown.removeprefix("-").isdecimal()
