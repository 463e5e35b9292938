import numpy as np
import pytest

from met_culture.compare.estimates import from_values


def test_metrics_without_predictions_have_students_interval() -> None:
    estimate = from_values([0.5, 0.6, 0.7])
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.6, 0.6 - 0.2484, 0.6 + 0.2484), abs=1e-4)
    assert np.isnan(from_values([0.7]).low)
    assert from_values([0.7, 0.99]).high == 1
