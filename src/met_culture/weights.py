"""Fetch the ImageNet weights of a backbone of keras.applications: `python -m met_culture.weights NAME`.

They lie in `.scratch/weights/` afterwards, where training reads them. What Keras's source gives no hash for is not
fetched.
"""

import argparse
from pathlib import Path
from typing import Any

import met_culture.models.backend  # noqa: F401 # isort: skip - sets up what keras reads at import

from met_culture.common.cli import run
from met_culture.common.errors import UserError
from met_culture.train.keras_applications import backbone, is_file_of, weights_path
from met_culture.web.client import Client
from met_culture.web.url_policy import FetchError

MAX_BYTES = 2 * 1024**3  # ConvNeXtXLarge has 1.4 GB
TIMEOUT_S = 60.0
SIZE = 224  # pixels; the weights do not depend on it


def fetch(file_name: str, origin: str, file_hash: str | None = None, **_: Any) -> str:  # noqa: ANN401 - Keras's arguments
    """Return the path of weights, fetched if need be; the arguments are those of keras.utils.get_file.

    Raises:
        UserError: They cannot be fetched, or are not what Keras's source says.
    """
    path = weights_path(file_name)
    if not file_hash:
        raise UserError(f"{origin} is not fetched, as Keras gives no hash to compare it with; choose another model.")
    if is_file_of(path, file_hash):
        return str(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.part")
    client = Client(origin, (), TIMEOUT_S)
    try:
        status, _etag = client.get_file(origin, half, max_bytes=MAX_BYTES, etag=None)
        if status != 200:
            raise FetchError(f"status {status}")
        if not is_file_of(half, file_hash):
            raise FetchError("its hash is not the one that Keras gives")
        half.replace(path)
    except FetchError as error:
        raise UserError(f"{origin} cannot be fetched: {error}; try again, or choose another model.") from None
    finally:
        client.close()
        half.unlink(missing_ok=True)
    return str(path)


def main() -> None:
    """Fetch the weights of the named backbone and say where they lie."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="as keras.applications has it, such as ResNet50V2")
    args = parser.parse_args()
    fetched: list[Path] = []

    def fetching(*arguments: Any, **keywords: Any) -> str:  # noqa: ANN401 - Keras's arguments
        fetched.append(Path(fetch(*arguments, **keywords)))
        return str(fetched[-1])

    backbone(args.name, SIZE, fetching)
    print(f"{args.name}: {fetched[-1]}; train it with -S train.model={args.name}")


if __name__ == "__main__":
    run(main)
