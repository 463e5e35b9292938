"""Heat maps: which parts of an image support a label. It shows where a network looks, not what it recognises.

Grad-CAM: Selvaraju et al., 2017, in the element-wise form of Draelos and Carin, HiResCAM, 2020. That form does
not average gradients over positions, so positions that the network treats differently stay apart.
Correlations of channels need no gradient: correlation_evidence.py divides the logit itself among the positions.
"""

import functools

import cv2
import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.evaluate.correlation_evidence import correlation_evidence, correlation_layers

COLOURS = cv2.COLORMAP_VIRIDIS  # even in brightness, and colour-blind readers can tell its colours apart
OPACITY = 0.55  # of the colours over the image


@functools.lru_cache(4)  # the backend would compile new submodels again on every call
def split_model(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Split a model of `load_model` at its last feature map.

    Returns:
        The model from images to the map, and the model from the map to probabilities.
    """
    # The trained part of a pretrained network may branch, so the split lies before it.
    if not isinstance(model, keras.Sequential):
        *_, last, trained = model.layers
        return keras.Model(model.inputs, last.output), trained
    last_map = max(index for index, layer in enumerate(model.layers) if len(layer.output.shape) == 4)
    below, above = model.layers[: last_map + 1], model.layers[last_map + 1 :]
    to_map = keras.Sequential([keras.Input(model.input_shape[1:], dtype="uint8"), *below])
    return to_map, keras.Sequential([keras.Input(to_map.output_shape[1:]), *above])


def _score(probabilities: keras.KerasTensor, weights: np.ndarray) -> keras.KerasTensor:
    # The gradient of a probability itself vanishes where the network is confident; that of its logarithm does not.
    return keras.ops.sum(keras.ops.log(keras.ops.maximum(probabilities, 1e-30)) * weights)


def _tensorflow_gradients(above: keras.Model, maps: keras.KerasTensor, weights: np.ndarray) -> np.ndarray:
    import tensorflow

    with tensorflow.GradientTape() as tape:
        tape.watch(maps)
        score = _score(above(maps, training=False), weights)
    return np.asarray(tape.gradient(score, maps))


def _jax_gradients(above: keras.Model, maps: keras.KerasTensor, weights: np.ndarray) -> np.ndarray:
    import jax

    trainable = [variable.value for variable in above.trainable_variables]
    frozen = [variable.value for variable in above.non_trainable_variables]

    def score(values: keras.KerasTensor) -> keras.KerasTensor:
        probabilities, _ = above.stateless_call(trainable, frozen, values, training=False)
        return _score(probabilities, weights)

    return np.asarray(jax.grad(score)(maps))


def _gradients(above: keras.Model, maps: np.ndarray, label_indices: np.ndarray) -> np.ndarray:
    """Return, in the shape of `maps`, the gradient of the label's logit minus the mean logit, for each image."""
    tensor = keras.ops.convert_to_tensor(maps)
    one_hot = keras.utils.to_categorical(label_indices, above.output_shape[-1])
    weights = one_hot - one_hot.mean()
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _tensorflow_gradients(above, tensor, weights)
    if backend == "jax":
        return _jax_gradients(above, tensor, weights)
    raise UserError("Heat maps need Keras's backend tensorflow or jax; set KERAS_BACKEND.")


def heat_maps(model: keras.Model, images: np.ndarray, label_indices: np.ndarray) -> np.ndarray:
    """Return how much each pixel supports a label, float32 (n, size, size), 0 to 1 in each image.

    Args:
        model: As `load_model` returns it.
        images: uint8 (n, size, size, 3), RGB.
        label_indices: Index of the label for each image, int (n,).

    Raises:
        UserError: The backend of Keras is neither tensorflow nor jax.
    """
    if correlation_layers(model):
        evidence = correlation_evidence(model, images, label_indices)
    else:
        to_map, above = split_model(model)
        maps = np.asarray(to_map.predict_on_batch(images), np.float32)
        evidence = (_gradients(above, maps, label_indices) * maps).sum(axis=-1)
    evidence = np.maximum(evidence, 0)
    evidence /= np.maximum(evidence.max(axis=(1, 2), keepdims=True), 1e-12)
    size = images.shape[2], images.shape[1]
    resized = [cv2.resize(heat_map, size, interpolation=cv2.INTER_CUBIC) for heat_map in evidence]
    return np.clip(np.stack(resized), 0, 1)


def method(model: keras.Model) -> str:
    """Return how the heat maps of a model are computed, for titles."""
    return "Parts of the logit by position" if correlation_layers(model) else "Grad-CAM"


def overlay(image: np.ndarray, heat_map: np.ndarray) -> np.ndarray:
    """Return an image, uint8 (h, w, 3), RGB, under the colours of its heat map, (h, w), 0 to 1: dark blue to yellow."""
    colours = cv2.applyColorMap((heat_map * 255).astype(np.uint8), COLOURS)
    return cv2.addWeighted(cv2.cvtColor(colours, cv2.COLOR_BGR2RGB), OPACITY, image, 1 - OPACITY, 0)
