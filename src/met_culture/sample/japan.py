"""The Japanese manner: gold-leaf screens, waves, flat bold colour, figures in patterned robes, blossoms."""

import cv2
import numpy as np

from met_culture.sample.brush import (
    Color,
    Palette,
    Rng,
    Shape,
    choose,
    dabs,
    ground,
    lines,
    mix,
    shape_fill,
    skyline,
    vary,
)
from met_culture.sample.china import PAPER, SILK
from met_culture.sample.figures import robed
from met_culture.sample.gilding import GOLD, cloud_bands, gold_leaf
from met_culture.sample.nature import birds, blossoms, branch, grass, mountain, pine
from met_culture.sample.script import columns, seal

FLAT = ((36, 62, 110), (176, 52, 40), (44, 96, 74), (210, 120, 50), (92, 60, 104), (232, 224, 206), (40, 36, 40))


def hand(rng: Rng) -> Palette:
    """Return the palette of one painter: gold, silk or paper, ink, and three flat colours."""
    grounds = (GOLD, choose(rng, PAPER), choose(rng, SILK))
    sheet = vary(rng, grounds[int(rng.choice(3, p=(0.42, 0.38, 0.2)))], 9)
    colours = tuple(vary(rng, FLAT[index], 10) for index in rng.permutation(len(FLAT))[:3])
    return Palette(sheet, mix((26, 24, 24), sheet, rng.uniform(0, 0.2)), colours)


def sheet(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Return the empty sheet, RGB uint8 (h, w, 3)."""
    return ground(rng, shape, palette.ground, stain=12)


def sign(canvas: np.ndarray, rng: Rng, palette: Palette) -> None:
    """Sign with one short column and one seal, in a lower or upper corner."""
    left, top = choose(rng, (0.04, 0.9)), choose(rng, (0.06, 0.7))
    cell = max(5, min(canvas.shape[:2]) / 26)
    columns(canvas, rng, (left, top, left + 1.3 * cell / canvas.shape[1], top + 0.18), cell, palette.ink)
    seal(canvas, rng, (left, top + 0.2), cell)


def screen(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint pines, flowers or a stream on gold leaf, under clouds."""
    canvas = gold_leaf(rng, shape)
    height, width = shape
    cloud_bands(canvas, rng, vary(rng, (222, 188, 110), 8), int(rng.integers(1, 4)))
    if rng.random() < 0.6:
        hills(canvas, rng, palette)
    for _ in range(int(rng.integers(1, 5))):
        foot = (rng.uniform(0, 1) * width, height * rng.uniform(0.75, 1.05))
        if rng.random() < 0.5:
            pine(canvas, rng, foot, height * 0.8, (52, 38, 28), (46, 84, 52))
        else:
            grass(canvas, rng, foot, height * 0.6, (60, 90, 52), 16)
            flowers = np.array(foot) - [0, height * 0.3] + rng.normal(0, height / 9, (14, 2))
            blossoms(canvas, rng, flowers, height / 28, palette.accents[0])
    return canvas


def hills(canvas: np.ndarray, rng: Rng, palette: Palette) -> None:
    """Paint flat green and blue hills with a stream between them."""
    height, width = canvas.shape[:2]
    for color in ((78, 104, 66), (50, 74, 110)):
        top = height * (rng.uniform(0.5, 0.8) + 0.3 * (skyline(rng, width, 2, 0) - 0.5))
        contour = np.column_stack([np.arange(width), top])
        shape_fill(canvas, np.vstack([contour, [[width, height], [0, height]]]), mix(color, palette.accents[2], 0.2))
        cv2.polylines(canvas, [contour.astype(np.int32)], False, mix(color, (20, 20, 20), 0.6), 2, cv2.LINE_AA)


def waves(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint rows of curling waves with foam, and a sun or a far mountain."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    if rng.random() < 0.5:
        at = (int(rng.uniform(0.2, 0.8) * width), int(height * 0.2))
        cv2.circle(canvas, at, int(min(shape) * rng.uniform(0.08, 0.16)), (192, 62, 40), -1, cv2.LINE_AA)
    else:
        mountain(canvas, rng, palette.accents[1], base=0.5, peak=0.15, rough=0.1)
    blue = choose(rng, (palette.accents[0], (40, 66, 112), palette.ink))
    for index in range(5):
        swell(canvas, rng, height * (0.4 + 0.13 * index), mix(blue, palette.ground, 0.5 - 0.1 * index), palette)
    sign(canvas, rng, palette)
    return canvas


def swell(canvas: np.ndarray, rng: Rng, level: float, color: Color, palette: Palette) -> None:
    """Paint one row of waves whose crests stand near y = `level`, with contour lines and foam."""
    height, width = canvas.shape[:2]
    phase = np.arange(width) / width * 2 * np.pi * rng.integers(1, 4) + rng.uniform(0, 6)
    crest = level - height * 0.09 * np.maximum(np.sin(phase), -0.3) ** 3 - height * 0.03 * skyline(rng, width, 6, 0.5)
    shape_fill(canvas, np.vstack([np.column_stack([np.arange(width), crest]), [[width, height], [0, height]]]), color)
    for drop in range(4):
        contour = np.column_stack([np.arange(width), crest + (drop + 1) * height * 0.018]).astype(np.int32)
        cv2.polylines(canvas, [contour], False, mix(color, palette.ground, 0.6), 1, cv2.LINE_AA)
    x = rng.integers(0, width, 60)
    foam = np.column_stack([x, crest[x] + rng.normal(0, 3, 60)])[np.sin(phase[x]) > 0.3]
    dabs(rng, canvas, foam, (238, 234, 224), 3, 5)


def beauties(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint one to five figures in patterned robes, some under a flowering branch."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    count = int(np.clip(round(width / height * rng.uniform(1, 3)), 1, 5))
    tall = min(height * 0.75, width / count * 1.4)
    if rng.random() < 0.5:
        points = branch(canvas, rng, (0, height * 0.3), -0.2, width * 0.7, palette.ink)
        blossoms(canvas, rng, points, min(shape) / 45, (236, 190, 190))
    for index in range(count):
        foot = (width * (index + 0.5 + rng.normal(0, 0.1)) / count, height * rng.uniform(0.88, 0.97))
        first, second = (palette.accents[k] for k in rng.permutation(3)[:2])
        robed(canvas, rng, foot, tall, first, second)
    sign(canvas, rng, palette)
    return canvas


def cherry(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint a cherry or plum tree in bloom, mostly on flat green and blue hills, with rain or birds."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    if rng.random() < 0.75:
        hills(canvas, rng, palette)
    for _ in range(int(rng.integers(1, 3))):
        points = branch(canvas, rng, (width * rng.uniform(0, 1), height), -np.pi / 2, height * 0.8, palette.ink)
        blossoms(canvas, rng, points, min(shape) / 30, choose(rng, ((240, 226, 220), (228, 160, 160), (200, 70, 60))))
    if rng.random() < 0.3:
        starts = rng.uniform(0, 1, (60, 2)) * [width, height]
        fall = np.array([-height * 0.03, height * 0.1])
        lines(canvas, starts, starts + fall, mix(palette.ground, palette.ink, 0.3))
    birds(canvas, rng, palette.ink, int(rng.integers(0, 5)))
    sign(canvas, rng, palette)
    return canvas


SUBJECTS = {"screen": screen, "waves": waves, "figures": beauties, "cherry": cherry}
