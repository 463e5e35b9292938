"""The curves of a training, a row per epoch, and what is reported of them."""

from typing import Any

import pandas as pd

LAST = 10  # epochs that the reported mean covers, as a single epoch's accuracy jumps about


def figures_of(logs: dict[str, float]) -> dict[str, float]:
    """Return the figures of an epoch by our names, from Keras's."""
    names = {"accuracy": "train_accuracy", "loss": "train_loss", "val_accuracy": "val_accuracy", "val_loss": "val_loss"}
    return {name: float(logs[key]) for key, name in names.items()}


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
