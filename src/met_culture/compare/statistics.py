"""Statements on configurations from their predictions: mean, interval, and the difference on the same test images.

Two things are due to chance: which pictures are in the test split, and the seeds of a run. Their variances are added:
of the pictures by a bootstrap that draws whole groups, of the seeds between runs on the same pictures. Intervals and
p-values are Student's, with the degrees of freedom of Welch and Satterthwaite (Welch, The Generalization of Student's
Problem, 1947). One or two runs say next to nothing of the seeds, so nothing is called better by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from met_culture.evaluate.bootstrap import confusion_cells, headline_from_confusion

SAMPLES = 2000
LEVEL = 0.05
ENOUGH = 3  # pairs of runs; of two, the spread is known so badly that one null in ten would pass for a difference
Place = tuple[object, object]  # seeds of split and training


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval.

    Attributes:
        value: The figure.
        low: Lower end of the interval; nan where there is none.
        high: Upper end.
        p: Two-sided p-value of its being zero; nan where that is not asked.
        runs: How many runs, or pairs of runs, it rests on.
        images: How many test images, as a mean over runs.
    """

    value: float
    low: float
    high: float
    p: float = float("nan")
    runs: int = 0
    images: int = 0


@dataclass(frozen=True)
class Outcome:
    """The predictions of one run, and the seeds that decide with which others it can be paired."""

    place: Place
    predictions: pd.DataFrame


def labels_of(predictions: pd.DataFrame) -> list[str]:
    """Return the labels in the order of the classes."""
    return [name.removeprefix("p_") for name in predictions if name.startswith("p_")]


def _draws(tables: Sequence[pd.DataFrame], seed: int) -> tuple[pd.Index, np.ndarray]:
    # How often each group is taken, (1 + SAMPLES, groups); the first row is the data as they are.
    groups = pd.Index(pd.unique(pd.concat([table["group"] for table in tables])))
    share = np.full(len(groups), 1 / len(groups))
    drawn = np.random.default_rng(seed).multinomial(len(groups), share, size=SAMPLES)
    return groups, np.vstack([np.ones(len(groups), int), drawn])


def _figures(table: pd.DataFrame, groups: pd.Index, weights: np.ndarray, metric: int) -> np.ndarray:
    # The metric under each draw, (1 + SAMPLES,); nan where a draw holds no picture of the table.
    labels = labels_of(table)
    counts = np.zeros((len(groups), len(labels) ** 2))
    np.add.at(counts, (groups.get_indexer(table["group"]), confusion_cells(table, labels)), 1)
    with np.errstate(invalid="ignore"):
        return headline_from_confusion((weights @ counts).reshape(len(weights), len(labels), -1))[:, metric]


def _estimate(figures: np.ndarray, seeds: Sequence[tuple[float, int]], groups: int, *, tested: bool) -> Estimate:
    # `seeds`: variance of the mean that is due to seeds, and its degrees of freedom, by side.
    value, draws = float(figures[0]), figures[1:]
    pictures = float(np.nanvar(draws)) * groups / max(groups - 1, 1)
    parts = [(pictures, max(groups - 1, 1)), *seeds]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return Estimate(value, value, value, float(value == 0) if tested else np.nan)
    freedom = variance**2 / sum(part**2 / df for part, df in parts)
    half = stats.t.ppf(1 - LEVEL / 2, freedom) * variance**0.5
    p = 2 * stats.t.sf(abs(value) / variance**0.5, freedom) if tested else np.nan
    return Estimate(value, value - half, value + half, float(p))


def _seeds(values: Sequence[float]) -> list[tuple[float, int]]:
    return [(float(np.var(values, ddof=1)) / len(values), len(values) - 1)] if len(values) > 1 else []


def mean(outcomes: Sequence[Outcome], metric: int, seed: int = 0) -> Estimate:
    """Return the mean of a figure over runs, with its interval.

    Args:
        outcomes: One or more, with the same labels.
        metric: Index into `scores.HEADLINE`.
        seed: Seed of the draws.
    """
    tables = [each.predictions for each in outcomes]
    groups, weights = _draws(tables, seed)
    figures = np.column_stack([_figures(table, groups, weights, metric) for table in tables])
    found = _estimate(figures.mean(axis=1), _seeds(figures[0]), len(groups), tested=False)
    images = round(np.mean([len(table) for table in tables]))
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0), runs=len(tables), images=images)


def mean_of_figures(values: Sequence[float]) -> Estimate:
    """Return the mean of figures without predictions, with Student's t interval over the runs; none for one run."""
    value, count = float(np.mean(values)), len(values)
    if count == 1:
        return Estimate(value, np.nan, np.nan, runs=1)
    half = stats.t.ppf(1 - LEVEL / 2, count - 1) * float(np.std(values, ddof=1)) / count**0.5
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), runs=count)


def difference(mine: Sequence[Outcome], base: Sequence[Outcome], metric: int, seed: int = 0) -> Estimate | None:
    """Return how much better `mine` is than `base` on the same test images; None if they share none.

    Runs of equal seeds are pairs. Where there are none, all runs of one split on one side stand against those on the
    other, if there is exactly one such split.

    Args:
        mine: Runs of one configuration, seeds each once.
        base: Runs of the other.
        metric: Index into `scores.HEADLINE`.
        seed: Seed of the draws.
    """
    if labels_of(mine[0].predictions) != labels_of(base[0].predictions):
        return None
    sides = [{each.place: each.predictions for each in side} for side in (mine, base)]
    pairs = [place for place in sides[0] if place in sides[1]]
    splits = {split for split, _ in sides[0]} & {split for split, _ in sides[1]}
    if not pairs and len(splits) == 1:
        mine_here, base_here = ([place for place in side if place[0] in splits] for side in sides)
        return _unpaired([sides[0][p] for p in mine_here], [sides[1][p] for p in base_here], metric, seed)
    common = [_common(sides[0][place], sides[1][place]) for place in pairs]
    common = [both for both in common if len(both[0])]
    if not common:
        return None
    groups, weights = _draws([table for both in common for table in both], seed)
    apart = np.column_stack([
        _figures(first, groups, weights, metric) - _figures(second, groups, weights, metric) for first, second in common
    ])  # fmt: skip
    found = _estimate(apart.mean(axis=1), _seeds(apart[0]), len(groups), tested=True)
    images = round(np.mean([len(first) for first, _ in common]))
    return replace(found, runs=len(common), images=images)


def _common(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return first[first["objectID"].isin(second["objectID"])], second[second["objectID"].isin(first["objectID"])]


def _unpaired(mine: list[pd.DataFrame], base: list[pd.DataFrame], metric: int, seed: int) -> Estimate | None:
    shared = set.intersection(*(set(table["objectID"]) for table in (*mine, *base)))
    if not shared:
        return None
    sides = [[table[table["objectID"].isin(shared)] for table in side] for side in (mine, base)]
    groups, weights = _draws([*sides[0], *sides[1]], seed)
    figures = [np.column_stack([_figures(table, groups, weights, metric) for table in side]) for side in sides]
    apart = figures[0].mean(axis=1) - figures[1].mean(axis=1)
    found = _estimate(apart, [part for side in figures for part in _seeds(side[0])], len(groups), tested=True)
    return replace(found, runs=min(map(len, sides)), images=len(shared))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, A Simple Sequentially Rejective Test, 1979)."""
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate([min(1.0, (len(p) - k) * p[i]) for k, i in enumerate(order)])
    corrected = dict(zip(order.tolist(), raised.tolist(), strict=True))
    return [corrected[i] for i in range(len(p))]


def verdict(difference: Estimate) -> str:
    """Return what may be said of a difference by its p-value."""
    if difference.runs < ENOUGH:
        return "too few seeds"
    if not difference.p < LEVEL:
        return "no difference shown"
    return "better" if difference.value > 0 else "worse"
