"""Compare experiments over seeds: `python -m met_culture.compare [--metric macro_f1] [NAME or FILE ...]`.

Runs that differ only in their seeds are one configuration. The command prints the mean of each with its 95 % interval,
and tests its difference to the baseline, HEAD, on the same test images. The interval covers test-set sampling and seed
variation; p-values are corrected for the number of configurations.

Reads: `dvc exp show`, predictions in DVC's cache, and the named result files of benchmarks/, which have no predictions.
Writes: `dvc_plots/compare.png`, the same comparison as a plot.
"""

import argparse
from pathlib import Path

from met_culture.common.cli import Parser, run
from met_culture.common.errors import UserError
from met_culture.common.terminal import print_line, print_note
from met_culture.compare.comparison import cautions, lines, table
from met_culture.compare.dvc_experiments import Experiments, experiments
from met_culture.compare.forest_plot import forest
from met_culture.compare.grouping import compare, configurations, selected
from met_culture.compare.runs import Run, benchmark_runs
from met_culture.evaluate.metrics import HEADLINE
from met_culture.plotting.style import save_figure

PICTURE = Path("dvc_plots/compare.png")


def _arguments() -> argparse.Namespace:
    parser = Parser(prog="python -m met_culture.compare", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME or FILE", help="experiments or result files; default: all")
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


def _require_baseline(history: Experiments, baseline: str | None) -> None:
    if not baseline and not history.head_finished:
        notes = f" ({'; '.join(history.notes)})" if history.notes else ""
        raise UserError(f"HEAD has no finished run{notes}; run `dvc repro` and commit, or give --baseline NAME.")


def _selected(runs: list[Run], names: list[str], baseline: str | None) -> list[Run]:
    # Result files are named by their stem from here on.
    files = [Path(name) for name in names if name.endswith(".json")]
    for file in files:
        runs = runs + benchmark_runs(file)
    stems = [Path(name).stem if name.endswith(".json") else name for name in names]
    return selected(runs, stems, baseline)


def main() -> None:
    """Print and plot the comparison."""
    args = _arguments()
    history = experiments(args.commits)
    _require_baseline(history, args.baseline)
    runs = _selected(history.runs, args.names, args.baseline)
    groups = configurations(runs)
    rows = compare(groups, args.metric)
    for line in lines(table(groups, rows, args.metric)):
        print_line(line)
    for note in [*history.notes, *cautions(groups)]:
        print_note(f"note: {note}")
    sources = ", ".join(sorted({str(run.metrics.get("source")) for run in runs}))
    save_figure(forest(rows, args.metric, f"Comparison of configurations ({sources})"), args.picture)


if __name__ == "__main__":
    run(main)
