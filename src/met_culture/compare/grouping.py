"""Put runs together that differ in their seeds alone, name what differs, and compare with the baseline."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from met_culture.common.errors import UserError
from met_culture.compare import statistics as paired
from met_culture.compare.forest_plot import Row
from met_culture.compare.runs import SEEDS, Run
from met_culture.compare.statistics import ENOUGH, Estimate, Outcome
from met_culture.evaluate.metrics import HEADLINE

LONGEST = 60  # characters of a value in a label


def configurations(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of each configuration, in the order of their first; equal seeds count once, the first."""
    found: dict[str, dict[Any, Run]] = {}
    for each in runs:
        found.setdefault(each.configuration, {}).setdefault(each.place, each)
    return [list(same.values()) for same in found.values()]


def _shown(value: Any) -> str:  # noqa: ANN401 - what YAML holds
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # A parameter may come from anywhere, and a terminal obeys more than letters.
    text = "".join(each if each.isprintable() else "?" for each in text)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({hashlib.sha256(text.encode()).hexdigest()[:6]})"


def label(run: Run, base: Run) -> str:
    """Return what differs from the baseline, as `key=value`, or `baseline`."""
    keys = [key for key in base.params if key in run.params and key not in SEEDS]
    parts = [f"{key}={_shown(run.params[key])}" for key in keys if run.params[key] != base.params[key]]
    others = {"code": run.code != base.code, "data": run.data != base.data}
    if run.params.keys() != base.params.keys():
        others = {"code": True}  # that has other keys
    names = [f"other {name}" for name, other in others.items() if other]
    # Of other code there may be several; a name tells them apart.
    return ", ".join([*parts, *names]) + (f" ({_shown(run.names[0])})" if names else "") or "baseline"


def _outcomes(runs: Sequence[Run]) -> list[Outcome]:
    return [Outcome(run.place, run.predictions) for run in runs if run.predictions is not None]


def mean(runs: Sequence[Run], metric: str) -> Estimate:
    """Return mean and interval of a metric, over images and runs where all predictions are there, else over runs."""
    outcomes = _outcomes(runs)
    if len(outcomes) < len(runs):
        return paired.mean_of_figures([run.metrics[metric] for run in runs])
    return paired.mean(outcomes, HEADLINE.index(metric))


def compare(groups: Sequence[Sequence[Run]], metric: str) -> list[Row]:
    """Return a row per configuration, the first being the baseline."""
    base = _outcomes(groups[0])
    differences: list[Estimate | None] = [None]
    for runs in groups[1:]:
        outcomes = _outcomes(runs)
        differences.append(paired.difference(outcomes, base, HEADLINE.index(metric)) if outcomes and base else None)
    # What too few seeds say is no test.
    corrected = iter(paired.holm([each.p for each in differences if each and each.runs >= ENOUGH]))
    rows = []
    for runs, found in zip(groups, differences, strict=True):
        each = replace(found, p=next(corrected) if found.runs >= ENOUGH else np.nan) if found else None
        said = paired.verdict(each) if each else "not tested" if rows else "baseline"
        figures = tuple(run.metrics[metric] for run in runs)
        rows.append(Row(label(runs[0], groups[0][0]), figures, mean(runs, metric), each, said))
    return rows


def selected(runs: Sequence[Run], names: Sequence[str], baseline: str | None) -> list[Run]:
    """Return the baseline's configuration first, then those of the named runs, or all.

    Args:
        runs: HEAD's first.
        names: Of experiments, commits or result files; none are all.
        baseline: A name; None is HEAD.

    Raises:
        UserError: A name is no run's.
    """
    for name in [*names, *([baseline] if baseline else [])]:
        if not any(name in run.names for run in runs):
            raise UserError(
                f"{name} is no finished experiment of HEAD; `dvc exp show` lists them, --commits N takes earlier ones."
            )
    first = next(run for run in runs if baseline in run.names) if baseline else runs[0]
    wanted = {first.configuration, *(r.configuration for r in runs if not names or set(names) & set(r.names))}
    return sorted((r for r in runs if r.configuration in wanted), key=lambda r: r.configuration != first.configuration)
