"""Run a property many times, always with the same examples: few in the usual suite, more in the slow one."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# By test: some seconds, and up to four minutes.
EXAMPLES = pytest.mark.parametrize("examples", [pytest.param(2), pytest.param(100, marks=pytest.mark.slow)])

# What damages a file in ways of its own: the end of a JPEG, Git's markers, numbers that are none.
PARTS = [b"", b"\xff\xd9", b"\n<<<<<<< HEAD\n", b"NaN", b"1e999", b"-1", b"9" * 30, b"[" * 2000, b"\0", b'"', b","]


def run(test: Callable[[], None], examples: int) -> None:
    """Run a test of hypothesis on so many examples, without a database and a clock, so that all runs are equal."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)(
        test
    )()


@st.composite
def damaged(draw: st.DrawFn, files: list[bytes]) -> bytes:
    """Cut, overwrite, insert or repeat parts of one of some files."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, len(data)))
        part = draw(st.one_of(st.binary(max_size=20), st.just(data[start:end]), st.sampled_from(PARTS)))
        if draw(st.booleans()):
            data = data[:start] + part + data[start + len(part) :]
        else:
            data = data[:start] + part + data[end:]
    return data
