import pytest

from met_culture.compare.estimates import Estimate
from met_culture.compare.significance import holm, verdict


def test_holm_as_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_verdict_is_at_five_percent() -> None:
    assert verdict(Estimate(0.1, 0.0, 0.2, 0.049, runs=3)) == "better"
    assert verdict(Estimate(0.1, 0.0, 0.2, 0.05, runs=3)) == "no difference shown"
    assert verdict(Estimate(0.1, 0.0, 0.2, runs=3)) == "no difference shown"
