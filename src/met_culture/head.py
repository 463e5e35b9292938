"""The first phase of training a pretrained network: its new last layer alone, on features that are computed once.

It takes seconds, so it is repeated rather than resumed.
"""

from typing import Any

import keras
import numpy as np

from met_culture.batches import Batches
from met_culture.models import Network, loss
from met_culture.params import TrainParams
from met_culture.schedule import learning_rate


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
    rows, best = [], label.get_weights()
    for epoch in range(params.head.epochs):
        only.optimizer.learning_rate = learning_rate(params.head, epoch)
        order = np.random.default_rng([params.seed, epoch]).permutation(len(x))
        fitted = only.fit(
            x[order],
            train.one_hot[order],
            batch_size=params.batch_size,
            validation_data=(val_x, val.one_hot),
            class_weight=class_weight,
            shuffle=False,
            verbose=0,
        )
        rows.append({name: values[0] for name, values in fitted.history.items()})
        if all(rows[-1]["val_loss"] < row["val_loss"] for row in rows[:-1]):
            best = label.get_weights()
    if params.keep == "best":
        label.set_weights(best)
    return rows


def _features(backbone: keras.Model, batches: Batches) -> np.ndarray:
    parts: list[Any] = [backbone.predict_on_batch(batches[index][0]) for index in range(len(batches))]
    return np.concatenate(parts).astype(np.float32)  # half precision could not add up so many
