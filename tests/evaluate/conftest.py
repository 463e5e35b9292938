"""A table of predictions that several tests of evaluate share."""

import numpy as np
import pandas as pd
import pytest

LABELS = ["China", "Japan", "America", "India"]


@pytest.fixture
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = rng.choice(LABELS, 80, p=[0.4, 0.3, 0.25, 0.05])
    p = rng.dirichlet([1, 1, 1, 1], 80)
    p[np.arange(80), [LABELS.index(name) for name in label]] += 0.6
    p /= p.sum(axis=1, keepdims=True)
    columns = {f"p_{name}": p[:, index].round(6) for index, name in enumerate(LABELS)}
    predicted = np.array(LABELS)[p.argmax(axis=1)]
    return pd.DataFrame({"group": np.arange(80) // 2, "label": label, "predicted": predicted} | columns)
