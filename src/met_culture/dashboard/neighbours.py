"""The training paintings most similar to an image: nearest neighbours by the input of the network's last layer."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from met_culture.evaluate.gradcam import split_model
from met_culture.images.check import ImageError
from met_culture.predict.inputs import InputImage, read_file
from met_culture.predict.predictor import BATCH, Models, model_inputs

MAX_PAINTINGS = 2_000  # a random sample of a larger collection, which would take an hour
SEED = 0


@dataclass(frozen=True)
class Neighbours:
    """Training paintings and their features.

    Attributes:
        rows: One row per painting, as in paintings.csv.
        features: Features of unit length, float32 (n, features).
        total: Number of all training paintings, of which `rows` may be a sample.
    """

    rows: pd.DataFrame
    features: np.ndarray
    total: int

    def nearest(self, features: np.ndarray, count: int) -> pd.DataFrame:
        """Return the `count` rows nearest to the features of an image, (features,); `similarity` is the cosine."""
        similarity = self.features @ features
        nearest = np.argsort(-similarity, kind="stable")[:count]
        return self.rows.iloc[nearest].assign(similarity=similarity[nearest])


def embedding(model: keras.Model) -> keras.Model:
    """Return a model of `load_model` without its last layer."""
    if isinstance(model, keras.Sequential):
        return keras.Sequential([keras.Input(model.input_shape[1:], dtype="uint8"), *model.layers[:-1]])
    below, above = split_model(model)
    return keras.Model(below.inputs, keras.Model(above.inputs, above.layers[-1].input)(below.output))


def embed(embedder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the features of images, uint8 (n, size, size, 3), as float32 (n, features) of unit length."""
    features = np.asarray(embedder.predict_on_batch(images), np.float32).reshape(len(images), -1)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def _read_painting(raw: Path, image_file: str) -> bytes:
    if Path(image_file).is_absolute() or ".." in Path(image_file).parts:
        raise ImageError("lies outside the folder of images")
    return read_file(raw / image_file)


def painting(raw: Path, image_file: str) -> InputImage:
    """Return the image of a row of paintings.csv; reading raises ImageError for a path outside `raw`."""
    return InputImage(image_file, partial(_read_painting, raw, image_file))


def _array(image_file: str, raw: Path, models: Models) -> np.ndarray | None:
    try:
        return model_inputs(painting(raw, image_file), models[:1])[0]
    except ImageError:
        return None


def neighbours(paintings: pd.DataFrame, raw: Path, models: Models, embedder: keras.Model) -> Neighbours:
    """Return the features of at most `MAX_PAINTINGS` training paintings; at most `BATCH` images are in memory.

    `paintings` is the table of paintings.csv, `raw` the folder of its images, and `embedder` the first model without
    its last layer.
    """
    training = paintings[paintings["split"] == "train"].reset_index(drop=True)
    sample = np.sort(np.random.default_rng(SEED).permutation(len(training))[:MAX_PAINTINGS])
    rows = training.iloc[sample]
    readable: list[int] = []
    features = [np.zeros((0, embedder.output_shape[-1]), np.float32)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), BATCH):
            files = rows["image_file"].iloc[start : start + BATCH]
            arrays = list(pool.map(partial(_array, raw=raw, models=models), files))
            images = [array for array in arrays if array is not None]
            readable += [start + index for index, array in enumerate(arrays) if array is not None]
            if images:
                features.append(embed(embedder, np.stack(images)))
    return Neighbours(rows.iloc[readable], np.concatenate(features), len(training))
