"""Training images per second of this project's batches against Keras's ImageDataGenerator: same model, same images.

`python benchmarks/train.py` trains on data/preprocess, which `make repro` makes; noise would not do, as a network that
dies on it runs at another speed. Both train the article's CNN with batches of 32, zoom, shift, shear and flip, and
deterministic operations; a round is one epoch of each.
"""

from functools import partial

from met_culture.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from measure import ROOT, rates, report

from met_culture.batches import Batches
from met_culture.models import build
from met_culture.params import TrainParams, load

LABELS, ROUNDS = 4, 15


def ours(model: keras.Model, x: np.ndarray, y: np.ndarray, params: TrainParams) -> int:
    """Train one epoch on this project's batches."""
    batches = Batches(x, y, LABELS, params.batch_size).epoch(params.seed, 0, params.augment)
    model.fit(batches, shuffle=False, verbose=0)
    return len(x)


def article(model: keras.Model, x: np.ndarray, y: np.ndarray, params: TrainParams) -> int:
    """Train one epoch as the article does; the model itself rescales in both ways."""
    augment = params.augment
    generator = ImageDataGenerator(
        zoom_range=augment.zoom,
        width_shift_range=augment.shift,
        height_shift_range=augment.shift,
        shear_range=augment.shear,
        horizontal_flip=augment.flip,
    )
    flow = generator.flow(x, keras.utils.to_categorical(y, LABELS), batch_size=params.batch_size, seed=params.seed)
    model.fit(flow, verbose=0)
    return len(x)


def main() -> None:
    """Measure both."""
    make_deterministic()
    params = load("train", ROOT / "params.yaml")
    x, y = (np.load(ROOT / f"data/preprocess/train_{name}.npy") for name in "xy")
    ways = {
        "ImageDataGenerator": partial(article, build(params, x.shape[1], LABELS).trainable, x, y, params),
        "batches": partial(ours, build(params, x.shape[1], LABELS).trainable, x, y, params),
    }
    report("train", rates(ways, ROUNDS), "ImageDataGenerator", {"images": len(x), "image_size": x.shape[1]})


if __name__ == "__main__":
    main()
