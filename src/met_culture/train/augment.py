"""Augmentation: zoom, shift, shear and flip as one random affine map per image."""

import cv2
import numpy as np

from met_culture.train.params import AugmentParams


def affine(rng: np.random.Generator, size: int, params: AugmentParams) -> np.ndarray:
    """Draw an affine map about the centre of a square image.

    The ranges mean the same as in ImageDataGenerator: zoom of each axis on its own, shift as a fraction of the size,
    shear in degrees, a horizontal flip of one image in two.

    Args:
        rng: Draws six numbers, for any parameters.
        size: Width and height in pixels.
        params: Ranges.

    Returns:
        float64 of shape (2, 3), for `cv2.warpAffine`.
    """
    zoom_x, zoom_y, shift_x, shift_y, shear, flip = rng.uniform(-1, 1, size=6)
    angle = np.deg2rad(params.shear * shear)
    mirror = -1 if params.flip and flip < 0 else 1
    linear = np.array([[1, -np.sin(angle)], [0, np.cos(angle)]]) @ np.diag(
        [mirror * (1 + params.zoom * zoom_x), 1 + params.zoom * zoom_y]
    )
    centre = np.full(2, (size - 1) / 2)
    moved = centre - linear @ centre + params.shift * size * np.array([shift_x, shift_y])
    return np.column_stack([linear, moved])


def augment(image: np.ndarray, rng: np.random.Generator, params: AugmentParams) -> np.ndarray:
    """Return a randomly transformed copy of a square image, uint8 (size, size, 3); edge pixels fill uncovered areas."""
    size = image.shape[0]
    return cv2.warpAffine(
        image, affine(rng, size, params), (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
