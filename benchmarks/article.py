"""The article's experiment, its CNN for 50 and 100 epochs with three seeds each, on any source.

`python benchmarks/article.py NAME SOURCE` runs the committed pipeline in a scratch clone, deleted afterwards, so that
no picture of a museum reaches Git, and writes benchmarks/results/article_NAME.json. A seed decides split, weights and
augmentation. What is committed was made by

    python benchmarks/article.py sample sample --epochs 50
    python benchmarks/article.py museum_split MUSEUM_FOLDER \
        -S clean.split=shuffled -S clean.val_fraction=0.18 -S clean.test_fraction=0.12
    python benchmarks/article.py museum_grouped MUSEUM_FOLDER -S clean.val_fraction=0.18 -S clean.test_fraction=0.12

The last two differ in the split alone: what copies of a picture and leaves of an album across the split are worth.
article_guess.json holds the results of the network that stood for the article's before its code was found.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import yaml
from measure import RESULTS, ROOT, Clone, commit, scratch_clone, source_path

from met_culture.train.environment import environment

SEEDS = (0, 1, 2)
SUMMARISED = ("val_accuracy_last_10", "accuracy", "balanced_accuracy", "macro_f1")


def parameters(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the committed parameters with changes by dotted key."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for key, value in changes.items():
        *sections, leaf = key.split(".")
        section = params
        for name in sections:
            section = section[name]
        section[leaf] = value
    return params


def experiment(clone: Clone, changes: dict[str, Any], epochs: int, seed: int) -> dict[str, Any]:
    """Run the pipeline once and return its parameters and metrics."""
    params = parameters(changes | {"clean.seed": seed, "train.seed": seed, "train.epochs": epochs})
    (clone.folder / "params.yaml").write_text(yaml.safe_dump(params))
    clone.run("dvc", "repro")
    fetch, clean, train, evaluate = map(clone.metrics, ("fetch", "clean", "train", "evaluate"))
    return {
        "epochs": epochs,
        "seed": seed,
        "params": params
        | {"fetch": params["fetch"] | {"source": evaluate["source"]}},  # a path means nothing elsewhere
        "fingerprint": fetch["fingerprint"],
        "clean": clean,
        "train": train,
        "evaluate": evaluate,
    }


def summary(experiments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, smallest and largest of each headline metric, and mean F1 of each label, by number of epochs."""
    result: dict[str, Any] = {}
    for epochs in sorted({run["epochs"] for run in experiments}):
        mine = [run["train"] | run["evaluate"] for run in experiments if run["epochs"] == epochs]
        values_of = {name: [metrics[name] for metrics in mine] for name in SUMMARISED}
        result[str(epochs)] = {
            name: {"mean": statistics.mean(values), "min": min(values), "max": max(values)}
            for name, values in values_of.items()
        }
        result[str(epochs)]["f1"] = {
            label: statistics.mean(metrics["labels"][label]["f1"] for metrics in mine) for label in mine[0]["labels"]
        }
    return result


def main() -> None:
    """Run every experiment and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("source", help="sample, or a museum folder")
    parser.add_argument("--epochs", type=int, nargs="+", default=[50, 100])
    parser.add_argument("-S", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    source = source_path(args.source)
    changes = {key: yaml.safe_load(value) for key, _, value in (each.partition("=") for each in args.changes)}
    measured = commit()  # now, as it is this commit that is cloned
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        experiments = [
            experiment(clone, changes | {"fetch.source": source}, epochs, seed)
            for seed in SEEDS
            for epochs in args.epochs
        ]
    result = {"machine": environment(), "commit": measured, "summary": summary(experiments), "experiments": experiments}
    (RESULTS / f"article_{args.name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(result["summary"], indent=2))


if __name__ == "__main__":
    main()
