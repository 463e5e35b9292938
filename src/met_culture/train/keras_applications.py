"""Any backbone of keras.applications, frozen, with ImageNet weights; the features come from its last feature map.

Training downloads nothing: `python -m met_culture.weights NAME` fetches the weights once, with the pipeline's own
client. This module checks their hash against the one in Keras's source, and reads them.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
from keras.src.utils import file_utils

from met_culture.common.errors import UserError
from met_culture.common.paths import scratch_folder
from met_culture.models.layers import MeanAndDeviation

GetFile = Callable[..., str]


def weights_path(file_name: str) -> Path:
    """Return the path of the weights with that name; not in Keras's own cache, whose files are not checked."""
    return scratch_folder() / "weights" / Path(file_name).name


def has_hash(path: Path, file_hash: str) -> bool:
    """Return whether a file exists and has this MD5 or SHA-256 in hexadecimal; Keras gives either."""
    if not path.is_file():
        return False
    algorithm = "sha256" if len(file_hash) == 64 else "md5"
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == file_hash


def _fetched_weights(file_name: str, origin: str, file_hash: str | None = None, **_: Any) -> str:  # noqa: ANN401 - Keras's arguments
    path = weights_path(file_name)
    if not has_hash(path, file_hash or ""):
        raise UserError(
            f"{path} is missing or damaged; run `python -m met_culture.weights` with the model's name to fetch it."
        )
    return str(path)


@contextmanager
def _weights_from(get_file: GetFile) -> Iterator[None]:
    # Every module of keras.applications downloads with this function, and no public setting replaces it.
    original = file_utils.get_file
    file_utils.get_file = get_file
    try:
        yield
    finally:
        file_utils.get_file = original


def backbone(name: str, image_size: int, get_file: GetFile = _fetched_weights) -> keras.Model:
    """Return a network from images, uint8 (n, size, size, 3), RGB, to its last feature map, float32 (n, h, w, c).

    Args:
        name: Name of a constructor of keras.applications, such as ResNet50V2.
        image_size: Width and height of the input in pixels.
        get_file: Returns the path of the weights, given the arguments of keras.utils.get_file.

    Raises:
        UserError: The name is unknown, the network cannot be built for this size, or its weights are missing.
    """
    constructor = getattr(keras.applications, name, None)
    module = sys.modules.get(getattr(constructor, "__module__", ""))
    preprocess_input = getattr(module, "preprocess_input", None)
    if not callable(constructor) or preprocess_input is None:
        raise UserError(f"train.model: keras.applications has no {name}; give a name such as ResNet50V2.")
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = preprocess_input(keras.ops.cast(image, "float32"))
    try:
        with _weights_from(get_file):
            model = constructor(include_top=False, weights="imagenet", input_tensor=x)
    except (ValueError, OSError) as error:
        raise UserError(
            f"train.model: {name} cannot be built for {image_size} pixels ({error}); choose another size or model."
        ) from None
    return keras.Model(image, model.output, name="frozen")


def application(name: str, image_size: int) -> tuple[keras.Model, keras.Model]:
    """Return the frozen network, and a model from its feature map to features: means and deviations, float32 (n, 2 c).

    Raises:
        UserError: As `backbone`.
    """
    frozen = backbone(name, image_size)
    maps = keras.Input(frozen.output_shape[1:], name="activations")
    features = keras.layers.Identity(name="features")(MeanAndDeviation(name="pool_end")(maps))
    return frozen, keras.Model(maps, features)
