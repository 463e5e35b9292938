"""Verify that equal code, parameters and data give equal bytes: `python -m met_culture.verify [-S KEY=VALUE ...]`.

Forces the whole pipeline in two scratch clones of what Git tracks, uncommitted changes included, each with a DVC cache,
a scratch folder and checkpoints of its own that are empty at first. Compares the hash of every output, model and
pictures included, and names the first that differs; both clones are then kept. Compares with the committed run too:
its bytes, or, as they are promised on one machine only, its metrics within `TOLERANCE`.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from met_culture.common.cli import run
from met_culture.common.config import PARAMS, load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.common.paths import source_folder
from met_culture.fetch.params import FetchParams
from met_culture.verify.clones import clone_into, dvc, git, snapshot

NAMES = ("first", "second")
# How far figures of the committed run may lie on another processor, where sums round differently and training drifts
# apart; measured by benchmarks/rounding.py on the sample, whose 56 test images make one image 0.018.
TOLERANCE = {"train": {"val_accuracy_last_10": 0.1}, "evaluate": {"accuracy": 0.15, "macro_f1": 0.15}}


class Unequal(UserError):
    """The runs are there and are not what they should be."""


def outputs(lock: dict[str, Any]) -> dict[str, str]:
    """Return the hash of every output of a dvc.lock by its path, in its order, which is the stages'."""
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage.get("outs", [])}


def differing(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Return the paths that do not have the same hash in both, in the order of `first`; missing ones count."""
    return [path for path in {**first, **second} if first.get(path) != second.get(path)]


def outside(committed: dict[str, Any], here: dict[str, Any], tolerance: dict[str, float]) -> list[str]:
    """Return a sentence for each figure that lies farther from the committed one than its tolerance."""
    return [
        f"{name} is {here[name]:.3f}, committed {committed[name]:.3f}, more than {limit} apart"
        for name, limit in tolerance.items()
        if abs(here[name] - committed[name]) > limit
    ]


def _listed(clone: Path, digest: str) -> dict[str, str]:
    # What a folder's hash stands for; a file, or an output that is not there, stands for itself.
    if not digest.endswith(".dir"):
        return {"": digest}
    entries = read_json(clone / ".dvc/cache/files/md5" / digest[:2] / digest[2:])
    return {f"/{entry['relpath']}": entry["md5"] for entry in entries}


def _force(folder: Path) -> dict[str, Any]:
    # A cache of its own, whatever the user's configuration shares.
    if any((folder / name).exists() for name in (".scratch", ".dvc/cache")):
        raise UserError(f"{folder} holds scratch or cache of an earlier run, which would prove nothing.")
    if dvc(folder, "config", "--local", "--quiet", "cache.dir", str(folder / ".dvc/cache")):
        raise UserError(f"DVC could not be configured in {folder}; see above.")
    if dvc(folder, "repro", "--force", "--no-run-cache"):
        raise Unequal(f"the pipeline failed in {folder}; mend what it says above.")
    return yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))


def _params(lock: dict[str, Any]) -> dict[str, Any]:
    # Without the source, which is the same folder by another path; its outputs tell whether it has changed.
    pairs = ((stage, each.get("params", {}).get("params.yaml", {})) for stage, each in lock["stages"].items())
    return {stage: {key: value for key, value in params.items() if key != "fetch.source"} for stage, params in pairs}


def _committed(root: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    # HEAD's lock and metrics, and not the workspace's, which `make repro` has just made on this machine.
    try:
        lock = yaml.safe_load(git(root, "show", "HEAD:dvc.lock"))
        metrics = {stage: json.loads(git(root, "show", f"HEAD:metrics/{stage}.json")) for stage in TOLERANCE}
        if any(not isinstance(metrics[s][name], int | float) for s, limits in TOLERANCE.items() for name in limits):
            raise ValueError
        outputs(lock)
    except (UserError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        print("verify: HEAD holds no dvc.lock and metrics of a run to compare with", file=sys.stderr)
        return None
    return lock, metrics


def _against_committed(before: dict[str, Any], metrics: dict[str, Any], clone: Path, lock: dict[str, Any]) -> list[str]:
    if _params(before) != _params(lock):
        print("verify: the committed run had other parameters and is not compared")
        return []
    if not (changed := differing(outputs(before), outputs(lock))):
        print("verify: the committed run has the same bytes")
        return []
    print(f"verify: the committed run has other bytes, {changed[0]} first; its metrics are compared")
    here = {stage: read_json(clone / f"metrics/{stage}.json") for stage in TOLERANCE}
    return [told for stage, limits in TOLERANCE.items() for told in outside(metrics[stage], here[stage], limits)]


def _source(root: Path, changes: list[str]) -> list[str]:
    # Relative to the checkout, and the clones lie elsewhere.
    source = load("fetch", FetchParams, root / PARAMS).source
    if any(change.startswith("fetch.source=") for change in changes):
        return []
    if source == "met":
        raise UserError("fetch.source is met, whose answers change; verify with -S fetch.source=sample or a folder.")
    folder = source_folder(source)
    return [f"fetch.source={json.dumps(str(folder), ensure_ascii=False)}"] if folder else []


def verify(root: Path, top: Path, changes: list[str]) -> None:
    """Run the pipeline of `root` in two clones below `top` and compare.

    Raises:
        Unequal: A run failed, the two differ, or the committed metrics are outside the tolerance.
        UserError: It cannot begin.
    """
    committed, commit = _committed(root), snapshot(root)
    clones = [top / name for name in NAMES]
    for clone in clones:
        clone_into(root, clone, commit, [*_source(root, changes), *changes])
    locks = [_force(clone) for clone in clones]
    first, second = map(outputs, locks)
    if changed := differing(first, second):
        digests = first.get(changed[0], "missing"), second.get(changed[0], "missing")
        file = differing(*(_listed(clone, digest) for clone, digest in zip(clones, digests, strict=True)))[0]
        rest = f" and {len(changed) - 1} outputs after it" if changed[1:] else ""
        raise Unequal(f"two runs differ, first in {changed[0]}{file}{rest}; compare both in {top}")
    print(f"verify: two forced runs gave the same bytes in {len(first)} outputs")
    if committed and (apart := _against_committed(*committed, clones[0], locks[0])):
        raise Unequal(f"{'; '.join(apart)}; run `dvc repro` and commit dvc.lock and metrics, or look in {top}")


def main() -> None:
    """Verify the checkout of the current folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-S", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="as in dvc exp")
    changes, root = parser.parse_args().changes, Path.cwd()
    if Path(os.fsdecode(git(root, "rev-parse", "--show-toplevel")).strip()) != root.resolve():
        raise UserError("run in the root of the repository.")
    if new := git(root, "ls-files", "--others", "--exclude-standard").decode():
        print(f"note: {new.splitlines()[0]} is not tracked by Git and not verified; `git add` it", file=sys.stderr)
    top = Path(tempfile.mkdtemp(prefix="verify-"))
    try:
        verify(root, top, changes)
    except Unequal:
        raise  # both clones are left to be compared
    except BaseException:
        shutil.rmtree(top)
        raise
    shutil.rmtree(top)


if __name__ == "__main__":
    run(main)
