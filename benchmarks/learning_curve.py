"""Accuracy of the article's network by the number of training paintings, extrapolated to the article's 2,593.

`python benchmarks/learning_curve.py SOURCE` fetches, cleans and preprocesses a source in a scratch clone, deleted
afterwards. On each of the five folds of benchmarks/models.py it trains the preset article_50 in this process on nested
parts of all other paintings, which are drawn by group. The error of a painting is the mean over the last ten epochs, as
in the article's accuracy, and nothing is chosen by the test fold. A power law of the number of paintings is fitted to
the errors, and the bootstrap resamples groups of paintings. Writes benchmarks/results/learning_curve.json. What is
committed was made by

    python benchmarks/learning_curve.py MUSEUM_FOLDER     # 35 minutes on two cores for 400 paintings
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
import pandas as pd
import yaml
from article import parameters
from measure import RESULTS, Clone, commit, scratch_clone, source_path, write
from models import FOLDS, changes
from scipy.optimize import least_squares

from met_culture.common.config import load
from met_culture.common.files import read_json
from met_culture.train.batches import Batches
from met_culture.train.history import LAST
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

SIZES = (40, 80, 164, 245, 327)  # training paintings
ARTICLE = 2593  # training paintings of the article
BOOTSTRAP = 2000  # samples
# Bounds of a, b and c of the error a * n ** -b + c.
BOUNDS = {"to zero": ((0, 0, 0), (np.inf, 2, 1e-9)), "to a remainder": ((0, 0, 0), (np.inf, 2, 1))}


def read_fold(clone: Clone, source: str, number: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, int]:
    """Preprocess a fold; returns the rows of all paintings, their images, their classes and the number of labels."""
    where = {"fetch.source": source, "clean.folds": FOLDS, "clean.fold": number}
    (clone.folder / "params.yaml").write_text(yaml.safe_dump(parameters(changes("article_50") | where)))
    clone.run("dvc", "repro", "preprocess")
    arrays = clone.folder / "data/preprocess"
    rows = pd.read_csv(arrays / "rows.csv", keep_default_na=False)
    parts = [rows[rows["split"] == split] for split in ("train", "val", "test")]
    x, y = (
        np.concatenate([np.load(arrays / f"{split}_{axis}.npy") for split in ("train", "val", "test")]) for axis in "xy"
    )
    labels = len(read_json(arrays / "meta.json")["labels"])
    return pd.concat(parts, ignore_index=True), x, y, labels


def training_rows(rows: pd.DataFrame, sizes: list[int], seed: int) -> dict[int, np.ndarray]:
    """Return the positions of nested training sets by their size, drawn group by group outside the test fold."""
    pool = rows[rows["split"] != "test"]
    order = np.random.default_rng(seed).permutation(np.unique(pool["group"]))
    drawn = np.concatenate([pool.index[pool["group"] == group] for group in order])
    return {size: drawn[:size] for size in sizes}


def errors(
    x: np.ndarray, y: np.ndarray, labels: int, train: np.ndarray, test: np.ndarray, params: TrainParams
) -> np.ndarray:
    """Train on some positions; returns for each test position the fraction of the last ten epochs that are wrong."""
    network = build(params, x.shape[1], labels).trainable
    batches = Batches(x[train], y[train], labels, params.batch_size)
    wrong = []
    for epoch in range(params.epochs):
        network.fit(batches.epoch(params.seed, epoch, params.augment), shuffle=False, verbose=0)
        if epoch >= params.epochs - LAST:
            predicted = network.predict(x[test], batch_size=params.batch_size, verbose=0).argmax(axis=1)
            wrong.append(predicted != y[test])
    return np.mean(wrong, axis=0)


def power_law(n: np.ndarray | float, a: float, b: float, c: float) -> np.ndarray | float:
    """Return the error after training on `n` paintings, in units of the smallest training set."""
    return a * (n / SIZES[0]) ** -b + c


def extrapolate(sizes: np.ndarray, error: np.ndarray, end: str) -> float:
    """Return the accuracy at the article's number of paintings by a power law that falls `end`."""
    start = (error[0], 0.3, BOUNDS[end][1][2] / 100)
    fitted = least_squares(lambda law: power_law(sizes, *law) - error, start, bounds=BOUNDS[end]).x
    return 1 - float(power_law(ARTICLE, *fitted))


def bootstrap(table: pd.DataFrame, sizes: list[int]) -> list[np.ndarray]:
    """Return the mean errors at each size in resamples of the groups; `table` has a column per size, and group."""
    sums = table.groupby("group")[sizes].sum().to_numpy()
    counts = table.groupby("group").size().to_numpy()
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(BOOTSTRAP):
        drawn = rng.integers(len(counts), size=len(counts))
        samples.append(sums[drawn].sum(axis=0) / counts[drawn].sum())
    return samples


def summarise(table: pd.DataFrame, sizes: list[int]) -> dict[str, Any]:
    """Return the accuracies by size and their extrapolation, each with its 95 % interval."""
    samples, means = bootstrap(table, sizes), table[sizes].mean().to_numpy()
    low, high = 1 - np.quantile(samples, [0.975, 0.025], axis=0)
    curve = []
    for index, size in enumerate(sizes):
        curve.append({"n_train": size, "accuracy": 1 - means[index], "interval_95": [low[index], high[index]]})
    predicted = {}
    for end in BOUNDS:
        values = [extrapolate(np.array(sizes), sample, end) for sample in samples]
        interval = np.quantile(values, [0.025, 0.975]).tolist()
        predicted[f"error falls {end}"] = {
            "accuracy": extrapolate(np.array(sizes), means, end),
            "interval_95": interval,
            "probability_of_0.8": float(np.mean(np.array(values) >= 0.8)),
        }
    return {"curve": curve, "n_article": ARTICLE, "extrapolated": predicted}


def measure(clone: Clone, source: str, sizes: list[int], epochs: int, seed: int) -> pd.DataFrame:
    """Train every size on every fold; returns a row per painting with its group and its error at each size."""
    tables = []
    for number in range(FOLDS):
        rows, x, y, labels = read_fold(clone, source, number)
        params = replace(load("train", TrainParams, clone.folder / "params.yaml"), epochs=epochs, seed=seed)
        test = rows.index[rows["split"] == "test"].to_numpy()
        table = rows.loc[test, ["objectID", "group"]]
        for size, train in training_rows(rows, sizes, seed).items():
            table[size] = errors(x, y, labels, train, test, params)
            print(f"fold {number}, {len(train)} paintings: accuracy {1 - table[size].mean():.3f}", flush=True)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    """Measure the curve and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="sample, or a museum folder")
    parser.add_argument("--epochs", type=int, default=50, help="of every training (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the parts, the weights, the order and the augmentation")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of training paintings")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    args = parser.parse_args()
    make_deterministic()
    keras.config.disable_interactive_logging()
    measured = commit()
    source = source_path(args.source)
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        table = measure(clone, source, args.sizes, args.epochs, args.seed)
        name = read_json(clone.folder / "metrics/clean.json")["source"]
    facts = {"source": name, "epochs": args.epochs, "seed": args.seed, "n_test": len(table), "commit": measured}
    write("learning_curve", facts | summarise(table, args.sizes), args.results)


if __name__ == "__main__":
    main()
