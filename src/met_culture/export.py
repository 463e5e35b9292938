"""Write a trained model as ONNX, for programs without Keras: `make export`.

The network takes uint8 (n, size, size, 3), RGB, and scales pixel values itself. A program that uses it must decode and
resize images as `met_culture.preprocess.arrays` does; the metadata of the file says how, and contains the labels.

Reads: the model `--model`, and the test split in `--arrays` if it is there.
Writes: the file `--out`, and beside it its SHA-256 in the format of `sha256sum --check`; nothing, if the probabilities
of ONNX and Keras differ.
"""

import argparse
import hashlib
import json
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
import onnx
import onnxruntime

from met_culture.common.cli import Parser, run
from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes
from met_culture.common.terminal import print_line
from met_culture.evaluate.predictions import predict_array
from met_culture.models.model_file import ModelMeta, load_model
from met_culture.preprocess.array_file import Array, ArrayFile

MAX_DIFFERENCE = 1e-4  # of a probability
DRAWN = 16  # random images that are compared without a test split
BATCH = 16


def to_onnx(model: keras.Model, meta: ModelMeta) -> bytes:
    """Return a model as an ONNX file, which has the fields of `meta` as JSON in its metadata."""
    model(np.zeros((1, meta.image_size, meta.image_size, 3), np.uint8))  # Keras exports only a model that was called
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx uses a deprecated name of NumPy
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False)
        graph = onnx.load(path)
    for name, value in sorted(asdict(meta).items()):
        graph.metadata_props.add(key=name, value=json.dumps(value))
    return graph.SerializeToString(deterministic=True)


def predict_onnx(data: bytes, images: Array) -> np.ndarray:
    """Return the probabilities of an ONNX file for images, uint8 (n, size, size, 3): float32 (n, labels)."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    batches = []
    for start in range(0, len(images), BATCH):
        batch = np.ascontiguousarray(images[start : start + BATCH])
        batches.append(session.run(None, {name: batch})[0])
    return np.concatenate(batches)


def compare(model: keras.Model, data: bytes, images: Array) -> float:
    """Return the largest difference of a probability between Keras and ONNX.

    Raises:
        UserError: It is above `MAX_DIFFERENCE`.
    """
    difference = float(np.abs(predict_array(model, images, BATCH) - predict_onnx(data, images)).max())
    if not difference <= MAX_DIFFERENCE:
        raise UserError(f"the exported model differs from Keras by {difference:.1e}, so it is not written; report it.")
    return difference


def comparison_images(arrays: Path, size: int) -> tuple[Array, str]:
    """Return images for the comparison and their description: the test split, or random ones if it does not fit.

    Args:
        arrays: The folder of the arrays.
        size: Width and height of the model's input in pixels.
    """
    test = arrays / "test_x.npy"
    if test.is_file():
        images = ArrayFile(test)
        if images.dtype == np.uint8 and len(images) and images.shape[1:] == (size, size, 3):
            return images, "images of the test split"
    drawn = np.random.default_rng(0).integers(0, 256, (DRAWN, size, size, 3), np.uint8)
    return drawn, "random images"


def _arguments() -> argparse.Namespace:
    parser = Parser(prog="python -m met_culture.export", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models/model.keras"), help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("models/model.onnx"), help="default: %(default)s")
    parser.add_argument("--arrays", type=Path, default=Path("data/preprocess"), help="its test split is compared")
    return parser.parse_args()


def main() -> None:
    """Export a model."""
    args = _arguments()
    make_deterministic()
    model, meta = load_model(args.model)
    data = to_onnx(model, meta)
    images, kind = comparison_images(args.arrays, meta.image_size)
    difference = compare(model, data, images)
    write_bytes(args.out, data)
    digest = hashlib.sha256(data).hexdigest()
    write_bytes(args.out.with_name(f"{args.out.name}.sha256"), f"{digest}  {args.out.name}\n".encode())
    print_line(
        f"{args.out}: {len(data):,} bytes; differs from Keras by at most {difference:.1e} on {len(images)} {kind}"
    )


if __name__ == "__main__":
    run(main)
