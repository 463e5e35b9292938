"""Training images per second of this project's batches against Keras's ImageDataGenerator: same model, same images.

`python benchmarks/train.py` draws its own images. Both train the article's CNN at 150 pixels with batches of 32, zoom,
shift, shear and flip, and deterministic operations; a round is one epoch of each.
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

IMAGES, SIZE, LABELS, ROUNDS = 320, 150, 4, 11


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
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    y = rng.integers(0, LABELS, IMAGES)
    ways = {
        "ImageDataGenerator": partial(article, build(params, SIZE, LABELS), x, y, params),
        "batches": partial(ours, build(params, SIZE, LABELS), x, y, params),
    }
    report("train", rates(ways, ROUNDS), "ImageDataGenerator", {"images": IMAGES, "image_size": SIZE})


if __name__ == "__main__":
    main()
