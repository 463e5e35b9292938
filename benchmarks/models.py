"""A preset of experiments/ on five folds of a source: every painting is predicted once, by a model that never saw it.

`python benchmarks/models.py PRESET SOURCE` runs the committed pipeline in a scratch clone, deleted afterwards, so that
no picture of a museum reaches Git, and writes benchmarks/results/models_PRESET.json: the figures of all predictions
together, and those and the time of each fold. What is committed was made by

    python benchmarks/models.py fine_tuned MUSEUM_FOLDER     # 12 minutes on two cores for 400 paintings
"""

import argparse
import json
import shlex
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from article import parameters
from measure import RESULTS, ROOT, Clone, commit, scratch_clone

from met_culture.environment import environment
from met_culture.evaluate import TEXT
from met_culture.scores import evaluate

FOLDS = 5


def changes(preset: str) -> dict[str, Any]:
    """Return the parameters that a preset of experiments/ changes, by dotted key."""
    words = shlex.split((ROOT / f"experiments/{preset}.sh").read_text(), comments=True)
    pairs = [word.partition("=") for before, word in pairwise(words) if before == "-S"]
    return {key: yaml.safe_load(value) for key, _, value in pairs}


def fold(clone: Clone, params: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run the pipeline once; returns the test predictions, and the figures with the time from images on."""
    (clone.folder / "params.yaml").write_text(yaml.safe_dump(params))
    clone.run("dvc", "repro", "clean")
    started = time.perf_counter()
    clone.run("dvc", "repro", "train")
    seconds = time.perf_counter() - started
    clone.run("dvc", "repro")
    predictions = pd.read_csv(clone.folder / "data/evaluate/predictions.csv", keep_default_na=False, dtype=TEXT)
    figures = {stage: clone.metrics(stage) for stage in ("clean", "train", "evaluate")}
    return predictions, {"fold": params["clean"]["fold"], "seconds_preprocess_and_train": seconds} | figures


def together(predictions: list[pd.DataFrame], folds: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of the predictions of all folds, as the stage evaluate would of one."""
    labels, settings = list(folds[0]["clean"]["labels"]), params["evaluate"]
    result = evaluate(
        pd.concat(predictions, ignore_index=True),
        labels,
        majority=max(labels, key=lambda label: folds[0]["clean"]["labels"][label]["paintings"]),
        bins=settings["calibration_bins"],
        samples=settings["bootstrap_samples"],
        seed=settings["seed"],
    )
    del result["calibration_error_before"]  # each fold has a temperature of its own
    return result


def main() -> None:
    """Run every fold and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", choices=sorted(path.stem for path in (ROOT / "experiments").glob("*.sh")))
    parser.add_argument("source", help="sample, or a museum folder")
    args = parser.parse_args()
    source = "sample" if args.source == "sample" else str(Path(args.source).resolve())
    measured, predictions, folds = commit(), [], []  # the commit now, as it is this one that is cloned
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        for number in range(FOLDS):
            where = {"fetch.source": source, "clean.folds": FOLDS, "clean.fold": number}
            params = parameters(changes(args.preset) | where)
            predicted, figures = fold(clone, params)
            predictions.append(predicted)
            folds.append(figures)
    name = folds[0]["evaluate"]["source"]
    params |= {"fetch": params["fetch"] | {"source": name}}  # a path says nothing elsewhere
    result = {"machine": environment(), "commit": measured, "source": name, "params": params}
    result |= {"together": together(predictions, folds, params), "folds": folds}
    (RESULTS / f"models_{args.preset}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(result["together"], indent=2))


if __name__ == "__main__":
    main()
