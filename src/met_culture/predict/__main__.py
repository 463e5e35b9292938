"""Predict the culture of images: `python -m met_culture.predict painting.jpg`.

Reads: image files, folders, paths on standard input, or objects of `fetch.source` by id; one or more models.
Prints: one line per image with the label of highest probability, or `unsure` below the threshold, and the probability
of each label. Several models give their mean probability. An unreadable image is reported, the others are predicted,
and the exit code is 1.
Writes, with --explain: a heat map per image, PNG.
"""

import argparse
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from met_culture.common.cli import Parser, run
from met_culture.common.progress import progress
from met_culture.common.terminal import print_note
from met_culture.models.backend import make_deterministic
from met_culture.predict.inputs import from_objects, from_paths
from met_culture.predict.outputs import FORMATS, Failure, Prediction, Writer
from met_culture.predict.predictor import BATCH, Models, explain, load_models, mean_threshold, predict

MODEL = Path("models/model.keras")


def _probability(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a probability from 0 to 1")
    return number


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _arguments() -> argparse.Namespace:
    parser = Parser(prog="python -m met_culture.predict", description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="file, folder, or - for paths on standard input")
    parser.add_argument("--object-id", nargs="+", type=int, default=[], metavar="ID", help="objects of fetch.source")
    parser.add_argument("--model", type=Path, action="append", metavar="FILE", help=f"repeatable; default: {MODEL}")
    parser.add_argument("--format", choices=FORMATS, default="table", help="json: one object per line")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="same as --format json")
    parser.add_argument("--top", type=_count, metavar="K", help="show only the K labels of highest probability")
    parser.add_argument("--threshold", type=_probability, metavar="P", help="unsure below P; default: the model's own")
    parser.add_argument("--explain", type=Path, metavar="FOLDER", help="write heat maps of the first model there")
    args = parser.parse_args()
    if not args.images and not args.object_id:
        parser.error("give an image, a folder, - or --object-id")
    return args


def _write(results: Iterable[Prediction | Failure], writer: Writer, models: Models, heat_maps: Path | None) -> int:
    # Returns the number of failures.
    failures = 0
    for number, result in enumerate(results, 1):
        if isinstance(result, Failure):
            failures += 1
            print_note(f"error: {result.name}: {result.error}")
            continue
        writer.write(result)
        if heat_maps:
            explain(result, models, heat_maps / f"{number:04d}_{Path(result.name).stem}.png")
    return failures


def main() -> int:
    """Predict the images of the command line; return 1 if one of them is unreadable."""
    args = _arguments()
    make_deterministic()
    models = load_models(args.model or [MODEL])
    threshold = mean_threshold(models) if args.threshold is None else args.threshold
    with ExitStack() as stack:
        images = [*from_paths(args.images), *from_objects(args.object_id, stack)]
        writer = Writer(args.format, models[0][1].labels, args.top, threshold, sys.stdout)
        results = progress(predict(images, models), "predict", "images", total=len(images), quiet=len(images) <= BATCH)
        failures = _write(results, writer, models, args.explain)
    return min(failures, 1)


if __name__ == "__main__":
    run(main)
