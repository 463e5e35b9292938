"""The history of a training: a row of metrics per epoch, the best of them, and a summary."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

# Keras's names of the metrics, and the columns of training.csv.
COLUMNS = {"accuracy": "train_accuracy", "loss": "train_loss", "val_accuracy": "val_accuracy", "val_loss": "val_loss"}
LAST = 10  # epochs in the reported mean; the accuracy of one epoch is too noisy


def join_logs(trained: Mapping[str, float], validated: Mapping[str, float]) -> dict[str, float]:
    """Return Keras's logs of an epoch from those of its training and those of its validation."""
    return {**trained, **{f"val_{name}": value for name, value in validated.items()}}


def rename_logs(logs: Mapping[str, float]) -> dict[str, float]:
    """Return Keras's logs of an epoch under the column names of training.csv."""
    return {column: float(logs[name]) for name, column in COLUMNS.items()}


def is_best(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the last row has a lower `val_loss` than every row before it."""
    losses = [row["val_loss"] for row in rows]
    return all(losses[-1] < loss for loss in losses[:-1])


def summarise(history: pd.DataFrame) -> dict[str, Any]:
    """Return the metrics of the best row, of the last, and the mean validation accuracy of the last ten epochs.

    If only the last layer was fitted, there are no epochs: the best row describes the only model. `head` is the setting
    of the last layer of a pretrained network that was chosen.
    """
    columns = list(COLUMNS.values())
    best = history.iloc[int(history["val_loss"].argmin())]
    epochs = history if (history["phase"] == "all").any() else history[history["epoch"] == best["epoch"]]
    summary = {
        "epochs": len(history),
        "best_epoch": int(best["epoch"]),
        "best": best[columns].to_dict(),
        "last": epochs.iloc[-1][columns].to_dict(),
        f"val_accuracy_last_{LAST}": float(epochs["val_accuracy"].tail(LAST).mean()),
    }
    heads = history[history["phase"] == "head"]
    if len(heads):
        chosen = heads.iloc[int(heads["val_loss"].argmin())]
        summary["head"] = {"views": int(chosen["views"]), "c": float(chosen["c"]), "tried": len(heads)}
    return summary
