"""The article's experiment, its CNN for 50 and 100 epochs with three seeds each, on any source.

`python benchmarks/article.py MUSEUM_FOLDER` runs the committed pipeline in a scratch clone, deleted afterwards, so
that no picture of the museum reaches Git. A seed decides split, weights and augmentation. Writes
benchmarks/results/article_museum.json, or article_sample.json for `python benchmarks/article.py sample`. Takes about 20
minutes on two cores for 400 paintings.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from measure import RESULTS, ROOT, commit, machine

EPOCHS = {"museum": (50, 100), "sample": (50,)}
SEEDS = (0, 1, 2)
SUMMARISED = ("val_accuracy_last_10", "accuracy", "balanced_accuracy", "macro_f1")


def run(folder: Path, *command: str) -> None:
    """Run a command of the scratch clone, its own source code first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, cwd=folder, check=True, env=os.environ | {"PATH": path, "PYTHONPATH": str(folder / "src")})


def experiment(clone: Path, source: str, epochs: int, seed: int) -> dict[str, Any]:
    """Run the pipeline once and return its figures."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["fetch"]["source"] = source
    params["clean"]["seed"] = params["train"]["seed"] = seed
    params["train"]["epochs"] = epochs
    (clone / "params.yaml").write_text(yaml.safe_dump(params))
    run(clone, "dvc", "repro")
    fetch, clean, train, evaluate = (
        json.loads((clone / f"metrics/{stage}.json").read_text()) for stage in ("fetch", "clean", "train", "evaluate")
    )
    return {
        "epochs": epochs,
        "seed": seed,
        "params": params | {"fetch": params["fetch"] | {"source": evaluate["source"]}},
        "fingerprint": fetch["fingerprint"],
        "clean": clean,
        "train": train,
        "evaluate": evaluate,
    }


def summary(experiments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean, smallest and largest of each headline figure, and mean F1 of each label, by number of epochs."""
    result: dict[str, Any] = {}
    for epochs in sorted({each["epochs"] for each in experiments}):
        mine = [each["train"] | each["evaluate"] for each in experiments if each["epochs"] == epochs]
        figures = {name: [each[name] for each in mine] for name in SUMMARISED}
        result[str(epochs)] = {
            name: {"mean": statistics.mean(values), "min": min(values), "max": max(values)}
            for name, values in figures.items()
        }
        result[str(epochs)]["f1"] = {
            label: statistics.mean(each["labels"][label]["f1"] for each in mine) for label in mine[0]["labels"]
        }
    return result


def main() -> None:
    """Run every experiment and write the results."""
    name = "sample" if sys.argv[1] == "sample" else "museum"
    source = "sample" if name == "sample" else str(Path(sys.argv[1]).resolve())
    measured = commit()  # now, as it is this commit that is cloned
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        run(ROOT, "git", "clone", "--quiet", str(ROOT), str(clone))
        experiments = [experiment(clone, source, epochs, seed) for seed in SEEDS for epochs in EPOCHS[name]]
    result = {"machine": machine(), "commit": measured, "summary": summary(experiments), "experiments": experiments}
    (RESULTS / f"article_{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(result["summary"], indent=2))


if __name__ == "__main__":
    main()
