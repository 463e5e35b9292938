"""Run a property many times, always with the same examples: few in the usual suite, more in the slow one."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# By test: some seconds, and up to two minutes.
EXAMPLES = pytest.mark.parametrize("examples", [pytest.param(2), pytest.param(50, marks=pytest.mark.slow)])


def run(test: Callable[[], None], examples: int) -> None:
    """Run a test of hypothesis on so many examples, without a database and a clock, so that all runs are equal."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)(
        test
    )()
