"""Estimates with 95 % intervals, from the variances of test-set sampling and of seeds.

Intervals and p-values are Student's, with the degrees of freedom of Welch and Satterthwaite (Welch, The Generalization
of Student's Problem, 1947).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.05  # of significance; intervals cover 1 - LEVEL


@dataclass(frozen=True)
class Estimate:
    """The value of a metric, or of a difference, with its 95 % interval.

    Attributes:
        low, high: Ends of the interval; nan if there is none.
        p: Two-sided p-value of the hypothesis that the value is zero; nan if it was not tested.
        runs: Number of runs, or of pairs of runs.
        images: Number of test images, mean over runs.
    """

    value: float
    low: float
    high: float
    p: float = float("nan")
    runs: int = 0
    images: int = 0


@dataclass(frozen=True)
class Variance:
    """A part of the variance of an estimate, and its degrees of freedom."""

    value: float
    freedom: int


def seed_variance(values: Sequence[float] | np.ndarray) -> list[Variance]:
    """Return the variance of the mean over runs that differ in their seeds; nothing for a single run."""
    if len(values) < 2:
        return []
    return [Variance(float(np.var(values, ddof=1)) / len(values), len(values) - 1)]


def from_bootstrap(values: np.ndarray, seeds: Sequence[Variance], groups: int, *, tested: bool) -> Estimate:
    """Return an estimate from bootstrap draws; its interval covers test-set sampling and seed variation.

    Args:
        values: The value of the data first, then that of each draw, (1 + draws,).
        seeds: Variances due to seeds, of each side of a difference.
        groups: Number of groups that the bootstrap draws from.
        tested: Whether to test that the value is zero.
    """
    value, draws = float(values[0]), values[1:]
    sampling = float(np.nanvar(draws)) * groups / max(groups - 1, 1)
    parts = [Variance(sampling, max(groups - 1, 1)), *seeds]
    variance = sum(part.value for part in parts)
    if variance == 0:
        return Estimate(value, value, value, float(value == 0) if tested else np.nan)
    freedom = variance**2 / sum(part.value**2 / part.freedom for part in parts)
    half = stats.t.ppf(1 - LEVEL / 2, freedom) * variance**0.5
    p = 2 * stats.t.sf(abs(value) / variance**0.5, freedom) if tested else np.nan
    return Estimate(value, value - half, value + half, float(p))


def from_values(values: Sequence[float]) -> Estimate:
    """Return the mean of a metric over runs without predictions, with Student's t interval; none for one run."""
    value, count = float(np.mean(values)), len(values)
    if count == 1:
        return Estimate(value, np.nan, np.nan, runs=1)
    half = stats.t.ppf(1 - LEVEL / 2, count - 1) * float(np.std(values, ddof=1)) / count**0.5
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), runs=count)
