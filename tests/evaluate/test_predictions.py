import numpy as np
import pandas as pd
from support import ROOT

from met_culture.common.config import load
from met_culture.evaluate.predictions import predict_array, prediction_table, probabilities
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

LABELS = ["a", "b", "c", "d"]


def test_batches_of_any_size_predict_alike() -> None:
    model = build(load("train", TrainParams, ROOT / "params.yaml"), 48, 4).trainable
    images = np.random.default_rng(0).integers(0, 256, (7, 48, 48, 3), np.uint8)
    alone = predict_array(model, images, 1)
    assert alone.shape == (7, 4)
    assert np.allclose(alone.sum(axis=1), 1)
    assert np.allclose(alone, predict_array(model, images, 4), atol=1e-6)


def test_the_table_holds_a_row_per_image() -> None:
    p = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]], np.float32)
    result = prediction_table(pd.DataFrame({"objectID": [5, 6]}), p, LABELS)
    assert list(result) == ["objectID", "predicted", "p_a", "p_b", "p_c", "p_d"]
    assert result["predicted"].tolist() == ["d", "a"]
    assert np.allclose(probabilities(result, LABELS), p)
