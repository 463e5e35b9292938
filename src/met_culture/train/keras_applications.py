"""Any backbone of keras.applications by its name, with ImageNet weights, frozen: its features are the last feature map.

Training asks no network. `python -m met_culture.weights NAME` fetches the weights once, through the pipeline's own
client; here they are read, after their hash has been compared with the one that Keras's source gives.
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
    """Return where the weights of that name lie; not in Keras's own cache, whose files nobody has compared."""
    return scratch_folder() / "weights" / Path(file_name).name


def is_file_of(path: Path, file_hash: str) -> bool:
    """Return whether a file is there and has an MD5 or SHA-256 in hexadecimal; Keras gives either."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256" if len(file_hash) == 64 else "md5").hexdigest() == file_hash


def _kept(file_name: str, origin: str, file_hash: str | None = None, **_: Any) -> str:  # noqa: ANN401 - Keras's arguments
    path = weights_path(file_name)
    if not is_file_of(path, file_hash or ""):
        raise UserError(
            f"{path} is missing or not whole; `python -m met_culture.weights` with the model's name fetches it."
        )
    return str(path)


@contextmanager
def _weights_from(get_file: GetFile) -> Iterator[None]:
    # Every module of keras.applications downloads by this function, which has no public place to put another in.
    original = file_utils.get_file
    file_utils.get_file = get_file
    try:
        yield
    finally:
        file_utils.get_file = original


def backbone(name: str, image_size: int, get_file: GetFile = _kept) -> keras.Model:
    """Return a network from images, uint8 (n, size, size, 3), RGB, to its last feature map, float32 (n, h, w, c).

    Args:
        name: Of a constructor of keras.applications, such as ResNet50V2.
        image_size: Width and height of the input in pixels.
        get_file: Gives the path of the weights, with the arguments of keras.utils.get_file.

    Raises:
        UserError: No such backbone, one that cannot be this small, or its weights are not there.
    """
    constructor = getattr(keras.applications, name, None)
    module = sys.modules.get(getattr(constructor, "__module__", ""))
    if not callable(constructor) or not hasattr(module, "preprocess_input"):
        raise UserError(f"train.model: keras.applications has no {name}; its own names are such as ResNet50V2.")
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = module.preprocess_input(keras.ops.cast(image, "float32"))
    try:
        with _weights_from(get_file):
            model = constructor(include_top=False, weights="imagenet", input_tensor=x)
    except (ValueError, OSError) as error:
        raise UserError(f"train.model: {name} cannot be built for {image_size} pixels ({error}).") from None
    return keras.Model(image, model.output, name="frozen")


def application(name: str, image_size: int) -> tuple[keras.Model, keras.Model]:
    """Return the frozen network, and from its feature map to features, float32 (n, features): means and deviations.

    Raises:
        UserError: As `backbone`.
    """
    frozen = backbone(name, image_size)
    maps = keras.Input(frozen.output_shape[1:], name="activations")
    return frozen, keras.Model(maps, keras.layers.Identity(name="features")(MeanAndDeviation(name="pool_end")(maps)))
