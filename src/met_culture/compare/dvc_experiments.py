"""Collect the finished runs of HEAD, of earlier commits and of their experiments."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.common.errors import UserError
from met_culture.common.files import is_number
from met_culture.common.terminal import print_note
from met_culture.compare.exp_show import Listing, cached_output, listings
from met_culture.compare.runs import METRICS, PIPELINE, Run, flatten, tracked
from met_culture.evaluate.predictions import parse_predictions

RAW = "data/raw"
PREDICTIONS = "data/evaluate/predictions.csv"


@dataclass(frozen=True)
class Experiments:
    """The runs of a repository.

    Attributes:
        runs: All finished runs; HEAD's first, if it has one.
        head_finished: Whether HEAD has a finished run.
        notes: A sentence for each run that is left out.
    """

    runs: list[Run]
    head_finished: bool
    notes: list[str]


class _NoRunError(Exception):
    """A listing has no finished run; the message says why."""


def _content(data: dict[str, Any], kind: str, path: str) -> dict[str, Any]:
    return (data.get(kind, {}).get(path, {}) or {}).get("data") or {}


def _digest(data: dict[str, Any], paths: Iterable[str]) -> str:
    deps = data.get("deps", {})
    return json.dumps([[path, deps[path].get("hash")] for path in sorted(paths) if path in deps])


def _predictions(repo: Repo, data: dict[str, Any]) -> pd.DataFrame | None:
    digest = data.get("outs", {}).get(PREDICTIONS, {}).get("hash")
    content = cached_output(repo, digest) if digest else None
    if content is None:
        return None
    try:
        return parse_predictions(PREDICTIONS, content.decode())
    except (UserError, UnicodeDecodeError) as error:
        print_note(f"note: predictions of an experiment are not used: {error}")
        return None


def _is_stale(revision: str, params: dict[str, Any]) -> bool:
    # A commit, other than an experiment, may change params.yaml without a run.
    show = ["git", "show", f"{revision}:dvc.lock"]
    lock = subprocess.run(show, capture_output=True, text=True).stdout  # noqa: S603
    try:
        stages = yaml.safe_load(lock)["stages"]
    except (yaml.YAMLError, KeyError, TypeError):  # missing or damaged: the parameters of the run are unknown
        return True
    locked: dict[str, Any] = {}
    for stage in stages.values():
        locked |= stage.get("params", {}).get("params.yaml", {})
    return any(flatten({key: value}) != flatten({key: locked[key]}) for key, value in params.items() if key in locked)


def _read_run(repo: Repo, listing: Listing, keys: set[str], code: set[str]) -> Run:
    if listing.unfinished:
        raise _NoRunError(listing.unfinished)
    data = listing.data
    all_params = flatten(_content(data, "params", "params.yaml"))
    params = {key: value for key, value in all_params.items() if key in keys}
    metrics = _content(data, "metrics", "metrics/train.json") | _content(data, "metrics", "metrics/evaluate.json")
    if not params or not all(is_number(metrics.get(name)) for name in METRICS):
        raise _NoRunError("it has no metrics")
    if listing.is_commit and _is_stale(listing.revision, params):
        raise _NoRunError("its dvc.lock has other parameters or is missing; run `dvc repro` and commit")
    return Run(
        (listing.name,),
        params,
        metrics,
        predictions=_predictions(repo, data),
        code=_digest(data, code),
        data=_digest(data, [path for path in data.get("deps", {}) if path.startswith(RAW)]),
        environment=json.dumps(_content(data, "metrics", "metrics/environment.json"), sort_keys=True),
    )


def _with_run(runs: list[Run], new: Run) -> list[Run]:
    # A result of several experiments and commits counts once, under all their names.
    for index, run in enumerate(runs):
        if (run.configuration, run.seeds, run.metrics) == (new.configuration, new.seeds, new.metrics):
            return [*runs[:index], replace(run, names=(*run.names, *new.names)), *runs[index + 1 :]]
    return [*runs, new]


def experiments(commits: int = 1) -> Experiments:
    """Return the finished runs of the last commits and of their experiments.

    Raises:
        UserError: DVC fails.
    """
    entries = listings(commits)
    keys, code = tracked(PIPELINE)
    runs: list[Run] = []
    notes: list[str] = []
    head_finished = False
    try:
        with Repo() as repo:
            for listing in entries:
                try:
                    runs = _with_run(runs, _read_run(repo, listing, keys, code))
                    head_finished = head_finished or listing is entries[0]
                except _NoRunError as reason:
                    notes.append(f"{listing.name} is left out: {reason}")
    except DvcException as error:
        raise UserError(f"{error}; run in the root of the repository.") from None
    return Experiments(runs, head_finished, notes)
