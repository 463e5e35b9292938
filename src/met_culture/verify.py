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
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.utils.hydra import apply_overrides

from met_culture.command import UserError, run
from met_culture.files import read_json
from met_culture.params import PARAMS, load
from met_culture.paths import source_folder

NAMES = ("first", "second")
# How far figures of the committed run may lie on another processor, where sums round differently and training drifts
# apart; measured by benchmarks/rounding.py on the sample, whose 56 test images make one image 0.018.
TOLERANCE = {"train": {"val_accuracy_last_10": 0.1}, "evaluate": {"accuracy": 0.15, "macro_f1": 0.15}}


def outputs(lock: dict[str, Any]) -> dict[str, str]:
    """Return the hash of every output of a dvc.lock by its path, in the order in which the stages ran."""
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


def _git(folder: Path, *command: str) -> str:
    # An identity of its own, as `git stash create` asks for one that a fresh machine lacks.
    identity = ["-c", "user.name=verify", "-c", "user.email=verify@localhost"]
    done = subprocess.run(["git", *identity, *command], cwd=folder, capture_output=True, text=True)  # noqa: S603, S607
    if done.returncode:
        raise UserError(f"git {command[0]} in {folder} failed: {' '.join(done.stderr.split())[:300]}.")
    return done.stdout.strip()


def _clone(root: Path, folder: Path, commit: str, changes: list[str]) -> None:
    _git(root, "clone", "--quiet", "--no-checkout", str(root), str(folder))
    _git(folder, "checkout", "--quiet", "--detach", commit)
    source = source_folder(load("fetch", root / PARAMS).source)
    if source:  # relative to the checkout, and the clone lies elsewhere
        changes = [f"fetch.source={json.dumps(str(source), ensure_ascii=False)}", *changes]
    try:
        if changes:
            apply_overrides(folder / PARAMS, changes)
    except DvcException as error:
        raise UserError(f"-S {' '.join(changes)}: {error}.") from None


def _dvc(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "PYTHONPATH": str(folder / "src")}
    return subprocess.run([sys.executable, "-m", "dvc", *command], cwd=folder, env=env, text=True)  # noqa: S603


def _force(folder: Path) -> dict[str, Any]:
    # A cache of its own, whatever the user's configuration shares.
    if any((folder / name).exists() for name in (".scratch", ".dvc/cache")):
        raise UserError(f"{folder} holds scratch or cache of an earlier run, which would prove nothing.")
    _dvc(folder, "config", "--local", "--quiet", "cache.dir", str(folder / ".dvc/cache"))
    if _dvc(folder, "repro", "--force", "--no-run-cache").returncode:
        raise UserError(f"the pipeline failed in {folder}; mend what it says above.")
    return yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))


def _params(lock: dict[str, Any]) -> dict[str, Any]:
    # Without the source, which is the same folder by another path; its outputs tell whether it has changed.
    pairs = ((stage, each.get("params", {}).get("params.yaml", {})) for stage, each in lock["stages"].items())
    return {stage: {key: value for key, value in params.items() if key != "fetch.source"} for stage, params in pairs}


def _against_committed(root: Path, commit: str, clone: Path, lock: dict[str, Any]) -> list[str]:
    before = yaml.safe_load(_git(root, "show", f"{commit}:dvc.lock"))
    if _params(before) != _params(lock):
        print("verify: the committed run had other parameters and is not compared")
        return []
    if not (changed := differing(outputs(before), outputs(lock))):
        print("verify: the committed run has the same bytes")
        return []
    print(f"verify: the committed run has other bytes, {changed[0]} first; its metrics are compared")
    told = []
    for stage, tolerance in TOLERANCE.items():
        path = f"metrics/{stage}.json"
        told += outside(json.loads(_git(root, "show", f"{commit}:{path}")), read_json(clone / path), tolerance)
    return told


def verify(root: Path, top: Path, changes: list[str]) -> None:
    """Run the pipeline of `root` in two clones below `top` and compare.

    Raises:
        UserError: A run failed, the two differ, or the committed metrics are outside the tolerance.
    """
    commit = _git(root, "stash", "create") or _git(root, "rev-parse", "HEAD")
    clones = [top / name for name in NAMES]
    for clone in clones:
        _clone(root, clone, commit, changes)
    locks = [_force(clone) for clone in clones]
    first, second = map(outputs, locks)
    if changed := differing(first, second):
        digests = first.get(changed[0], "missing"), second.get(changed[0], "missing")
        file = differing(*(_listed(clone, digest) for clone, digest in zip(clones, digests, strict=True)))[0]
        rest = f" and {len(changed) - 1} outputs after it" if changed[1:] else ""
        raise UserError(f"two runs differ, first in {changed[0]}{file}{rest}; compare both in {top}")
    print(f"verify: two forced runs gave the same bytes in {len(first)} outputs")
    if apart := _against_committed(root, commit, clones[0], locks[0]):
        raise UserError(f"{'; '.join(apart)}; run `dvc repro` and commit dvc.lock and metrics, or look in {top}")


def main() -> None:
    """Verify the checkout of the current folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-S", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="as in dvc exp")
    changes, root = parser.parse_args().changes, Path.cwd()
    if new := _git(root, "ls-files", "--others", "--exclude-standard"):
        print(f"note: {new.splitlines()[0]} is not tracked by Git and not verified; `git add` it", file=sys.stderr)
    top = Path(tempfile.mkdtemp(prefix="verify-"))
    try:
        verify(root, top, changes)
    except UserError:
        raise  # both clones are left to be compared
    except BaseException:
        shutil.rmtree(top)
        raise
    shutil.rmtree(top)


if __name__ == "__main__":
    run(main)
