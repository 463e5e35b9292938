"""Read what has been run: experiments and commits as `dvc exp show` knows them, and committed result files."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.command import UserError

SEEDS = ("clean.seed", "train.seed")  # what may differ between the runs of one configuration
PIPELINE = Path("dvc.yaml")
PREDICTIONS = "data/evaluate/predictions.csv"
TEXT = {"group": str, "label": str, "predicted": str}


@dataclass(frozen=True)
class Run:
    """One run of the pipeline.

    Attributes:
        name: Name of the experiment or commit, or of the result file.
        params: Parameters that predictions depend on, by dotted key.
        metrics: The content of metrics/train.json and metrics/evaluate.json, as one.
        predictions: The table of predictions; None if it is not in DVC's cache, or was not committed.
    """

    name: str
    params: dict[str, Any]
    metrics: dict[str, Any]
    predictions: pd.DataFrame | None

    @property
    def seeds(self) -> tuple[Any, ...]:
        """Seeds of split and training."""
        return tuple(self.params.get(key) for key in SEEDS)

    @property
    def configuration(self) -> str:
        """All parameters but the seeds, as text: equal for the runs of one configuration."""
        return json.dumps({k: v for k, v in self.params.items() if k not in SEEDS}, sort_keys=True)


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def tracked(pipeline: Path) -> set[str]:
    """Return the parameters that stages before evaluate depend on; how a fetch asks, say, is none of them."""
    stages = yaml.safe_load(pipeline.read_text(encoding="utf-8"))["stages"]
    return {key for name, stage in stages.items() if name != "evaluate" for key in stage.get("params", [])}


def _kept(params: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key in keys}


def shown(commits: int) -> list[dict[str, Any]]:
    """Return what `dvc exp show --json` prints of the last commits.

    Raises:
        UserError: DVC fails, as outside a repository.
    """
    command = [sys.executable, "-m", "dvc", "exp", "show", "--json", "--num", str(commits)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - no shell
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise UserError(
            f"`dvc exp show` failed ({said[0].removeprefix('ERROR: ')}); run in the root of the repository."
        )
    return json.loads(done.stdout)


def rows(listing: list[dict[str, Any]]) -> Iterable[tuple[str, str | None, dict[str, Any] | None]]:
    """Yield name, state and data of each commit, newest first, and of its experiments; not of the workspace.

    The workspace's parameters may have been edited since its metrics were written.

    Args:
        listing: What `shown` returns.

    Yields:
        The state is None if it has run to its end, else a word that says why not; data are None then.
    """
    for commit in listing:
        if commit["rev"] == "workspace":
            continue
        yield commit.get("name") or commit["rev"][:7], "unreadable" if commit.get("error") else None, commit.get("data")
        for experiment in commit.get("experiments") or []:
            revision = experiment["revs"][0]
            executor = experiment.get("executor") or {}
            state = executor.get("state") if executor.get("state") != "success" else None
            name = experiment.get("name") or revision["rev"][:7]
            yield name, "unreadable" if revision.get("error") else state, revision.get("data")


def _metrics(data: dict[str, Any]) -> dict[str, Any]:
    files = (data["metrics"].get(f"metrics/{stage}.json", {}).get("data") for stage in ("train", "evaluate"))
    return {key: value for file in files for key, value in (file or {}).items()}


def _predictions(repo: Repo, data: dict[str, Any]) -> pd.DataFrame | None:
    digest = data["outs"].get(PREDICTIONS, {}).get("hash")
    path = Path(repo.cache.local.oid_to_path(digest)) if digest else None
    return pd.read_csv(path, keep_default_na=False, dtype=TEXT) if path and path.is_file() else None


def experiments(commits: int = 1) -> tuple[list[Run], list[str]]:
    """Return every finished run that `dvc exp show` lists, HEAD's first, and a sentence on each that is left out.

    Raises:
        UserError: DVC fails.
    """
    runs: list[Run] = []
    notes = []
    seen = set()
    listing, keys = shown(commits), tracked(PIPELINE)
    try:
        with Repo() as repo:
            for name, state, data in rows(listing):
                params = _kept(_flat((data or {}).get("params", {}).get("params.yaml", {}).get("data") or {}), keys)
                metrics = _metrics(data) if data and not state else {}
                if not params or "accuracy" not in metrics:
                    notes.append(f"{name} is left out: {state.lower() if state else 'it has no metrics'}")
                    continue
                # One result, however many experiments and commits have it.
                same = json.dumps([params, metrics], sort_keys=True)
                if same not in seen:
                    runs.append(Run(name, params, metrics, _predictions(repo, data)))
                seen.add(same)
    except DvcException as error:
        raise UserError(f"{error}; run in the root of the repository.") from None
    return runs, notes


def results(path: Path) -> list[Run]:
    """Return the runs of a result file of benchmarks/article.py; it holds no predictions.

    Args:
        path: JSON with `experiments`, each with params, train and evaluate.

    Raises:
        UserError: The file is missing or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        flat = [(_flat(each["params"]), each["train"] | each["evaluate"]) for each in content["experiments"]]
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing; give the name of an experiment or a file of benchmarks/results/."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} holds no experiments with params, train and evaluate.") from None
    keys = tracked(PIPELINE)
    return [Run(path.stem, _kept(params, keys), metrics, None) for params, metrics in flat]
