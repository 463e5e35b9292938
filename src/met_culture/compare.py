"""Compare experiments over seeds: `python -m met_culture.compare [--metric macro_f1] [NAME or FILE ...]`.

Runs that differ in their seeds alone are one configuration. Prints for each its mean and 95 % interval, and tests its
difference to the baseline, which is HEAD's, on the same test images by a paired bootstrap over groups and runs
(`paired.py`), corrected for the number of configurations. Draws the same as a picture. Reads `dvc exp show`, the
predictions in DVC's cache, and result files of benchmarks/ that the command line names; they hold no predictions.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from met_culture import experiments, paired
from met_culture.command import UserError, run
from met_culture.experiments import SEEDS, Run
from met_culture.figures import save
from met_culture.forest import Row, forest
from met_culture.paired import Estimate, Outcome
from met_culture.scores import HEADLINE

PICTURE = Path("dvc_plots/compare.png")
LONGEST = 60  # characters of a value in a label


def configurations(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of each configuration, in the order of their first; equal seeds count once."""
    order = {key: index for index, key in reversed([*enumerate(run.configuration for run in runs)])}
    placed = sorted(runs, key=lambda each: order[each.configuration])
    found = (list(each) for _, each in groupby(placed, key=lambda each: each.configuration))
    return [list({each.seeds: each for each in reversed(same)}.values())[::-1] for same in found]


def label(params: dict[str, Any], base: dict[str, Any]) -> str:
    """Return what differs from the baseline's parameters, as `key=value`, or `baseline`."""
    keys = [key for key in base if key in params and key not in SEEDS and params[key] != base[key]]
    values = [json.dumps(params[key], ensure_ascii=False).strip('"') for key in keys]
    pairs = [f"{k}={v if len(v) <= LONGEST else v[: LONGEST - 1] + '…'}" for k, v in zip(keys, values, strict=True)]
    if params.keys() != base.keys():
        pairs.append("other keys")  # of code that was older or newer
    return ", ".join(pairs) or "baseline"


def _outcomes(runs: Sequence[Run]) -> list[Outcome] | None:
    # All or none, so that the mean is of the same runs as the difference.
    if any(run.predictions is None for run in runs):
        return None
    return [Outcome(*run.seeds, run.predictions) for run in runs]


def mean(runs: Sequence[Run], metric: str) -> Estimate:
    """Return mean and interval of a metric, over images and runs where predictions are there, else over runs."""
    tested = _outcomes(runs)
    if tested is None:
        return paired.mean_of_figures([run.metrics[metric] for run in runs])
    return paired.mean(tested, HEADLINE.index(metric))


def compare(groups: Sequence[Sequence[Run]], metric: str) -> list[Row]:
    """Return a row per configuration, the first being the baseline.

    Raises:
        ValueError: There is no configuration.
    """
    base = _outcomes(groups[0])
    differences: list[Estimate | None] = [None]
    for runs in groups[1:]:
        tested = _outcomes(runs)
        both = tested is not None and base is not None
        differences.append(paired.difference(tested, base, HEADLINE.index(metric)) if both else None)
    corrected = iter(paired.holm([each.p for each in differences if each]))
    rows = []
    for runs, found in zip(groups, differences, strict=True):
        each = replace(found, p=next(corrected)) if found else None
        said = paired.verdict(each) if each else "not tested"
        figures = tuple(run.metrics[metric] for run in runs)
        rows.append(Row(label(runs[0].params, groups[0][0].params), figures, mean(runs, metric), each, said))
    return rows


def _range(each: Estimate, sign: str = "") -> str:
    return f"{each.value:{sign}.3f}" + (
        f" ({each.low:{sign}.3f} to {each.high:{sign}.3f})" if each.low == each.low else ""
    )


def table(groups: Sequence[Sequence[Run]], rows: Sequence[Row], metric: str) -> str:
    """Return the comparison as text for a terminal, a line per configuration."""
    columns: dict[str, list[str]] = {"n": [str(len(runs)) for runs in groups]}
    columns["validation"] = [f"{np.mean([r.metrics['val_accuracy_last_10'] for r in runs]):.3f}" for runs in groups]
    columns[f"test {metric} (95 %)"] = [_range(row.mean) for row in rows]
    columns["difference (95 %)"] = [_range(row.difference, "+") if row.difference else "" for row in rows]
    columns["p"] = [f"{row.difference.p:.3f}" if row.difference else "" for row in rows]
    columns[""] = [row.verdict if row.label != "baseline" else "" for row in rows]
    # Last, as it may be long.
    width = max(len(row.label) for row in rows)
    columns["configuration".ljust(width)] = [row.label.ljust(width) for row in rows]
    lines = pd.DataFrame(columns).to_string(index=False).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def selected(runs: list[Run], names: Sequence[str], baseline: str | None) -> list[Run]:
    """Return the baseline's configuration first, then those of the named runs, or all.

    Raises:
        UserError: A name is no run's.
    """
    known = {run.name for run in runs}
    for name in [*names, *([baseline] if baseline else [])]:
        if name not in known:
            raise UserError(f"{name} is no finished experiment here; `dvc exp show` lists them.")
    first = next(run for run in runs if run.name == baseline) if baseline else runs[0]
    wanted = {first.configuration, *(run.configuration for run in runs if run.name in (names or known))}
    return sorted((r for r in runs if r.configuration in wanted), key=lambda r: r.configuration != first.configuration)


def main() -> None:
    """Print and draw the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME or FILE", help="experiments or result files; all experiments")
    parser.add_argument("--metric", choices=HEADLINE, default=HEADLINE[0], help="default: %(default)s")
    parser.add_argument("--baseline", metavar="NAME", help="run whose configuration is the baseline; default: HEAD")
    parser.add_argument("--commits", type=int, default=1, metavar="N", help="the last N commits; default: %(default)s")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="default: %(default)s")
    args = parser.parse_args()
    runs, notes = experiments.experiments(args.commits)
    if not runs:
        raise UserError("there is no finished run to compare; run `make repro` and commit its results.")
    files = [name for name in args.names if name.endswith(".json")]
    committed = [each for file in files for each in experiments.results(Path(file))]
    names = [name for name in args.names if name not in files] + [each.name for each in committed]
    groups = configurations(selected([*runs, *committed], names, args.baseline))
    rows = compare(groups, args.metric)
    print(table(groups, rows, args.metric))
    for note in [*notes, *_cautions(groups)]:
        print(f"note: {note}", file=sys.stderr)
    sources = ", ".join(sorted({str(run.metrics.get("source")) for each in groups for run in each}))
    save(forest(rows, args.metric, f"Comparison of configurations ({sources})"), args.picture)


def _cautions(groups: Sequence[Sequence[Run]]) -> list[str]:
    told = ["choose by validation accuracy; the test figures are to be reported, not chosen by"]
    if any(len(runs) == 1 for runs in groups):
        told.append("where n is 1, the interval does not hold what another seed would change")
    if missing := [run.name for runs in groups for run in runs if run.predictions is None]:
        names = ", ".join(dict.fromkeys(missing))
        told.append(f"no predictions of {names} in DVC's cache, so that their seeds alone make the interval")
    return told


if __name__ == "__main__":
    run(main)
