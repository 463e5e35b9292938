from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT

from met_culture.batches import Batches
from met_culture.head import fit_head
from met_culture.models import build
from met_culture.params import load

PARAMS = load("train", ROOT / "params.yaml")
PARAMS = replace(PARAMS, model="efficientnet_lite0", head=replace(PARAMS.head, epochs=60, learning_rate=0.01))
Y = np.arange(24) % 4
COLOURS = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]])


def images(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 50, (24, 32, 32, 3))
    return (noise + COLOURS[Y][:, None, None]).astype(np.uint8)


def test_only_the_last_layer_learns_and_it_ends_at_its_best_epoch() -> None:
    network = build(PARAMS, 32, 4)
    train, val = (Batches(images(seed), Y, 4, 8, network.frozen) for seed in (0, 1))
    before = network.trainable.get_weights()
    rows = fit_head(network, train, val, PARAMS, None)
    after = network.trainable.get_weights()
    assert all(map(np.array_equal, before[:-2], after[:-2]))
    assert not np.array_equal(before[-2], after[-2])
    assert len(rows) == 60
    assert rows[-1]["accuracy"] > 0.8 > rows[0]["accuracy"]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    shares = np.concatenate([network.trainable.predict_on_batch(val[index][0]) for index in range(len(val))])
    loss = -np.log(shares[np.arange(24), Y]).mean()
    assert loss == pytest.approx(min(row["val_loss"] for row in rows), rel=1e-3)
