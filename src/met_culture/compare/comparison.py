"""Compare experiments over seeds: `python -m met_culture.compare [--metric macro_f1] [NAME or FILE ...]`.

Runs that differ in their seeds alone are one configuration. Prints for each its mean and 95 % interval, and tests its
difference to the baseline, which is HEAD's, on the same test images (`paired.py`), with p-values corrected for the
number of configurations. Draws the same as a picture. Reads `dvc exp show`, the predictions in DVC's cache, and result
files of benchmarks/ that the command line names; they hold no predictions.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from met_culture.common.cli import run
from met_culture.common.errors import UserError
from met_culture.compare.dvc_experiments import experiments
from met_culture.compare.forest_plot import Row, forest
from met_culture.compare.grouping import compare, configurations, selected
from met_culture.compare.runs import Run, results
from met_culture.compare.statistics import ENOUGH, Estimate
from met_culture.evaluate.metrics import HEADLINE
from met_culture.plotting.style import save_figure

PICTURE = Path("dvc_plots/compare.png")


def _range(each: Estimate, sign: str = "") -> str:
    interval = f" ({each.low:{sign}.3f} to {each.high:{sign}.3f})" if np.isfinite(each.low) else ""
    return f"{each.value:{sign}.3f}{interval}"


def _p(each: Estimate | None) -> str:
    if not each or np.isnan(each.p):
        return ""
    return "<0.001" if each.p < 0.001 else f"{each.p:.3f}"


def table(groups: Sequence[Sequence[Run]], rows: Sequence[Row], metric: str) -> pd.DataFrame:
    """Return the comparison as it is shown, a row per configuration, all of it text."""
    found = [row.difference for row in rows]
    columns: dict[str, list[str]] = {"n": [str(len(runs)) for runs in groups]}
    columns["validation"] = [f"{np.mean([r.metrics['val_accuracy_last_10'] for r in runs]):.3f}" for runs in groups]
    columns[f"test {metric} (95 %)"] = [_range(row.mean) for row in rows]
    columns["difference (95 %)"] = [_range(each, "+") if each else "" for each in found]
    columns["pairs x images"] = [f"{each.runs} x {each.images}" if each else "" for each in found]
    columns["p (Holm)"] = [_p(each) for each in found]
    columns[""] = ["" if row.verdict == "baseline" else row.verdict for row in rows]
    columns["configuration"] = [row.label for row in rows]  # last, as it may be long
    return pd.DataFrame(columns)


def lines(shown: pd.DataFrame) -> str:
    """Return `table` for a terminal."""
    *_, last = shown
    width = shown[last].str.len().max()
    padded = shown.assign(**{last: shown[last].str.ljust(width)}).rename(columns={last: last.ljust(width)})
    return "\n".join(line.rstrip() for line in padded.to_string(index=False).splitlines())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME or FILE", help="experiments or result files; all experiments")
    parser.add_argument("--metric", choices=HEADLINE, default=HEADLINE[0], help="default: %(default)s")
    parser.add_argument("--baseline", metavar="NAME", help="run whose configuration is the baseline; default: HEAD")
    parser.add_argument("--commits", type=int, default=1, metavar="N", help="the last N commits; default: %(default)s")
    parser.add_argument("--picture", type=Path, default=PICTURE, metavar="PNG", help="default: %(default)s")
    args = parser.parse_args()
    if args.commits < 1:
        raise UserError("--commits must be 1 or more.")
    if args.picture.suffix != ".png":
        raise UserError(f"--picture {args.picture}: must end in .png.")
    return args


def main() -> None:
    """Print and draw the comparison."""
    args = _arguments()
    runs, head, notes = experiments(args.commits)
    if not args.baseline and not head:
        told = f" ({'; '.join(notes)})" if notes else ""
        raise UserError(f"HEAD has no finished run{told}; run `dvc repro` and commit, or give --baseline NAME.")
    files = [name for name in args.names if name.endswith(".json")]
    runs += [each for file in files for each in results(Path(file))]
    names = [Path(name).stem if name in files else name for name in args.names]
    groups = configurations(selected(runs, names, args.baseline))
    rows = compare(groups, args.metric)
    print(lines(table(groups, rows, args.metric)))
    for note in [*notes, *cautions(groups)]:
        print(f"note: {note}", file=sys.stderr)
    sources = ", ".join(sorted({str(run.metrics.get("source")) for each in groups for run in each}))
    save_figure(forest(rows, args.metric, f"Comparison of configurations ({sources})"), args.picture)


def cautions(groups: Sequence[Sequence[Run]]) -> list[str]:
    """Return what a reader of the table has to know, a sentence each."""
    runs = [run for each in groups for run in each]
    told = ["choose by validation accuracy; the test figures are to be reported, not chosen by"]
    if len(groups) == 1:
        told.append("there is nothing to compare with; experiments of earlier commits come with --commits N")
    if any(len(each) < ENOUGH for each in groups):
        told.append(
            f"with n below {ENOUGH}, intervals hold little of what other seeds would change: nothing is called better"
        )
    if missing := dict.fromkeys(run.names[0] for run in runs if run.predictions is None):
        told.append(f"no predictions of {', '.join(missing)} in DVC's cache (`dvc exp pull`?): they are in no test")
    if len({run.environment for run in runs if run.environment}) > 1:
        told.append("the runs were made on different machines or libraries (metrics/environment.json)")
    return told


if __name__ == "__main__":
    run(main)
