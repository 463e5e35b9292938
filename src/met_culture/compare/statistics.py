"""Compare configurations by their predictions: mean, 95 % interval, and the difference on the same test images.

Two sources of variance are added: test-set sampling, by a bootstrap that draws whole groups, and seed variation,
between runs on the same images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from met_culture.compare.estimates import Estimate, from_bootstrap, seed_variance
from met_culture.evaluate.bootstrap import confusion_cells, headline_from_confusion

SAMPLES = 2000
Seeds = tuple[object, object]  # of split and training


@dataclass(frozen=True)
class Outcome:
    """The predictions of one run, and its seeds; runs with equal seeds can be paired."""

    seeds: Seeds
    predictions: pd.DataFrame


def labels_of(predictions: pd.DataFrame) -> list[str]:
    """Return the labels in the order of the classes."""
    columns = [str(name) for name in predictions]
    return [name.removeprefix("p_") for name in columns if name.startswith("p_")]


def _bootstrap(tables: Sequence[pd.DataFrame], seed: int) -> tuple[pd.Index, np.ndarray]:
    # Returns the groups, and how often each draw takes each of them, (1 + SAMPLES, groups); row 0 is the data itself.
    groups = pd.Index(pd.unique(pd.concat([table["group"] for table in tables])))
    equal = np.full(len(groups), 1 / len(groups))
    draws = np.random.default_rng(seed).multinomial(len(groups), equal, size=SAMPLES)
    return groups, np.vstack([np.ones(len(groups), int), draws])


def _metric(table: pd.DataFrame, groups: pd.Index, weights: np.ndarray, metric: int) -> np.ndarray:
    # The metric of each draw, (1 + SAMPLES,); nan where a draw contains no image of the table.
    labels = labels_of(table)
    counts = np.zeros((len(groups), len(labels) ** 2))
    np.add.at(counts, (groups.get_indexer(pd.Index(table["group"])), confusion_cells(table, labels)), 1)
    with np.errstate(invalid="ignore"):
        return headline_from_confusion((weights @ counts).reshape(len(weights), len(labels), -1))[:, metric]


def _metrics(tables: Sequence[pd.DataFrame], groups: pd.Index, weights: np.ndarray, metric: int) -> np.ndarray:
    return np.column_stack([_metric(table, groups, weights, metric) for table in tables])


def mean(outcomes: Sequence[Outcome], metric: int, seed: int = 0) -> Estimate:
    """Return the mean of a metric over runs, with its interval.

    Args:
        outcomes: One or more, with the same labels.
        metric: Index into `evaluate.metrics.HEADLINE`.
        seed: Seed of the bootstrap.
    """
    tables = [outcome.predictions for outcome in outcomes]
    groups, weights = _bootstrap(tables, seed)
    values = _metrics(tables, groups, weights, metric)
    estimate = from_bootstrap(values.mean(axis=1), seed_variance(values[0]), len(groups), tested=False)
    images = round(np.mean([len(table) for table in tables]))
    return replace(estimate, low=max(estimate.low, 0.0), high=min(estimate.high, 1.0), runs=len(tables), images=images)


def difference(mine: Sequence[Outcome], base: Sequence[Outcome], metric: int, seed: int = 0) -> Estimate | None:
    """Return the difference of `mine` to `base` on the same test images; None if they have none in common.

    Runs with equal seeds are compared as pairs. Without pairs, all runs on one split are compared with all runs of the
    other side on that split, if the two sides have exactly one split in common.

    Args:
        mine: Runs of one configuration; no two have equal seeds.
        base: Runs of the other configuration.
        metric: Index into `evaluate.metrics.HEADLINE`.
        seed: Seed of the bootstrap.
    """
    if labels_of(mine[0].predictions) != labels_of(base[0].predictions):
        return None
    base_by_seeds = {outcome.seeds: outcome.predictions for outcome in base}
    paired = [outcome for outcome in mine if outcome.seeds in base_by_seeds]
    if paired:
        pairs = [_common_images(outcome.predictions, base_by_seeds[outcome.seeds]) for outcome in paired]
        return _paired([pair for pair in pairs if len(pair[0])], metric, seed)
    splits = {outcome.seeds[0] for outcome in mine} & {outcome.seeds[0] for outcome in base}
    if len(splits) != 1:
        return None
    mine_tables = [outcome.predictions for outcome in mine if outcome.seeds[0] in splits]
    base_tables = [outcome.predictions for outcome in base if outcome.seeds[0] in splits]
    return _unpaired(mine_tables, base_tables, metric, seed)


def _common_images(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return first[first["objectID"].isin(second["objectID"])], second[second["objectID"].isin(first["objectID"])]


def _paired(pairs: list[tuple[pd.DataFrame, pd.DataFrame]], metric: int, seed: int) -> Estimate | None:
    if not pairs:
        return None
    groups, weights = _bootstrap([table for pair in pairs for table in pair], seed)
    mine = _metrics([first for first, _ in pairs], groups, weights, metric)
    base = _metrics([second for _, second in pairs], groups, weights, metric)
    differences = mine - base
    estimate = from_bootstrap(differences.mean(axis=1), seed_variance(differences[0]), len(groups), tested=True)
    images = round(np.mean([len(first) for first, _ in pairs]))
    return replace(estimate, runs=len(pairs), images=images)


def _unpaired(mine: list[pd.DataFrame], base: list[pd.DataFrame], metric: int, seed: int) -> Estimate | None:
    common = set.intersection(*(set(table["objectID"]) for table in (*mine, *base)))
    if not common:
        return None
    mine = [table[table["objectID"].isin(common)] for table in mine]
    base = [table[table["objectID"].isin(common)] for table in base]
    groups, weights = _bootstrap([*mine, *base], seed)
    mine_values = _metrics(mine, groups, weights, metric)
    base_values = _metrics(base, groups, weights, metric)
    differences = mine_values.mean(axis=1) - base_values.mean(axis=1)
    seeds = [*seed_variance(mine_values[0]), *seed_variance(base_values[0])]
    estimate = from_bootstrap(differences, seeds, len(groups), tested=True)
    return replace(estimate, runs=min(len(mine), len(base)), images=len(common))
