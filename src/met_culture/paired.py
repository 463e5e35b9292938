"""Statements on configurations from their predictions: mean, interval, and the difference on the same test images.

Two things are due to chance: which pictures are in the test split, and the seeds of a run. The bootstrap draws both,
whole groups of pictures and whole runs (two-way or pigeonhole bootstrap, Owen, The Pigeonhole Bootstrap, 2007, whose
intervals err on the wide side).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from met_culture.scores import cells, from_confusion

SAMPLES = 5000
LEVEL = 0.05


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, and the p-value of its being zero where that is asked."""

    value: float
    low: float
    high: float
    p: float = float("nan")


@dataclass(frozen=True)
class Outcome:
    """The predictions of one run, and what decides with which others it can be paired."""

    split: object
    seed: object
    predictions: pd.DataFrame


def labels_of(predictions: pd.DataFrame) -> list[str]:
    """Return the labels in the order of the classes."""
    return [name.removeprefix("p_") for name in predictions if name.startswith("p_")]


def _figures(runs: Sequence[pd.DataFrame], groups: pd.Index, weights: np.ndarray, metric: int) -> np.ndarray:
    # One metric of each run under each draw of groups, (samples, runs).
    labels = labels_of(runs[0])
    found = []
    for run in runs:
        counts = np.zeros((len(groups), len(labels) ** 2))
        np.add.at(counts, (groups.get_indexer(run["group"]), cells(run, labels)), 1)
        with np.errstate(invalid="ignore"):  # a draw may hold no picture of this run's split
            found.append(from_confusion((weights @ counts).reshape(len(weights), len(labels), -1))[:, metric])
    return np.column_stack(found)


def _draws(runs: Sequence[pd.DataFrame], rng: np.random.Generator) -> tuple[pd.Index, np.ndarray]:
    # The first row is the data as they are.
    groups = pd.Index(pd.unique(pd.concat([run["group"] for run in runs])))
    drawn = rng.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=SAMPLES)
    return groups, np.vstack([np.ones(len(groups), int), drawn])


def _chosen(count: int, rng: np.random.Generator) -> np.ndarray:
    # Which runs each draw takes, again with the data as they are first.
    return np.vstack([np.arange(count), rng.integers(0, count, (SAMPLES, count))])


def _estimate(values: np.ndarray, *, tested: bool) -> Estimate:
    value, draws = float(values[0]), values[1:]
    draws = draws[np.isfinite(draws)]
    low, high = np.percentile(draws, [100 * LEVEL / 2, 100 - 100 * LEVEL / 2])
    # Both sides, and the data themselves counted as a draw: a p-value is never zero.
    tail = min((draws <= 0).sum(), (draws >= 0).sum())
    return Estimate(value, float(low), float(high), min(1.0, 2 * (tail + 1) / (len(draws) + 1)) if tested else np.nan)


def _mean(figures: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return np.take_along_axis(figures, chosen, axis=1).mean(axis=1)


def mean(runs: Sequence[Outcome], metric: int, seed: int = 0) -> Estimate:
    """Return the mean of a figure over runs, with its interval.

    Args:
        runs: One or more, with the same labels.
        metric: Index into `scores.HEADLINE`.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    tables = [run.predictions for run in runs]
    groups, weights = _draws(tables, rng)
    return _estimate(_mean(_figures(tables, groups, weights, metric), _chosen(len(runs), rng)), tested=False)


def mean_of_figures(values: Sequence[float]) -> Estimate:
    """Return the mean of figures without predictions, with Student's t interval over the runs; none for one run."""
    value = float(np.mean(values))
    if len(values) < 2:
        return Estimate(value, np.nan, np.nan)
    half = stats.t.ppf(1 - LEVEL / 2, len(values) - 1) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return Estimate(value, value - half, value + half)


def _place(run: Outcome) -> str:
    return repr((run.split, run.seed))


def difference(mine: Sequence[Outcome], base: Sequence[Outcome], metric: int, seed: int = 0) -> Estimate | None:
    """Return how much better `mine` is than `base` on the same test images; None if they share none.

    Runs are compared within their split. Where both have the same seeds, a draw takes a seed's runs together.

    Args:
        mine: Runs of one configuration.
        base: Runs of the other.
        metric: Index into `scores.HEADLINE`.
        seed: Seed of the draws.
    """
    if labels_of(mine[0].predictions) != labels_of(base[0].predictions):
        return None
    splits = {run.split for run in mine} & {run.split for run in base}
    sides = [sorted((r for r in runs if r.split in splits), key=_place) for runs in (mine, base)]
    shared = {
        split: set.intersection(*(set(r.predictions["objectID"]) for side in sides for r in side if r.split == split))
        for split in splits
    }
    if not any(shared.values()):
        return None
    tables = [[r.predictions[r.predictions["objectID"].isin(shared[r.split])] for r in side] for side in sides]
    rng = np.random.default_rng(seed)
    groups, weights = _draws([*tables[0], *tables[1]], rng)
    keys = [[*map(_place, side)] for side in sides]
    chosen = _chosen(len(sides[0]), rng)
    others = chosen if keys[0] == keys[1] else _chosen(len(sides[1]), rng)
    figures = [_figures(side, groups, weights, metric) for side in tables]
    return _estimate(_mean(figures[0], chosen) - _mean(figures[1], others), tested=True)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, A Simple Sequentially Rejective Test, 1979)."""
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate([min(1.0, (len(p) - k) * p[i]) for k, i in enumerate(order)])
    corrected = dict(zip(order.tolist(), raised.tolist(), strict=True))
    return [corrected[i] for i in range(len(p))]


def verdict(difference: Estimate) -> str:
    """Return what may be said of a difference by its p-value."""
    if difference.p >= LEVEL:
        return "no difference shown"
    return "better" if difference.value > 0 else "worse"
