import pandas as pd
import pytest

from met_culture.train.history import LAST, is_best, join_logs, rename_logs, summarise

HISTORY = pd.DataFrame(
    {
        "epoch": range(1, 21),
        "phase": "all",
        "train_accuracy": [epoch / 20 for epoch in range(20)],
        "train_loss": [2 - epoch / 20 for epoch in range(20)],
        "val_accuracy": [epoch / 40 for epoch in range(20)],
        "val_loss": [abs(epoch - 6) + 0.5 for epoch in range(20)],
    }
)


def test_best_is_the_lowest_validation_loss() -> None:
    summary = summarise(HISTORY)
    assert (summary["epochs"], summary["best_epoch"]) == (20, 7)
    assert summary["best"] == {"train_accuracy": 0.3, "train_loss": 1.7, "val_accuracy": 0.15, "val_loss": 0.5}
    assert summary["last"]["val_accuracy"] == 19 / 40


def test_the_mean_covers_the_last_epochs() -> None:
    assert LAST == 10
    assert summarise(HISTORY)["val_accuracy_last_10"] == pytest.approx(sum(range(10, 20)) / 400)


def test_keras_logs_under_our_column_names() -> None:
    logs = {"accuracy": 0.5, "loss": 1, "val_accuracy": 0.25, "val_loss": 2}
    assert rename_logs(logs) == {"train_accuracy": 0.5, "train_loss": 1.0, "val_accuracy": 0.25, "val_loss": 2.0}


def test_the_first_epoch_of_the_lowest_validation_loss_is_the_best() -> None:
    rows = HISTORY.to_dict("records")
    assert [epoch for epoch in range(1, 21) if is_best(rows[:epoch])] == [1, 2, 3, 4, 5, 6, 7]
    assert not is_best([{"val_loss": 0.5}, {"val_loss": 0.5}])
    assert not is_best([{"val_loss": 0.5}, {"val_loss": float("nan")}])


def test_the_logs_of_validation_have_a_prefix() -> None:
    assert join_logs({"loss": 1}, {"loss": 2}) == {"loss": 1, "val_loss": 2}
