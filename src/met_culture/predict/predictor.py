"""Load models that predict together, predict images, and draw heat maps of predictions."""

import itertools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import met_culture.models.backend  # noqa: F401  # isort: skip - sets up what keras reads at import

import cv2
import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.common.terminal import print_note
from met_culture.evaluate.gradcam import heat_maps, overlay
from met_culture.images.check import ImageError, check_image
from met_culture.models.model_file import ModelMeta, load_model
from met_culture.models.probabilities import predict_probabilities
from met_culture.predict.inputs import InputImage
from met_culture.predict.outputs import Failure, Prediction
from met_culture.preprocess.arrays import to_array

BATCH = 32  # images that are decoded together and pass the model at once
Models = list[tuple[keras.Model, ModelMeta]]
Arrays = tuple[np.ndarray, ...]  # one image as the input of each model, uint8 (size, size, 3)


def load_models(paths: list[Path]) -> Models:
    """Return models that predict together.

    Raises:
        UserError: A file is missing or not a model of this project, or the labels of two models differ.
    """
    models = [load_model(path) for path in paths]
    for path, (_, meta) in zip(paths, models, strict=True):
        if meta.labels != models[0][1].labels:
            raise UserError(f"{path} was trained for other labels than {paths[0]}; give models with the same labels.")
        if "synthetic" in meta.source:
            print_note(f"note: {path} was trained on the {meta.source}, not on real paintings")
    return models


def mean_threshold(models: Models) -> float:
    """Return the mean confidence threshold of the models."""
    return sum(meta.threshold for _, meta in models) / len(models)


def model_inputs(image: InputImage, models: Models) -> Arrays:
    """Return an image preprocessed for each model as in its training.

    Raises:
        ImageError: The image is missing, too large or damaged.
    """
    data = image.read()
    check_image(data)
    return tuple(to_array(data, meta.image_size, meta.fit, meta.interpolation) for _, meta in models)


def _inputs_or_failure(image: InputImage, models: Models) -> Arrays | Failure:
    try:
        return model_inputs(image, models)
    except ImageError as error:
        return Failure(image.name, str(error))


def _mean_probabilities(inputs: list[Arrays], models: Models) -> np.ndarray:
    per_model = []
    for index, (model, _) in enumerate(models):
        batch = np.stack([arrays[index] for arrays in inputs])
        per_model.append(predict_probabilities(model, batch))
    return np.mean(per_model, axis=0)


def _predict_batch(
    images: list[InputImage], inputs: list[Arrays | Failure], models: Models
) -> Iterator[Prediction | Failure]:
    readable = [arrays for arrays in inputs if not isinstance(arrays, Failure)]
    probabilities = iter(_mean_probabilities(readable, models) if readable else ())
    for image, arrays in zip(images, inputs, strict=True):
        if isinstance(arrays, Failure):
            yield arrays
        else:
            yield Prediction(image.name, next(probabilities), arrays)


def predict(images: Iterable[InputImage], models: Models) -> Iterator[Prediction | Failure]:
    """Yield a result for each image, in order; at most `BATCH` images are in memory.

    Raises:
        UserError: A model gives values that are no probabilities.
    """
    iterator = iter(images)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while batch := list(itertools.islice(iterator, BATCH)):
            inputs = list(pool.map(partial(_inputs_or_failure, models=models), batch))
            yield from _predict_batch(batch, inputs, models)


def heat_map(prediction: Prediction, models: Models) -> np.ndarray:
    """Return the input of the first model under the heat map of the predicted label, uint8 (size, size, 3), RGB."""
    (model, _), image = models[0], prediction.arrays[0]
    return overlay(image, heat_maps(model, image[None], np.array([prediction.probabilities.argmax()]))[0])


def explain(prediction: Prediction, models: Models, path: Path) -> None:
    """Write the heat map of a prediction as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = cv2.cvtColor(heat_map(prediction, models), cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
