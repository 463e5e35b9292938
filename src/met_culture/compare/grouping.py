"""Group runs that differ only in their seeds, label what differs, and compare each group with the baseline."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from met_culture.common.errors import UserError
from met_culture.compare import statistics
from met_culture.compare.estimates import Estimate, from_values
from met_culture.compare.forest_plot import Row
from met_culture.compare.runs import SEEDS, Run
from met_culture.compare.significance import MIN_RUNS, holm, verdict
from met_culture.compare.statistics import Outcome
from met_culture.evaluate.metrics import HEADLINE

LONGEST = 60  # characters of a value in a label


def configurations(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of each configuration, in order of appearance; of runs with equal seeds the first counts."""
    groups: dict[str, dict[Any, Run]] = {}
    for run in runs:
        groups.setdefault(run.configuration, {}).setdefault(run.seeds, run)
    return [list(group.values()) for group in groups.values()]


def _value(value: Any) -> str:  # noqa: ANN401 - any YAML value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # The text of a parameter is not trusted: control characters would reach the terminal.
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({hashlib.sha256(text.encode()).hexdigest()[:6]})"


def label(run: Run, base: Run) -> str:
    """Return what differs from the baseline, as `key=value`, or `baseline`."""
    parts = []
    for key, value in base.params.items():
        if key in run.params and key not in SEEDS and run.params[key] != value:
            parts.append(f"{key}={_value(run.params[key])}")
    other_keys = run.params.keys() != base.params.keys()
    other_code = other_keys or run.code != base.code  # other keys come from other code
    other_data = not other_keys and run.data != base.data
    if other_code:
        parts.append("other code")
    if other_data:
        parts.append("other data")
    text = ", ".join(parts) or "baseline"
    # The name distinguishes several runs with other code or data.
    return f"{text} ({_value(run.names[0])})" if other_code or other_data else text


def _outcomes(runs: Sequence[Run]) -> list[Outcome]:
    return [Outcome(run.seeds, run.predictions) for run in runs if run.predictions is not None]


def mean(runs: Sequence[Run], metric: str) -> Estimate:
    """Return mean and interval of a metric: from predictions if all runs have them, else from the runs' metrics."""
    outcomes = _outcomes(runs)
    if len(outcomes) < len(runs):
        return from_values([run.metrics[metric] for run in runs])
    return statistics.mean(outcomes, HEADLINE.index(metric))


def _differences(groups: Sequence[Sequence[Run]], metric: str) -> list[Estimate | None]:
    # The difference of each group to the first; p-values are corrected for the number of tests.
    base = _outcomes(groups[0])
    differences: list[Estimate | None] = [None]
    for runs in groups[1:]:
        outcomes = _outcomes(runs)
        estimate = statistics.difference(outcomes, base, HEADLINE.index(metric)) if outcomes and base else None
        differences.append(estimate)
    # With too few seeds there is no test, so these p-values do not count.
    p = {index: estimate.p for index, estimate in enumerate(differences) if estimate and estimate.runs >= MIN_RUNS}
    corrected = dict(zip(p, holm(list(p.values())), strict=True))
    return [
        replace(estimate, p=corrected.get(index, np.nan)) if estimate else None
        for index, estimate in enumerate(differences)
    ]


def compare(groups: Sequence[Sequence[Run]], metric: str) -> list[Row]:
    """Return a row for each configuration; the first is the baseline."""
    rows: list[Row] = []
    for runs, difference in zip(groups, _differences(groups, metric), strict=True):
        untested = "not tested" if rows else "baseline"
        conclusion = verdict(difference) if difference else untested
        values = tuple(run.metrics[metric] for run in runs)
        rows.append(Row(label(runs[0], groups[0][0]), values, mean(runs, metric), difference, conclusion))
    return rows


def selected(runs: Sequence[Run], names: Sequence[str], baseline: str | None) -> list[Run]:
    """Return the runs of the baseline's configuration, then those of the named runs' configurations, or of all.

    Args:
        runs: HEAD's first.
        names: Names of experiments, commits or result files; empty for all.
        baseline: Name of the baseline; None for HEAD.

    Raises:
        UserError: No run has one of the names.
    """
    for name in [*names, *([baseline] if baseline else [])]:
        if not any(name in run.names for run in runs):
            raise UserError(
                f"{name} is not a finished experiment of HEAD; `dvc exp show` lists them, --commits N adds older ones."
            )
    first = runs[0]
    if baseline:
        first = next(run for run in runs if baseline in run.names)
    chosen = {run.configuration for run in runs if not names or set(names) & set(run.names)}
    base = [run for run in runs if run.configuration == first.configuration]
    others = [run for run in runs if run.configuration in chosen and run.configuration != first.configuration]
    return base + others
