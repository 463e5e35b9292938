"""The comparison as a table of text, and notes for its reader."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from met_culture.common.terminal import printable
from met_culture.compare.estimates import Estimate
from met_culture.compare.forest_plot import Row
from met_culture.compare.runs import Run
from met_culture.compare.significance import MIN_RUNS


def _with_interval(estimate: Estimate, sign: str = "") -> str:
    if not np.isfinite(estimate.low):
        return f"{estimate.value:{sign}.3f}"
    return f"{estimate.value:{sign}.3f} ({estimate.low:{sign}.3f} to {estimate.high:{sign}.3f})"


def _p(estimate: Estimate) -> str:
    if np.isnan(estimate.p):
        return ""
    return "<0.001" if estimate.p < 0.001 else f"{estimate.p:.3f}"


def _cells(runs: Sequence[Run], row: Row, metric: str) -> dict[str, str]:
    difference = row.difference
    validation = np.mean([run.metrics["val_accuracy_last_10"] for run in runs])
    return {
        "n": str(len(runs)),
        "validation": f"{validation:.3f}",
        f"test {metric} (95 %)": _with_interval(row.mean),
        "difference (95 %)": _with_interval(difference, "+") if difference else "",
        "pairs x images": f"{difference.runs} x {difference.images}" if difference else "",
        "p (Holm)": _p(difference) if difference else "",
        "": "" if row.verdict == "baseline" else row.verdict,
        "configuration": row.label,  # last, because it may be long
    }


def table(groups: Sequence[Sequence[Run]], rows: Sequence[Row], metric: str) -> pd.DataFrame:
    """Return the comparison as text, one row per configuration."""
    return pd.DataFrame([_cells(runs, row, metric) for runs, row in zip(groups, rows, strict=True)])


def lines(comparison: pd.DataFrame) -> list[str]:
    """Return the result of `table` as lines for a terminal."""
    comparison = comparison.map(printable)  # before the columns are aligned
    last = str(comparison.columns[-1])
    width = comparison[last].str.len().max()
    padded = comparison.assign(**{last: comparison[last].str.ljust(width)}).rename(columns={last: last.ljust(width)})
    return [line.rstrip() for line in padded.to_string(index=False).split("\n")]


def cautions(groups: Sequence[Sequence[Run]]) -> list[str]:
    """Return the notes that a reader of the table needs."""
    runs = [run for group in groups for run in group]
    notes = ["choose by validation accuracy; report the test metrics, but do not choose by them"]
    if len(groups) == 1:
        notes.append("there is no other configuration; --commits N adds experiments of earlier commits")
    if any(len(group) < MIN_RUNS for group in groups):
        notes.append(f"with n below {MIN_RUNS}, intervals cover little of the seed variation: no verdict is given")
    if missing := dict.fromkeys(run.names[0] for run in runs if run.predictions is None):
        notes.append(f"DVC's cache has no predictions of {', '.join(missing)} (`dvc exp pull`?): no test includes them")
    if len({run.environment for run in runs if run.environment}) > 1:
        notes.append("the runs come from different machines or libraries (metrics/environment.json)")
    return notes
