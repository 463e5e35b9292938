"""Predict the culture of pictures: files, folders, paths on standard input, or the museum's objects by their ids.

Prints a line for each picture: what it is taken for, or `unsure` where the highest probability is below the threshold,
and the probability of each culture. Of several models the mean counts. A picture that cannot be read is reported, the
rest goes on, and the exit code is 1.
"""

import argparse
import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import cv2
import keras
import numpy as np

from met_culture.common.cli import run
from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.evaluate.gradcam import heat_maps, overlay
from met_culture.images.check import ImageError, check_image
from met_culture.models.model_file import ModelMeta, load_model
from met_culture.predict.inputs import Picture, from_objects, from_paths
from met_culture.predict.outputs import FORMS, Prediction, Writer
from met_culture.preprocess.arrays import to_array

BATCH = 32  # pictures that are read together and pass the model at once
Models = list[tuple[keras.Model, ModelMeta]]


def load_models(paths: list[Path]) -> Models:
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


def see(picture: Picture, models: Models) -> tuple[np.ndarray, ...]:
    """Return a picture as each model saw those of its training, uint8 (size, size, 3).

    Raises:
        ImageError: Missing, too large, or no whole picture.
    """
    data = picture.read()
    shortest = min(check_image(data))
    return tuple(to_array(data, shortest, meta.image_size, meta.fit, meta.interpolation) for _, meta in models)


def predict(pictures: Iterable[Picture], models: Models) -> Iterator[Prediction]:
    """Yield the predictions in the order of the pictures; memory holds `BATCH` of them."""

    def seen(picture: Picture) -> Prediction:
        try:
            return Prediction(picture.name, arrays=see(picture, models))
        except ImageError as error:
            return Prediction(picture.name, error=str(error))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        iterator = iter(pictures)
        while batch := list(pool.map(seen, itertools.islice(iterator, BATCH))):
            good = [each for each in batch if not each.error]
            shares = iter(())
            if good:
                each_model = (
                    np.asarray(model.predict_on_batch(np.stack([each.arrays[place] for each in good])))
                    for place, (model, _) in enumerate(models)
                )
                shares = iter(np.mean(list(each_model), axis=0))
            for each in batch:
                yield each if each.error else Prediction(each.name, next(shares), each.arrays)


def explain(prediction: Prediction, models: Models, path: Path) -> None:
    """Write what the first model saw under the heat of what was answered, as PNG."""
    (model, _), image = models[0], prediction.arrays[0]
    heated = overlay(image, heat_maps(model, image[None], np.array([prediction.shares.argmax()]))[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(heated, cv2.COLOR_RGB2BGR))[1].tobytes())


def _share(text: str) -> float:
    if not 0 <= (number := float(text)) <= 1:
        raise ValueError(text)
    return number


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m met_culture.predict", description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="a file, a folder, or - for paths on standard input")
    parser.add_argument("--object-id", nargs="+", type=int, default=[], metavar="ID", help="objects of fetch.source")
    more = "may be given more than once; default: models/model.keras"
    parser.add_argument("--model", type=Path, action="append", metavar="FILE", help=more)
    parser.add_argument("--format", choices=FORMS, default="table", help="json: an object a line")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="as --format json")
    parser.add_argument("--top", type=_count, metavar="K", help="show only the K labels of highest probability")
    parser.add_argument("--threshold", type=_share, metavar="P", help="unsure below it; default: as the model says")
    parser.add_argument("--explain", type=Path, metavar="FOLDER", help="write there where the first model looked")
    args = parser.parse_args()
    if not args.images and not args.object_id:
        parser.error("give a picture, a folder, - or --object-id")
    return args


def main() -> int:
    """Predict what the command line names; returns 1 if a picture could not be read."""
    args = _arguments()
    make_deterministic()
    models = load_models(args.model or [Path("models/model.keras")])
    threshold = args.threshold
    if threshold is None:
        threshold = sum(meta.threshold for _, meta in models) / len(models)
    failed = False
    with ExitStack() as stack:
        pictures = [*from_paths(args.images), *from_objects(args.object_id, stack)]
        writer = Writer(args.format, models[0][1].labels, args.top, threshold, sys.stdout)
        shown = predict(pictures, models)
        if len(pictures) > BATCH:
            shown = progress(shown, "predict", "images", total=len(pictures))
        for number, each in enumerate(shown, 1):
            if each.error:
                failed = True
                print(f"error: {each.name}: {each.error}", file=sys.stderr)
                continue
            writer.write(each)
            if args.explain:
                explain(each, models, args.explain / f"{number:04d}_{Path(each.name).stem}.png")
    return int(failed)


if __name__ == "__main__":
    run(main)
