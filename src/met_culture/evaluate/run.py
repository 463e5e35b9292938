"""Stage evaluate: read the test split once, and derive every figure and picture from the predictions.

Reads: `test_x.npy`, `rows.csv` and `meta.json` of preprocess; `model.keras` and `training.csv` of train.
Writes: `predictions.csv` (objectID, group, label, predicted, p_<label>, ...; one row per image), the metrics,
`confusion.csv` (true and predicted label per image), and the pictures curves, confusion, errors and gradcam (.png).
"""

from typing import Any

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import numpy as np
import pandas as pd

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.evaluate import plots as figures
from met_culture.evaluate.border import without_border
from met_culture.evaluate.gradcam import heat, overlay
from met_culture.evaluate.metrics import evaluate
from met_culture.evaluate.params import EvaluateParams
from met_culture.evaluate.predictions import predict_array, table
from met_culture.models.model_file import load_model
from met_culture.preprocess.array_file import ArrayFile

TEXT = {"label": str, "predicted": str, "title": str}  # a label may look like a number: a year, a century


def summary(result: dict[str, Any]) -> str:
    """Return the headline figures with their intervals, and a warning for labels of few images, in one line."""
    ranges = (
        f"{name} {result[name]:.3f} (95 %: {low:.3f} to {high:.3f})"
        for name, (low, high) in result["interval_95"].items()
    )
    few = result["labels_with_too_few"]
    warning = f"; too few test images to say much of {', '.join(few)}" if few else ""
    return f"{result['n_test']} test images: {', '.join(ranges)}{warning}"


def main() -> None:
    """Evaluate the model of the second argument on the arrays of the first."""
    paths = path_arguments(__doc__, "arrays", "model", "curves", "predictions", "metrics", "plots")
    params = load("evaluate", EvaluateParams)
    make_deterministic()
    meta = read_json(paths.arrays / "meta.json")
    labels, source = meta["labels"], meta["source"]
    model, trained = load_model(paths.model)
    if list(trained.labels) != labels:
        raise UserError(f"{paths.model} was trained for other labels ({', '.join(trained.labels)}); run `dvc repro`.")
    rows = pd.read_csv(paths.arrays / "rows.csv", keep_default_na=False, dtype=TEXT)
    images = ArrayFile(paths.arrays / "test_x.npy")
    predicted = table(
        rows[rows["split"] == "test"].drop(columns="split"), predict_array(model, images, params.batch_size), labels
    )
    write_csv(paths.predictions, predicted, float_format="%.6f")
    # From the file and not from memory: whoever has the file gets the same figures.
    predictions = pd.read_csv(paths.predictions, keep_default_na=False, dtype=TEXT)
    history = pd.read_csv(paths.curves)
    majority = rows.loc[rows["split"] == "train", "label"].mode().iloc[0]
    result = evaluate(
        predictions,
        labels,
        majority=majority,
        bins=params.calibration_bins,
        samples=params.bootstrap_samples,
        seed=params.seed,
        temperature=trained.temperature,
        threshold=trained.threshold,
    )
    masked = predict_array(model, images, params.batch_size, without_border).argmax(axis=1)
    truth = np.array([labels.index(label) for label in predictions["label"]])
    result["accuracy_without_border"] = float((masked == truth).mean())
    write_json(paths.metrics, {"source": source} | result)
    print(summary(result))
    write_csv(paths.plots / "confusion.csv", predictions[["label", "predicted"]])
    figures.save(figures.curves(history, source, trained.epoch), paths.plots / "curves.png")
    figures.save(figures.confusion(predictions, labels, source), paths.plots / "confusion.png")
    figures.save(figures.errors(predictions, images, labels, source), paths.plots / "errors.png")
    shown = figures.telling(predictions, labels)
    answers = np.array([labels.index(label) for label in predictions["predicted"].iloc[shown]])
    heated = [overlay(*pair) for pair in zip(images[shown], heat(model, images[shown], answers), strict=True)]
    figures.save(figures.gradcam(predictions.iloc[shown], images[shown], heated, source), paths.plots / "gradcam.png")


if __name__ == "__main__":
    run(main)
