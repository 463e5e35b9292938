"""Predict the culture of pictures: `python -m met_culture.predict [--json] [--model FILE]... IMAGE...`.

Prints the label and the probability of each culture, a line per image; with --json one JSON object a line with image,
label and probabilities. Of several models the mean of their probabilities counts. An image that cannot be read is
reported, the rest goes on, and the exit code is 1.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from met_culture.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np

from met_culture.command import UserError, run
from met_culture.images import MAX_BYTES, ImageError, check_image
from met_culture.modelfile import ModelMeta, load_model
from met_culture.pixels import to_array
from met_culture.predictions import predict_array


def read_image(path: Path, meta: ModelMeta) -> np.ndarray:
    """Return a picture as training saw it, uint8 (size, size, 3).

    Args:
        path: Any file.
        meta: What `load_model` returns.

    Raises:
        ImageError: The file is missing, too large, or no whole picture.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(error.strerror or str(error)) from None
    return to_array(data, min(check_image(data)), meta.image_size, meta.fit, meta.interpolation)


def load_models(paths: list[Path]) -> list[tuple[keras.Model, ModelMeta]]:
    """Return models that predict together.

    Raises:
        UserError: As `load_model`, or their labels differ.
    """
    models = [load_model(path) for path in paths]
    for path, (_, meta) in zip(paths, models, strict=True):
        if meta.labels != models[0][1].labels:
            raise UserError(f"{path} was trained for other labels than {paths[0]}; give models of the same labels.")
        if "synthetic" in meta.source:
            print(f"note: {path} was trained on the {meta.source}, not on real paintings", file=sys.stderr)
    return models


def predict(models: list[tuple[keras.Model, ModelMeta]], path: Path) -> dict[str, Any]:
    """Return image, label and probabilities of one picture, the mean of those of every model.

    Raises:
        ImageError: As `read_image`.
    """
    shares = np.mean([predict_array(model, read_image(path, meta)[None], 1)[0] for model, meta in models], axis=0)
    probabilities = dict(zip(models[0][1].labels, map(float, shares), strict=True))
    return {"image": str(path), "label": max(probabilities, key=probabilities.get), "probabilities": probabilities}


def line(prediction: dict[str, Any]) -> str:
    """Return one prediction for a person to read."""
    shares = "  ".join(f"{label} {share:.3f}" for label, share in prediction["probabilities"].items())
    return f"{prediction['label']:<10} {shares}  {prediction['image']}"


def main() -> int:
    """Predict what the command line names; returns 1 if an image could not be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        metavar="FILE",
        help="may be given more than once; default: models/model.keras",
    )
    args = parser.parse_args()
    make_deterministic()
    models = load_models(args.model or [Path("models/model.keras")])
    failed = False
    for path in args.images:
        try:
            prediction = predict(models, path)
        except ImageError as error:
            failed = True
            print(f"error: {path}: {error}", file=sys.stderr)
            continue
        print(json.dumps(prediction) if args.json else line(prediction), flush=True)
    return int(failed)


if __name__ == "__main__":
    run(main)
