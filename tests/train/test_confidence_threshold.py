import numpy as np
import pytest

from met_culture.train.confidence_threshold import confidence_threshold

PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])  # answers 0, 0, 1, 0, the surest first


@pytest.mark.parametrize(
    ("classes", "accuracy", "threshold"),
    [
        ([0, 0, 1, 0], 0.95, 0.0),  # all right
        ([0, 0, 1, 1], 0.95, 0.7),  # the least sure one is wrong
        ([0, 0, 0, 0], 0.95, 0.8),
        ([0, 0, 0, 0], 0.75, 0.0),  # three of four are enough
        ([1, 0, 1, 0], 0.75, 0.0),
        ([1, 1, 0, 1], 0.5, 1.0),  # none is right
    ],
)
def test_the_threshold_is_the_lowest_that_reaches_the_accuracy(
    classes: list[int], accuracy: float, threshold: float
) -> None:
    assert confidence_threshold(PROBABILITIES, np.eye(2)[classes], accuracy) == pytest.approx(threshold)
