import contextlib
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
from support import DAMAGES, ROOT, choose_pretrained, run_stage, set_param, write_arrays
from training import ARGUMENTS, OUTPUTS, latest

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.models.model_file import load_model
from met_culture.train import __main__ as train
from met_culture.train.batches import Batches
from met_culture.train.efficientnet_lite import efficientnet_lite
from met_culture.train.paintings import load_paintings
from met_culture.train.params import AugmentParams, TrainParams


def forget(folder: Path) -> None:
    """Remove the checkpoints."""
    shutil.rmtree(folder / ".scratch/checkpoints")


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def test_outputs(arrays: Path, stage: Callable[..., None]) -> None:
    stage(train.main, *ARGUMENTS)
    curves, metrics = pd.read_csv(arrays / "plots/training.csv"), read_json(arrays / "metrics/train.json")
    assert list(curves) == ["epoch", "phase", "train_accuracy", "train_loss", "val_accuracy", "val_loss"]
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
    set_param(arrays, "epochs: 3", "epochs: 6")
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
    set_param(arrays, "  seed: 0 # seed of weights", "  seed: 1 # seed of weights")
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


# rmsprop keeps one moment, adam two and a count that corrects them; the schedule must not know where training ends.
@pytest.mark.parametrize(
    ("optimizer", "schedule", "precision"),
    [
        ("adam", "constant", "float32"),
        ("adamw", "cosine", "float32"),
        pytest.param("adamw", "cosine", "mixed_bfloat16", marks=pytest.mark.slow),
        # Has a scale of the loss, which moves.
        pytest.param("rmsprop", "constant", "mixed_float16", marks=pytest.mark.slow),
    ],
)
def test_more_epochs_continue_and_give_the_bytes_of_a_training_from_scratch(
    arrays: Path, stage: Callable[..., None], trained: list[int], optimizer: str, schedule: str, precision: str
) -> None:
    set_param(arrays, "precision: float32", f"precision: {precision}")
    set_param(arrays, "optimizer: adam", f"optimizer: {optimizer}")
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


@pytest.mark.slow
@pytest.mark.parametrize("model", ["arrays", "pretrained"])
def test_a_killed_training_resumes_at_its_last_epoch_with_the_same_bytes(
    model: str, request: pytest.FixtureRequest
) -> None:
    arrays: Path = request.getfixturevalue(model)
    head = 4 if model == "pretrained" else 0
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
    set_param(arrays, "epochs: 60", f"epochs: {reached - head + 2}")
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
    set_param(arrays, "optimizer: adam", "optimizer: sgd")
    with pytest.raises(UserError, match=r"diverged in epoch \d.*train\.learning_rate"):
        stage(train.main, *ARGUMENTS)


def trained_in(folder: Path) -> Path:
    """Train where nothing has been trained yet, and return the folder."""
    with contextlib.chdir(folder):
        run_stage(train.main, *ARGUMENTS)
    return folder


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the training of `pretrained` has run; no test may change it."""
    folder = tmp_path_factory.mktemp("tuned")
    shutil.copy(ROOT / "params.yaml", folder)
    write_arrays(folder)
    choose_pretrained(folder)
    return trained_in(folder)


@pytest.fixture(scope="module")
def uncalibrated(tuned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the same has run without calibration; no test may change it."""
    folder = tmp_path_factory.mktemp("uncalibrated")
    shutil.copytree(tuned / "data", folder / "data")
    shutil.copy(tuned / "params.yaml", folder)
    set_param(folder, "calibrate: true", "calibrate: false")
    return trained_in(folder)


def test_a_pretrained_model_has_two_phases_and_continues_with_the_same_bytes(
    tuned: Path, tmp_path: Path, stage: Callable[..., None], trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    curves = pd.read_csv(tuned / "plots/training.csv")
    assert curves["epoch"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert curves["phase"].tolist() == ["head"] * 4 + ["all"] * 3
    copy = Path(shutil.copytree(tuned, tmp_path / "copy"))
    monkeypatch.chdir(copy)
    set_param(copy, "epochs: 3", "epochs: 5")
    stage(train.main, *ARGUMENTS)
    assert trained == [3, 4]
    assert pd.read_csv(copy / "plots/training.csv").head(7).equals(curves)
    continued = outputs(copy)
    forget(copy)
    stage(train.main, *ARGUMENTS)
    assert trained == [3, 4, 0, 1, 2, 3, 4]
    assert outputs(copy) == continued


def test_the_head_alone_can_be_trained_and_both_models_are_equal(
    pretrained: Path, stage: Callable[..., None], trained: list[int]
) -> None:
    set_param(pretrained, "epochs: 3", "epochs: 0")
    stage(train.main, *ARGUMENTS)
    curves, metrics = pd.read_csv(pretrained / "plots/training.csv"), read_json(pretrained / "metrics/train.json")
    assert list(zip(curves["views"], curves["c"], strict=True)) == [(1, 10), (1, 100), (2, 10), (2, 100)]
    assert (trained, metrics["epochs"], metrics["kept_epoch"]) == ([], 4, metrics["best_epoch"])
    assert metrics["last"] == metrics["best"]
    assert list(metrics["head"].values()) == [*curves[["views", "c"]].iloc[metrics["best_epoch"] - 1], 4]
    assert metrics["val_accuracy_last_10"] == metrics["best"]["val_accuracy"]
    assert (metrics["n_train"], metrics["n_val"]) == (24, 8)
    first = outputs(pretrained)
    assert first["models/model.keras"] == first["models/last.keras"]
    stage(train.main, *ARGUMENTS)
    assert outputs(pretrained) == first


def test_the_frozen_blocks_stay_and_the_others_move(tuned: Path) -> None:
    frozen, trainable = (part.get_weights() for part in efficientnet_lite("efficientnet_lite0", 48, 1))
    last = load_model(tuned / "models/last.keras")[0].get_weights()  # the frozen part comes first
    same = map(np.array_equal, last[: len(frozen)], frozen)
    moved = [
        not np.array_equal(*pair)
        for pair in zip(last[len(frozen) : len(frozen) + len(trainable)], trainable, strict=True)
    ]
    assert all(same)
    assert sum(moved) > 0.9 * len(moved)


def test_the_kept_epoch_is_the_one_asked_for(pretrained: Path, uncalibrated: Path, stage: Callable[..., None]) -> None:
    set_param(pretrained, "calibrate: true", "calibrate: false")
    set_param(pretrained, "keep: best", "keep: last")
    stage(train.main, *ARGUMENTS)
    assert read_json(pretrained / "metrics/train.json")["kept_epoch"] == 7
    kept, last = (load_model(pretrained / f"models/{name}.keras")[0].get_weights() for name in ("model", "last"))
    assert all(map(np.array_equal, kept, last))
    metrics = read_json(uncalibrated / "metrics/train.json")
    assert metrics["kept_epoch"] == metrics["best_epoch"]
    assert load_model(uncalibrated / "models/model.keras")[1].epoch == metrics["best_epoch"]


def test_calibration_lowers_the_validation_loss_and_is_on_record(tuned: Path, uncalibrated: Path) -> None:
    losses = {}
    x, y = (np.load(tuned / f"data/preprocess/val_{name}.npy") for name in "xy")
    for folder in (tuned, uncalibrated):
        model, meta = load_model(folder / "models/model.keras")
        losses[folder] = -np.log(model.predict_on_batch(x)[np.arange(8), y] + 1e-12).mean()
        assert meta.temperature == read_json(folder / "metrics/train.json").get("temperature", 1)
    assert losses[tuned] < losses[uncalibrated]


def test_no_epoch_at_all_is_refused(arrays: Path) -> None:
    set_param(arrays, "epochs: 3", "epochs: 0")
    with pytest.raises(UserError, match=r"epochs must be at least 1"):
        load("train", TrainParams)


@pytest.mark.parametrize("name", ["meta.json", "train_x.npy", "train_y.npy", "val_x.npy", "val_y.npy"])
def test_a_damaged_input_is_one_sentence(arrays: Path, stage: Callable[..., None], name: str) -> None:
    check_damages(arrays, stage, name)


@pytest.mark.parametrize("name", ["train_crops.npy", "rows.csv"])
def test_a_damaged_input_of_the_head_is_one_sentence(pretrained: Path, name: str) -> None:
    check_damages(pretrained, lambda *_: load_paintings(pretrained / "data/preprocess", 4, 48, mask_border=False), name)


def check_damages(arrays: Path, read: Callable[..., object], name: str) -> None:
    path = arrays / "data/preprocess" / name
    data = path.read_bytes()
    for damage in DAMAGES.values():
        path.write_bytes(damage(data))
        with pytest.raises(UserError, match=rf"{name} is (damaged|not a whole).*; run `dvc repro.* ?preprocess`"):
            read(train.main, *ARGUMENTS)


def test_arrays_of_another_size_are_refused(arrays: Path, stage: Callable[..., None]) -> None:
    path = arrays / "data/preprocess/val_x.npy"
    np.save(path, np.zeros((8, 40, 40, 3), np.uint8))
    with pytest.raises(UserError, match=r"val_x\.npy is not a whole .*not images of 48 pixels"):
        stage(train.main, *ARGUMENTS)
