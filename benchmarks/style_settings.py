"""The settings of the style model that benchmarks/style.py compares: what the network sees, and what is made of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky
from style_features import PICTURES, features, masked, views

BASE = "image, mirror image, three crops"
AT_TEST = "border masked at test"
C = 320  # of the logistic regression, for a painting
VIEWS = (0, 1, 2, 3, 4)
Pictures = list[np.ndarray]


@dataclass(frozen=True)
class Setting:
    """A way to fit the last layer.

    Attributes:
        rows: Features after a rotation, float64 (n, views, features), for each of the layers whose logits are averaged.
        views: Indices of the views to train on.
        test: Index of the view to predict.
        c: Inverse strength of the penalty, for a painting.
        balance: 1 gives each culture the same weight, 0 each painting.
        prior: How much of the log of the cultures' frequencies is added to the logits.
    """

    rows: tuple[np.ndarray, ...]
    views: tuple[int, ...] = VIEWS
    test: int = 0
    c: float = C
    balance: float = 1
    prior: float = 0


def reduced(*blocks: np.ndarray, weights: tuple[float, ...] = (1,)) -> np.ndarray:
    """Return scaled features after a rotation to as many as rows, which changes nothing but the time of a fit.

    Args:
        blocks: Features, (n, views, features), each to be scaled by its deviations and the root of its width.
        weights: Part of each block in the products of two rows.
    """
    count, number = blocks[0].shape[:2]
    products = np.zeros((count * number,) * 2)
    for block, weight in zip(blocks, weights, strict=True):
        rows = block.reshape(count * number, -1).astype(np.float64)
        deviations = np.maximum(rows.std(axis=0), 1e-6) * np.sqrt(rows.shape[1])
        rows = (rows - rows.mean(axis=0)) / deviations
        products += weight * (rows @ rows.T)
    products[np.diag_indices(len(products))] += 1e-9 * np.trace(products) / len(products)
    return cholesky(products, lower=True).reshape(count, number, -1)


def stacked(pictures: Pictures, ids: list[int], **changes: float) -> np.ndarray:
    """Return the views of all pictures, uint8 (n, views, size, size, 3)."""
    pairs = zip(pictures, ids, strict=True)
    return np.stack([views(picture, number, **changes) for picture, number in pairs])  # type: ignore[arg-type]


def changed(pictures: Pictures, ids: list[int], name: str) -> np.ndarray:
    """Return the correlations of all pictures after a change of `PICTURES`."""
    return features(stacked([PICTURES[name](picture) for picture in pictures], ids))


def reading(pictures: Pictures, ids: list[int]) -> Iterator[tuple[str, Setting]]:
    """Yield the settings that show what the model reads: the painting, or the border of its photograph."""
    images = stacked(pictures, ids)
    base, hidden = features(images), features(masked(images))
    yield BASE, Setting((reduced(base),))
    rows = (reduced(np.concatenate([base, hidden[:, :2]], axis=1)),)
    yield f"{BASE}; {AT_TEST}", Setting(rows, test=5)
    for number, text in ((1, "image with a masked border"), (2, "image and mirror image with a masked border")):
        more = tuple(range(5 + number))
        yield f"{BASE}, {text}", Setting(rows, more)
        yield f"{BASE}, {text}; {AT_TEST}", Setting(rows, more, test=5)
    rows, more = (reduced(np.concatenate([base, hidden], axis=1)),), tuple(range(10))
    yield f"{BASE}, all five with a masked border", Setting(rows, more)
    yield f"{BASE}, all five with a masked border; {AT_TEST}", Setting(rows, more, test=5)
    yield "border masked in training and at test", Setting((reduced(hidden),))
    yield "border cut off in training and at test", Setting((reduced(changed(pictures, ids, "cut")),))
    yield "only the border, in training and at test", Setting((reduced(changed(pictures, ids, "border")),))
