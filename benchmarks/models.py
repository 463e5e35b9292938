"""Presets of experiments/ on five folds of a source: every painting is predicted once, by a model that never saw it.

`python benchmarks/models.py SOURCE PRESET...` runs the committed pipeline in a scratch clone, deleted afterwards, so
that no picture of a museum reaches Git, and writes for each preset benchmarks/results/models_PRESET.json: the metrics
of all predictions together, and metrics, time and memory of each fold. `--mean` also writes the metrics of the mean
of the probabilities of the last two presets, models_PRESET+PRESET.json. `--seed` decides folds, weights, order, crops
and augmentation; another seed than 0 is part of the file names. These commands made the committed results, the first
for seeds 0, 1 and 2:

    python benchmarks/models.py MUSEUM_FOLDER article_50 article_100 --seed N
    python benchmarks/models.py MUSEUM_FOLDER article_no_dropout
    python benchmarks/models.py MUSEUM_FOLDER frozen
    python benchmarks/models.py MUSEUM_FOLDER style --seed N        # 0 to 4
    python benchmarks/models.py MUSEUM_FOLDER style --seed N     # 0 to 4

The source `met` fetches the paintings of benchmarks/paintings.csv from the museum, and takes the folds from this table.
What has been fetched is kept in .scratch/, as by every fetch.
"""

import argparse
import json
import shlex
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from article import parameters
from measure import RESULTS, ROOT, Clone, commit, scratch_clone, source_path

from met_culture.evaluate.predictions import prediction_table, probabilities, read_predictions
from met_culture.evaluate.summary import compute_metrics
from met_culture.train.environment import environment

FOLDS = 5
REACHED = 0.8  # the article's validation accuracy
TABLE = "benchmarks/paintings.csv"
PUBLISHED = {"fetch.source": "met", "fetch.catalog": "ids", "fetch.catalog_file": TABLE, "clean.folds_file": TABLE}
KEPT = ("fetch", "rate_limits")  # folders of .scratch that outlive the clone
CONTINUES = {"article_100": "article_50"}
# The process that waits for a stage reads its peak memory from the system.
TRAIN = """
import resource, subprocess, sys
code = subprocess.run(["dvc", "repro", "train"]).returncode
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code)
"""


def changes(preset: str) -> dict[str, Any]:
    """Return the parameters that a preset of experiments/ changes, by dotted key."""
    words = shlex.split((ROOT / f"experiments/{preset}.sh").read_text(), comments=True)
    pairs = [word.partition("=") for before, word in pairwise(words) if before == "-S"]
    return {key: yaml.safe_load(value) for key, _, value in pairs}


def fold(clone: Clone, params: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run the pipeline once; returns the test predictions, and the metrics with time and memory."""
    (clone.folder / "params.yaml").write_text(yaml.safe_dump(params))
    clone.run("dvc", "repro", "clean")
    started = time.perf_counter()
    clone.run("dvc", "repro", "preprocess")
    preprocessed = time.perf_counter()
    peak = int(clone.run("python", "-c", TRAIN).split()[-1])
    trained = time.perf_counter()
    clone.run("dvc", "repro", "evaluate")
    evaluated = time.perf_counter()
    predictions = read_predictions(clone.folder / "data/evaluate/predictions.csv")
    metrics: dict[str, Any] = {stage: clone.metrics(stage) for stage in ("clean", "train", "evaluate")}
    reached = pd.read_csv(clone.folder / "plots/training.csv").query(f"val_accuracy >= {REACHED}")["epoch"]
    metrics |= {
        "seconds_preprocess": preprocessed - started,
        "seconds_train": trained - preprocessed,
        "seconds_evaluate": evaluated - trained,
        "peak_mb_train": peak,
        f"epochs_to_{REACHED}": int(reached.iloc[0]) if len(reached) else None,
    }
    return predictions, {"fold": params["clean"]["fold"], "seed": params["train"]["seed"]} | metrics


def together(predictions: Sequence[pd.DataFrame], clean: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of the predictions of all folds, as evaluate computes them for one."""
    labels, settings = list(clean["labels"]), params["evaluate"]
    result = compute_metrics(
        pd.concat(predictions, ignore_index=True),
        labels,
        majority=max(labels, key=lambda label: clean["labels"][label]["paintings"]),
        bins=settings["calibration_bins"],
        samples=settings["bootstrap_samples"],
        seed=settings["seed"],
    )
    del result["calibration_error_before"], result["answered"]  # each fold has a temperature and threshold of its own
    return result


def mean(first: pd.DataFrame, second: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return the predictions of two models together, for the same images."""
    both = [probabilities(table.sort_values("objectID"), labels) for table in (first, second)]
    rows = first.sort_values("objectID")[["objectID", "group", "label"]]
    return prediction_table(rows.reset_index(drop=True), sum(both) / 2, labels)


def write(name: str, facts: dict[str, Any], metrics: dict[str, Any], folds: Sequence[dict[str, Any]]) -> None:
    """Write a result and print its headline."""
    result = facts | {"together": metrics, "folds": folds}
    (RESULTS / f"models_{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(name, *(f"{key} {metrics[key]:.3f}" for key in ("accuracy", "macro_f1", "calibration_error")), flush=True)


def arguments() -> argparse.Namespace:
    """Return the source, the presets and the seed of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="sample, a museum folder, or met")
    presets = sorted(path.stem for path in (ROOT / "experiments").glob("*.sh"))
    parser.add_argument("presets", nargs="+", choices=presets)
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--mean", action="store_true", help="also average the probabilities of the last two presets")
    return parser.parse_args()


def run_fold(
    clone: Clone, presets: list[str], shared: dict[str, Any]
) -> dict[str, tuple[pd.DataFrame, dict[str, Any]]]:
    """Run the presets on one fold, in order, so that article_100 continues the training of article_50."""
    results = {}
    for preset in presets:
        predictions, metrics = fold(clone, parameters(changes(preset) | shared))
        start = CONTINUES.get(preset)
        if start in results:
            metrics["seconds_train"] += results[start][1]["seconds_train"]
        results[preset] = predictions, metrics
    return results


def seed_params(source: str, seed: int) -> dict[str, Any]:
    """Return the parameters that all presets and folds of a seed share."""
    split_seed = parameters({})["clean"]["seed"] + seed
    seeds = {"clean.seed": split_seed, "preprocess.seed": seed, "train.seed": seed}
    return source_params(source) | {"clean.folds": FOLDS} | seeds


def source_params(source: str) -> dict[str, Any]:
    """Return the parameters that choose a source; those of met choose the published paintings and folds."""
    if source == "met":
        return PUBLISHED
    return {"fetch.source": source_path(source)}


def keep_fetches(clone: Clone) -> None:
    """Let a clone continue the fetches of this checkout, at the same request rate."""
    (clone.folder / ".scratch").mkdir()
    for name in KEPT:
        (ROOT / ".scratch" / name).mkdir(parents=True, exist_ok=True)
        (clone.folder / ".scratch" / name).symlink_to(ROOT / ".scratch" / name)


def run_seed(presets: list[str], source: str, seed: int) -> list[dict[str, tuple[pd.DataFrame, dict[str, Any]]]]:
    """Return predictions and metrics of every fold, by preset."""
    shared = seed_params(source, seed)
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        if source == "met":
            keep_fetches(clone)
        return [run_fold(clone, presets, shared | {"clean.fold": number}) for number in range(FOLDS)]


def main() -> None:
    """Run every preset on every fold and write the results."""
    args = arguments()
    measured = commit()  # before the clone, which has this commit
    results = run_seed(args.presets, args.source, args.seed)
    suffix = f"_seed_{args.seed}" if args.seed else ""
    for preset in args.presets:
        tables, folds = zip(*(result[preset] for result in results), strict=True)
        name = folds[0]["evaluate"]["source"]
        shared = seed_params(args.source, args.seed) | {"fetch.source": name}  # a path means nothing elsewhere
        params = parameters(changes(preset) | shared)
        facts = {"machine": environment(), "commit": measured, "source": name}
        write(preset + suffix, facts | {"params": params}, together(tables, folds[-1]["clean"], params), folds)
    if args.mean:
        pair, clean = args.presets[-2:], folds[-1]["clean"]
        pairs = [[result[preset][0] for preset in pair] for result in results]
        joint = [mean(first, second, list(clean["labels"])) for first, second in pairs]
        write("+".join(pair) + suffix, facts, together(joint, clean, params), [])


if __name__ == "__main__":
    main()
