"""The Chinese manner: ink landscapes, bamboo and orchids, blossoms, old trees in snow, and writing."""

import numpy as np

from met_culture.sample.brush import Palette, Rng, Shape, choose, curve, dabs, ground, mix, noise, stroke, vary, wash
from met_culture.sample.figures import pavilion
from met_culture.sample.nature import bamboo, birds, blossoms, branch, grass, leaves, mountain, pine, wrinkles
from met_culture.sample.script import columns, seals

# Old silk is brown, paper pale: both are common, and Japanese scrolls are on the same two.
SILK = ((150, 116, 70), (172, 136, 88), (118, 90, 56), (134, 112, 82))
PAPER = ((226, 212, 190), (214, 200, 182), (232, 224, 210), (206, 194, 170))
TINTS = ((96, 124, 110), (110, 128, 140), (160, 112, 78), (120, 132, 92))
PETALS = ((222, 140, 142), (240, 226, 220), (196, 84, 76), (206, 170, 196))


def hand(rng: Rng) -> Palette:
    """Return the palette of one painter: silk or paper, ink, a pale tint and a colour of blossom."""
    sheet = choose(rng, SILK) if rng.random() < 0.42 else choose(rng, PAPER)
    sheet = vary(rng, sheet, 9)
    ink = mix((26, 24, 24), sheet, rng.uniform(0, 0.25))
    return Palette(sheet, ink, (choose(rng, TINTS), choose(rng, PETALS)))


def sheet(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Return the empty sheet, RGB uint8 (h, w, 3)."""
    return ground(rng, shape, palette.ground, stain=18 if sum(palette.ground) < 450 else 8)


def sign(canvas: np.ndarray, rng: Rng, palette: Palette, probability: float = 0.75) -> None:
    """Write an inscription in an upper corner of some paintings and stamp the seals."""
    height, width = canvas.shape[:2]
    if rng.random() < probability:
        left = choose(rng, (0.05, 0.62))
        box = (left, 0.04, left + rng.uniform(0.1, 0.32), rng.uniform(0.12, 0.3))
        columns(canvas, rng, box, max(5, min(height, width) / 28), palette.ink, 0.5)
    seals(canvas, rng, int(rng.integers(1, 6)))


def landscape(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint ranges of mountains that rise out of mist, with pines, a house, and perhaps a boat."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    tint = mix(palette.ink, palette.accents[0], rng.uniform(0, 0.9))
    depth = int(rng.integers(2, 5))
    for index in range(depth):
        near = (index + 1) / depth
        base = 0.35 + 0.6 * near
        peak = base - rng.uniform(0.3, 0.6)
        tone = mix(palette.ground, tint, 0.25 + 0.5 * near)
        ridge = mountain(canvas, rng, tone, base=base, peak=max(peak, 0.08), rough=rng.uniform(0.3, 0.7))
        wrinkles(
            canvas, rng, ridge, base, mix(palette.ground, palette.ink, 0.3 + 0.5 * near), int(width * height / 700)
        )
        wooded = rng.integers(0, width, int(60 * near))
        dabs(rng, canvas, np.column_stack([wooded, ridge[wooded] + 2]), mix(palette.ground, palette.ink, near), 2)
    shore(canvas, rng, palette)
    sign(canvas, rng, palette)
    return canvas


def shore(canvas: np.ndarray, rng: Rng, palette: Palette) -> None:
    """Paint the near bank: pines, a pavilion and low rocks."""
    height, width = canvas.shape[:2]
    tall = min(height * 0.3, width * 0.5)
    x = rng.uniform(0.1, 0.8) * width
    rock = mountain(canvas, rng, mix(palette.ground, palette.ink, 0.6), base=1.0, peak=0.85, rough=0.5, mist=0.3)
    wrinkles(canvas, rng, rock, 1.0, palette.ink, 120)
    if rng.random() < 0.6:
        at = (width - x, height * rng.uniform(0.85, 0.92))
        pavilion(canvas, at, tall * 0.35, palette.ink, mix(palette.ground, (200, 170, 130), 0.5))
    for _ in range(int(rng.integers(1, 5))):
        foot = (x + rng.normal(0, tall / 4), height * rng.uniform(0.9, 1))
        pine(canvas, rng, foot, tall * rng.uniform(0.6, 1.1), palette.ink, mix(palette.ink, palette.accents[0], 0.4))


def stalks(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint bamboo in ink, alone or beside a rock."""
    canvas = sheet(rng, shape, palette)
    bamboo(canvas, rng, palette.ink, palette.ground, int(rng.integers(1, 5)))
    if rng.random() < 0.5:
        rock = mountain(canvas, rng, palette.ink, base=1.05, peak=0.65, rough=0.6, mist=0.5)
        wrinkles(canvas, rng, rock, 1.0, palette.ink, 150)
    sign(canvas, rng, palette)
    return canvas


def orchids(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint tufts of orchids with pale flowers."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    size = min(height, width)
    for _ in range(int(rng.integers(1, 4))):
        at = (rng.uniform(0.2, 0.8) * width, height * rng.uniform(0.7, 1))
        grass(canvas, rng, at, size * 0.8, mix(palette.ink, palette.accents[0], rng.uniform(0, 0.6)), 14)
        flowers = np.array(at) - [0, size * 0.3] + rng.normal(0, size / 8, (7, 2))
        blossoms(canvas, rng, flowers, size / 30, mix(palette.accents[1], palette.ground, 0.3))
    sign(canvas, rng, palette)
    return canvas


def flowering(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint a flowering branch across the sheet, with leaves and now and then birds."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    side = choose(rng, (0, 1))
    size = min(max(height, width), min(height, width) * 1.6)
    for _ in range(int(rng.integers(1, 4))):
        at = (side * width, height * rng.uniform(0.2, 0.95))
        angle = (np.pi if side else 0) + (1 if side else -1) * rng.uniform(0, 0.9)
        points = branch(canvas, rng, at, angle, size * rng.uniform(0.6, 0.9), palette.ink)
        for point in points[:: int(rng.integers(3, 6))]:
            leaves(canvas, rng, point, size / 14, mix(palette.accents[0], palette.ink, 0.3))
        blossoms(canvas, rng, points[::2], min(height, width) / 34, palette.accents[1])
    if rng.random() < 0.4:
        birds(canvas, rng, palette.ink, 4)
    sign(canvas, rng, palette)
    return canvas


def winter(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint bare old trees under a clouded, darkened sky."""
    canvas = sheet(rng, shape, palette)
    height, width = shape
    wash(
        canvas,
        noise(rng, shape, (height / 3, width / 2)) * rng.uniform(0.2, 0.6),
        mix(palette.ink, palette.ground, 0.4),
    )
    mountain(canvas, rng, mix(palette.ground, (255, 255, 255), 0.4), base=0.9, peak=0.3, mist=0.4)
    for _ in range(int(rng.integers(2, 5))):
        foot = (rng.uniform(0.05, 0.95) * width, height * rng.uniform(0.85, 1))
        branch(canvas, rng, foot, -np.pi / 2 + rng.normal(0, 0.2), min(height * 0.6, width * 0.9), palette.ink)
    stroke(canvas, curve(rng, (0, height * 0.9), 0, width, wobble=0.05), palette.ink, 2, 2)
    birds(canvas, rng, palette.ink, int(rng.integers(0, 9)))
    sign(canvas, rng, palette)
    return canvas


def writing(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Write a sheet full of columns, large or small, with seals."""
    canvas = sheet(rng, shape, palette)
    cell = min(shape) / rng.uniform(9, 20)
    columns(canvas, rng, (0.06, 0.06, 0.95, 0.95), cell, palette.ink, 0.8)
    seals(canvas, rng, int(rng.integers(2, 7)))
    return canvas


SUBJECTS = {
    "landscape": landscape,
    "bamboo": stalks,
    "orchids": orchids,
    "blossoms": flowering,
    "winter trees": winter,
    "calligraphy": writing,
}
