import numpy as np
import pytest

from met_culture.evaluate.metrics import calibration_error, metrics_above_threshold, selective_accuracy


def test_answers_below_the_threshold_are_withheld() -> None:
    confidence, correct = np.array([0.9, 0.5, 0.7, 0.6]), np.array([True, False, True, False])
    assert metrics_above_threshold(confidence, correct, 0.6) == {"threshold": 0.6, "coverage": 0.75, "accuracy": 2 / 3}
    assert metrics_above_threshold(confidence, correct, 0.0) == {"threshold": 0.0, "coverage": 1.0, "accuracy": 0.5}
    assert metrics_above_threshold(confidence, correct, 0.95) == {"threshold": 0.95, "coverage": 0.0, "accuracy": None}


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    assert calibration_error(confidence, np.array([True, True, True, False]), 10) == pytest.approx(0.05)
    assert calibration_error(np.ones(4), np.array([True] * 4), 10) == 0
    assert calibration_error(np.ones(4), np.array([False] * 4), 10) == 1


def test_selective_accuracy_by_hand() -> None:
    confidence, correct = np.array([0.5, 0.9, 0.8, 0.6, 0.7]), np.array([False, True, True, False, True])
    assert selective_accuracy(confidence, correct, 0.6) == 1
    assert selective_accuracy(confidence, correct, 0.8) == pytest.approx(0.75)
    assert selective_accuracy(confidence, correct, 0.01) == 1  # one image is always answered
