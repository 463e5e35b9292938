import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import metrics
from support import DAMAGES, ROOT, run_stage, set_param

from met_culture.common.config import load
from met_culture.common.csv_files import read_table
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_json
from met_culture.common.schemas import HISTORY
from met_culture.evaluate import __main__ as evaluate
from met_culture.evaluate.inputs import read_data
from met_culture.models.model_file import save_model
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

LABELS = ["China", "Japan", "America", "India"]
META = {
    "labels": LABELS,
    "image_size": 48,
    "fit": "squash",
    "interpolation": "area",
    "source": "synthetic sample",
    "epoch": 1,
}
ARGUMENTS = (
    "data/preprocess", "models/model.keras", "plots/training.csv",
    "data/evaluate/predictions.csv", "metrics/evaluate.json", "plots",
)  # fmt: skip


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which evaluate has run on 20 test images and an untrained model; no test may change it."""
    folder = tmp_path_factory.mktemp("evaluated")
    write_inputs(folder)
    with contextlib.chdir(folder):
        run_stage(evaluate.main, *ARGUMENTS)
    return folder


@pytest.fixture
def copied(evaluated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of `evaluated`, the current folder."""
    folder = Path(shutil.copytree(evaluated, tmp_path / "copy"))
    monkeypatch.chdir(folder)
    return folder


def write_inputs(workspace: Path) -> None:
    """Write params.yaml and the outputs of preprocess and train."""
    shutil.copy(ROOT / "params.yaml", workspace)
    arrays = workspace / "data/preprocess"
    arrays.mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.save(arrays / "test_x.npy", rng.integers(0, 256, (20, 48, 48, 3), np.uint8))
    rows = pd.DataFrame({"objectID": range(100, 160), "split": ["train"] * 40 + ["test"] * 20})
    rows["label"] = ["Japan"] * 25 + ["China"] * 15 + [LABELS[i % 4] for i in range(20)]
    rows["group"], rows["title"] = rows["objectID"] // 2 * 2, "A title"
    rows.to_csv(arrays / "rows.csv", index=False)
    write_json(arrays / "meta.json", META)
    (workspace / "plots").mkdir()
    (workspace / "plots/training.csv").write_text(
        "epoch,phase,train_accuracy,train_loss,val_accuracy,val_loss\n1,all,0.2,1.5,0.3,1.4\n2,all,0.4,1.2,0.35,1.5\n"
    )
    save_model(
        build(load("train", TrainParams, ROOT / "params.yaml"), 48, 4).trainable,
        workspace / "models/model.keras",
        META,
        optimizer=False,
    )
    set_param(workspace, "bootstrap_samples: 2000", "bootstrap_samples: 200")


def test_every_metric_derives_from_the_predictions(evaluated: Path) -> None:
    predictions, result = pd.read_csv(evaluated / "data/evaluate/predictions.csv"), read_json(evaluated / ARGUMENTS[4])
    assert {"objectID", "group", "label", "predicted", "p_China", "p_Japan", "p_America", "p_India"} <= set(predictions)
    assert predictions["objectID"].tolist() == list(range(140, 160))
    assert result["accuracy"] == metrics.accuracy_score(predictions["label"], predictions["predicted"])
    assert result["majority_accuracy"] == 0.25  # Japan, which the training images hold most
    assert (result["source"], result["n_test"], result["n_groups"]) == ("synthetic sample", 20, 10)
    assert 0 <= result["accuracy_without_border"] <= 1
    confusion = pd.read_csv(evaluated / "plots/confusion.csv")
    assert confusion.equals(predictions[["label", "predicted"]])


def test_the_batch_size_changes_no_metric(evaluated: Path, copied: Path, stage: Callable[..., None]) -> None:
    set_param(copied, "batch_size: 1 #", "batch_size: 7 #")
    stage(evaluate.main, *ARGUMENTS)
    alone, together = read_json(evaluated / ARGUMENTS[4]), read_json(copied / ARGUMENTS[4])
    assert together["accuracy"] == alone["accuracy"]
    assert together["log_loss"] == pytest.approx(alone["log_loss"], abs=1e-5)


def test_plots_are_images(evaluated: Path) -> None:
    for name in ("curves", "confusion", "errors", "gradcam"):
        with Image.open(evaluated / f"plots/{name}.png") as image:
            assert min(image.size) >= 400
            assert len(image.convert("L").getcolors(256) or []) > 20  # more than an empty frame


def test_equal_runs_give_equal_bytes(evaluated: Path, copied: Path, stage: Callable[..., None]) -> None:
    pictures = ("curves.png", "confusion.png", "errors.png", "gradcam.png", "confusion.csv")
    written = ("data/evaluate/predictions.csv", "metrics/evaluate.json", *(f"plots/{name}" for name in pictures))
    stage(evaluate.main, *ARGUMENTS)
    assert [(copied / name).read_bytes() for name in written] == [(evaluated / name).read_bytes() for name in written]


def test_a_model_of_other_labels_is_named(copied: Path, stage: Callable[..., None]) -> None:
    write_json(copied / "data/preprocess/meta.json", META | {"labels": ["print", "jade", "ink", "bone"]})
    with pytest.raises(UserError, match=r"model\.keras was trained for other labels \(China"):
        stage(evaluate.main, *ARGUMENTS)


@pytest.mark.parametrize("name", ["rows.csv", "meta.json", "test_x.npy", "training.csv"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_input_is_one_sentence(copied: Path, name: str, damage: str) -> None:
    path = copied / ("plots" if name == "training.csv" else "data/preprocess") / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(UserError, match=rf"{name} is (damaged|not a whole).*; run `dvc repro"):
        if name == "training.csv":
            read_table(path, HISTORY, "dvc repro train")
        else:
            read_data(copied / "data/preprocess")


def test_rows_and_arrays_of_two_runs_are_refused(copied: Path) -> None:
    path = copied / "data/preprocess/rows.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match=r"rows\.csv is damaged \(it has 19 rows for 20 test images"):
        read_data(copied / "data/preprocess")


def test_rows_of_other_labels_are_refused(copied: Path, stage: Callable[..., None]) -> None:
    path = copied / "data/preprocess/rows.csv"
    path.write_text(path.read_text().replace("America", "Korea"))
    with pytest.raises(UserError, match=r"rows\.csv is damaged \(label 'Korea' is none of"):
        stage(evaluate.main, *ARGUMENTS)
