"""The ideas that benchmarks/style.py tries on the style model, each beside the setting that it changes."""

from collections.abc import Iterator

import numpy as np
from style_features import channels, features
from style_settings import VIEWS, Pictures, Setting, changed, reduced, stacked

PARTS = {"autocorrelations": 0.1, "neighbours": 0.5, "means and deviations": 0.1, "inside": 0.5}


def other_statistics(images: np.ndarray, base: np.ndarray) -> Iterator[tuple[str, Setting]]:
    """Yield settings with more or other numbers of the same maps; `base` holds the correlations."""
    for name, part in PARTS.items():
        more = features(images, name)
        yield f"{name} instead", Setting((reduced(more),))
        yield f"{name} added, {part} of the products", Setting((reduced(base, more, weights=(1 - part, part)),))
    yield "Hellinger kernel of (1 + correlation) / 2", Setting((reduced(np.sqrt(np.clip((1 + base) / 2, 0, 1))),))
    yield "Fisher's z of the correlations", Setting((reduced(np.arctanh(0.98 * base)),))
    yield "mean logits of a layer for each map", Setting(tuple(reduced(part) for part in channels(base)))


def other_views(pictures: Pictures, ids: list[int], base: np.ndarray) -> Iterator[tuple[str, Setting]]:
    """Yield settings with other pictures to train on, or more of them."""
    larger = features(stacked(pictures, ids, size=320))
    yield "320 pixels instead", Setting((reduced(larger),))
    yield "320 pixels added, 0.5 of the products", Setting((reduced(base, larger, weights=(0.5, 0.5)),))
    more = tuple(range(7))
    yield "two views of 320 pixels more", Setting((reduced(np.concatenate([base, larger[:, :2]], axis=1)),), more)
    for name in ("grey", "trimmed"):
        other = changed(pictures, ids, name)
        yield f"{name} instead", Setting((reduced(other),))
        yield f"two {name} views more", Setting((reduced(np.concatenate([base, other[:, :2]], axis=1)),), more)
    for smallest in (0.4, 0.8):
        crops = features(stacked(pictures, ids, smallest=smallest))
        yield f"crops from {smallest} of the sides", Setting((reduced(crops),))
    redrawn = features(stacked(pictures, ids, seed=1))
    yield "crops drawn again", Setting((reduced(redrawn),))
    yield "mean logits of two draws of crops", Setting((reduced(base), reduced(redrawn)))
    six = reduced(np.concatenate([base, redrawn[:, 2:]], axis=1))
    yield "six crops", Setting((six,), (*VIEWS, 5, 6, 7))


def other_fits(pictures: Pictures, base: np.ndarray) -> Iterator[tuple[str, Setting]]:
    """Yield settings with other penalties, weights of the cultures, and the shape of the picture."""
    rows = (reduced(base),)
    for c in (100, 1000):
        yield f"C {c}", Setting(rows, c=c)
    for balance in (0, 0.5):
        yield f"weights of the cultures to the power of {balance}", Setting(rows, balance=balance)
    for prior in (-0.2, 0.2):
        yield f"logits moved by {prior} log frequencies", Setting(rows, prior=prior)
    ratios = np.log([picture.shape[1] / picture.shape[0] for picture in pictures])
    ratios = np.repeat(ratios[:, None, None], len(VIEWS), axis=1)
    yield "aspect ratio added, 0.01 of the products", Setting((reduced(base, ratios, weights=(0.99, 0.01)),))


def ideas(pictures: Pictures, ids: list[int]) -> Iterator[tuple[str, Setting]]:
    """Yield the name and the setting of each idea."""
    images = stacked(pictures, ids)
    base = features(images)
    yield from other_fits(pictures, base)
    yield from other_statistics(images, base)
    yield from other_views(pictures, ids, base)
