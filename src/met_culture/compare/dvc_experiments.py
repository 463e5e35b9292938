"""Read from `dvc exp show` and DVC's cache what has been run: HEAD, its experiments, and earlier commits."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo

from met_culture.common.errors import UserError
from met_culture.compare.runs import FIGURES, PIPELINE, Run, flat, tracked

RAW = "data/raw"
PREDICTIONS = "data/evaluate/predictions.csv"
TEXT = {"group": str, "label": str, "predicted": str}


def shown(commits: int) -> list[dict[str, Any]]:
    """Return what `dvc exp show --json` prints of the last commits.

    Raises:
        UserError: DVC fails, as outside a repository.
    """
    command = [sys.executable, "-m", "dvc", "exp", "show", "--json", "--num", str(commits)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - no shell
    try:
        return json.loads(done.stdout)
    except ValueError:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        reason = said[0].removeprefix("ERROR: ")
        raise UserError(f"`dvc exp show` failed ({reason}); run in the root of the repository.") from None


def _content(data: dict[str, Any] | None, kind: str, path: str) -> dict[str, Any]:
    return ((data or {}).get(kind, {}).get(path, {}) or {}).get("data") or {}


def _digest(data: dict[str, Any], paths: Iterable[str]) -> str:
    deps = data.get("deps", {})
    return json.dumps([[path, deps[path].get("hash")] for path in sorted(paths) if path in deps])


def cached(repo: Repo, digest: str) -> bytes | None:
    """Return an output by the hash that `dvc exp show` gives it; None if DVC's cache lacks it, or holds it damaged."""
    path = Path(repo.cache.local.oid_to_path(digest))
    if not path.is_file():
        return None
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
        print(f"note: {path} is damaged and not used; `dvc fetch` or `dvc repro` makes it again", file=sys.stderr)
        return None
    return content


def _predictions(repo: Repo, data: dict[str, Any]) -> pd.DataFrame | None:
    digest = data["outs"].get(PREDICTIONS, {}).get("hash")
    content = cached(repo, digest) if digest else None
    return None if content is None else pd.read_csv(BytesIO(content), keep_default_na=False, dtype=TEXT)


def _run(
    repo: Repo, name: str, data: dict[str, Any] | None, state: str | None, keys: set[str], code: set[str]
) -> Run | str:
    # A run, or why there is none.
    params = {key: value for key, value in flat(_content(data, "params", "params.yaml")).items() if key in keys}
    metrics = _content(data, "metrics", "metrics/train.json") | _content(data, "metrics", "metrics/evaluate.json")
    if state:
        return state.lower()
    if not params or any(not isinstance(metrics.get(key), int | float) for key in FIGURES):
        return "it has no metrics"
    environment = json.dumps(_content(data, "metrics", "metrics/environment.json"), sort_keys=True)
    raw = [path for path in data.get("deps", {}) if path.startswith(RAW)]
    codes = _digest(data, code), _digest(data, raw)
    return Run((name,), params, metrics, _predictions(repo, data), *codes, environment)


def _stale(revision: str, run: Run) -> bool:
    # An experiment is made as a whole; in a commit, somebody may have changed params.yaml alone.
    show = ["git", "show", f"{revision}:dvc.lock"]
    lock = subprocess.run(show, capture_output=True, text=True).stdout  # noqa: S603
    try:
        stages = yaml.safe_load(lock)["stages"]
    except (yaml.YAMLError, KeyError, TypeError):  # none, or damaged: there is nothing to say what was run
        return True
    sections = (stage.get("params", {}).get("params.yaml", {}) for stage in stages.values())
    locked = {key: value for section in sections for key, value in section.items()}
    return any(flat({key: value}) != flat({key: locked[key]}) for key, value in run.params.items() if key in locked)


def experiments(commits: int = 1) -> tuple[list[Run], Run | None, list[str]]:
    """Return every finished run that `dvc exp show` lists, HEAD's, and a sentence on each that is left out.

    The workspace is none of them: its parameters may have been edited since its metrics were written.

    Raises:
        UserError: DVC fails.
    """
    listing = [each for each in shown(commits) if each["rev"] != "workspace"]
    pipeline = tracked(PIPELINE)
    runs: list[Run] = []
    notes: list[str] = []
    head: Run | None = None
    try:
        with Repo() as repo:
            for commit in listing:
                name = commit.get("name") or commit["rev"][:7]
                found = _run(repo, name, commit.get("data"), "unreadable" if commit.get("error") else None, *pipeline)
                if isinstance(found, Run) and _stale(commit["rev"], found):
                    found = "its dvc.lock is of other parameters or missing; run `dvc repro` and commit"
                _add(runs, notes, name, found)
                if commit is listing[0] and isinstance(found, Run):
                    head = runs[0]
                for experiment in commit.get("experiments") or []:
                    revision, state = experiment["revs"][0], (experiment.get("executor") or {}).get("state")
                    name = experiment.get("name") or revision["rev"][:7]
                    state = "unreadable" if revision.get("error") else state if state != "success" else None
                    _add(runs, notes, name, _run(repo, name, revision.get("data"), state, *pipeline))
    except DvcException as error:
        raise UserError(f"{error}; run in the root of the repository.") from None
    return runs, head, notes


def _add(runs: list[Run], notes: list[str], name: str, found: Run | str) -> None:
    if isinstance(found, str):
        notes.append(f"{name} is left out: {found}")
        return
    for index, run in enumerate(runs):  # one result, however many experiments and commits have it
        if (run.configuration, run.place, run.metrics) == (found.configuration, found.place, found.metrics):
            runs[index] = replace(run, names=(*run.names, *found.names))
            return
    runs.append(found)
