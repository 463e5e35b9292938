"""Stage train: fit the network and keep the epoch that is used, and the last.

Reads: `{train,val}_{x,y}.npy` and `meta.json` of preprocess, and the latest fitting checkpoint of the scratch folder.
Writes: `model.keras` (the epoch of best validation loss, or the last: `train.keep`), `last.keras` (the last, with its
optimizer), the curves as `training.csv` (epoch, phase, and accuracy and loss of train and validation), the metrics, and
the environment of the run.

The article's CNN takes one to four minutes for 50 epochs of 280 images on two cores.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from met_culture.models.backend import backend_settings, make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
import pandas as pd

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.common.paths import scratch_folder
from met_culture.common.progress import progress
from met_culture.models.model_file import save_model
from met_culture.preprocess.array_file import ArrayFile
from met_culture.train.batches import Batches
from met_culture.train.calibration import settle
from met_culture.train.checkpoints import Checkpoints, State, key
from met_culture.train.distributed.collectives import agree, latest, place
from met_culture.train.distributed.data_parallel import fit_epoch, spread, variables
from met_culture.train.distributed.launch import attended
from met_culture.train.environment import environment
from met_culture.train.head import fit_head
from met_culture.train.history import figures_of, summarise
from met_culture.train.networks import Network, build
from met_culture.train.params import TrainParams
from met_culture.train.schedule import learning_rate

Weights = tuple[np.ndarray, ...]


def fit(
    network: Network, train: Batches, val: Batches, params: TrainParams, checkpoints: Checkpoints
) -> tuple[pd.DataFrame, Weights]:
    """Train to `params.epochs` epochs, from the latest checkpoint on; what it gives does not depend on where that is.

    Args:
        network: Its trainable part ends as after the last epoch.
        train: Training images, in order.
        val: Validation images, in order.
        params: Epochs, learning rates, seed and augmentation.
        checkpoints: Where the state is kept after every epoch, by process 0.

    Returns:
        The curves, one row per epoch, from 1: epoch, phase (head, then all; only all where nothing is frozen),
        train_accuracy, train_loss, val_accuracy, val_loss. And the trainable part's weights after the epoch of lowest
        validation loss.

    Raises:
        UserError: The loss is no longer a number.
    """
    model, weight = network.trainable, class_weight(train, params)
    model.optimizer.build(model.trainable_variables)
    first = params.head.epochs if network.frozen else 0
    chief = place()[0] == 0
    rows, best = _resumed(model, latest(checkpoints, first + params.epochs))
    if first and not rows:
        rows = [
            {"epoch": epoch + 1, "phase": "head"} | figures_of(logs)
            for epoch, logs in enumerate(fit_head(network, train, val, params, weight))
        ]
        _refuse_divergence(rows[-1], "train.head.learning_rate")
        best = tuple(model.get_weights())
    if not params.epochs:
        return pd.DataFrame(rows), best
    total, done = params.epochs * train.images, (len(rows) - first) * train.images
    with progress(None, "train", "images", total=total, initial=done, quiet=not chief) as bar, spread(model) as model:
        for epoch in range(len(rows) - first, params.epochs):
            model.optimizer.learning_rate = learning_rate(params, epoch)
            # One call of fit per epoch, so that every epoch's data derives from its number alone.
            logs = fit_epoch(model, train.epoch(params.seed, epoch, params.augment), val, weight, bar.update)
            rows.append({"epoch": first + epoch + 1, "phase": "all"} | figures_of(logs))
            _refuse_divergence(rows[-1], "train.learning_rate")
            bar.set_postfix_str(
                f"epoch {rows[-1]['epoch']}, val accuracy {rows[-1]['val_accuracy']:.3f}", refresh=False
            )
            if all(rows[-1]["val_loss"] < row["val_loss"] for row in rows[:-1]):
                best = tuple(model.get_weights())
            if chief:
                checkpoints.save(State(tuple(rows), tuple(map(_array, variables(model))), best))
    return pd.DataFrame(rows), best


def _refuse_divergence(row: dict[str, Any], rate: str) -> None:
    if not np.isfinite([row["train_loss"], row["val_loss"]]).all():
        raise UserError(f"training diverged in epoch {row['epoch']} (loss is nan); lower {rate}.")


def _array(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)


def _resumed(model: keras.Model, state: State | None) -> tuple[list[dict[str, Any]], Weights]:
    if state is None:
        return [], ()
    print(f"train: continues after epoch {len(state.rows)}, from its checkpoint", file=sys.stderr)
    for variable, value in zip(variables(model), state.variables, strict=True):
        variable.assign(value)
    return list(state.rows), state.best


def class_weight(train: Batches, params: TrainParams) -> dict[int, float] | None:
    """Return how much an image of each class counts in the loss, 1 on average; None if all count the same."""
    if params.class_weights == "none":
        return None
    counts = train.one_hot.sum(axis=0)
    return {index: float(len(train.one_hot) / (len(counts) * max(count, 1))) for index, count in enumerate(counts)}


def main() -> None:
    """Train on the arrays in the folder of the first argument."""
    paths = path_arguments(__doc__, "arrays", "kept", "last", "curves", "metrics", "environment")
    params = load("train", TrainParams)
    make_deterministic()
    meta = read_json(paths.arrays / "meta.json")
    network = build(params, meta["image_size"], len(meta["labels"]))
    train, val = (batches_of(paths.arrays, split, len(meta["labels"]), params, network) for split in ("train", "val"))
    made_on = environment() | backend_settings()
    agree(lambda: key(asdict(params), _data(paths.arrays)))
    history, best = fit(network, train, val, params, _checkpoints(paths.arrays, params, made_on))
    if place()[0] > 0:  # all have the same weights, and process 0 writes them
        return
    summary = summarise(history)
    whole = network.whole()  # shares its weights with the parts, so it follows what is done to them
    save_model(whole, paths.last, meta | {"epoch": len(history)}, optimizer=True)
    epoch = len(history) if params.keep == "last" else summary["best_epoch"]
    if params.keep == "best":
        network.trainable.set_weights(best)
    figures = settle(network.trainable, val, params.answer_accuracy, calibrate=params.calibrate)
    save_model(whole, paths.kept, meta | {"epoch": epoch} | figures, optimizer=False)
    write_csv(paths.curves, history)
    counts = {"source": meta["source"], "n_train": train.images, "n_val": val.images, "weights": whole.count_params()}
    write_json(paths.metrics, counts | {"kept_epoch": epoch} | figures | summary)
    write_json(paths.environment, made_on)


def _checkpoints(arrays: Path, params: TrainParams, made_on: dict[str, Any]) -> Checkpoints:
    settings = {name: value for name, value in asdict(params).items() if name != "epochs"}
    digest = key({"train": settings, "environment": made_on}, _data(arrays))
    return Checkpoints(scratch_folder() / "checkpoints", digest)


def _data(arrays: Path) -> list[Path]:
    return [arrays / name for name in ("train_x.npy", "train_y.npy", "val_x.npy", "val_y.npy", "meta.json")]


def batches_of(folder: Path, split: str, labels: int, params: TrainParams, network: Network) -> Batches:
    """Return the images of a split in the folder of preprocess."""
    x, y = ArrayFile(folder / f"{split}_x.npy"), np.load(folder / f"{split}_y.npy")
    return Batches(x, y, labels, params.batch_size, network.frozen, params.versions)


if __name__ == "__main__":
    run(lambda: attended(main))
