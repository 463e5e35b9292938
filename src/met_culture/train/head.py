"""The first phase of training a pretrained network: its new last layer alone, on features that are computed once.

It takes seconds, so it is repeated rather than resumed.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

from met_culture.train.batches import Batches
from met_culture.train.networks import Network, loss
from met_culture.train.params import TrainParams
from met_culture.train.schedule import learning_rate


def fit_head(
    network: Network, train: Batches, val: Batches, params: TrainParams, class_weight: dict[int, float] | None
) -> list[dict[str, float]]:
    """Train the layer `label` on the features of the images as they are; returns Keras's figures of each epoch.

    The layer `standardise` gets the mean and variance of each feature over the training images.

    Args:
        network: Its `label` layer ends as after the epoch that `params.keep` says.
        train: Training images, in order and not augmented.
        val: Validation images, in order.
        params: Epochs and learning rates of `head`; seed, batch size and label smoothing.
        class_weight: Weight of each class in the loss.
    """
    label, standardise, dropout = (network.trainable.get_layer(name) for name in ("label", "standardise", "dropout"))
    backbone = keras.Model(network.trainable.input, network.trainable.get_layer("features").output)
    x, val_x = (_features(backbone, batches) for batches in (train, val))
    standardise.set_weights([x.mean(axis=0), x.var(axis=0)])
    only = keras.Sequential([keras.Input(x.shape[1:]), standardise, dropout, label])
    only.compile(keras.optimizers.Adam(), loss=loss(params), metrics=["accuracy"])
    train_step = partial(only.train_on_batch, class_weight=class_weight, return_dict=True)
    val_step = partial(only.test_on_batch, return_dict=True)
    rows, best = [], label.get_weights()
    for epoch in range(params.head.epochs):
        only.optimizer.learning_rate = learning_rate(params.head, epoch)
        order = np.random.default_rng([params.seed, epoch]).permutation(len(x))
        fitted = _passed(train_step, x[order], train.one_hot[order], params.batch_size)
        judged = _passed(val_step, val_x, val.one_hot, params.batch_size)
        rows.append(fitted | {f"val_{name}": value for name, value in judged.items()})
        if all(rows[-1]["val_loss"] < row["val_loss"] for row in rows[:-1]):
            best = label.get_weights()
    if params.keep == "best":
        label.set_weights(best)
    return rows


def _passed(
    step: Callable[[np.ndarray, np.ndarray], dict[str, float]], x: np.ndarray, y: np.ndarray, batch_size: int
) -> dict[str, float]:
    # The figures that `fit` would give, whose preparations take several times as long as an epoch of so small a layer.
    total: dict[str, float] = {}
    for start in range(0, len(x), batch_size):
        part = y[start : start + batch_size]
        for name, value in step(x[start : start + batch_size], part).items():
            total[name] = total.get(name, 0) + float(value) * len(part) / len(y)
    return total


def _features(backbone: keras.Model, batches: Batches) -> np.ndarray:
    parts: list[Any] = [backbone.predict_on_batch(batches[index][0]) for index in range(len(batches))]
    return np.concatenate(parts).astype(np.float32)  # half precision could not add up so many
