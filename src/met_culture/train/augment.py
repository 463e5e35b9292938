"""Augmentation: rotation, shift, shear, zoom and flip as one random affine map per image."""

import cv2
import numpy as np

from met_culture.train.params import AugmentParams


def affine(rng: np.random.Generator, size: int, params: AugmentParams) -> np.ndarray:
    """Draw an affine map about the centre of a square image, from a point of the result to its point in the image.

    Ranges, directions and order are those of Keras's ImageDataGenerator: flip, then zoom of each axis on its own,
    shear in degrees, shift as a fraction of the size, and rotation in degrees. A horizontal flip mirrors one image in
    two.

    Args:
        rng: Draws seven numbers, for any parameters.
        size: Width and height in pixels.
        params: Ranges.

    Returns:
        float64 of shape (2, 3), for `cv2.warpAffine` with `WARP_INVERSE_MAP`.
    """
    rotation, shift_x, shift_y, shear, zoom_x, zoom_y, flip = rng.uniform(-1, 1, size=7)
    angle, slant = np.deg2rad(params.rotation * rotation), np.deg2rad(params.shear * shear)
    mirror = -1 if params.flip and flip < 0 else 1
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slanted = np.array([[1, -np.sin(slant)], [0, np.cos(slant)]])
    linear = turned @ slanted @ np.diag([mirror * (1 + params.zoom * zoom_x), 1 + params.zoom * zoom_y])
    centre = np.full(2, (size - 1) / 2)
    moved = centre - linear @ centre + turned @ (params.shift * size * np.array([shift_x, shift_y]))
    return np.column_stack([linear, moved])


def augment(image: np.ndarray, rng: np.random.Generator, params: AugmentParams) -> np.ndarray:
    """Return a randomly transformed copy of a square image, uint8 (size, size, 3); edge pixels fill uncovered areas."""
    size = image.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, affine(rng, size, params), (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
