from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from support import DAMAGES, set_param

from met_culture.clean import __main__ as clean
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.common.schemas import SPLITS
from met_culture.fetch import __main__ as fetch
from met_culture.preprocess import __main__ as preprocess

ARGUMENTS = ("data/raw", "data/clean", "data/preprocess")


@pytest.fixture
def cleaned(workspace: Path, museum: Path, stage: Callable[..., None]) -> Path:
    set_param(workspace, "source: sample", f"source: {museum}")
    set_param(workspace, "image_size: 150", "image_size: 48")
    stage(fetch.main, "data/raw", "metrics/fetch.json")
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    return workspace


def test_arrays(cleaned: Path, stage: Callable[..., None]) -> None:
    stage(preprocess.main, *ARGUMENTS)
    out = cleaned / "data/preprocess"
    rows, labels = pd.read_csv(out / "rows.csv"), ["China", "Japan", "America", "India"]
    assert rows["split"].tolist() == ["train"] * 4 + ["val"] * 4 + ["test"] * 4
    for split in SPLITS:
        x, y = np.load(out / f"{split}_x.npy", mmap_mode="r"), np.load(out / f"{split}_y.npy")
        members = rows[rows["split"] == split]
        assert (x.shape, x.dtype, y.dtype) == ((4, 48, 48, 3), np.uint8, np.int64)
        assert [labels[index] for index in y] == members["label"].tolist()
        for image, object_id in zip(x, members["objectID"], strict=True):
            bgr = cv2.resize(
                cv2.imread(str(cleaned / f"data/raw/images/{object_id}.jpg")), (48, 48), interpolation=cv2.INTER_CUBIC
            )
            assert np.array_equal(image, bgr[..., ::-1])
    assert read_json(out / "meta.json") == {
        "source": "museum folder museum",
        "labels": labels,
        "image_size": 48,
        "interpolation": "cubic",
        "fit": "squash",
    }


def test_equal_runs_give_equal_bytes(cleaned: Path, stage: Callable[..., None]) -> None:
    out = cleaned / "data/preprocess"
    stage(preprocess.main, *ARGUMENTS)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    stage(preprocess.main, *ARGUMENTS)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_labels_that_look_like_numbers_stay_text(cleaned: Path, stage: Callable[..., None]) -> None:
    for name in ("clean/paintings.csv", "clean/labels.json"):
        path = cleaned / "data" / name
        path.write_text(path.read_text().replace("China", "1800").replace("Japan", "1900"))
    table = pd.read_csv(cleaned / "data/clean/paintings.csv")
    numbers = table[table["label"].isin(["1800", "1900"])]
    numbers.to_csv(cleaned / "data/clean/paintings.csv", index=False)
    stage(preprocess.main, *ARGUMENTS)
    assert np.load(cleaned / "data/preprocess/train_y.npy").tolist() == [1, 0]


@pytest.mark.parametrize("fault", ["missing", "changed", "cut off"])
def test_an_image_that_broke_since_fetch_stops_by_name(cleaned: Path, stage: Callable[..., None], fault: str) -> None:
    path = cleaned / "data/raw/images/5.jpg"
    data = path.read_bytes()
    path.unlink()
    if fault != "missing":
        path.write_bytes(data[:-200] if fault == "cut off" else data + b"\x00")
    with pytest.raises(UserError, match=r"images/5\.jpg"):
        stage(preprocess.main, *ARGUMENTS)


def test_crops_depend_on_their_painting_and_the_seed_alone(cleaned: Path, stage: Callable[..., None]) -> None:
    out = cleaned / "data/preprocess"
    stage(preprocess.main, *ARGUMENTS)
    assert np.load(out / "train_crops.npy").shape == (4, 0, 48, 48, 3)
    set_param(cleaned, "crops: 0", "crops: 3")
    stage(preprocess.main, *ARGUMENTS)
    crops, images = np.load(out / "train_crops.npy"), np.load(out / "train_x.npy")
    assert crops.shape == (4, 3, 48, 48, 3)
    assert all(np.abs(crops[:, number].astype(int) - images).mean() > 3 for number in range(3))
    table = pd.read_csv(cleaned / "data/clean/paintings.csv")
    table[::-1].to_csv(cleaned / "data/clean/paintings.csv", index=False)
    stage(preprocess.main, *ARGUMENTS)
    assert np.array_equal(np.load(out / "train_crops.npy"), crops[::-1])
    set_param(cleaned, "seed: 0 # seed of the crops", "seed: 1 # seed of the crops")
    stage(preprocess.main, *ARGUMENTS)
    assert not np.array_equal(np.load(out / "train_crops.npy"), crops[::-1])


def test_chunks_do_not_change_the_arrays(
    cleaned: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(preprocess.main, *ARGUMENTS)
    whole = np.load(cleaned / "data/preprocess/train_x.npy")
    monkeypatch.setattr("met_culture.preprocess.paintings.CHUNK", 3)
    stage(preprocess.main, *ARGUMENTS)
    assert np.array_equal(np.load(cleaned / "data/preprocess/train_x.npy"), whole)


@pytest.mark.parametrize("name", ["paintings.csv", "labels.json"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_input_is_one_sentence(cleaned: Path, stage: Callable[..., None], name: str, damage: str) -> None:
    path = cleaned / "data/clean" / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(UserError, match=rf"{name} is damaged .*run `dvc repro clean`"):
        stage(preprocess.main, *ARGUMENTS)


@pytest.mark.parametrize(("old", "new"), [(",val,", ",vali,"), (",val,", ",train,"), ("China", "Chine")])
def test_misspelt_splits_and_labels_are_refused(cleaned: Path, stage: Callable[..., None], old: str, new: str) -> None:
    path = cleaned / "data/clean/paintings.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=r"paintings\.csv is damaged"):
        stage(preprocess.main, *ARGUMENTS)
