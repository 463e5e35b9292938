"""The networks by their names in `train.model`, each as a frozen part and a trainable part."""

from dataclasses import dataclass

import keras
from keras import layers

from met_culture.train.efficientnet_lite import efficientnet_lite, style
from met_culture.train.efficientnet_weights import VARIANTS
from met_culture.train.keras_applications import application
from met_culture.train.params import TrainParams

FILTERS = (32, 64, 128, 128)  # of the article's convolutions


@dataclass(frozen=True)
class Network:
    """A network and its parts.

    Attributes:
        trainable: Compiled; from images, or from the output of `frozen`, to the probabilities of the labels.
        frozen: From images to the input of `trainable`; None if the whole network is trained.
    """

    trainable: keras.Model
    frozen: keras.Model | None = None

    def whole(self) -> keras.Model:
        """Return the network from images, uint8 (n, size, size, 3), to probabilities, float32 (n, labels), compiled."""
        if self.frozen is None:
            return self.trainable
        self.frozen.trainable = False  # as in training, so that the optimizer's state belongs to the same weights
        model = keras.Model(self.frozen.input, self.trainable(self.frozen.output), name=self.trainable.name)
        model.compile(optimizer=self.trainable.optimizer, loss=self.trainable.loss, metrics=["accuracy"])
        return model


def cnn(image_size: int, labels: int, dropout: float, seed: int) -> keras.Model:
    """Return the article's CNN, as its code has it; the article's text says that the dropout was left out.

    The colours are RGB, and the article's are BGR. The first convolution learns one weight for each colour, so for a
    network without pretrained weights the order only renames them. The probabilities are float32 in every precision,
    because values near 0 and 1 need it.

    Args:
        image_size: Width and height of the input in pixels; input is uint8 or float (n, size, size, 3), 0 to 255, RGB.
        labels: Number of classes; output is a softmax of shape (n, labels).
        dropout: Fraction of the features that a training step leaves out, before the dense layers.
        seed: Seed of the dropout.
    """
    model = keras.Sequential([keras.Input((image_size, image_size, 3), dtype="uint8", name="image")], name="cnn")
    model.add(layers.Rescaling(1 / 255, name="rescale"))
    for number, filters in enumerate(FILTERS, 1):
        model.add(layers.Conv2D(filters, 3, activation="relu", name=f"conv_{number}"))
        model.add(layers.MaxPooling2D(name=f"pool_{number}"))
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Dropout(dropout, seed=seed, name="dropout"))
    model.add(layers.Dense(512, activation="relu", name="dense"))
    model.add(layers.Dense(labels, activation="softmax", dtype="float32", name="label"))
    return model


def _network(params: TrainParams, image_size: int, labels: int) -> Network:
    if params.model == "cnn":
        return Network(cnn(image_size, labels, params.dropout, params.seed))
    if params.model == "style":
        frozen, features = style(image_size)
    elif params.model in VARIANTS:
        frozen, features = efficientnet_lite(params.model, image_size, params.fine_tune_stages)
    else:
        frozen, features = application(params.model, image_size)
    # Holds the mean and variance of the training features, which head.py sets; training never changes them.
    x = layers.BatchNormalization(epsilon=1e-5, center=False, scale=False, trainable=False, name="standardise")(
        features.output
    )
    x = layers.Dropout(params.dropout, seed=params.seed, name="dropout")(x)
    # Zeros give all labels the same probability; random weights of thousands of features would not.
    x = layers.Dense(labels, activation="softmax", kernel_initializer="zeros", dtype="float32", name="label")(x)
    return Network(keras.Model(features.input, x, name=params.model), frozen)


def build(params: TrainParams, image_size: int, labels: int) -> Network:
    """Return the network that the parameters describe, its new weights drawn from `params.seed`.

    Raises:
        UserError: The pretrained weights cannot be read.
    """
    keras.utils.set_random_seed(params.seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(params.precision)
    try:
        network = _network(params, image_size, labels)
    finally:
        keras.config.set_dtype_policy(before)
    # Given by name: a generated name counts the optimizers of this process, and is written into the file.
    config = {"name": params.optimizer, "learning_rate": params.learning_rate}
    optimizer = keras.optimizers.get({"class_name": params.optimizer, "config": config})
    network.trainable.compile(optimizer=optimizer, loss=loss(params), metrics=["accuracy"])
    return network


def loss(params: TrainParams) -> str | keras.losses.Loss:
    """Return the cross-entropy, with the label smoothing of the parameters."""
    if not params.label_smoothing:
        return "categorical_crossentropy"
    return keras.losses.CategoricalCrossentropy(label_smoothing=params.label_smoothing)
