import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from met_culture.evaluate.summary import compute_metrics, describe

LABELS = ["China", "Japan", "America", "India"]


def result(table: pd.DataFrame, **options: int) -> dict:
    return compute_metrics(table, LABELS, majority="China", **({"bins": 10, "samples": 500, "seed": 0} | options))


def test_metrics_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    true, predicted, got = predictions["label"], predictions["predicted"], result(predictions)
    assert got["accuracy"] == metrics.accuracy_score(true, predicted)
    assert got["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, predicted))
    assert got["macro_f1"] == pytest.approx(metrics.f1_score(true, predicted, average="macro"))
    assert got["majority_accuracy"] == (true == "China").mean()
    assert got["labels"]["India"]["support"] == (true == "India").sum()
    assert (got["n_test"], got["n_groups"]) == (80, 40)
    assert got["labels_with_too_few"] == ["India"]


def test_log_loss_is_the_mean_of_the_true_labels_surprise(predictions: pd.DataFrame) -> None:
    p = [row[f"p_{row['label']}"] for _, row in predictions.iterrows()]
    assert result(predictions)["log_loss"] == pytest.approx(-np.log(p).mean(), rel=1e-4)


def test_a_label_that_no_test_image_has(predictions: pd.DataFrame) -> None:
    few = predictions[predictions["label"] != "India"]
    got = result(few)
    assert got["labels"]["India"]["support"] == 0
    assert 0 < got["balanced_accuracy"] <= 1


def test_the_description_warns_of_labels_with_few_images() -> None:
    result = {"n_test": 65, "accuracy": 0.8, "interval_95": {"accuracy": [0.7, 0.9]}, "labels_with_too_few": ["India"]}
    assert describe(result) == (
        "65 test images: accuracy 0.800 (95 %: 0.700 to 0.900); too few test images to say much of India"
    )
