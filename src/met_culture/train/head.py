"""The first phase of training a pretrained network: its new last layer alone, on features that are computed once.

It takes seconds, so it is repeated rather than resumed.
"""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from met_culture.train.batches import Batches
from met_culture.train.history import is_best, join_logs
from met_culture.train.networks import Network, loss
from met_culture.train.params import TrainParams
from met_culture.train.schedule import learning_rate


def fit_head(
    network: Network, train: Batches, val: Batches, params: TrainParams, class_weight: dict[int, float] | None
) -> list[dict[str, float]]:
    """Train the layer `label` on the features of the images without augmentation; returns Keras's logs of each epoch.

    The layer `standardise` gets the mean and variance of each feature over the training images.

    Args:
        network: Its `label` layer ends with the weights of the epoch that `params.keep` names.
        train: Training images, in order and not augmented.
        val: Validation images, in order.
        params: Epochs and learning rates of `head`; seed, batch size and label smoothing.
        class_weight: Weight of each class in the loss.
    """
    label = network.trainable.get_layer("label")
    features = keras.Model(network.trainable.input, network.trainable.get_layer("features").output)
    x, val_x = _features(features, train), _features(features, val)
    head = _head_model(network.trainable, x, params)
    train_step = partial(head.train_on_batch, class_weight=class_weight, return_dict=True)
    val_step = partial(head.test_on_batch, return_dict=True)
    rows: list[dict[str, float]] = []
    best = label.get_weights()
    for epoch in range(params.head.epochs):
        head.optimizer.learning_rate = learning_rate(params.head, epoch)
        order = np.random.default_rng([params.seed, epoch]).permutation(len(x))
        trained = _mean_logs(train_step, x[order], train.one_hot[order], params.batch_size)
        validated = _mean_logs(val_step, val_x, val.one_hot, params.batch_size)
        rows.append(join_logs(trained, validated))
        if is_best(rows):
            best = label.get_weights()
    if params.keep == "best":
        label.set_weights(best)
    return rows


def _features(model: keras.Model, batches: Batches) -> np.ndarray:
    parts = []
    for index in range(len(batches)):
        images, _ = batches[index]
        parts.append(np.asarray(model.predict_on_batch(images)))
    return np.concatenate(parts).astype(np.float32)  # a mean in half precision would be wrong


def _head_model(trainable: keras.Model, x: np.ndarray, params: TrainParams) -> keras.Model:
    # From features to probabilities. It uses the layers of the network, so training it trains the network.
    standardise, dropout, label = (trainable.get_layer(name) for name in ("standardise", "dropout", "label"))
    standardise.set_weights([x.mean(axis=0), x.var(axis=0)])
    head = keras.Sequential([keras.Input(x.shape[1:]), standardise, dropout, label])
    head.compile(keras.optimizers.Adam(), loss=loss(params), metrics=["accuracy"])
    return head


def _mean_logs(
    step: Callable[[np.ndarray, np.ndarray], dict[str, float]], x: np.ndarray, y: np.ndarray, batch_size: int
) -> dict[str, float]:
    # Returns the same logs as `fit`, which for so small a model takes several times as long to prepare as to train.
    total: dict[str, float] = {}
    for start in range(0, len(x), batch_size):
        batch_y = y[start : start + batch_size]
        for name, value in step(x[start : start + batch_size], batch_y).items():
            total[name] = total.get(name, 0) + float(value) * len(batch_y) / len(y)
    return total
