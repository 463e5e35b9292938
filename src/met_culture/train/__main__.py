"""Stage train: train the network, and keep the best or the last epoch, and the state to continue from.

Reads: `{train,val}_{x,y}.npy` and `meta.json` of preprocess, and the latest checkpoint of the same training.
Writes: `model.keras` (the epoch with the lowest validation loss, or the last: `train.keep`), `last.keras` (the last,
with its optimizer), the history as `training.csv` (epoch, phase, and accuracy and loss of train and validation), the
metrics, and the environment of the run.

The article's CNN takes one to four minutes for 50 epochs of 280 images on two cores.
"""

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from met_culture.models.backend import backend_settings, make_deterministic  # isort: skip - before keras is imported

import pandas as pd

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.common.paths import scratch_folder
from met_culture.common.schemas import Meta
from met_culture.models.model_file import save_model
from met_culture.train.batches import Batches, load_batches
from met_culture.train.calibration import calibrate_and_set_threshold
from met_culture.train.checkpoints import Checkpoints, checkpoint_key
from met_culture.train.distributed.collectives import check_same_inputs, process_index_and_count
from met_culture.train.distributed.launch import run_supervised
from met_culture.train.environment import environment
from met_culture.train.history import summarise
from met_culture.train.loop import fit
from met_culture.train.networks import Network, build
from met_culture.train.params import TrainParams
from met_culture.train.state import Arrays

MODULE = "met_culture.train"


def main() -> None:
    """Train on the arrays in the folder of the first argument."""
    names = "arrays", "kept", "last", "curves", "metrics", "environment"
    paths = path_arguments(__doc__, *names, prog=f"python -m {MODULE}")
    params = load("train", TrainParams)
    make_deterministic()
    meta = read_json(paths.arrays / "meta.json", Meta, "dvc repro preprocess")
    labels = len(meta["labels"])
    network = build(params, meta["image_size"], labels)
    train, val = (
        load_batches(paths.arrays, split, labels, params, network.frozen, meta["image_size"])
        for split in ("train", "val")
    )
    made_on = environment() | backend_settings()
    check_same_inputs(lambda: checkpoint_key(asdict(params), paths.arrays))
    history, best = fit(network, train, val, params, _checkpoints(paths, params, made_on))
    if process_index_and_count()[0] == 0:  # all processes end with the same weights
        metrics = _save_models(paths, network, val, params, meta, history, best)
        write_csv(paths.curves, history)
        counts = {"source": meta["source"], "n_train": train.images, "n_val": val.images}
        write_json(paths.metrics, counts | metrics)
        write_json(paths.environment, made_on)


def _checkpoints(paths: Namespace, params: TrainParams, made_on: dict[str, Any]) -> Checkpoints:
    settings = asdict(params)
    del settings["epochs"]  # a longer training continues from the checkpoint of a shorter one
    key = checkpoint_key({"train": settings, "environment": made_on}, paths.arrays)
    return Checkpoints(scratch_folder() / "checkpoints", key)


def _save_models(
    paths: Namespace,
    network: Network,
    val: Batches,
    params: TrainParams,
    meta: dict[str, Any],
    history: pd.DataFrame,
    best: Arrays,
) -> dict[str, Any]:
    # Returns the metrics of the kept epoch and of the history.
    summary = summarise(history)
    whole = network.whole()  # shares its weights with the parts, so it changes with them
    save_model(whole, paths.last, meta | {"epoch": len(history)}, optimizer=True)
    epoch = len(history)
    if params.keep == "best":
        epoch = summary["best_epoch"]
        network.trainable.set_weights(best)
    calibration = calibrate_and_set_threshold(
        network.trainable, val, params.answer_accuracy, calibrate=params.calibrate
    )
    save_model(whole, paths.kept, meta | {"epoch": epoch} | calibration, optimizer=False)
    return {"weights": whole.count_params(), "kept_epoch": epoch} | calibration | summary


if __name__ == "__main__":
    run(lambda: run_supervised(main, MODULE))
