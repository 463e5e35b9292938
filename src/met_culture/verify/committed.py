"""The committed run: its dvc.lock and metrics in HEAD, and how far a new run may differ from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from met_culture.common.errors import UserError
from met_culture.common.files import damaged, is_number, parse_json, read_json
from met_culture.common.terminal import print_line, print_note
from met_culture.verify.clones import UnequalError, git
from met_culture.verify.locks import Lock, differing, outputs, params

# How far metrics may differ on another processor, where sums round differently and trainings diverge; measured by
# benchmarks/rounding.py on the sample, where one of the 56 test images is 0.018.
TOLERANCE = {"train": {"val_accuracy_last_10": 0.1}, "evaluate": {"accuracy": 0.15, "macro_f1": 0.15}}


@dataclass(frozen=True)
class CommittedRun:
    """The content of dvc.lock in HEAD, and of the files in metrics/ that `TOLERANCE` names, by stage."""

    lock: Lock
    metrics: dict[str, dict[str, Any]]


def _metrics(root: Path, stage: str) -> dict[str, Any]:
    name = f"HEAD:metrics/{stage}.json"
    return _checked(name, parse_json(name, git(root, "show", name).decode(), None, "dvc repro"), stage)


def _checked(name: str, metrics: Any, stage: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if not isinstance(metrics, dict) or not all(is_number(metrics.get(key)) for key in TOLERANCE[stage]):
        raise damaged(name, f"it lacks {', '.join(TOLERANCE[stage])}", f"dvc repro {stage}")
    return metrics


def committed_run(root: Path) -> CommittedRun | None:
    """Return the run in HEAD, not that of the workspace; if there is none, print a note and return None."""
    try:
        lock = yaml.safe_load(git(root, "show", "HEAD:dvc.lock"))
        outputs(lock)
        return CommittedRun(lock, {stage: _metrics(root, stage) for stage in TOLERANCE})
    except (UserError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        print_note("verify: HEAD has no dvc.lock and metrics of a run to compare with")
        return None


def beyond_tolerance(committed: dict[str, Any], new: dict[str, Any], tolerance: dict[str, float]) -> list[str]:
    """Return a phrase for each metric that differs from the committed one by more than its tolerance."""
    return [
        f"{name} is {new[name]:.3f}, committed {committed[name]:.3f}, more than {limit} apart"
        for name, limit in tolerance.items()
        if abs(new[name] - committed[name]) > limit
    ]


def compare_with_committed(committed: CommittedRun, clone: Path, lock: Lock) -> None:
    """Compare the run in a clone, whose dvc.lock is `lock`, with the committed run, if their parameters are equal.

    Raises:
        UnequalError: A metric differs by more than `TOLERANCE`.
    """
    if params(committed.lock) != params(lock):
        print_line("verify: the committed run has other parameters and is not compared")
        return
    changed = differing(outputs(committed.lock), outputs(lock))
    if not changed:
        print_line("verify: the committed run has the same bytes")
        return
    print_line(f"verify: the committed run has other bytes, {changed[0]} first; its metrics are compared")
    phrases: list[str] = []
    for stage, tolerance in TOLERANCE.items():
        name = f"metrics/{stage}.json"
        metrics = _checked(name, read_json(clone / name), stage)
        phrases += beyond_tolerance(committed.metrics[stage], metrics, tolerance)
    if phrases:
        folder = clone.parent
        raise UnequalError(
            f"{'; '.join(phrases)}; run `dvc repro` and commit dvc.lock and metrics, or look in {folder}"
        )
