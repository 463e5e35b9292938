"""The surroundings of a painting in a photograph: silk mounts, plain grounds, grey scales.

Pictures are RGB uint8 (h, w, 3); every function returns a new one.
"""

import cv2
import numpy as np

from met_culture.sample.brush import Color, Rng, choose, mix, noise, vary

BROCADES = ((126, 96, 60), (92, 108, 104), (60, 84, 96), (196, 180, 140), (110, 84, 76), (150, 140, 112))
MAT = (228, 222, 210)
BLACK = (14, 13, 14)


def border(picture: np.ndarray, sides: tuple[int, int, int, int], color: Color) -> np.ndarray:
    """Return the picture with plain margins (top, bottom, left, right pixels)."""
    return cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=color)


def silk_mount(rng: Rng, picture: np.ndarray) -> np.ndarray:
    """Return the picture on a mount of patterned silk, higher above and below than at the sides."""
    color = vary(rng, choose(rng, BROCADES), 10)
    height, width = picture.shape[:2]
    side, above = int(width * rng.uniform(0.04, 0.14)), int(height * rng.uniform(0.04, 0.16))
    edged = border(picture, (4, 4, 2, 2), mix(color, (240, 230, 200), 0.6))
    mounted = border(edged, (above, int(above * 0.7), side, side), color)
    weave = (noise(rng, mounted.shape[:2], (5, 5)) > 0.62) * rng.uniform(4, 22)
    weave[above : above + edged.shape[0], side : side + edged.shape[1]] = 0
    return np.clip(mounted + weave[..., None], 0, 255).astype(np.uint8)


def surround(rng: Rng, picture: np.ndarray, color: Color) -> np.ndarray:
    """Return the picture on a plain ground, now and then with a grey scale beside it."""
    longest = max(picture.shape[:2])
    side, above = int(longest * rng.uniform(0.02, 0.2)), int(longest * rng.uniform(0, 0.04))
    laid = border(picture, (above, above, side, side), color)
    return grey_scale(rng, laid, side) if side > longest * 0.06 and rng.random() < 0.5 else laid


def grey_scale(rng: Rng, picture: np.ndarray, room: int) -> np.ndarray:
    """Return the picture with a stepped grey scale in the left margin of `room` pixels."""
    laid, wide = picture.copy(), max(4, room // 4)
    tall = int(min(laid.shape[0] * 0.25, wide * 7))
    top = int(rng.uniform(0.2, 0.7) * (laid.shape[0] - tall))
    steps = np.linspace(250, 10, 12).repeat(tall // 12 + 1)[:tall]
    laid[top : top + tall, room // 3 : room // 3 + wide] = steps[:, None, None].astype(np.uint8)
    return laid
