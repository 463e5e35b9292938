"""Stage train: fit the model and keep its best and its last epoch.

Reads: `{train,val}_{x,y}.npy` and `meta.json` of preprocess.
Writes: `model.keras` (the epoch of best validation loss), `last.keras` (the last, with its optimizer), the curves as
`training.csv` (epoch, and accuracy and loss of train and validation), and the metrics.

The article's CNN takes about two minutes for 50 epochs of 280 images on two cores.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from met_culture.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
import pandas as pd

from met_culture.batches import Batches
from met_culture.command import UserError, path_arguments, run
from met_culture.files import read_json, write_csv, write_json
from met_culture.modelfile import save_model
from met_culture.models import build
from met_culture.params import TrainParams, load
from met_culture.progress import progress

LAST = 10  # epochs that the reported mean covers, as a single epoch's accuracy jumps about


def fit(
    model: keras.Model, train: Batches, val: Batches, params: TrainParams, on_best: Callable[[], None]
) -> pd.DataFrame:
    """Train for `params.epochs` epochs.

    Args:
        model: Compiled.
        train: Training images.
        val: Validation images, in order.
        params: Epochs, seed and augmentation.
        on_best: Called after every epoch whose validation loss is the lowest so far.

    Returns:
        One row per epoch, from 1: epoch, train_accuracy, train_loss, val_accuracy, val_loss.

    Raises:
        UserError: The loss is no longer a number.
    """
    rows: list[dict[str, Any]] = []
    with progress(None, "train", "images", total=params.epochs * train.images) as bar:
        step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: bar.update(train.size(batch)))
        for epoch in range(params.epochs):
            # One call of fit per epoch, so that every epoch's data derives from its number alone.
            data = train.epoch(params.seed, epoch, params.augment)
            logs = model.fit(data, validation_data=val, shuffle=False, verbose=0, callbacks=[step]).history
            rows.append({"epoch": epoch + 1} | _row(logs))
            if not np.isfinite([rows[-1]["train_loss"], rows[-1]["val_loss"]]).all():
                raise UserError(f"training diverged in epoch {epoch + 1} (loss is nan); lower train.learning_rate.")
            bar.set_postfix_str(f"epoch {epoch + 1}, val accuracy {rows[-1]['val_accuracy']:.3f}", refresh=False)
            if all(rows[-1]["val_loss"] < row["val_loss"] for row in rows[:-1]):
                on_best()
    return pd.DataFrame(rows)


def _row(logs: dict[str, list[float]]) -> dict[str, float]:
    names = {"accuracy": "train_accuracy", "loss": "train_loss", "val_accuracy": "val_accuracy", "val_loss": "val_loss"}
    return {name: float(logs[key][0]) for key, name in names.items()}


def summarise(history: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of the best epoch, of the last, and the mean of the last ten."""
    figures = ["train_accuracy", "train_loss", "val_accuracy", "val_loss"]
    best, last = history.loc[history["val_loss"].idxmin()], history.iloc[-1]
    return {
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        "best": best[figures].to_dict(),
        "last": last[figures].to_dict(),
        f"val_accuracy_last_{LAST}": float(history["val_accuracy"].tail(LAST).mean()),
    }


def main() -> None:
    """Train on the arrays in the folder of the first argument."""
    paths = path_arguments(__doc__, "arrays", "best", "last", "curves", "metrics")
    params: TrainParams = load("train")
    make_deterministic()
    meta = read_json(paths.arrays / "meta.json")
    train, val = (_batches(paths.arrays, split, len(meta["labels"]), params.batch_size) for split in ("train", "val"))
    model = build(params, meta["image_size"], len(meta["labels"]))
    history = fit(model, train, val, params, lambda: save_model(model, paths.best, meta, optimizer=False))
    save_model(model, paths.last, meta, optimizer=True)
    write_csv(paths.curves, history)
    counts = {"source": meta["source"], "n_train": train.images, "n_val": val.images, "weights": model.count_params()}
    write_json(paths.metrics, counts | summarise(history))


def _batches(folder: Path, split: str, labels: int, batch_size: int) -> Batches:
    x, y = np.load(folder / f"{split}_x.npy", mmap_mode="r"), np.load(folder / f"{split}_y.npy")
    return Batches(x, y, labels, batch_size)


if __name__ == "__main__":
    run(main)
