"""Read what `dvc exp show` lists, and outputs from DVC's cache."""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.repo import Repo

from met_culture.common.errors import UserError
from met_culture.common.terminal import print_note


@dataclass(frozen=True)
class Listing:
    """A commit or an experiment that `dvc exp show` lists.

    Attributes:
        name: Its name, or its short hash.
        revision: Git revision.
        is_commit: Whether it is a commit; else it is an experiment.
        unfinished: Why it has no result, such as `queued` or `unreadable`; empty for a finished run.
        data: Params, metrics, deps and outs, as `dvc exp show --json` prints them.
    """

    name: str
    revision: str
    is_commit: bool
    unfinished: str
    data: dict[str, Any]


def _exp_show(commits: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "dvc", "exp", "show", "--json", "--num", str(commits)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - no shell
    try:
        return json.loads(done.stdout)
    except ValueError:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        reason = errors[0].removeprefix("ERROR: ")
        raise UserError(f"`dvc exp show` failed ({reason}); run in the root of the repository.") from None


def _commit(entry: dict[str, Any]) -> Listing:
    name = entry.get("name") or entry["rev"][:7]
    unfinished = "unreadable" if entry.get("error") else ""
    return Listing(name, entry["rev"], True, unfinished, entry.get("data") or {})


def _experiment(entry: dict[str, Any]) -> Listing:
    revision = entry["revs"][0]
    state = (entry.get("executor") or {}).get("state") or ""
    unfinished = "" if state == "success" else state.lower()
    if revision.get("error"):
        unfinished = "unreadable"
    name = entry.get("name") or revision["rev"][:7]
    return Listing(name, revision["rev"], False, unfinished, revision.get("data") or {})


def listings(commits: int) -> list[Listing]:
    """Return the last commits, HEAD first, each followed by its experiments.

    The workspace is not among them: its parameters may have been edited after its metrics were written.

    Raises:
        UserError: DVC fails, for example outside a repository.
    """
    entries = []
    for entry in _exp_show(commits):
        if entry["rev"] != "workspace":
            entries.append(_commit(entry))
            entries += [_experiment(experiment) for experiment in entry.get("experiments") or []]
    return entries


def cached_output(repo: Repo, digest: str) -> bytes | None:
    """Return an output by its hash in `dvc exp show`; None if it is missing or damaged in DVC's cache."""
    path = Path(repo.cache.local.oid_to_path(digest))
    if not path.is_file():
        return None
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
        print_note(f"note: {path} is damaged and not used; `dvc fetch` or `dvc repro` makes it again")
        return None
    return content
