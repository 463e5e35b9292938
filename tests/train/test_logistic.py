from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from met_culture.common.errors import UserError
from met_culture.train import logistic
from met_culture.train.logistic import KernelProblem, softmax, solve

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 50))
Y = RNG.integers(0, 3, 30)
WEIGHTS = (30 / (3 * np.bincount(Y)))[Y]
C = 0.7


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def test_few_rows_of_many_features_have_the_optimum_of_scikit_learn() -> None:
    expected = LogisticRegression(C=C, class_weight="balanced", tol=1e-10, max_iter=10_000).fit(X, Y).predict_proba(X)
    dual, intercepts = KernelProblem(X @ X.T, np.eye(3)[Y], WEIGHTS).solve(C)
    assert np.abs(softmax(X @ (X.T @ dual) + intercepts) - expected).max() < 1e-6
    blocks = lambda: iter([(slice(0, 20), X[:20]), (slice(20, 30), X[20:])])  # noqa: E731
    streamed = solve(blocks, np.eye(3)[Y], WEIGHTS, C, np.zeros((51, 3)))
    assert np.abs(softmax(X @ streamed[:-1] + streamed[-1]) - expected).max() < 1e-6


def test_equal_rows_and_the_last_c_do_not_change_the_optimum() -> None:
    doubled = np.concatenate([X, X])
    targets, weights = np.eye(3)[np.tile(Y, 2)], np.tile(WEIGHTS, 2)
    problem = KernelProblem(doubled @ doubled.T, targets, weights)
    problem.solve(100)
    dual, intercepts = problem.solve(C / 2)
    once, offset = KernelProblem(X @ X.T, np.eye(3)[Y], WEIGHTS).solve(C)
    difference = softmax(X @ (doubled.T @ dual) + intercepts) - softmax(X @ (X.T @ once) + offset)
    assert np.abs(difference).max() < 1e-6


def test_no_convergence_names_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logistic, "ACCEPTED", 0)
    with pytest.raises(UserError, match=r"does not converge.*train\.head\.c"):
        solve(lambda: iter([(slice(0, 30), X)]), np.eye(3)[Y], WEIGHTS, 1, np.zeros((51, 3)))
