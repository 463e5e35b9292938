from dataclasses import replace

import numpy as np
import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.train import loop
from met_culture.train.batches import Batches
from met_culture.train.params import TrainParams


def test_rare_classes_weigh_more() -> None:
    params = load("train", TrainParams, ROOT / "params.yaml")
    batches = Batches(np.zeros((8, 32, 32, 3), np.uint8), np.array([0, 0, 0, 0, 0, 0, 1, 1]), 2, 4)
    assert loop.class_weight(batches, params) is None
    weights = loop.class_weight(batches, replace(params, class_weights="balanced"))
    assert weights == {0: pytest.approx(8 / 12), 1: pytest.approx(2)}
