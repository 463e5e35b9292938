"""Fits the last layer of the style model on the folds of several seeds, for benchmarks/style.py."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from models import FOLDS
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold
from style_settings import Setting

from met_culture.clean.params import CleanParams
from met_culture.clean.split import split
from met_culture.evaluate.predictions import prediction_table
from met_culture.evaluate.summary import compute_metrics
from met_culture.train.logistic import softmax, solve

CHOOSE, REPORT = (11, 12, 13), (16, 17, 18, 19, 20)  # seeds of the folds
INNER_FOLDS = 3
SAMPLES = 2000  # of the bootstrap
AVERAGED = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "calibration_error")


def last_layer(rows: np.ndarray, targets: np.ndarray, weights: np.ndarray, c: float) -> np.ndarray:
    """Return the coefficients of a fit to rows, float64 (features + 1, labels)."""
    start = np.zeros((rows.shape[1] + 1, targets.shape[1]))
    return solve(lambda: iter([(slice(0, len(rows)), rows)]), targets, weights, c, start)


class Judge:
    """Fits the last layer to some paintings and predicts others, for the folds of many seeds."""

    def __init__(
        self, paintings: pd.DataFrame, labels: list[str], clean: CleanParams, evaluate: dict[str, Any]
    ) -> None:
        """Prepare; `clean` and `evaluate` are parameters of these stages."""
        self._paintings, self._labels, self._clean, self._evaluate = paintings, labels, clean, evaluate
        self.classes = paintings["label"].map(labels.index).to_numpy()
        self.groups = paintings["group"].to_numpy()

    def folds(self, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of the paintings to train on and to test on, for each fold."""
        for fold in range(FOLDS):
            names = split(self._paintings, replace(self._clean, folds=FOLDS, seed=seed, fold=fold)).to_numpy()
            yield np.flatnonzero(names != "test"), np.flatnonzero(names == "test")

    def logits(self, setting: Setting, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Return the logits of some paintings, (n, labels), after a fit to others."""
        one_hot = np.eye(len(self._labels))[self.classes[train]]
        balanced = one_hot @ (len(train) / (one_hot.shape[1] * np.maximum(one_hot.sum(axis=0), 1)))
        views = len(setting.views)
        targets, weights = np.repeat(one_hot, views, axis=0), np.repeat(balanced**setting.balance, views)
        logits = []
        for rows in setting.rows:
            fitted = rows[train][:, setting.views].reshape(len(targets), -1)
            solution = last_layer(fitted, targets, weights, setting.c / views)
            logits.append(rows[test, setting.test] @ solution[:-1] + solution[-1])
        frequencies = np.bincount(self.classes[train], minlength=len(self._labels)) / len(train)
        return np.mean(logits, axis=0) + setting.prior * np.log(np.maximum(frequencies, 1e-6))

    def chosen_by(self, setting: Setting) -> dict[str, float]:
        """Return what a setting is chosen by: means over the training parts of all folds, of paintings left out."""
        scores = []
        for seed in CHOOSE:
            for train, _ in self.folds(seed):
                splitter = StratifiedGroupKFold(INNER_FOLDS, shuffle=True, random_state=0)
                p = np.zeros((len(train), len(self._labels)))
                for fit, left_out in splitter.split(train, self.classes[train], self.groups[train]):
                    p[left_out] = softmax(self.logits(setting, train[fit], train[left_out]))
                true, predicted = self.classes[train], p.argmax(axis=1)
                f1 = f1_score(true, predicted, average="macro")
                scores.append((log_loss(true, p), (true == predicted).mean(), f1))
        return dict(zip(("log_loss", "accuracy", "macro_f1"), np.mean(scores, axis=0).tolist(), strict=True))

    def reported(self, setting: Setting, fraction: float = 1) -> tuple[dict[str, Any], np.ndarray]:
        """Return metrics over the seeds that report, and whether each prediction is correct, (seeds, paintings)."""
        tables, trained = [], []
        for seed in REPORT:
            p = np.zeros((len(self.classes), len(self._labels)))
            for number, (train, test) in enumerate(self.folds(seed)):
                groups = np.unique(self.groups[train])
                some = np.random.default_rng(number).permutation(groups)[: round(fraction * len(groups))]
                train = train[np.isin(self.groups[train], some)]
                trained.append(len(train))
                p[test] = softmax(self.logits(setting, train, test))
            tables.append(prediction_table(self._paintings[["objectID", "group", "label"]], p, self._labels))
        result = self._metrics(pd.concat(tables))
        each = [self._metrics(table, 2) for table in tables]
        for name in AVERAGED:
            values = [metrics[name] for metrics in each]
            result[name], result[f"{name}_range"] = float(np.mean(values)), [min(values), max(values)]
        for coverage in result["selective_accuracy"]:
            values = [metrics["selective_accuracy"][coverage] for metrics in each]
            result["selective_accuracy"][coverage] = float(np.mean(values))
        correct = np.stack([(table["label"] == table["predicted"]).to_numpy() for table in tables])
        return {"n_train": float(np.mean(trained))} | result, correct

    def _metrics(self, table: pd.DataFrame, samples: int = SAMPLES) -> dict[str, Any]:
        # A bootstrap of several seeds together draws a group with its predictions by all of them.
        majority, settings = table["label"].mode().iloc[0], self._evaluate
        result = compute_metrics(
            table, self._labels, majority=majority, bins=settings["calibration_bins"], samples=samples,
            seed=settings["seed"]
        )  # fmt: skip
        del result["calibration_error_before"], result["answered"]
        return result
