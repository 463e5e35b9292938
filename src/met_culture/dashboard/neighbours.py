"""Which training paintings a network finds most like a picture: the nearest in what its last layer reads."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from met_culture.evaluate.gradcam import split_model
from met_culture.images.check import ImageError
from met_culture.predict.inputs import Picture, read_file
from met_culture.predict.predictor import BATCH, Models, see

# Paintings that are compared with; of more, as many at random, so that a large museum does not take an hour.
MOST = 2_000
SEED = 0


@dataclass(frozen=True)
class Neighbours:
    """Training paintings and where the network puts them.

    Attributes:
        rows: One row per painting, as paintings.csv holds them.
        features: Of unit length, float32 (n, features).
        of: How many training paintings there are, of which these are all or some.
    """

    rows: pd.DataFrame
    features: np.ndarray
    of: int

    def nearest(self, features: np.ndarray, count: int) -> pd.DataFrame:
        """Return the `count` rows nearest to a picture's features, (features,), with their cosine as `similarity`."""
        similarity = self.features @ features
        places = np.argsort(-similarity, kind="stable")[:count]
        return self.rows.iloc[places].assign(similarity=similarity[places])


def embedding(model: keras.Model) -> keras.Model:
    """Return the part of a model of `load_model` that ends before its last layer."""
    if isinstance(model, keras.Sequential):
        return keras.Sequential([keras.Input(model.input_shape[1:], dtype="uint8"), *model.layers[:-1]])
    below, above = split_model(model)
    return keras.Model(below.inputs, keras.Model(above.inputs, above.layers[-1].input)(below.output))


def embed(embedder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the features of images, uint8 (n, size, size, 3), as float32 (n, features) of unit length."""
    found = np.asarray(embedder.predict_on_batch(images), np.float32).reshape(len(images), -1)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def painting(raw: Path, image_file: str) -> Picture:
    """Return the picture of a row of paintings.csv; it cannot lie outside `raw`, whatever the table says."""

    def read() -> bytes:
        if Path(image_file).is_absolute() or ".." in Path(image_file).parts:
            raise ImageError("lies outside the folder of images")
        return read_file(raw / image_file)

    return Picture(image_file, read)


def neighbours(paintings: pd.DataFrame, raw: Path, models: Models, embedder: keras.Model) -> Neighbours:
    """Return the training paintings, of `MOST` at most, as the first model sees them; memory holds `BATCH` pictures.

    Args:
        paintings: As paintings.csv holds them.
        raw: The folder of `image_file`.
        models: As `load_models` returns them.
        embedder: Of the first model.
    """
    training = paintings[paintings["split"] == "train"].reset_index(drop=True)
    rows = training.iloc[np.sort(np.random.default_rng(SEED).permutation(len(training))[:MOST])]

    def seen(image_file: str) -> np.ndarray | None:
        try:
            return see(painting(raw, image_file), models[:1])[0]
        except ImageError:
            return None

    good: list[int] = []
    features = [np.zeros((0, embedder.output_shape[-1]), np.float32)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), BATCH):
            arrays = list(pool.map(seen, rows["image_file"].iloc[start : start + BATCH]))
            good += [start + place for place, each in enumerate(arrays) if each is not None]
            if any(each is not None for each in arrays):
                features.append(embed(embedder, np.stack([each for each in arrays if each is not None])))
    return Neighbours(rows.iloc[good], np.concatenate(features), len(training))
