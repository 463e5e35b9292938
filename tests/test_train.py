from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import set_param

from met_culture import train
from met_culture.command import UserError
from met_culture.files import read_json, write_json

ARGUMENTS = ("data/preprocess", "models/model.keras", "models/last.keras", "plots/training.csv", "metrics/train.json")
OUTPUTS = ARGUMENTS[1:]


@pytest.fixture
def arrays(workspace: Path) -> Path:
    """Write 24 training and 8 validation images of four easy classes, 32 x 32."""
    out = workspace / "data/preprocess"
    out.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 8)):
        y = np.arange(count) % 4
        colours = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]])
        x = rng.integers(0, 50, (count, 32, 32, 3)) + colours[y][:, None, None]
        np.save(out / f"{split}_x.npy", x.astype(np.uint8))
        np.save(out / f"{split}_y.npy", y)
    write_json(out / "meta.json", {"source": "test", "labels": list("abcd"), "image_size": 32, "fit": "squash"})
    set_param(workspace, "epochs: 50", "epochs: 3")
    set_param(workspace, "batch_size: 32", "batch_size: 8")
    return workspace


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def test_outputs(arrays: Path, stage: Callable[..., None]) -> None:
    stage(train.main, *ARGUMENTS)
    curves, metrics = pd.read_csv(arrays / "plots/training.csv"), read_json(arrays / "metrics/train.json")
    assert list(curves) == ["epoch", "train_accuracy", "train_loss", "val_accuracy", "val_loss"]
    assert curves["epoch"].tolist() == [1, 2, 3]
    best = curves.loc[curves["val_loss"].idxmin()]
    assert metrics["best_epoch"] == best["epoch"]
    assert metrics["best"]["val_loss"] == pytest.approx(best["val_loss"], abs=1e-6)
    assert metrics["last"]["train_accuracy"] == pytest.approx(curves["train_accuracy"].iloc[-1], abs=1e-6)
    assert metrics["val_accuracy_last_10"] == pytest.approx(curves["val_accuracy"].mean(), abs=1e-6)
    assert (metrics["n_train"], metrics["n_val"], metrics["source"]) == (24, 8, "test")


def test_the_kept_models_are_those_of_the_curves(arrays: Path, stage: Callable[..., None]) -> None:
    wrong = arrays / "data/preprocess/val_y.npy"
    np.save(wrong, (np.load(wrong) + 1) % 4)  # validation gets worse as training gets better: best is not last
    set_param(arrays, "epochs: 3", "epochs: 10")
    stage(train.main, *ARGUMENTS)
    curves = pd.read_csv(arrays / "plots/training.csv")
    x, y = (np.load(arrays / f"data/preprocess/val_{name}.npy") for name in "xy")
    losses = []
    for name in ("model", "last"):
        model = keras.saving.load_model(arrays / f"models/{name}.keras", compile=False)
        losses.append(-np.log(model.predict_on_batch(x)[np.arange(8), y] + 1e-12).mean())
    assert losses[0] == pytest.approx(curves["val_loss"].min(), rel=1e-3)
    assert losses[1] == pytest.approx(curves["val_loss"].iloc[-1], rel=1e-3)
    assert losses[0] < losses[1]


def test_equal_runs_give_equal_bytes_and_the_seed_decides(arrays: Path, stage: Callable[..., None]) -> None:
    stage(train.main, *ARGUMENTS)
    first = outputs(arrays)
    stage(train.main, *ARGUMENTS)
    assert outputs(arrays) == first
    set_param(arrays, "  seed: 0 # weights", "  seed: 1 # weights")
    stage(train.main, *ARGUMENTS)
    assert all(outputs(arrays)[name] != first[name] for name in OUTPUTS)


def test_more_epochs_begin_with_the_same_ones(arrays: Path, stage: Callable[..., None]) -> None:
    stage(train.main, *ARGUMENTS)
    three = pd.read_csv(arrays / "plots/training.csv")
    set_param(arrays, "epochs: 3", "epochs: 5")
    stage(train.main, *ARGUMENTS)
    assert pd.read_csv(arrays / "plots/training.csv").head(3).equals(three)


def test_it_learns(arrays: Path, stage: Callable[..., None]) -> None:
    set_param(arrays, "epochs: 3", "epochs: 25")
    stage(train.main, *ARGUMENTS)
    assert read_json(arrays / "metrics/train.json")["last"]["val_accuracy"] >= 0.75


def test_a_diverging_training_names_the_key(arrays: Path, stage: Callable[..., None]) -> None:
    set_param(arrays, "learning_rate: 0.001", "learning_rate: 1.0e+30")
    set_param(arrays, "optimizer: rmsprop", "optimizer: sgd")
    with pytest.raises(UserError, match=r"diverged in epoch \d.*train\.learning_rate"):
        stage(train.main, *ARGUMENTS)
