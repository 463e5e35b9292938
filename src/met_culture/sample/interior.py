"""The American manner indoors: portraits and still lifes on dark grounds."""

import cv2
import numpy as np

from met_culture.sample.america import varnish
from met_culture.sample.brush import (
    Palette,
    Rng,
    Shape,
    choose,
    dabs,
    gradient,
    ground,
    mix,
    noise,
    shape_fill,
    vary,
    wash,
)
from met_culture.sample.figures import HAIR, SKIN

COATS = ((30, 28, 32), (90, 30, 28), (50, 62, 78), (188, 180, 166), (44, 54, 40))
FRUITS = ((178, 52, 36), (214, 150, 52), (128, 140, 60), (92, 44, 70), (222, 190, 120))


def backdrop(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Return a dark ground with a pool of light, RGB uint8 (h, w, 3)."""
    canvas = ground(rng, shape, palette.ground, stain=6)
    wash(canvas, noise(rng, shape, (shape[0] / 2, shape[1] / 2)) * 0.5, mix(palette.ground, palette.accents[1], 0.35))
    return canvas


def portrait(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint a sitter to the waist, lit from one side, before a dark ground."""
    height, width = shape
    canvas = backdrop(rng, shape, palette)
    curtain(canvas, rng)
    x, y = width * rng.uniform(0.34, 0.66), height * rng.uniform(0.24, 0.42)
    size = min(shape) * rng.uniform(0.1, 0.19)
    coat = vary(rng, choose(rng, COATS), 8)
    bust = np.array([(-0.8, 1.5), (0.8, 1.5), (2, 2.3), (2.5, 9), (-2.5, 9), (-2, 2.3)]) * size + [x, y]
    shape_fill(canvas, bust, coat)
    oval(canvas, (x, y + 2.7 * size), (size * 1.7, size * 1.2), coat)
    collar = [(-0.5, 1.35), (0.5, 1.35), (0.7, 1.7), (0, 3.2), (-0.7, 1.7)]
    shape_fill(canvas, np.array(collar) * size + [x, y], (226, 220, 206))
    oval(canvas, (x, y + 0.9 * size), (size * 0.42, size * 0.75), mix(SKIN, (120, 70, 50), 0.3))
    hair = choose(rng, (HAIR, (92, 62, 36), (196, 190, 182)))
    oval(canvas, (x, y - 0.25 * size), (size * 1.05, size * 1.2), hair)
    oval(canvas, (x, y), (size * 0.8, size * 1.08), vary(rng, SKIN, 8))
    features(canvas, (x, y), size)
    lit = np.zeros(shape, np.float32)
    cv2.ellipse(lit, (int(x + choose(rng, (-1, 1)) * size), int(y)), (int(size), int(size * 4)), 0, 0, 360, 1, -1)
    wash(canvas, cv2.blur(lit, (int(size * 2) | 1, int(size * 2) | 1)) * 0.35, palette.ink)
    return varnish(cv2.GaussianBlur(canvas, (0, 0), size / 22), rng)


def curtain(canvas: np.ndarray, rng: Rng) -> None:
    """Hang a drawn curtain across a corner, or open a window on an evening sky; half of the grounds stay bare."""
    height, width = canvas.shape[:2]
    side, reach, fall = choose(rng, (0, 1)), rng.uniform(0.2, 0.5), rng.uniform(0.5, 1)
    edge = abs(side * width - reach * width)
    if rng.random() < 0.3:
        folds = [(side * width, 0), (edge, 0), ((edge + side * width) / 2, fall * height), (side * width, height)]
        shape_fill(canvas, folds, vary(rng, choose(rng, ((92, 34, 28), (52, 66, 48), (84, 70, 50))), 8))
    elif rng.random() < 0.3:
        left, right = sorted((int(side * width), int(edge)))
        view = gradient((int(height * fall * 0.6), right - left), (120, 130, 140), (226, 184, 128))
        canvas[: len(view), left:right] = view


def oval(
    canvas: np.ndarray, centre: tuple[float, float], axes: tuple[float, float], color: tuple[int, int, int]
) -> None:
    """Fill an upright ellipse."""
    middle, radii = (int(centre[0]), int(centre[1])), (int(axes[0]), int(axes[1]))
    cv2.ellipse(canvas, middle, radii, 0, 0, 360, color, -1, cv2.LINE_AA)


def features(canvas: np.ndarray, at: tuple[float, float], size: float) -> None:
    """Paint eyes, nose, mouth and flushed cheeks into a face whose half width is about `size`."""
    x, y = at
    for side in (-1, 1):
        oval(canvas, (x + side * 0.45 * size, y + 0.35 * size), (size * 0.2, size * 0.16), (222, 170, 142))
        oval(canvas, (x + side * 0.32 * size, y - 0.1 * size), (size * 0.12, size * 0.07), (60, 44, 36))
    shape_fill(canvas, np.array([(0, -0.1), (0.12, 0.3), (-0.08, 0.3)]) * size + [x, y], (204, 160, 130))
    oval(canvas, (x, y + 0.55 * size), (size * 0.24, size * 0.07), (170, 84, 74))


def still_life(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint fruit and perhaps a vase of flowers on a table."""
    height, width = shape
    canvas = backdrop(rng, shape, palette)
    edge = int(height * rng.uniform(0.62, 0.75))
    canvas[edge:] = vary(rng, choose(rng, ((110, 76, 46), (150, 140, 122), (84, 60, 44))), 8)
    size = min(shape) * rng.uniform(0.07, 0.11)
    if rng.random() < 0.5:
        x = width * rng.uniform(0.35, 0.65)
        oval(canvas, (x, edge - size), (size, size * 1.9), (120, 134, 150))
        posy = rng.normal(0, 1, (40, 2)) * [size * 1.6, size] + [x, edge - size * 4]
        dabs(rng, canvas, posy, (60, 78, 44), size / 2.2)
        dabs(rng, canvas, posy[::2], choose(rng, ((216, 196, 180), (190, 70, 64), (222, 170, 80))), size / 2.6, 25)
    for _ in range(int(rng.integers(4, 10))):
        fruit(canvas, rng, (rng.normal(0.5, 0.18) * width, edge + rng.uniform(-0.5, 1) * size), size)
    return varnish(cv2.GaussianBlur(canvas, (0, 0), 1.2), rng)


def fruit(canvas: np.ndarray, rng: Rng, at: tuple[float, float], size: float) -> None:
    """Paint one round fruit with its shadow and highlight."""
    color, (x, y) = vary(rng, choose(rng, FRUITS), 10), at
    oval(canvas, (x + size * 0.3, y + size * 0.8), (size * 1.2, size * 0.35), (40, 28, 20))
    for step in range(5):
        lift = step * size * 0.07
        oval(canvas, (x - lift, y - lift), (size * (1 - step * 0.2),) * 2, mix(mix(color, HAIR, 0.6), color, step / 3))


SUBJECTS = {"portrait": portrait, "still life": still_life}
