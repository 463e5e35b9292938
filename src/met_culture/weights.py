"""Fetch the ImageNet weights of a backbone of keras.applications: `python -m met_culture.weights NAME`.

Training reads them from `.scratch/weights/`. Weights without a hash in Keras's source are not fetched.
"""

from pathlib import Path
from typing import Any

import met_culture.models.backend  # noqa: F401 # isort: skip - sets up what keras reads at import

from met_culture.common.cli import Parser, run
from met_culture.common.errors import UserError
from met_culture.common.terminal import print_line
from met_culture.train.keras_applications import backbone, has_hash, weights_path
from met_culture.web.client import Client
from met_culture.web.errors import FetchError

MAX_BYTES = 2 * 1024**3  # ConvNeXtXLarge has 1.4 GB
TIMEOUT_S = 60.0
SIZE = 224  # pixels; the weights do not depend on it


def fetch(file_name: str, origin: str, file_hash: str | None = None, **_: Any) -> str:  # noqa: ANN401 - Keras's arguments
    """Return the path of weights, fetched if necessary; the arguments are those of keras.utils.get_file.

    Raises:
        UserError: They cannot be fetched, or do not have the hash in Keras's source.
    """
    path = weights_path(file_name)
    if not file_hash:
        raise UserError(f"{origin} is not fetched, because Keras gives no hash for it; choose another model.")
    if not has_hash(path, file_hash):
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(origin, path, file_hash)
    print_line(path)
    return str(path)


def _download(origin: str, path: Path, file_hash: str) -> None:
    part = path.with_name(f"{path.name}.part")
    client = Client(origin, (), TIMEOUT_S)
    try:
        status, _ = client.get_file(origin, part, max_bytes=MAX_BYTES, etag=None)
        if status != 200:
            raise FetchError(f"status {status}")
        if not has_hash(part, file_hash):
            raise FetchError("its hash is not the one that Keras gives")
        part.replace(path)
    except FetchError as error:
        raise UserError(f"{origin} cannot be fetched: {error}; try again, or choose another model.") from None
    finally:
        client.close()
        part.unlink(missing_ok=True)


def main() -> None:
    """Fetch the weights of the named backbone, and print their path."""
    parser = Parser(prog="python -m met_culture.weights", description=__doc__.splitlines()[0])
    parser.add_argument("name", help="name in keras.applications, such as ResNet50V2")
    name = parser.parse_args().name
    backbone(name, SIZE, fetch)
    print_line(f"train {name} with -S train.model={name}")


if __name__ == "__main__":
    run(main)
