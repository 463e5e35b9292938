"""Stage evaluate: predict the test split once, and derive every metric and plot from the predictions.

Reads: `test_x.npy`, `rows.csv` and `meta.json` of preprocess; `model.keras` and `training.csv` of train.
Writes: `predictions.csv` (objectID, group, label, predicted, p_<label>, ...; one row per image), the metrics,
`confusion.csv` (true and predicted label per image), and the plots curves, confusion, errors and gradcam (.png).
"""

from pathlib import Path
from typing import Any

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import pandas as pd

from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.csv_files import read_table
from met_culture.common.files import write_csv, write_json
from met_culture.common.schemas import HISTORY
from met_culture.common.terminal import print_line
from met_culture.evaluate import plots
from met_culture.evaluate.confusion_matrix import plot_confusion_matrix
from met_culture.evaluate.examples import select_examples
from met_culture.evaluate.gradcam import heat_maps, method, overlay
from met_culture.evaluate.inputs import EvaluationData, check_labels, load_model_for, read_data
from met_culture.evaluate.params import EvaluateParams
from met_culture.evaluate.predictions import label_indices, predict_array, prediction_table, read_predictions
from met_culture.evaluate.summary import compute_metrics, describe
from met_culture.models.border import without_border
from met_culture.models.model_file import ModelMeta
from met_culture.plotting.style import save_figure


def accuracy_without_border(model: keras.Model, data: EvaluationData, batch_size: int) -> float:
    """Return the accuracy on images whose border has the mean colour of the inside."""
    predicted = predict_array(model, data.images, batch_size, without_border).argmax(axis=1)
    return float((predicted == label_indices(data.rows["label"], data.labels)).mean())


def write_plots(
    folder: Path,
    model: keras.Model,
    data: EvaluationData,
    predictions: pd.DataFrame,
    history: pd.DataFrame,
    epoch: int,
) -> None:
    """Write every plot into a folder; `history` is the table of training.csv, and `epoch` the kept one."""
    examples = select_examples(predictions, data.labels)
    shown, images = predictions.iloc[examples], data.images[examples]
    maps = heat_maps(model, images, label_indices(shown["predicted"], data.labels))
    overlays = [overlay(image, heat_map) for image, heat_map in zip(images, maps, strict=True)]
    save_figure(plots.curves(history, data.source, epoch), folder / "curves.png")
    save_figure(plot_confusion_matrix(predictions, data.labels, data.source), folder / "confusion.png")
    save_figure(plots.errors(predictions, data.images, data.labels, data.source), folder / "errors.png")
    save_figure(plots.gradcam(shown, images, overlays, data.source, method(model)), folder / "gradcam.png")


def all_metrics(
    model: keras.Model, meta: ModelMeta, data: EvaluationData, predictions: pd.DataFrame, params: EvaluateParams
) -> dict[str, Any]:
    """Return the metrics of the predictions, and the accuracy on images without their border."""
    metrics = compute_metrics(
        predictions,
        data.labels,
        majority=data.majority,
        bins=params.calibration_bins,
        samples=params.bootstrap_samples,
        seed=params.seed,
        temperature=meta.temperature,
        threshold=meta.threshold,
    )
    return metrics | {"accuracy_without_border": accuracy_without_border(model, data, params.batch_size)}


def main() -> None:
    """Evaluate a model on the test split."""
    names = ("arrays", "model", "curves", "predictions", "metrics", "plots")
    paths = path_arguments(__doc__, *names, prog="python -m met_culture.evaluate")
    params = load("evaluate", EvaluateParams)
    make_deterministic()
    data = read_data(paths.arrays)
    model, meta = load_model_for(data.labels, paths.model)
    check_labels(paths.arrays, data)
    table = prediction_table(data.rows, predict_array(model, data.images, params.batch_size), data.labels)
    write_csv(paths.predictions, table, float_format="%.6f")
    predictions = read_predictions(paths.predictions)  # from the file, so that its readers get the same metrics
    metrics = all_metrics(model, meta, data, predictions, params)
    write_json(paths.metrics, {"source": data.source} | metrics)
    print_line(describe(metrics))
    write_csv(paths.plots / "confusion.csv", predictions[["label", "predicted"]])
    write_plots(paths.plots, model, data, predictions, read_table(paths.curves, HISTORY, "dvc repro train"), meta.epoch)


if __name__ == "__main__":
    run(main)
