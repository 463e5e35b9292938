"""Stage train: train the network, and keep the best or the last epoch, and the state to continue from.

Reads: `{train,val}_{x,y,crops}.npy`, `rows.csv` and `meta.json` of preprocess, and the latest checkpoint of the same
training.
Writes: `model.keras` (the epoch with the lowest validation loss, or the last: `train.keep`), `last.keras` (the last,
with its optimizer), the history as `training.csv` (epoch, phase, and accuracy and loss of train and validation), the
metrics, and the environment of the run. If only the last layer of a pretrained network is trained, both models are
equal, and the history has a row for each setting that was tried.

The article's CNN takes two to four minutes for 50 epochs of 280 images on two cores.
"""

from argparse import Namespace
from dataclasses import asdict, dataclass
from typing import Any

from met_culture.models.backend import backend_settings, make_deterministic  # isort: skip - before keras is imported

import numpy as np
import pandas as pd

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.common.paths import scratch_folder
from met_culture.common.schemas import Meta
from met_culture.models.model_file import save_model
from met_culture.train.batches import load_batches
from met_culture.train.calibration import calibrate_and_set_threshold, predict_batches
from met_culture.train.checkpoints import Checkpoints, checkpoint_key
from met_culture.train.distributed.collectives import check_same_inputs, process_index_and_count
from met_culture.train.distributed.launch import run_supervised
from met_culture.train.environment import environment
from met_culture.train.head import fit_head
from met_culture.train.history import summarise
from met_culture.train.loop import fit
from met_culture.train.networks import Network, build
from met_culture.train.paintings import Paintings, load_paintings
from met_culture.train.params import TrainParams
from met_culture.train.selection import head_history

MODULE = "met_culture.train"


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes:
        history: As in training.csv.
        counts: Number of images of train and validation, for the metrics.
        epoch: Row of the history, from 1, whose weights the network has.
        probabilities: Of validation images, or of all images by out-of-fold predictions, (n, labels).
        one_hot: Classes of these images, (n, labels).
    """

    history: pd.DataFrame
    counts: dict[str, int]
    epoch: int
    probabilities: np.ndarray
    one_hot: np.ndarray


def main() -> None:
    """Train on the arrays in the folder of the first argument."""
    names = "arrays", "kept", "last", "curves", "metrics", "environment"
    paths = path_arguments(__doc__, *names, prog=f"python -m {MODULE}")
    params = load("train", TrainParams)
    make_deterministic()
    meta = read_json(paths.arrays / "meta.json", Meta, "dvc repro preprocess")
    network = build(params, meta["image_size"], len(meta["labels"]))
    paintings = None
    if network.frozen:
        mask = params.head.mask_border
        paintings = load_paintings(paths.arrays, len(meta["labels"]), meta["image_size"], mask_border=mask)
    made_on = environment() | backend_settings()
    check_same_inputs(lambda: checkpoint_key(asdict(params), paths.arrays))
    if paintings and params.head_only:
        trained = _fit_head(network, paintings, params)
    else:
        trained = _train(paths, network, paintings, params, meta, made_on)
    if process_index_and_count()[0] == 0:  # all processes end with the same weights
        metrics = _save_kept(paths, network, params, meta, trained)
        write_csv(paths.curves, trained.history)
        write_json(paths.metrics, {"source": meta["source"]} | trained.counts | metrics)
        write_json(paths.environment, made_on)


def _fit_head(network: Network, paintings: Paintings, params: TrainParams) -> Trained:
    choice = fit_head(network, paintings, params)
    counts = {"n_train": len(paintings.training), "n_val": len(paintings.validation)}
    history = pd.DataFrame(head_history(choice))
    return Trained(history, counts, choice.best + 1, choice.probabilities, choice.one_hot)


def _train(
    paths: Namespace,
    network: Network,
    paintings: Paintings | None,
    params: TrainParams,
    meta: dict[str, Any],
    made_on: dict[str, Any],
) -> Trained:
    # Trains all epochs, and writes the last model.
    train, val = (
        load_batches(paths.arrays, split, len(meta["labels"]), params, network.frozen, meta["image_size"])
        for split in ("train", "val")
    )
    history, best = fit(network, paintings, train, val, params, _checkpoints(paths, params, made_on))
    epoch = len(history)
    if process_index_and_count()[0] == 0:
        save_model(network.whole(), paths.last, meta | {"epoch": epoch}, optimizer=True)
    if params.keep == "best":
        epoch = summarise(history)["best_epoch"]
        network.trainable.set_weights(best)
    counts = {"n_train": train.images, "n_val": val.images}
    return Trained(history, counts, epoch, *predict_batches(network.trainable, val))


def _checkpoints(paths: Namespace, params: TrainParams, made_on: dict[str, Any]) -> Checkpoints:
    settings = asdict(params)
    del settings["epochs"]  # a longer training continues from the checkpoint of a shorter one
    key = checkpoint_key({"train": settings, "environment": made_on}, paths.arrays)
    return Checkpoints(scratch_folder() / "checkpoints", key)


def _save_kept(
    paths: Namespace, network: Network, params: TrainParams, meta: dict[str, Any], trained: Trained
) -> dict[str, Any]:
    # Returns the metrics of the kept epoch and of the history.
    label = network.trainable.get_layer("label")
    calibration = calibrate_and_set_threshold(
        label, trained.probabilities, trained.one_hot, params.answer_accuracy, calibrate=params.calibrate
    )
    whole = network.whole()
    for path in [paths.kept, paths.last] if params.head_only else [paths.kept]:
        save_model(whole, path, meta | {"epoch": trained.epoch} | calibration, optimizer=False)
    counts = {"weights": whole.count_params(), "kept_epoch": trained.epoch}
    return counts | calibration | summarise(trained.history)


if __name__ == "__main__":
    run(lambda: run_supervised(main, MODULE))
