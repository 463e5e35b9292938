"""Write a trained model as ONNX, for programs without Keras: `make export`.

The network takes uint8 (n, size, size, 3), RGB, and scales the pixels itself; the program that uses it decodes and
resizes to that size, as `met_culture.preprocess.arrays` does. What it has to know of that, and the labels, stand in
the file's metadata. Beside it goes its SHA-256, as `sha256sum --check` reads it. Nothing is written unless ONNX
answers as Keras.
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

from met_culture.common.cli import run
from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes
from met_culture.evaluate.predictions import predict_array
from met_culture.models.model_file import ModelMeta, load_model

DIFFERENCE = 1e-4  # of a probability, at most
COMPARED = 16  # drawn images, where there is no test split
BATCH = 16


def to_onnx(model: keras.Model, meta: ModelMeta) -> bytes:
    """Return a model as an ONNX file.

    Args:
        model: As `load_model` returns it.
        meta: What goes into the metadata, each value as JSON.
    """
    model(np.zeros((1, meta.image_size, meta.image_size, 3), np.uint8))  # Keras exports only what was called
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx looks for an old name of NumPy's
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False)
        graph = onnx.load(path)
    for name, value in sorted(asdict(meta).items()):
        graph.metadata_props.add(key=name, value=json.dumps(value))
    return graph.SerializeToString(deterministic=True)


def predict_onnx(data: bytes, images: np.ndarray) -> np.ndarray:
    """Return what an ONNX file answers to images, uint8 (n, size, size, 3): float32 (n, labels)."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    parts = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    return np.concatenate([session.run(None, {name: np.ascontiguousarray(part)})[0] for part in parts])


def compare(model: keras.Model, data: bytes, images: np.ndarray) -> float:
    """Return the largest difference of a probability between Keras and ONNX.

    Raises:
        UserError: It is above `DIFFERENCE`.
    """
    difference = float(np.abs(predict_array(model, images, BATCH) - predict_onnx(data, images)).max())
    if not difference <= DIFFERENCE:
        raise UserError(f"the exported model differs from Keras by {difference:.1e}, so it is not written; report it.")
    return difference


def main() -> None:
    """Export the model of the first option to the second's file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models/model.keras"), help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("models/model.onnx"), help="default: %(default)s")
    parser.add_argument("--arrays", type=Path, default=Path("data/preprocess"), help="whose test split is compared")
    args = parser.parse_args()
    make_deterministic()
    model, meta = load_model(args.model)
    data = to_onnx(model, meta)
    size, test = (meta.image_size, meta.image_size, 3), args.arrays / "test_x.npy"
    images = np.load(test, mmap_mode="r") if test.is_file() else np.empty((0,))
    kind = "images of the test split"
    if images.shape[1:] != size:
        images, kind = np.random.default_rng(0).integers(0, 256, (COMPARED, *size), np.uint8), "drawn images"
    difference = compare(model, data, images)
    write_bytes(args.out, data)
    digest = hashlib.sha256(data).hexdigest()
    write_bytes(args.out.with_name(f"{args.out.name}.sha256"), f"{digest}  {args.out.name}\n".encode())
    print(f"{args.out}: {len(data):,} bytes; differs from Keras by at most {difference:.1e} on {len(images)} {kind}")


if __name__ == "__main__":
    run(main)
