"""The American manner: oil landscapes and seas with luminous skies, portraits and still lifes on dark grounds."""

import cv2
import numpy as np

from met_culture.sample.brush import Palette, Rng, Shape, choose, dabs, gradient, mix, noise, shape_fill, vary, wash
from met_culture.sample.nature import leafy_tree, mountain

# Zenith and horizon: noon, evening, storm, grey morning, dusk.
SKIES = (
    ((110, 146, 180), (232, 222, 196)),
    ((120, 120, 130), (240, 190, 120)),
    ((70, 78, 86), (170, 168, 150)),
    ((176, 172, 160), (216, 206, 184)),
    ((60, 66, 96), (222, 120, 80)),
)
EARTHS = ((70, 74, 36), (88, 70, 40), (104, 96, 56), (52, 62, 44))
DARKS = ((44, 32, 22), (30, 26, 24), (62, 48, 34), (48, 50, 42))


def hand(rng: Rng) -> Palette:
    """Return the palette of one painter: dark ground, shadow colour, then zenith, horizon, earth."""
    zenith, horizon = choose(rng, SKIES)
    accents = tuple(vary(rng, color, 12) for color in (zenith, horizon, choose(rng, EARTHS)))
    return Palette(vary(rng, choose(rng, DARKS), 6), (24, 20, 16), accents)


def varnish(canvas: np.ndarray, rng: Rng) -> np.ndarray:
    """Return the picture with brush texture, darkened edges, and the warm tone of old varnish."""
    height, width = canvas.shape[:2]
    bristles = (noise(rng, (height, width), (2, 9)) - 0.5) * rng.uniform(10, 30)
    rows, cols = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    light = 1 - rng.uniform(0, 0.35) * (rows**2 + cols**2) / 2
    warm = np.array((1, 1 - rng.uniform(0, 0.06), 1 - rng.uniform(0, 0.22)))
    painted = (canvas + bristles[..., None]) * light[..., None] * warm
    return np.clip(painted, 0, 255).astype(np.uint8)


def sky(rng: Rng, shape: Shape, palette: Palette, horizon: int) -> np.ndarray:
    """Return a luminous sky over the whole canvas, brightest at row `horizon`, with clouds and perhaps a sun."""
    canvas = np.empty((*shape, 3), np.uint8)
    canvas[:horizon] = gradient((horizon, shape[1]), palette.accents[0], palette.accents[1], 1.3)
    canvas[horizon:] = palette.accents[1]
    clouds = noise(rng, shape, (shape[0] / 9, shape[1] / 4)) + 0.5 * noise(rng, shape, (shape[0] / 25, shape[1] / 12))
    wash(canvas, np.clip(clouds * 2 - 1.7, 0, 0.8), mix(palette.accents[1], (255, 250, 240), 0.4))
    wash(canvas, np.clip(0.9 - clouds * 1.6, 0, 0.6), mix(palette.accents[0], (60, 60, 70), 0.3))
    if rng.random() < 0.4:
        glow = np.zeros(shape, np.float32)
        cv2.circle(glow, (int(rng.uniform(0.2, 0.8) * shape[1]), int(horizon * 0.8)), min(shape) // 8, 1, -1)
        wash(canvas, cv2.blur(glow, (shape[1] // 3, shape[0] // 3)) * 2.5 * 0.4 + glow * 0.3, (255, 240, 200))
    return canvas


def landscape(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint hills in haze behind a lake or meadow, framed by trees in the foreground."""
    height, width = shape
    horizon = int(height * rng.uniform(0.45, 0.68))
    canvas = sky(rng, shape, palette, horizon)
    for index in range(int(rng.integers(1, 4))):
        haze = mix(palette.accents[0], palette.accents[2], 0.3 + 0.3 * index)
        foot = horizon / height + 0.03 * (index + 1)
        mountain(canvas, rng, haze, base=foot, peak=foot - rng.uniform(0.12, 0.4) / (index + 1), rough=0.35, mist=0.25)
    if rng.random() < 0.6:
        mirror(canvas, rng, horizon)
    else:
        meadow = gradient(
            (height - horizon, width), mix(palette.accents[2], palette.accents[1], 0.4), palette.accents[2]
        )
        canvas[horizon:] = meadow
        spots = rng.uniform(0, 1, (220, 2)) * [width, height - horizon] + [0, horizon]
        dabs(rng, canvas, spots, palette.accents[2], 3, 18)
    foreground(canvas, rng, palette)
    return varnish(cv2.GaussianBlur(canvas, (0, 0), 0.8), rng)


def mirror(canvas: np.ndarray, rng: Rng, horizon: int) -> None:
    """Turn everything below row `horizon` into still water that reflects what stands above it."""
    below = canvas.shape[0] - horizon
    image = canvas[max(0, horizon - below) : horizon][::-1]
    image = cv2.blur(cv2.resize(image, (canvas.shape[1], below)), (15, 5))
    ripples = (noise(rng, image.shape[:2], (3, 40)) - 0.5)[..., None] * 24
    canvas[horizon:] = np.clip(image * 0.82 + ripples, 0, 255)


def foreground(canvas: np.ndarray, rng: Rng, palette: Palette) -> None:
    """Paint a dark near bank and a few trees at the sides."""
    height, width = canvas.shape[:2]
    dark = mix(palette.accents[2], palette.ink, 0.5)
    mountain(canvas, rng, dark, base=1.02, peak=rng.uniform(0.75, 0.9), rough=0.3, mist=0.15)
    for _ in range(int(rng.integers(0, 6))):
        side = rng.beta(0.5, 0.5)
        leafy_tree(canvas, rng, (side * width, height * 0.95), height * rng.uniform(0.3, 0.75), vary(rng, dark, 16))


def sea(rng: Rng, shape: Shape, palette: Palette) -> np.ndarray:
    """Paint a sea with breaking crests, and often a ship or rocks."""
    height, width = shape
    horizon = int(height * rng.uniform(0.35, 0.6))
    canvas = sky(rng, shape, palette, horizon)
    deep = choose(rng, ((40, 74, 84), (62, 72, 78), (34, 50, 72)))
    canvas[horizon:] = gradient((height - horizon, width), mix(deep, palette.accents[1], 0.5), deep)
    crests = noise(rng, (height - horizon, width), (8, 50)) * noise(rng, (height - horizon, width), (3, 14))
    wash(canvas[horizon:], np.clip(crests * 3 - 1.1, 0, 0.8), (222, 226, 216))
    if rng.random() < 0.6:
        ship(canvas, rng, (rng.uniform(0.2, 0.8) * width, horizon + height * 0.05), height * rng.uniform(0.15, 0.4))
    if rng.random() < 0.5:
        foreground(canvas, rng, palette)
    return varnish(cv2.GaussianBlur(canvas, (0, 0), 0.8), rng)


def ship(canvas: np.ndarray, rng: Rng, at: tuple[float, float], tall: float) -> None:
    """Paint a sailing ship with two masts, `tall` pixels high."""
    hull = np.array([(-0.5, -0.12), (0.5, -0.14), (0.4, 0), (-0.4, 0)]) * tall + at
    for mast in (-0.2, 0.15):
        for level in (0.15, 0.5):
            sides, ends = np.array((-0.16, 0.17, 0.13, -0.1)) + mast, np.array((0, 0, 0.3, 0.3)) + level
            sail = np.column_stack([sides, -ends])
            shape_fill(canvas, sail * tall + at, vary(rng, (214, 200, 170), 12))
    shape_fill(canvas, hull, (44, 32, 26))


SUBJECTS = {"landscape": landscape, "sea": sea}
