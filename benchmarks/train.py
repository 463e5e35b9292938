"""Training images per second of this project's batches against ImageDataGenerator, and against what the model allows.

`python benchmarks/train.py` trains on data/preprocess, which `make repro` makes; noise would not do, as a network that
dies on it runs at another speed. All train the article's CNN with batches of 32 and deterministic operations; a round
is one epoch of each. The batches and Keras's ImageDataGenerator read the same images and augment them as
params.yaml says, the batches once more with products in half precision. The ceiling is the same model on an array in
memory as it is. The arithmetic limit is the rate of a product of two matrices in the backend, over the operations that
an image costs. KERAS_BACKEND chooses the backend, and `--name` the name of the result.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from met_culture.models.backend import backend_settings, make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from measure import RESULTS, ROOT, rates, report

from met_culture.common.config import load
from met_culture.train.batches import Batches
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

LABELS, ROUNDS = 4, 25
SIDE, PRODUCTS = 2048, 4  # of the matrices, and how many are multiplied in a round


def ours(model: keras.Model, x: np.ndarray, y: np.ndarray, params: TrainParams) -> int:
    """Train one epoch on this project's batches."""
    batches = Batches(x, y, LABELS, params.batch_size).epoch(params.seed, 0, params.augment)
    model.fit(batches, shuffle=False, verbose=0)
    return len(x)


def article(model: keras.Model, x: np.ndarray, y: np.ndarray, params: TrainParams) -> int:
    """Train one epoch as the article does; the model itself rescales in both ways."""
    augment = params.augment
    generator = ImageDataGenerator(
        rotation_range=augment.rotation,
        zoom_range=augment.zoom,
        width_shift_range=augment.shift,
        height_shift_range=augment.shift,
        shear_range=augment.shear,
        horizontal_flip=augment.flip,
    )
    flow = generator.flow(x, keras.utils.to_categorical(y, LABELS), batch_size=params.batch_size, seed=params.seed)
    model.fit(flow, verbose=0)
    return len(x)


def ceiling(model: keras.Model, x: np.ndarray, y: np.ndarray, params: TrainParams) -> int:
    """Train one epoch on what lies in memory, as it is."""
    model.fit(x, keras.utils.to_categorical(y, LABELS), batch_size=params.batch_size, shuffle=False, verbose=0)
    return len(x)


def operations(model: keras.Model) -> int:
    """Return the multiplications and additions of training a sequence of layers on one image.

    A layer's forward pass, its weights' slopes and its input's slopes cost the same; the first needs no last.
    """
    costs = []
    for layer in model.layers:
        if layer.weights:
            places = int(np.prod(layer.output.shape[1:-1]))
            costs.append(2 * places * int(np.prod(layer.kernel.shape)))
    return 3 * sum(costs) - costs[0]


def arithmetic(matrix: Any, cost: int) -> float:  # noqa: ANN401 - the backend's tensor
    """Multiply matrices, and return how many images could be trained with as many operations."""
    for _ in range(PRODUCTS):
        product = keras.ops.matmul(matrix, matrix)
    keras.ops.convert_to_numpy(product[0, 0])  # waits for it
    return PRODUCTS * 2 * SIDE**3 / cost


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="train")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    make_deterministic()
    params = load("train", TrainParams, ROOT / "params.yaml")
    x, y = (np.load(ROOT / f"data/preprocess/train_{name}.npy") for name in "xy")
    network = partial(build, params, x.shape[1], LABELS)
    matrix = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32))
    cost = operations(network().trainable)
    ways = {
        "ImageDataGenerator": partial(article, network().trainable, x, y, params),
        "batches": partial(ours, network().trainable, x, y, params),
        "ceiling": partial(ceiling, network().trainable, x, y, params),
        "batches_bfloat16": partial(
            ours, build(replace(params, precision="mixed_bfloat16"), x.shape[1], LABELS).trainable, x, y, params
        ),
        "arithmetic_limit": partial(arithmetic, matrix, cost),
    }
    facts = {"images": len(x), "image_size": x.shape[1], "operations_per_image": cost} | backend_settings()
    bases = ("ImageDataGenerator", "ceiling", "arithmetic_limit")
    report(args.name, rates(ways, ROUNDS), bases, facts, args.results)


if __name__ == "__main__":
    main()
