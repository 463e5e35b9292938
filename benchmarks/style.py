"""The style model: what it reads of a photograph, what more data would give, and ideas that were tried on it.

`python benchmarks/style.py SOURCE` fetches and cleans a source in a scratch clone, deleted afterwards, and fits the
last layer of the style model to it in many settings. The folds of three seeds choose: a setting is judged by paintings
that are left out inside the training part of a fold, and kept only if its log loss is lower. The folds of five other
seeds report. All paintings together scale the features, which needs no labels, so that one table of
products serves all folds. This command made the committed result, benchmarks/results/style.json:

    python benchmarks/style.py MUSEUM_FOLDER     # half an hour on two cores for 400 paintings
"""

import argparse
from typing import Any

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import keras
import numpy as np
from cleaned import cleaned
from measure import commit, write
from style_ideas import ideas
from style_judge import CHOOSE, INNER_FOLDS, REPORT, SAMPLES, Judge
from style_settings import BASE, Setting, reading

FRACTIONS = (0.125, 0.25, 0.5, 0.75, 1.0)  # of the training groups, for the learning curve
TIMES = (2, 10)  # as many paintings


def extrapolated(sizes: np.ndarray, accuracies: np.ndarray, times: float) -> float:
    """Return the accuracy for `times` as many paintings as the last size, if the error is a power of the size."""
    errors = np.maximum(1 - accuracies, 1e-3)
    slope, intercept = np.polyfit(np.log(sizes), np.log(errors), 1)
    return float(1 - np.exp(intercept + slope * np.log(times * sizes[-1])))


def growth(sizes: np.ndarray, correct: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    """Return what more paintings would give, with 95 % intervals of a bootstrap over groups.

    Args:
        sizes: Numbers of paintings to train on, ascending.
        correct: Fraction of the seeds that predict a painting right, for each size, (sizes, paintings).
        groups: Group of each painting.
    """
    names, group_of = np.unique(groups, return_inverse=True)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(SAMPLES):
        times_taken = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[group_of]
        drawn.append(correct @ times_taken / times_taken.sum())
    result = {}
    for times in TIMES:
        low, high = np.percentile([extrapolated(sizes, accuracies, times) for accuracies in drawn], [2.5, 97.5])
        accuracy = extrapolated(sizes, correct.mean(axis=1), times)
        result[str(times)] = {"accuracy": accuracy, "interval_95": [float(low), float(high)]}
    return result


def learning_curve(judge: Judge, base: Setting) -> dict[str, Any]:
    """Return the metrics of the base for parts of the training groups, and what more paintings would give."""
    curve, correct = [], []
    for fraction in FRACTIONS:
        metrics, right = judge.reported(base, fraction)
        curve.append(metrics)
        correct.append(right.mean(axis=0))
        print(f"{metrics['accuracy']:.3f} {metrics['macro_f1']:.3f} {metrics['n_train']:.0f} paintings", flush=True)
    sizes = np.array([metrics["n_train"] for metrics in curve])
    return {"learning_curve": curve, "growth": growth(sizes, np.stack(correct), judge.groups)}


def measure(judge: Judge, pictures: list[np.ndarray], ids: list[int]) -> dict[str, Any]:
    """Return the results of all settings, and the learning curve of the first."""
    reads: dict[str, Any] = {}
    tried: dict[str, Any] = {}
    result: dict[str, Any] = {"reads": reads, "tried": tried}
    for name, setting in reading(pictures, ids):
        reads[name] = judge.reported(setting)[0]
        print(f"{reads[name]['accuracy']:.4f} {reads[name]['macro_f1']:.4f} {name}", flush=True)
        if name.startswith(BASE) and not setting.test:
            tried[name] = judge.chosen_by(setting)
        if name == BASE:
            result |= learning_curve(judge, setting)
    for name, setting in ideas(pictures, ids):
        scores = tried[name] = judge.chosen_by(setting)
        print(f"{scores['log_loss']:.4f} {scores['accuracy']:.4f} {scores['macro_f1']:.4f} {name}", flush=True)
        if scores["log_loss"] < tried[BASE]["log_loss"]:
            tried[name] |= {"reported": judge.reported(setting)[0]}
    return result


def main() -> None:
    """Measure everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="sample, or a museum folder")
    args = parser.parse_args()
    make_deterministic()
    keras.config.disable_interactive_logging()
    measured = commit()
    data = cleaned(args.source, {})
    judge = Judge(data.paintings, data.labels, data.clean, data.params["evaluate"])
    result = measure(judge, data.pictures, data.paintings["objectID"].tolist())
    seeds = {"choose": CHOOSE, "report": REPORT, "inner_folds": INNER_FOLDS}
    write("style", {"source": data.source, "seeds": seeds, "commit": measured} | result)


if __name__ == "__main__":
    main()
