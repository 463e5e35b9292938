"""Predictions a second: the command from files on, arrays by Keras and ONNX, against Keras's `predict` one by one.

`python benchmarks/inference.py` needs the outputs of `make repro`; it measures the committed network on the sample. It
writes benchmarks/results/inference.json, with the seconds from the start of the command to its first line.
"""

import statistics
import subprocess
import sys
import time

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
from measure import ROOT, rates, report

from met_culture.evaluate.predictions import predict_array
from met_culture.export import predict_onnx, to_onnx
from met_culture.predict.inputs import from_paths
from met_culture.predict.predictor import load_models, predict

ROUNDS = 5
IMAGES = 192
ONE_BY_ONE = 32  # images; it is the slowest by far


def seconds(*arguments: str) -> float:
    """Return how long Python takes with these arguments, its start included."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure, write and print."""
    make_deterministic()
    keras.config.disable_interactive_logging()
    files = sorted((ROOT / "data/raw/images").iterdir())[:IMAGES]
    models = load_models([ROOT / "models/model.keras"])
    model, meta = models[0]
    arrays = np.stack([each.arrays[0] for each in predict(from_paths(map(str, files)), models)])
    data = to_onnx(model, meta)

    def files_on() -> int:
        return sum(1 for _ in predict(from_paths(map(str, files)), models))

    def one_by_one() -> int:
        for image in arrays[:ONE_BY_ONE]:
            model.predict(image[None])
        return ONE_BY_ONE

    ways = {
        "keras_predict_one_by_one": one_by_one,
        "command_from_files": files_on,
        "arrays_keras": lambda: len(predict_array(model, arrays, 32)),
        "arrays_onnx": lambda: len(predict_onnx(data, arrays)),
    }
    first = str(files[0])
    starts = [(seconds("-m", "met_culture.predict", first), seconds("-c", "import keras")) for _ in range(ROUNDS)]
    facts = {
        "images": len(files),
        "seconds_to_first_line": statistics.median(line for line, _ in starts),
        "first_line_to_import_of_keras": statistics.median(line / alone for line, alone in starts),
    }
    report("inference", rates(ways, ROUNDS), ("keras_predict_one_by_one",), facts)


if __name__ == "__main__":
    main()
