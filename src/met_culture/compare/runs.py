"""Runs of the pipeline as the comparison takes them: parameters, figures, predictions, and what made them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from met_culture.common.errors import UserError

SEEDS = ("clean.seed", "train.seed")  # what may differ between the runs of one configuration
PIPELINE = Path("dvc.yaml")
FIGURES = ("val_accuracy_last_10", "accuracy", "balanced_accuracy", "macro_f1")


@dataclass(frozen=True)
class Run:
    """One run of the pipeline.

    Attributes:
        names: Names of the experiments and commits that have this result, or of the result file.
        params: Parameters that predictions depend on, by dotted key.
        metrics: The content of metrics/train.json and metrics/evaluate.json, as one.
        predictions: The table of predictions; None if it is not in DVC's cache, or was not committed.
        code: Hash of the code that made it.
        data: Hash of the records and images that it was made from.
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
    def place(self) -> tuple[Any, Any]:
        """Seeds of split and training."""
        return tuple(self.params.get(key) for key in SEEDS)

    @property
    def configuration(self) -> str:
        """Code, data and all parameters but the seeds, as text: equal for the runs of one configuration."""
        params = {key: value for key, value in self.params.items() if key not in SEEDS}
        return json.dumps([params, self.code, self.data], sort_keys=True)


def flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested parameters by dotted key."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def tracked(pipeline: Path) -> tuple[set[str], set[str]]:
    """Return the parameters and the code that predictions depend on: of all stages before evaluate.

    How a fetch asks, say, is none of them.

    Raises:
        UserError: The file is missing or damaged.
    """
    try:
        stages = yaml.safe_load(pipeline.read_text(encoding="utf-8"))["stages"]
        before = [stage for name, stage in stages.items() if name != "evaluate"]
        params, deps = ({each for stage in before for each in stage.get(key, [])} for key in ("params", "deps"))
    except FileNotFoundError:
        raise UserError(f"{pipeline} is missing; run in the root of the repository.") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise UserError(f"{pipeline} is damaged; mend it.") from None
    return params, {each for each in deps if not each.startswith("data/")}


def results(path: Path) -> list[Run]:
    """Return the runs of a result file of benchmarks/article.py; it holds no predictions.

    Raises:
        UserError: The file is missing or holds something else.
    """
    keys, _ = tracked(PIPELINE)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))["experiments"]
        read = [(flat(each["params"]), each["train"] | each["evaluate"]) for each in content]
        if not read or any(not isinstance(metrics[key], int | float) for _, metrics in read for key in FIGURES):
            raise ValueError
    except FileNotFoundError:
        raise UserError(f"{path} is missing; give an experiment's name or a file of benchmarks/results/.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} holds no experiments with params, train and evaluate.") from None
    return [
        Run((path.stem,), {k: v for k, v in params.items() if k in keys}, metrics, code=path.stem)
        for params, metrics in read
    ]
