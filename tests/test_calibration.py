from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT

from met_culture.batches import Batches
from met_culture.calibration import calibrated, fit_temperature, tempered
from met_culture.models import build
from met_culture.params import load


def test_a_temperature_that_was_applied_is_found_again() -> None:
    rng = np.random.default_rng(0)
    shares = tempered(rng.dirichlet(np.ones(4), 20_000), 1.0)
    drawn = (rng.random(len(shares))[:, None] < shares.cumsum(axis=1)).argmax(axis=1)  # right as often as they say
    assert fit_temperature(shares, np.eye(4)[drawn]) == pytest.approx(1, abs=0.03)
    assert fit_temperature(tempered(shares, 0.5), np.eye(4)[drawn]) == pytest.approx(2, abs=0.06)


def test_tempering_keeps_the_order_and_the_sum() -> None:
    shares = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])
    for temperature in (0.1, 1, 10):
        got = tempered(shares, temperature)
        assert np.allclose(got.sum(axis=1), 1)
        assert (np.diff(got[0]) < 0).all()
    assert tempered(shares, 2)[0, 0] < 0.7 < tempered(shares, 0.5)[0, 0]


def test_the_model_itself_is_calibrated() -> None:
    model = build(replace(load("train", ROOT / "params.yaml")), 32, 4).trainable
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (64, 32, 32, 3)).astype(np.uint8), rng.integers(0, 4, 64)
    before = model.predict_on_batch(x)
    temperature = calibrated(model, Batches(x, y, 4, 16))["temperature"]
    assert temperature != pytest.approx(1, abs=0.01)  # classes are random, so the model cannot be right as it is
    assert np.allclose(model.predict_on_batch(x), tempered(before, temperature), atol=1e-5)
