from dataclasses import replace

import keras
import numpy as np
import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.models.temperature import apply_temperature
from met_culture.train.batches import Batches
from met_culture.train.calibration import calibrate_and_set_threshold, fit_temperature, predict_batches
from met_culture.train.confidence_threshold import confidence_threshold
from met_culture.train.networks import build
from met_culture.train.params import TrainParams


def calibrated(
    model: keras.Model, x: np.ndarray, y: np.ndarray, accuracy: float, *, calibrate: bool
) -> dict[str, float]:
    judged = predict_batches(model, Batches(x, y, 4, 16))
    return calibrate_and_set_threshold(model.get_layer("label"), *judged, accuracy, calibrate=calibrate)


def test_a_temperature_that_was_applied_is_found_again() -> None:
    rng = np.random.default_rng(0)
    probabilities = apply_temperature(rng.dirichlet(np.ones(4), 20_000), 1.0)
    drawn = (rng.random(len(probabilities))[:, None] < probabilities.cumsum(axis=1)).argmax(
        axis=1
    )  # right as often as they say
    assert fit_temperature(probabilities, np.eye(4)[drawn]) == pytest.approx(1, abs=0.03)
    assert fit_temperature(apply_temperature(probabilities, 0.5), np.eye(4)[drawn]) == pytest.approx(2, abs=0.06)


def test_tempering_keeps_the_order_and_the_sum() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])
    for temperature in (0.1, 1, 10):
        got = apply_temperature(probabilities, temperature)
        assert np.allclose(got.sum(axis=1), 1)
        assert (np.diff(got[0]) < 0).all()
    assert apply_temperature(probabilities, 2)[0, 0] < 0.7 < apply_temperature(probabilities, 0.5)[0, 0]


def test_the_model_itself_is_calibrated() -> None:
    model = build(replace(load("train", TrainParams, ROOT / "params.yaml")), 48, 4).trainable
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (64, 48, 48, 3)).astype(np.uint8), rng.integers(0, 4, 64)
    before = model.predict_on_batch(x)
    temperature = calibrated(model, x, y, 0.95, calibrate=True)["temperature"]
    assert temperature != pytest.approx(1, abs=0.01)  # classes are random, so the model cannot be right as it is
    assert np.allclose(model.predict_on_batch(x), apply_temperature(before, temperature), atol=1e-5)


def test_the_threshold_is_of_the_shares_after_calibration() -> None:
    model = build(load("train", TrainParams, ROOT / "params.yaml"), 48, 4).trainable
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (64, 48, 48, 3)).astype(np.uint8), rng.integers(0, 4, 64)
    for calibrate in (False, True):
        result = calibrated(model, x, y, 0.4, calibrate=calibrate)
        assert ("temperature" in result) == calibrate
        assert result["threshold"] == pytest.approx(
            confidence_threshold(model.predict_on_batch(x), np.eye(4)[y], 0.4), abs=1e-5
        )
