from dataclasses import replace

import keras
import numpy as np
import pytest
from support import ROOT

from met_culture.common.config import load
from met_culture.train.batches import Batches
from met_culture.train.head import fit_head
from met_culture.train.networks import build
from met_culture.train.params import TrainParams
from met_culture.train.schedule import learning_rate

PARAMS = load("train", TrainParams, ROOT / "params.yaml")
PARAMS = replace(PARAMS, model="efficientnet_lite0", head=replace(PARAMS.head, epochs=60, learning_rate=0.001))
Y = np.arange(24) % 4
COLOURS = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [0, 0, 0]])


def images(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 50, (24, 32, 32, 3))
    return (noise + COLOURS[Y][:, None, None]).astype(np.uint8)


def test_only_the_last_layer_learns_and_it_ends_at_its_best_epoch() -> None:
    network = build(PARAMS, 32, 4)
    train, val = (Batches(images(seed), Y, 4, 8, network.frozen) for seed in (0, 1))
    before = {layer.name: layer.get_weights() for layer in network.trainable.layers}
    rows = fit_head(network, train, val, PARAMS, None)
    after = {layer.name: layer.get_weights() for layer in network.trainable.layers}
    moved = [name for name in before if not all(map(np.array_equal, before[name], after[name]))]
    assert moved == ["standardise", "label"]
    assert len(rows) == 60
    assert rows[-1]["accuracy"] > 0.8 > rows[0]["accuracy"]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    probabilities = np.concatenate([network.trainable.predict_on_batch(val[index][0]) for index in range(len(val))])
    loss = -np.log(probabilities[np.arange(24), Y]).mean()
    assert loss == pytest.approx(min(row["val_loss"] for row in rows), rel=1e-3)


def test_the_features_are_standardised_by_the_training_images() -> None:
    network = build(PARAMS, 32, 4)
    train, val = (Batches(images(seed), Y, 4, 8, network.frozen) for seed in (0, 1))
    fit_head(network, train, val, PARAMS, None)
    inside = keras.Model(network.trainable.input, network.trainable.get_layer("standardise").output)
    x = np.concatenate([inside.predict_on_batch(train[index][0]) for index in range(len(train))])
    assert (x.std(axis=0) > 0.9).mean() > 0.1  # at 32 pixels the last maps have one pixel, and no deviation
    assert np.abs(x.mean(axis=0)).max() < 0.01
    assert x.std(axis=0).max() < 1.001


def test_half_precision_standardises_many_images_as_whole_precision_does() -> None:
    y = np.arange(600) % 4  # a sum in bfloat16 stops growing at 256 times what is added
    x = np.broadcast_to(COLOURS[y][:, None, None], (600, 32, 32, 3)).astype(np.uint8)
    means = []
    for precision in ("float32", "mixed_bfloat16"):
        params = replace(PARAMS, precision=precision, batch_size=32, head=replace(PARAMS.head, epochs=1))
        network = build(params, 32, 4)
        fit_head(network, *[Batches(x, y, 4, 32, network.frozen)] * 2, params, None)
        means.append(network.trainable.get_layer("standardise").get_weights()[0])
    assert np.abs(means[1] - means[0]).max() < 0.05 * np.abs(means[0]).max()


def test_keep_last_keeps_the_last_epoch_of_the_head() -> None:
    network = build(PARAMS, 32, 4)
    train, val = (Batches(images(seed), labels, 4, 8, network.frozen) for seed, labels in ((0, Y), (1, (Y + 1) % 4)))
    rows = fit_head(network, train, val, replace(PARAMS, keep="last"), None)
    probabilities = np.concatenate([network.trainable.predict_on_batch(val[index][0]) for index in range(len(val))])
    loss = -np.log(probabilities[np.arange(24), (Y + 1) % 4]).mean()
    assert loss == pytest.approx(rows[-1]["val_loss"], rel=1e-3)
    assert loss > min(row["val_loss"] for row in rows)


def test_weights_and_logs_are_those_of_keras_fit() -> None:
    params = replace(PARAMS, keep="last", batch_size=7, head=replace(PARAMS.head, epochs=3))  # 24 = 3 x 7 + 3
    weight = {0: 2.0, 1: 1.0, 2: 0.5, 3: 0.5}
    network, other = (build(params, 32, 4) for _ in range(2))
    train, val = (Batches(images(seed), Y, 4, 7, network.frozen) for seed in (0, 1))
    rows = fit_head(network, train, val, params, weight)

    backbone = keras.Model(other.trainable.input, other.trainable.get_layer("features").output)
    x, val_x = (
        np.concatenate([backbone.predict_on_batch(batches[index][0]) for index in range(4)]) for batches in (train, val)
    )
    layers = [other.trainable.get_layer(name) for name in ("standardise", "dropout", "label")]
    layers[0].set_weights([x.mean(axis=0), x.var(axis=0)])
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile(keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
    for epoch, row in enumerate(rows):
        model.optimizer.learning_rate = learning_rate(params.head, epoch)
        order = np.random.default_rng([params.seed, epoch]).permutation(24)
        fitted = model.fit(
            x[order], train.one_hot[order], 7, class_weight=weight, shuffle=False, verbose=0,
            validation_data=(val_x, val.one_hot),
        )  # fmt: skip
        assert {name: values[0] for name, values in fitted.history.items()} == pytest.approx(row, rel=1e-5)
    for mine, theirs in zip(network.trainable.get_layer("label").get_weights(), layers[2].get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
