"""The models, by their names in `train.model`."""

import keras
from keras import layers

from met_culture.params import TrainParams


def cnn(image_size: int, labels: int) -> keras.Model:
    """Return the article's CNN: the small one of Keras's "very little data" tutorial without its dropout.

    Args:
        image_size: Width and height of the input in pixels; input is uint8 or float (n, size, size, 3), 0 to 255, RGB.
        labels: Number of classes; output is a softmax of shape (n, labels).
    """
    return keras.Sequential(
        [
            keras.Input((image_size, image_size, 3), dtype="uint8", name="image"),
            layers.Rescaling(1 / 255, name="rescale"),
            layers.Conv2D(32, 3, activation="relu", name="conv_1"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Conv2D(32, 3, activation="relu", name="conv_2"),
            layers.MaxPooling2D(name="pool_2"),
            layers.Conv2D(64, 3, activation="relu", name="conv_3"),
            layers.MaxPooling2D(name="pool_3"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="dense"),
            layers.Dense(labels, activation="softmax", name="label"),
        ],
        name="cnn",
    )


MODELS = {"cnn": cnn}


def build(params: TrainParams, image_size: int, labels: int) -> keras.Model:
    """Return the compiled model that the parameters describe, its weights drawn from `params.seed`."""
    keras.utils.set_random_seed(params.seed)
    model = MODELS[params.model](image_size, labels)
    # Named, because the names that Keras makes up count how many there were before, and go into the file.
    config = {"name": params.optimizer, "learning_rate": params.learning_rate}
    optimizer = keras.optimizers.get({"class_name": params.optimizer, "config": config})
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    return model
