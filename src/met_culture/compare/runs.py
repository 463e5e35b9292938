"""A run of the pipeline for the comparison: parameters, metrics, predictions, code and data."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from met_culture.common.errors import UserError
from met_culture.common.files import is_number, read_json

SEEDS = ("clean.seed", "train.seed")  # parameters that may differ between runs of one configuration
PIPELINE = Path("dvc.yaml")
METRICS = ("val_accuracy_last_10", "accuracy", "balanced_accuracy", "macro_f1")


@dataclass(frozen=True)
class Run:
    """One run of the pipeline.

    Attributes:
        names: Names of the experiments and commits with this result, or of the result file.
        params: Parameters that predictions depend on, by dotted key.
        metrics: The content of metrics/train.json and metrics/evaluate.json together.
        predictions: The table of predictions; None if DVC's cache does not have it.
        code: Hash of the code that produced it.
        data: Hash of the records and images that it was produced from.
        environment: The content of metrics/environment.json.
    """

    names: tuple[str, ...]
    params: dict[str, Any]
    metrics: dict[str, Any]
    predictions: pd.DataFrame | None = None
    code: str = ""
    data: str = ""
    environment: str = ""

    @property
    def seeds(self) -> tuple[Any, Any]:
        """Seeds of split and training."""
        split, training = SEEDS
        return self.params.get(split), self.params.get(training)

    @property
    def configuration(self) -> str:
        """Code, data and all parameters except the seeds, as text; equal for the runs of one configuration."""
        params = {key: value for key, value in self.params.items() if key not in SEEDS}
        return json.dumps([params, self.code, self.data], sort_keys=True)


def flatten(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested parameters by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def tracked(pipeline: Path) -> tuple[set[str], set[str]]:
    """Return the parameters and the code that predictions depend on: those of all stages except evaluate.

    dvc.yaml does not list parameters that change no output, such as the rate limit of fetch.

    Raises:
        UserError: The file is missing or damaged.
    """
    params: set[str] = set()
    deps: set[str] = set()
    try:
        stages = yaml.safe_load(pipeline.read_text(encoding="utf-8"))["stages"]
        for name, stage in stages.items():
            if name != "evaluate":
                params.update(stage.get("params", []))
                deps.update(stage.get("deps", []))
    except FileNotFoundError:
        raise UserError(f"{pipeline} is missing; run in the root of the repository.") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise UserError(f"{pipeline} is damaged; repair it.") from None
    return params, {path for path in deps if not path.startswith("data/")}


def benchmark_runs(path: Path) -> list[Run]:
    """Return the runs in a result file of benchmarks/article.py, which has no predictions.

    Raises:
        UserError: The file is missing or has other content.
    """
    keys, _ = tracked(PIPELINE)
    if not path.is_file():
        raise UserError(f"{path} is missing; give an experiment's name or a file of benchmarks/results/.")
    runs = []
    try:
        for experiment in read_json(path, None, f"git checkout {path}")["experiments"]:
            params = {key: value for key, value in flatten(experiment["params"]).items() if key in keys}
            metrics = experiment["train"] | experiment["evaluate"]
            if not all(is_number(metrics[name]) for name in METRICS):
                raise ValueError
            runs.append(Run((path.stem,), params, metrics, code=path.stem))
        if not runs:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} has no experiments with params, train and evaluate.") from None
    return runs
