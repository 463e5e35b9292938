import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from met_culture.evaluate import metrics as scores

LABELS = ["China", "Japan", "America", "India"]


@pytest.fixture
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = rng.choice(LABELS, 80, p=[0.4, 0.3, 0.25, 0.05])
    share = rng.dirichlet([1, 1, 1, 1], 80)
    share[np.arange(80), [LABELS.index(each) for each in label]] += 0.6
    share /= share.sum(axis=1, keepdims=True)
    columns = {f"p_{name}": share[:, k].round(6) for k, name in enumerate(LABELS)}
    predicted = np.array(LABELS)[share.argmax(axis=1)]
    return pd.DataFrame({"group": np.arange(80) // 2, "label": label, "predicted": predicted} | columns)


def result(table: pd.DataFrame, **options: int) -> dict:
    return scores.evaluate(table, LABELS, majority="China", **({"bins": 10, "samples": 500, "seed": 0} | options))


def test_figures_agree_with_scikit_learn(predictions: pd.DataFrame) -> None:
    true, predicted, got = predictions["label"], predictions["predicted"], result(predictions)
    assert got["accuracy"] == metrics.accuracy_score(true, predicted)
    assert got["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, predicted))
    assert got["macro_f1"] == pytest.approx(metrics.f1_score(true, predicted, average="macro"))
    assert got["majority_accuracy"] == (true == "China").mean()
    assert got["labels"]["India"]["support"] == (true == "India").sum()
    assert (got["n_test"], got["n_groups"]) == (80, 40)
    assert got["labels_with_too_few"] == ["India"]


def test_answers_below_the_threshold_are_withheld() -> None:
    confidence, correct = np.array([0.9, 0.5, 0.7, 0.6]), np.array([True, False, True, False])
    assert scores.answered(confidence, correct, 0.6) == {"threshold": 0.6, "coverage": 0.75, "accuracy": 2 / 3}
    assert scores.answered(confidence, correct, 0.0) == {"threshold": 0.0, "coverage": 1.0, "accuracy": 0.5}
    assert scores.answered(confidence, correct, 0.95) == {"threshold": 0.95, "coverage": 0.0, "accuracy": None}


def test_log_loss_is_the_mean_of_the_true_labels_surprise(predictions: pd.DataFrame) -> None:
    share = [row[f"p_{row['label']}"] for _, row in predictions.iterrows()]
    assert result(predictions)["log_loss"] == pytest.approx(-np.log(share).mean(), rel=1e-4)


def test_a_label_that_no_test_image_has(predictions: pd.DataFrame) -> None:
    few = predictions[predictions["label"] != "India"]
    got = result(few)
    assert got["labels"]["India"]["support"] == 0
    assert 0 < got["balanced_accuracy"] <= 1


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    assert scores.calibration_error(confidence, np.array([True, True, True, False]), 10) == pytest.approx(0.05)
    assert scores.calibration_error(np.ones(4), np.array([True] * 4), 10) == 0
    assert scores.calibration_error(np.ones(4), np.array([False] * 4), 10) == 1


def test_the_interval_covers_the_figure_and_the_seed_decides(predictions: pd.DataFrame) -> None:
    got = result(predictions)
    for name in scores.HEADLINE:
        low, high = got["interval_95"][name]
        assert low < got[name] < high
    assert result(predictions)["interval_95"] == got["interval_95"]
    assert result(predictions, seed=1)["interval_95"] != got["interval_95"]


def test_the_interval_draws_groups(predictions: pd.DataFrame) -> None:
    def width(table: pd.DataFrame) -> float:
        low, high = result(table)["interval_95"]["accuracy"]
        return high - low

    alone = predictions.assign(group=np.arange(80))
    # Forty copies of two images hold no more information than the two.
    copies = pd.concat([predictions.head(8)] * 10).assign(group=list(range(8)) * 10)
    assert width(copies) > 1.5 * width(alone)


def test_the_bootstraps_figures_are_the_headlines(predictions: pd.DataFrame) -> None:
    true, predicted = predictions["label"].to_numpy(), predictions["predicted"].to_numpy()
    confusion = metrics.confusion_matrix(true, predicted, labels=LABELS)
    expected = scores.headline(true, predicted, LABELS)
    assert tuple(scores.from_confusion(confusion)) == pytest.approx(tuple(expected[name] for name in scores.HEADLINE))


def test_selective_accuracy_by_hand() -> None:
    confidence, correct = np.array([0.5, 0.9, 0.8, 0.6, 0.7]), np.array([False, True, True, False, True])
    assert scores.selective_accuracy(confidence, correct, 0.6) == 1
    assert scores.selective_accuracy(confidence, correct, 0.8) == pytest.approx(0.75)
    assert scores.selective_accuracy(confidence, correct, 0.01) == 1  # one image is always answered
