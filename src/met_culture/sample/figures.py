"""People and houses as the four cultures draw them: robed figures, figures in profile, pavilions, arches."""

import cv2
import numpy as np

from met_culture.sample.brush import Color, Rng, choose, mix, shape_fill, stroke, vary

SKIN = (226, 196, 164)
HAIR = (24, 20, 20)


def patterned(canvas: np.ndarray, rng: Rng, outline: np.ndarray, color: Color, accent: Color) -> None:
    """Fill a robe's outline (n, 2) with colour and a repeated pattern of dots or bands."""
    shape_fill(canvas, outline, color)
    mask = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
    step = int(rng.integers(6, 12))
    rows, cols = np.indices(mask.shape)
    dots = (rows // 3 % (step // 3 + 1) == 0) & ((cols + rows // step * 4) // 3 % (step // 3 + 1) == 0)
    bands = (rows + cols) // 3 % step < 2
    canvas[(mask > 0) & (dots if rng.random() < 0.6 else bands)] = accent
    cv2.polylines(canvas, [outline.astype(np.int32)], True, mix(color, HAIR, 0.7), 1, cv2.LINE_AA)


def robed(canvas: np.ndarray, rng: Rng, foot: tuple[float, float], tall: float, color: Color, accent: Color) -> None:
    """Paint a standing figure in a trailing, patterned robe with wide sleeves, `tall` pixels high."""
    side = choose(rng, (-1, 1))
    body = [(-0.1, -0.8), (0.1, -0.8), (0.3, -0.5), (0.17, -0.4), (0.22, -0.12), (0.42, 0), (-0.22, 0), (-0.16, -0.4)]
    body = [*body, (-0.3, -0.45)]
    patterned(canvas, rng, np.array(body) * [side * tall, tall] + foot, color, accent)
    collar = np.array([(-0.05, -0.8), (0.02, -0.66), (0.07, -0.8)]) * [side * tall, tall] + foot
    shape_fill(canvas, collar, mix(accent, (255, 255, 255), 0.5))
    sash = np.array([(-0.17, -0.55), (0.18, -0.55), (0.18, -0.45), (-0.17, -0.45)]) * [side * tall, tall] + foot
    shape_fill(canvas, sash, vary(rng, accent, 30))
    head = (int(foot[0] + side * 0.03 * tall), int(foot[1] - 0.87 * tall))
    cv2.ellipse(canvas, head, (int(tall * 0.06), int(tall * 0.08)), 0, 0, 360, (238, 218, 194), -1, cv2.LINE_AA)
    cv2.ellipse(
        canvas, (head[0], head[1] - int(tall * 0.05)), (int(tall * 0.085), int(tall * 0.05)), 0, 0, 360, HAIR, -1
    )
    cv2.circle(canvas, (head[0] - int(side * tall * 0.05), head[1] - int(tall * 0.1)), int(tall * 0.035), HAIR, -1)


def courtly(canvas: np.ndarray, rng: Rng, foot: tuple[float, float], tall: float, color: Color, accent: Color) -> None:
    """Paint a figure in profile with bell-shaped skirt, bare arm and turban or veil, `tall` pixels high."""
    side, skin = choose(rng, (-1, 1)), choose(rng, ((190, 140, 96), (150, 110, 80), (120, 140, 165)))
    scale, at = np.array([side * tall, tall]), np.array(foot)
    skirt = np.array([(-0.07, -0.52), (0.07, -0.52), (0.22, -0.06), (-0.22, -0.06)]) * scale + at
    patterned(canvas, rng, skirt, color, accent)
    shape_fill(canvas, np.array([(-0.1, -0.78), (0.08, -0.78), (0.07, -0.5), (-0.07, -0.5)]) * scale + at, accent)
    arm = np.array([(0.05, -0.74), (0.16, -0.6), (0.28, -0.72)]) * scale + at
    stroke(canvas, arm, skin, tall * 0.05, tall * 0.04)
    head = tuple(int(v) for v in np.array((0.02, -0.87)) * scale + at)
    cv2.circle(canvas, head, max(2, int(tall * 0.075)), skin, -1, cv2.LINE_AA)
    shape_fill(canvas, np.array([(0.08, -0.89), (0.13, -0.85), (0.08, -0.84)]) * scale + at, skin)
    veil = np.array([(0.08, -0.93), (-0.02, -0.98), (-0.1, -0.9), (-0.14, -0.4), (-0.06, -0.86)]) * scale + at
    shape_fill(canvas, veil, vary(rng, color, 30))
    stroke(canvas, np.array([(-0.03, -0.05), (0.1, -0.02)]) * scale + at, skin, tall * 0.04, tall * 0.03)


def pavilion(canvas: np.ndarray, foot: tuple[float, float], wide: float, ink: Color, wall: Color) -> None:
    """Paint a small open house with a curved roof, `wide` pixels across the eaves."""
    x, y = foot
    room = np.array([(-0.35, 0), (0.35, 0), (0.35, -0.4), (-0.35, -0.4)]) * wide + [x, y]
    shape_fill(canvas, room, wall)
    roof = np.array([(-0.55, -0.36), (-0.3, -0.46), (-0.15, -0.7), (0.15, -0.7), (0.3, -0.46), (0.55, -0.36)])
    shape_fill(canvas, roof * wide + [x, y], ink)
    for post in (-0.33, -0.1, 0.12, 0.33):
        stroke(canvas, np.array([(post, 0), (post, -0.4)]) * wide + [x, y], ink, 1, 1)


def arcade(canvas: np.ndarray, box: tuple[int, int, int, int], arches: int, wall: Color, inside: Color) -> None:
    """Paint a palace front of pointed arches under an eave and domes, into a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    cv2.rectangle(canvas, (left, top), (right, bottom), wall, -1)
    step, trim = (right - left) / arches, mix(wall, (120, 30, 20), 0.5)
    for index in range(arches):
        x, wide, tall = left + step * (index + 0.5), step * 0.36, bottom - top
        arch = [(x - wide, bottom), (x - wide, top + tall * 0.45), (x, top + tall * 0.2), (x + wide, top + tall * 0.45)]
        shape_fill(canvas, [*arch, (x + wide, bottom)], inside)
        if index % 2 == 0:
            cv2.ellipse(canvas, (int(x), top), (int(wide), int(wide * 0.9)), 0, 180, 360, wall, -1, cv2.LINE_AA)
            cv2.ellipse(canvas, (int(x), top), (int(wide), int(wide * 0.9)), 0, 180, 360, trim, 1, cv2.LINE_AA)
    cv2.rectangle(canvas, (left - 4, top), (right + 4, top + max(3, (bottom - top) // 14)), trim, -1)
