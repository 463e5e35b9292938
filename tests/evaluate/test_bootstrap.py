import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from met_culture.evaluate.bootstrap import headline_from_confusion, intervals
from met_culture.evaluate.metrics import HEADLINE, headline

LABELS = ["China", "Japan", "America", "India"]


def test_the_interval_covers_the_metric_and_the_seed_decides(predictions: pd.DataFrame) -> None:
    computed = intervals(predictions, LABELS, 500, seed=0)
    metric = headline(predictions["label"].to_numpy(), predictions["predicted"].to_numpy(), LABELS)
    for name in HEADLINE:
        low, high = computed[name]
        assert low < metric[name] < high
    assert intervals(predictions, LABELS, 500, seed=0) == computed
    assert intervals(predictions, LABELS, 500, seed=1) != computed


def test_the_interval_draws_groups(predictions: pd.DataFrame) -> None:
    def width(table: pd.DataFrame) -> float:
        low, high = intervals(table, LABELS, 500, seed=0)["accuracy"]
        return high - low

    alone = predictions.assign(group=np.arange(80))
    # Forty copies of two images hold no more information than the two.
    copies = pd.concat([predictions.head(8)] * 10).assign(group=list(range(8)) * 10)
    assert width(copies) > 1.5 * width(alone)


def test_the_bootstrap_computes_the_headline_metrics(predictions: pd.DataFrame) -> None:
    true, predicted = predictions["label"].to_numpy(), predictions["predicted"].to_numpy()
    confusion = metrics.confusion_matrix(true, predicted, labels=LABELS)
    expected = headline(true, predicted, LABELS)
    assert tuple(headline_from_confusion(confusion)) == pytest.approx(tuple(expected[name] for name in HEADLINE))
