"""The Indian manner: folios of saturated flat colour in ruled borders, figures in profile, palaces, drawings."""

import cv2
import numpy as np

from met_culture.sample.brush import (
    Palette,
    Rng,
    Shape,
    choose,
    dabs,
    ground,
    mix,
    noise,
    shape_fill,
    skyline,
    stroke,
    vary,
    wash,
)
from met_culture.sample.figures import arcade, courtly
from met_culture.sample.nature import birds, blossoms, branch
from met_culture.sample.script import columns

BRIGHT = ((200, 52, 36), (222, 160, 40), (44, 92, 60), (42, 66, 128), (214, 116, 60), (120, 40, 60), (230, 214, 180))
PAPER = ((228, 214, 186), (214, 196, 160), (200, 186, 158))
GOLD = (206, 168, 84)


def hand(rng: Rng) -> Palette:
    """Return the palette of one painter: paper, ink, and four bright colours."""
    colours = tuple(vary(rng, BRIGHT[index], 10) for index in rng.permutation(len(BRIGHT))[:4])
    return Palette(vary(rng, choose(rng, PAPER), 8), (40, 30, 26), colours)


def bordered(rng: Rng, inside: np.ndarray, palette: Palette) -> np.ndarray:
    """Return the picture, as large as before, with a coloured border, gold and ink rules, and perhaps writing."""
    height, width = inside.shape[:2]
    margin = int(min(height, width) * rng.uniform(0.04, 0.13))
    canvas = ground(
        rng, (height, width), choose(rng, (palette.accents[0], palette.accents[3], palette.ground)), stain=8
    )
    canvas[margin:-margin, margin:-margin] = cv2.resize(
        inside, (width - 2 * margin, height - 2 * margin), interpolation=cv2.INTER_AREA
    )
    for offset, color in ((0, palette.ink), (2, GOLD), (5, palette.accents[1]), (7, palette.ink)):
        corner = margin - offset
        cv2.rectangle(canvas, (corner, corner), (width - corner - 1, height - corner - 1), color, 2)
    return canvas


def band_of_writing(canvas: np.ndarray, rng: Rng, palette: Palette) -> None:
    """Write one line of signs on a pale band along the top edge."""
    height, _width = canvas.shape[:2]
    band = max(10, height // 12)
    canvas[:band] = mix(palette.accents[1], (240, 220, 150), 0.5)
    columns(canvas, rng, (0.03, 0.15 * band / height, 0.97, band / height), band * 0.7, palette.ink)


def fields(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Return flat ground and background with a wavy horizon and a strip of sky, RGB uint8 (h, w, 3)."""
    height, width = shape
    canvas = ground(rng, shape, palette.accents[0], stain=5, grain=2)
    sky = height * (0.06 + 0.06 * skyline(rng, width, 3, 0.3))
    contour = np.column_stack([np.arange(width), sky])
    shape_fill(
        canvas, np.vstack([contour, [[width, 0], [0, 0]]]), choose(rng, ((70, 110, 160), (236, 232, 220), (40, 50, 90)))
    )
    near = height * (0.75 + 0.1 * skyline(rng, width, 2, 0.1))
    lawn = np.vstack([np.column_stack([np.arange(width), near]), [[width, height], [0, height]]])
    shape_fill(canvas, lawn, palette.accents[1])
    tufts = np.column_stack([rng.uniform(0, width, 50), rng.uniform(near.max(), height, 50)])
    dabs(rng, canvas, tufts, mix(palette.accents[1], (40, 70, 40), 0.5), 2)
    return canvas


def round_tree(canvas: np.ndarray, rng: Rng, foot: tuple[float, float], tall: float) -> None:
    """Paint a tree with a dark, egg-shaped crown stippled with leaves, `tall` pixels high."""
    x, y = foot
    stroke(canvas, np.array([(x, y), (x + tall * 0.03, y - tall / 2), (x, y - tall)]), (80, 54, 38), tall / 14, 2)
    green = vary(rng, choose(rng, ((30, 62, 40), (52, 84, 40), (24, 44, 48))), 8)
    cv2.ellipse(canvas, (int(x), int(y - tall * 0.75)), (int(tall * 0.26), int(tall * 0.34)), 0, 0, 360, green, -1)
    spots = rng.normal(0, 1, (70, 2)) * [tall * 0.1, tall * 0.14] + [x, y - tall * 0.75]
    dabs(rng, canvas, spots, mix(green, (170, 190, 90), 0.5), 2)


def company(canvas: np.ndarray, rng: Rng, palette: Palette, level: float, tall: float) -> None:
    """Paint two to five figures in a row with their feet at about `level` of the height, a fraction."""
    height, width = canvas.shape[:2]
    count = int(rng.integers(2, 6))
    for index in range(count):
        foot = ((index + 0.6 + rng.normal(0, 0.1)) * width / (count + 0.2), height * (level + rng.normal(0, 0.02)))
        first, second = (palette.accents[k] for k in rng.permutation(4)[:2])
        courtly(canvas, rng, foot, min(tall, width / count * 1.4), first, second)


def garden(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint figures in a garden of round trees."""
    canvas = fields(rng, shape, palette)
    height, width = shape
    for _ in range(int(rng.integers(1, 5))):
        round_tree(canvas, rng, (rng.uniform(0.08, 0.92) * width, height * 0.8), height * rng.uniform(0.4, 0.65))
    company(canvas, rng, palette, 0.9, height * 0.42)
    if rng.random() < 0.5:
        band_of_writing(canvas, rng, palette)
    return bordered(rng, canvas, palette)


def palace(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint figures before a palace with arches and domes."""
    canvas = fields(rng, shape, palette)
    height, width = shape
    left = int(width * rng.uniform(0.05, 0.3))
    box = (left, int(height * rng.uniform(0.22, 0.35)), int(width * rng.uniform(0.7, 0.95)), int(height * 0.78))
    wall = choose(rng, ((236, 226, 208), (226, 190, 150), palette.accents[2]))
    arcade(canvas, box, int(rng.integers(2, 6)), wall, palette.accents[3])
    company(canvas, rng, palette, 0.92, height * 0.4)
    return bordered(rng, canvas, palette)


def drawing(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Draw figures in ink on paper, hardly coloured and without a border."""
    canvas = ground(rng, shape, palette.ground, stain=14)
    height, width = shape
    plain = tuple(mix(palette.ground, color, 0.12) for color in palette.accents)
    if rng.random() < 0.5:
        arcade(canvas, (int(width * 0.1), int(height * 0.3), int(width * 0.9), int(height * 0.75)), 4, *plain[:2])
    else:
        points = branch(canvas, rng, (0, height), -1.0, min(shape) * 0.9, palette.ink)
        blossoms(canvas, rng, points, 5, plain[0])
    company(canvas, rng, Palette(palette.ground, palette.ink, plain), 0.9, height * 0.5)
    wash(canvas, noise(rng, shape, (50, 50)) * 0.5, palette.ground)
    birds(canvas, rng, palette.ink, 4)
    return canvas


SUBJECTS = {"garden": garden, "palace": palace, "drawing": drawing}
