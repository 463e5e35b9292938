"""How long the article's network and frozen ImageNet features take to the article's validation accuracy, in one run.

`python benchmarks/time_to_accuracy.py SOURCE` fetches and cleans a source in a scratch clone, deleted afterwards. On
each of the five folds of benchmarks/models.py it trains the preset article_100 until its validation accuracy is first
0.8. Then it computes the features of all images for the presets `frozen` and `style`, and fits their last layer, with
one view of each image and one c, by the folds of train and validation. All start in a process that runs already. It
writes benchmarks/results/time_to_accuracy.json. What is committed was made by

    python benchmarks/time_to_accuracy.py MUSEUM_FOLDER     # 6 minutes on two cores for 400 paintings
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import yaml
from article import parameters
from measure import Clone, commit, scratch_clone, source_path, write
from models import FOLDS, REACHED, changes

from met_culture.common.config import load
from met_culture.common.files import read_json
from met_culture.train.batches import load_batches
from met_culture.train.head import fit_head
from met_culture.train.networks import build
from met_culture.train.paintings import load_paintings
from met_culture.train.params import TrainParams

C = {"frozen": 32.0, "style": 320.0}  # of the fit


def prepared(clone: Clone, preset: str, where: dict[str, Any]) -> tuple[Any, Any, int]:
    """Preprocess a fold for a preset; returns the parameters of training, the labels and the size of the arrays."""
    (clone.folder / "params.yaml").write_text(yaml.safe_dump(parameters(changes(preset) | where)))
    clone.run("dvc", "repro", "preprocess")
    meta = read_json(clone.folder / "data/preprocess/meta.json")
    return load("train", TrainParams, clone.folder / "params.yaml"), meta["labels"], meta["image_size"]


def article(clone: Clone, where: dict[str, Any]) -> dict[str, Any]:
    """Train the article's network until it is there, or to the end."""
    params, labels, size = prepared(clone, "article_100", where)
    started = time.perf_counter()
    network = build(params, size, len(labels))
    arrays = clone.folder / "data/preprocess"
    train, val = (load_batches(arrays, split, len(labels), params, network.frozen) for split in ("train", "val"))
    for epoch in range(params.epochs):
        data = train.epoch(params.seed, epoch, params.augment)
        history = network.trainable.fit(data, validation_data=val, shuffle=False, verbose=0).history
        if history["val_accuracy"][0] >= REACHED:
            break
    return {"seconds": time.perf_counter() - started, "epochs": epoch + 1, "val_accuracy": history["val_accuracy"][0]}


def head_alone(clone: Clone, preset: str, where: dict[str, Any]) -> dict[str, Any]:
    """Compute the features of all images and fit the last layer to them."""
    params, labels, size = prepared(clone, preset, where)
    one = replace(params, head=replace(params.head, views=(1,), c=(C[preset],)))
    started = time.perf_counter()
    network = build(one, size, len(labels))
    choice = fit_head(
        network, load_paintings(clone.folder / "data/preprocess", len(labels), size, mask_border=False), one
    )
    return {"seconds": time.perf_counter() - started, "val_accuracy": choice.rows[0]["val_accuracy"]}


def main() -> None:
    """Measure every fold and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="sample, or a museum folder")
    args = parser.parse_args()
    make_deterministic()
    keras.config.disable_interactive_logging()
    measured = commit()
    source = source_path(args.source)
    folds = []
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        for number in range(FOLDS):
            where = {"fetch.source": source, "clean.folds": FOLDS, "clean.fold": number}
            fold = {"article_100": article(clone, where)}
            folds.append(fold | {preset: head_alone(clone, preset, where) for preset in C})
            print(folds[-1], flush=True)
        name = read_json(clone.folder / "metrics/clean.json")["source"]
    ratios = {}
    for preset in C:
        values = [fold[preset]["seconds"] / fold["article_100"]["seconds"] for fold in folds]
        ratios[preset] = statistics.median(values)
    facts = {"source": name, "reached": REACHED, "folds": folds, "commit": measured}
    write("time_to_accuracy", facts | {"median_ratio": ratios})


if __name__ == "__main__":
    main()
