import pandas as pd
import pytest

from met_culture.evaluate.examples import select_examples

LABELS = ["China", "Japan", "America", "India"]


def predictions(count: int, wrong: int) -> pd.DataFrame:
    true = [LABELS[i % 4] for i in range(count)]
    predicted = [LABELS[(i + (i < wrong)) % 4] for i in range(count)]
    p = {f"p_{name}": [0.7 if name == label else 0.1 for label in predicted] for name in LABELS}
    title = [f"A long title of a painting with $ signs, number {i}" for i in range(count)]
    return pd.DataFrame({"title": title, "label": true, "predicted": predicted} | p)


@pytest.mark.parametrize(("wrong", "count"), [(0, 6), (3, 9), (20, 10), (24, 6)])
def test_examples_are_confident_correct_ones_of_every_label_and_the_worst(wrong: int, count: int) -> None:
    table = predictions(24, wrong)
    table.loc[21, "p_Japan"] = 0.95
    indices = select_examples(table, LABELS)
    correct = table.iloc[indices].query("label == predicted")
    assert len(indices) == len(set(indices)) == count
    if len(correct) == 6:
        assert set(correct["label"]) == set(LABELS)
        assert 21 in indices
    assert len(indices) - len(correct) == min(wrong, 6)
