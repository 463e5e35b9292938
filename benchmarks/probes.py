"""What a linear probe learns from paintings: simple baselines, what helps a pretrained network, and a learning curve.

`python benchmarks/probes.py SOURCE` fetches and cleans a source in a scratch clone, deleted afterwards, and fits a
logistic regression to each description of the paintings, on the five folds of benchmarks/models.py:
baselines without a network, the features of ImageNet's networks by size, fit and layer, and images without
their border, or with only the border. Training uses all folds but the test fold. It writes
benchmarks/results/probes.json. This command made the committed result:

    python benchmarks/probes.py MUSEUM_FOLDER     # 15 minutes on two cores for 400 paintings
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from met_culture.models.backend import make_deterministic  # isort: skip - sets up what keras reads at import

import cv2
import keras
import numpy as np
import pandas as pd
from cleaned import cleaned
from measure import commit, write
from models import FOLDS
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from met_culture.clean.split import split
from met_culture.evaluate.predictions import prediction_table
from met_culture.evaluate.summary import compute_metrics
from met_culture.models.border import only_border, without_border
from met_culture.preprocess.arrays import FITS
from met_culture.train.efficientnet_lite import efficientnet_lite

PENALTY = 0.003  # C of the logistic regression; the same to three digits at 0.01 on the widest features
FRACTIONS = (0.125, 0.25, 0.5, 0.75, 1.0)  # of the training groups, for the learning curve
Views = dict[str, np.ndarray]


def along(image: np.ndarray, size: int, position: float) -> np.ndarray:
    """Return the largest square at a position, 0 to 1, along the longer side, as (size, size, 3)."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = round(position * (height - side)), round(position * (width - side))
    return cv2.resize(image[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)


def trimmed(image: np.ndarray) -> np.ndarray:
    """Return a picture without the even rows and columns at its edges: black, grey card, plain mounts."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    kept = []
    for axis in (0, 1):
        busy = np.flatnonzero(grey.std(axis=1 - axis) > 12)
        size = grey.shape[axis]
        least = busy[0] if len(busy) else 0, busy[-1] + 1 if len(busy) else size
        kept.append(slice(*least) if least[1] - least[0] > size // 4 else slice(None))
    return image[kept[0], kept[1]]


def features(name: str, images: np.ndarray) -> np.ndarray:
    """Return means and deviations of every stage and of the last channels, float32 (n, features)."""
    frozen, trained = efficientnet_lite(name, images.shape[1], 7)
    whole = keras.Model(frozen.input, trained(frozen.output))
    return whole.predict(images, batch_size=16)


def descriptions(pictures: list[np.ndarray]) -> dict[str, Views]:
    """Return each row's features as `train` and `test`, float (n, features)."""

    def squashed(size: int, of: Callable[[np.ndarray], np.ndarray] = np.asarray) -> np.ndarray:
        return np.stack([FITS["squash"](of(picture), size, cv2.INTER_AREA) for picture in pictures])

    def same(values: np.ndarray) -> Views:
        return {"train": values, "test": values}

    def histogram(image: np.ndarray) -> np.ndarray:
        counts = cv2.calcHist([image], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel()
        return np.sqrt(counts / counts.sum())

    ratio = np.array([[np.log(picture.shape[1] / picture.shape[0])] for picture in pictures])
    small, large = squashed(224), squashed(320)
    last = slice(-2 * 1280, -1280)  # the means of the last channels, what classifiers usually see
    result = {
        "aspect ratio": same(ratio),
        "thumbnail of 16 x 16": same(squashed(16).reshape(len(pictures), -1).astype(float)),
        "colour histogram": same(np.stack([histogram(picture) for picture in pictures])),
        "Lite0, 224, last": same(features("efficientnet_lite0", small)[:, last]),
    }
    wide = {name: features(name, large) for name in ("efficientnet_lite0", "efficientnet_lite2")}
    result["Lite0, 320, last"] = same(wide["efficientnet_lite0"][:, last])
    result["Lite2, 320, last"] = same(wide["efficientnet_lite2"][:, last])
    result["Lite0, 320"] = same(wide["efficientnet_lite0"])
    base = wide["efficientnet_lite2"]
    result["Lite2, 320"] = same(base)
    result["Lite2, 224"] = same(features("efficientnet_lite2", small))
    result["Lite0 and Lite2, 320"] = same(np.hstack(list(wide.values())))
    result["Lite2, 320, and aspect ratio"] = same(np.hstack([base, ratio]))
    flipped = features("efficientnet_lite2", large[:, :, ::-1])
    result["Lite2, 320, mean with its mirror image"] = same((base + flipped) / 2)
    for fit in ("letterbox", "crop"):
        images = np.stack([FITS[fit](picture, 320, cv2.INTER_AREA) for picture in pictures])
        result[f"Lite2, 320, {fit}"] = same(features("efficientnet_lite2", images))
    crops = [np.stack([along(picture, 320, position) for picture in pictures]) for position in (0, 0.5, 1)]
    crops = np.mean([features("efficientnet_lite2", images) for images in crops], axis=0)
    result["Lite2, 320, mean of three crops along the longer side"] = same(crops)
    result["Lite2, 320, whole and three crops"] = same(np.hstack([base, crops]))
    result["Lite2, 320, even edges removed"] = same(features("efficientnet_lite2", squashed(320, trimmed)))
    grey = np.repeat(large.mean(axis=3, keepdims=True).astype(np.uint8), 3, axis=3)
    result["Lite2, 320, grey"] = same(features("efficientnet_lite2", grey))
    inside = features("efficientnet_lite2", without_border(large))
    result["Lite2, 320, border masked at test"] = {"train": base, "test": inside}
    result["Lite2, 320, border masked"] = same(inside)
    result["Lite2, 320, border only"] = same(features("efficientnet_lite2", only_border(large)))
    return result


def probe(weights: str | None = None) -> BaseEstimator:
    """Return a logistic regression on standardised features; the rotation changes nothing but the time."""
    model = LogisticRegression(C=PENALTY, max_iter=1000, class_weight=weights)
    return make_pipeline(StandardScaler(), PCA(svd_solver="full"), model)


def judged(
    paintings: pd.DataFrame,
    views: Views,
    splits: list[np.ndarray],
    settings: dict[str, Any],
    model: BaseEstimator,
    fraction: float = 1,
) -> dict[str, Any]:
    """Return the metrics of the predictions of all folds together, and how many paintings a fold was trained on."""
    labels, parts, trained = settings["labels"], [], []
    for number, names in enumerate(splits):
        test = names == "test"
        groups = np.unique(paintings["group"][~test])
        chosen = np.random.default_rng(number).permutation(groups)[: round(fraction * len(groups))]
        train = ~test & paintings["group"].isin(chosen).to_numpy()
        fitted = model.fit(views["train"][train], paintings["label"][train])
        probabilities = np.zeros((test.sum(), len(labels)))
        probabilities[:, [labels.index(label) for label in fitted.classes_]] = fitted.predict_proba(views["test"][test])
        parts.append(prediction_table(paintings.loc[test, ["objectID", "group", "label"]], probabilities, labels))
        trained.append(int(train.sum()))
    majority, evaluated = paintings["label"].mode().iloc[0], settings["evaluate"]
    result = compute_metrics(
        pd.concat(parts, ignore_index=True), labels, majority=majority, bins=evaluated["calibration_bins"],
        samples=evaluated["bootstrap_samples"], seed=evaluated["seed"]
    )  # fmt: skip
    del result["calibration_error_before"], result["answered"]
    return {"n_train": sum(trained) / len(trained)} | result


def main() -> None:
    """Fit every probe and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="sample, or a museum folder")
    args = parser.parse_args()
    make_deterministic()
    keras.config.disable_interactive_logging()
    measured = commit()
    data = cleaned(args.source, {"clean.folds": FOLDS})
    paintings, params = data.paintings, data.params
    splits = [split(paintings, replace(data.clean, fold=number)).to_numpy() for number in range(FOLDS)]
    settings = {"labels": data.labels, "evaluate": params["evaluate"]}
    described = descriptions(data.pictures)
    rows = {"majority": judged(paintings, described["aspect ratio"], splits, settings, DummyClassifier())}
    for name, views in described.items():
        rows[name] = judged(paintings, views, splits, settings, probe())
        print(f"{rows[name]['accuracy']:.3f} {rows[name]['macro_f1']:.3f} {name}", flush=True)
    best = described["Lite2, 320"]
    rows["Lite2, 320, balanced"] = judged(paintings, best, splits, settings, probe("balanced"))
    curve = [judged(paintings, best, splits, settings, probe(), fraction) for fraction in FRACTIONS]
    facts = {"source": data.source, "penalty": PENALTY, "params": {"clean": params["clean"]}}
    write("probes", facts | {"probes": rows, "learning_curve": curve, "commit": measured})


if __name__ == "__main__":
    main()
