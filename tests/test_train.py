import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import set_param

from met_culture import train
from met_culture.batches import Batches
from met_culture.command import UserError
from met_culture.files import read_json, write_json
from met_culture.params import AugmentParams

OUTPUTS = (
    "models/model.keras",
    "models/last.keras",
    "plots/training.csv",
    "metrics/train.json",
    "metrics/environment.json",
)
ARGUMENTS = ("data/preprocess", *OUTPUTS)


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


def forget(folder: Path) -> None:
    """Remove the checkpoints."""
    shutil.rmtree(folder / ".scratch/checkpoints")


def latest(folder: Path) -> int:
    """Return the highest epoch that has a checkpoint."""
    return max([int(path.stem.split("-")[-1]) for path in folder.glob(".scratch/checkpoints/*.npz")], default=0)


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
    forget(arrays)
    stage(train.main, *ARGUMENTS)
    assert outputs(arrays) == first
    set_param(arrays, "  seed: 0 # weights", "  seed: 1 # weights")
    stage(train.main, *ARGUMENTS)
    same = [name for name, content in outputs(arrays).items() if content == first[name]]
    assert same == ["metrics/environment.json"]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the number of each epoch that is really trained, from 0."""
    epochs: list[int] = []
    epoch = Batches.epoch

    def counting(batches: Batches, seed: int, number: int, params: AugmentParams) -> Batches:
        epochs.append(number)
        return epoch(batches, seed, number, params)

    monkeypatch.setattr(Batches, "epoch", counting)
    return epochs


# rmsprop keeps one moment, adamw two and a count that corrects them; the schedule must not know where training ends.
@pytest.mark.parametrize(("optimizer", "schedule"), [("rmsprop", "constant"), ("adamw", "cosine")])
def test_more_epochs_continue_and_give_the_bytes_of_a_training_from_scratch(
    arrays: Path, stage: Callable[..., None], trained: list[int], optimizer: str, schedule: str
) -> None:
    set_param(arrays, "optimizer: rmsprop", f"optimizer: {optimizer}")
    set_param(arrays, "schedule: constant", f"schedule: {schedule}")
    set_param(arrays, "schedule_length: 50", "schedule_length: 4")
    stage(train.main, *ARGUMENTS)
    three = pd.read_csv(arrays / "plots/training.csv")
    set_param(arrays, "epochs: 3", "epochs: 6")
    stage(train.main, *ARGUMENTS)
    assert trained == [0, 1, 2, 3, 4, 5]
    continued = outputs(arrays)
    assert pd.read_csv(arrays / "plots/training.csv").head(3).equals(three)
    forget(arrays)
    stage(train.main, *ARGUMENTS)
    assert trained[6:] == [0, 1, 2, 3, 4, 5]
    assert outputs(arrays) == continued


def test_fewer_epochs_do_not_use_what_came_later(arrays: Path, stage: Callable[..., None], trained: list[int]) -> None:
    set_param(arrays, "epochs: 3", "epochs: 2")
    stage(train.main, *ARGUMENTS)
    two = outputs(arrays)
    set_param(arrays, "epochs: 2", "epochs: 4")
    stage(train.main, *ARGUMENTS)
    set_param(arrays, "epochs: 4", "epochs: 2")
    stage(train.main, *ARGUMENTS)
    assert outputs(arrays) == two
    assert trained == [0, 1, 2, 3]  # the end of the first run is still there


@pytest.mark.parametrize("change", ["params", "data", "threads"])
def test_a_checkpoint_of_anything_else_is_not_used(
    arrays: Path, stage: Callable[..., None], trained: list[int], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    set_param(arrays, "epochs: 3", "epochs: 1")
    stage(train.main, *ARGUMENTS)
    if change == "params":
        set_param(arrays, "zoom: 0.2", "zoom: 0.1")
    elif change == "data":
        np.save(arrays / "data/preprocess/val_y.npy", np.zeros(8, int))
    else:
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    stage(train.main, *ARGUMENTS)
    assert trained == [0, 0]


def test_a_damaged_checkpoint_is_named_and_costs_only_time(
    arrays: Path, stage: Callable[..., None], trained: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    stage(train.main, *ARGUMENTS)
    whole = outputs(arrays)
    (path,) = (arrays / ".scratch/checkpoints").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    stage(train.main, *ARGUMENTS)
    assert path.name in capsys.readouterr().err
    assert trained == [0, 1, 2, 0, 1, 2]
    assert outputs(arrays) == whole


def test_a_killed_training_resumes_at_its_last_epoch_with_the_same_bytes(
    arrays: Path, stage: Callable[..., None]
) -> None:
    set_param(arrays, "epochs: 3", "epochs: 60")
    for epochs in (3, 6):  # two kills, each in a process of its own
        command = [sys.executable, "-m", "met_culture.train", *ARGUMENTS]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
            while latest(arrays) < epochs:
                assert child.poll() is None, child.stderr.read()
                time.sleep(0.002)
            child.kill()
            child.wait()
        assert not (arrays / "models/last.keras").exists()
    reached = latest(arrays)
    assert reached < 60
    set_param(arrays, "epochs: 60", f"epochs: {reached + 2}")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"continues after epoch {reached}" in done.stderr
    resumed = outputs(arrays)
    forget(arrays)
    subprocess.run(command, capture_output=True, check=True)
    assert outputs(arrays) == resumed


def test_it_learns(arrays: Path, stage: Callable[..., None]) -> None:
    set_param(arrays, "epochs: 3", "epochs: 25")
    stage(train.main, *ARGUMENTS)
    assert read_json(arrays / "metrics/train.json")["last"]["val_accuracy"] >= 0.75


def test_a_diverging_training_names_the_key(arrays: Path, stage: Callable[..., None]) -> None:
    set_param(arrays, "learning_rate: 0.001", "learning_rate: 1.0e+30")
    set_param(arrays, "optimizer: rmsprop", "optimizer: sgd")
    with pytest.raises(UserError, match=r"diverged in epoch \d.*train\.learning_rate"):
        stage(train.main, *ARGUMENTS)
