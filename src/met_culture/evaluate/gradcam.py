"""Grad-CAM: where in a picture a network looks for a label.

Source: Selvaraju et al., Grad-CAM, 2017, in the element-wise form of Draelos and Carin, HiResCAM, 2020, which does not
average the slopes over places that a network tells apart. It shows where and not what.
"""

import functools

import cv2
import keras
import numpy as np

from met_culture.common.errors import UserError

COLOURS = cv2.COLORMAP_VIRIDIS  # even in brightness, and told apart by the colour-blind
WEIGHT = 0.55  # of the colours over the picture


@functools.lru_cache(4)  # of a model's parts made anew the backend would compile anew
def parts(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Return a model of `load_model` in two: from images to its last map, and from there to the shares."""
    # The last that everything passes: before the trained part of a pretrained network, which reads several.
    if not isinstance(model, keras.Sequential):
        *_, last, trained = model.layers
        return keras.Model(model.inputs, last.output), trained
    start = 1 + max(place for place, layer in enumerate(model.layers) if len(layer.output.shape) == 4)
    below = keras.Sequential([keras.Input(model.input_shape[1:], dtype="uint8"), *model.layers[:start]])
    return below, keras.Sequential([keras.Input(below.output_shape[1:]), *model.layers[start:]])


def _slopes(above: keras.Model, maps: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the slope of each image's logit of its label, less the mean logit, in the shape of `maps`."""
    x, chosen = keras.ops.convert_to_tensor(maps), keras.utils.to_categorical(labels, above.output_shape[-1])

    def logits(shares: keras.KerasTensor) -> keras.KerasTensor:
        # A share's own slope would vanish where the network is sure.
        return keras.ops.sum(keras.ops.log(keras.ops.maximum(shares, 1e-30)) * (chosen - chosen.mean()))

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        with tensorflow.GradientTape() as tape:
            tape.watch(x)
            result = logits(above(x, training=False))
        return np.asarray(tape.gradient(result, x))
    if keras.backend.backend() == "jax":
        import jax

        groups = above.trainable_variables, above.non_trainable_variables
        weights = [[variable.value for variable in group] for group in groups]
        return np.asarray(jax.grad(lambda values: logits(above.stateless_call(*weights, values, training=False)[0]))(x))
    raise UserError("heat maps need Keras's backend tensorflow or jax; set KERAS_BACKEND.")


def heat(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how much each place speaks for a label, float32 (n, size, size), 0 to 1 in each image.

    Args:
        model: As `load_model` returns it.
        images: uint8 (n, size, size, 3), RGB.
        labels: The label's place for each image, int (n,).

    Raises:
        UserError: The backend of Keras has no slopes here.
    """
    below, above = parts(model)
    maps = np.asarray(below.predict_on_batch(images), np.float32)
    speaks = np.maximum((_slopes(above, maps, labels) * maps).sum(axis=-1), 0)
    speaks /= np.maximum(speaks.max(axis=(1, 2), keepdims=True), 1e-12)
    size = images.shape[2], images.shape[1]
    return np.stack([np.clip(cv2.resize(each, size, interpolation=cv2.INTER_CUBIC), 0, 1) for each in speaks])


def overlay(image: np.ndarray, heated: np.ndarray) -> np.ndarray:
    """Return a picture, uint8 (h, w, 3), RGB, under the colours of its heat, (h, w), 0 to 1: dark blue to yellow."""
    colours = cv2.applyColorMap((heated * 255).astype(np.uint8), COLOURS)
    return cv2.addWeighted(cv2.cvtColor(colours, cv2.COLOR_BGR2RGB), WEIGHT, image, 1 - WEIGHT, 0)
