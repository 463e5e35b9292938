"""Writing and seals: columns of invented signs, made of random strokes, and red stamps."""

import cv2
import numpy as np

from met_culture.sample.brush import Color, Rng, lines, mix, vary

SEAL_RED = (176, 46, 34)


def columns(
    canvas: np.ndarray, rng: Rng, box: tuple[float, float, float, float], cell: float, ink: Color, fill: float = 1.0
) -> None:
    """Write columns of signs into a box (left, top, right, bottom as fractions of the canvas).

    `cell` is the size of a sign in pixels; the columns run from the right and may end early (`fill` 0..1).
    """
    height, width = canvas.shape[:2]
    left, top, right, bottom = np.array(box) * [width, height, width, height]
    x = np.arange(right - cell, left, -cell * 1.25)
    y = np.arange(top, bottom - cell, cell * 1.12)
    corners = np.array([(column, row) for column in x for row in y[: max(1, int(len(y) * rng.uniform(fill, 1)))]])
    if len(corners):
        signs(canvas, rng, corners, cell, ink)


def signs(canvas: np.ndarray, rng: Rng, corners: np.ndarray, cell: float, ink: Color) -> None:
    """Write one sign of six strokes at each corner (n, 2): mostly level and upright strokes, some slanting."""
    starts = np.repeat(corners, 6, axis=0) + rng.uniform(0, 0.7, (len(corners) * 6, 2)) * cell
    level = rng.random(len(starts)) < 0.5
    reach = rng.uniform(0.25, 0.75, len(starts)) * cell
    slant = rng.normal(0, 0.25, len(starts)) * reach
    ends = starts + np.where(level[:, None], np.column_stack([reach, slant]), np.column_stack([slant, reach]))
    lines(canvas, starts, ends, ink, max(1, round(cell / 9)))


def seal(canvas: np.ndarray, rng: Rng, at: tuple[float, float], size: float) -> None:
    """Stamp a red seal with its top left corner at a point given in fractions of the canvas; `size` in pixels."""
    height, width = canvas.shape[:2]
    x, y = int(at[0] * width), int(at[1] * height)
    side = max(4, round(size))
    red = vary(rng, SEAL_RED, 12)
    paper = mix(red, (240, 225, 200), 0.75)
    cv2.rectangle(canvas, (x, y), (x + side, y + side), red, -1)
    signs(canvas, rng, np.array([[x + 1, y + 1]], np.float32), side - 2, paper)


def seals(canvas: np.ndarray, rng: Rng, count: int) -> None:
    """Stamp seals of makers and collectors near the edges of a painting."""
    for _ in range(count):
        along, edge = rng.uniform(0.04, 0.92), float(rng.choice([0.04, 0.9]))
        corner = (along, edge) if rng.random() < 0.3 else (edge, along)
        seal(canvas, rng, corner, min(canvas.shape[:2]) * rng.uniform(0.03, 0.06))
