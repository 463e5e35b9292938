"""Decide which differences are significant: correction for several tests, and verdicts."""

from collections.abc import Sequence

import numpy as np

from met_culture.compare.estimates import LEVEL, Estimate

MIN_RUNS = 3  # pairs of runs; with two, one in ten tests without a difference would look significant


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, A Simple Sequentially Rejective Test, 1979)."""
    corrected = [1.0] * len(p)
    largest = 0.0
    for rank, index in enumerate(np.argsort(p, kind="stable")):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        corrected[index] = largest
    return corrected


def verdict(difference: Estimate) -> str:
    """Return the conclusion from a difference and its p-value."""
    if difference.runs < MIN_RUNS:
        return "too few seeds"
    if not difference.p < LEVEL:
        return "no difference shown"
    return "better" if difference.value > 0 else "worse"
