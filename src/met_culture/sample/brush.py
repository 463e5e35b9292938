"""Strokes, washes and grounds, which all painters of the synthetic sample use.

Pictures are RGB uint8 arrays of shape (h, w, 3); functions that take a canvas paint on it in place.
Positions and lengths are pixels, angles radians with 0 to the right and negative upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

Color = tuple[int, int, int]
Rng = np.random.Generator
Shape = tuple[int, int]
T = TypeVar("T")

# Soft hairs leave soft edges; every line is anti-aliased.
SMOOTH = cv2.LINE_AA


@dataclass(frozen=True)
class Palette:
    """The colours of one hand: the ground, the darkest ink, and a few accents (RGB, 0..255)."""

    ground: Color
    ink: Color
    accents: tuple[Color, ...]


def mix(first: Color, second: Color, fraction: float) -> Color:
    """Return the colour that lies `fraction` (0..1) of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * fraction) for a, b in zip(first, second, strict=True))
    return red, green, blue


def vary(rng: Rng, color: Color, spread: float) -> Color:
    """Return the colour moved by normal noise of `spread` levels, mostly in lightness."""
    shift = rng.normal(0, spread) + rng.normal(0, spread / 3, 3)
    red, green, blue = (int(np.clip(c + s, 0, 255)) for c, s in zip(color, shift, strict=True))
    return red, green, blue


def choose(rng: Rng, items: Sequence[T]) -> T:
    """Return one of the items, each as likely as the others."""
    return items[int(rng.integers(len(items)))]


def noise(rng: Rng, shape: Shape, cell: tuple[float, float]) -> np.ndarray:
    """Return smooth noise, float32 (h, w) in 0..1, with blobs of about `cell` (height, width) pixels."""
    height, width = shape
    coarse = rng.random((int(height / cell[0]) + 3, int(width / cell[1]) + 3), dtype=np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def skyline(rng: Rng, width: int, knots: int, roughness: float) -> np.ndarray:
    """Return heights, float32 (width,) in 0..1: rolling for roughness 0, jagged for 1."""
    line = np.zeros(width, np.float32)
    for octave in range(5):
        coarse = rng.random((1, knots * 2**octave + 2), dtype=np.float32)
        line += roughness**octave * 0.6 * cv2.resize(coarse, (width, 1), interpolation=cv2.INTER_CUBIC)[0]
    return (line - line.min()) / max(float(np.ptp(line)), 1e-6)


def ground(rng: Rng, shape: Shape, color: Color, *, stain: float = 14, grain: float = 1.8) -> np.ndarray:
    """Return a fresh sheet, RGB uint8 (h, w, 3): paper or silk with stains and grain (levels)."""
    height, width = shape
    stains = (noise(rng, shape, (80, 80)) + noise(rng, shape, (25, 25)) - 1) * stain
    threads = rng.normal(0, grain, (height, 1)) + rng.normal(0, grain, (1, width))
    sheet = (stains + threads).astype(np.float32)[..., None] + np.array(color, np.float32)
    return np.clip(sheet, 0, 255).astype(np.uint8)


def gradient(shape: Shape, top: Color, bottom: Color, bend: float = 1.0) -> np.ndarray:
    """Return a vertical gradient, RGB uint8 (h, w, 3); `bend` above 1 keeps the top colour longer."""
    fraction = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None] ** bend
    column = np.array(top, np.float32) * (1 - fraction) + np.array(bottom, np.float32) * fraction
    return np.repeat(column.astype(np.uint8), shape[1], axis=1)


def wash(canvas: np.ndarray, strength: np.ndarray, color: Color) -> None:
    """Lay a colour over the canvas, as thick as `strength`, float (h, w) in 0..1."""
    fraction = strength.astype(np.float32)[..., None]
    canvas[:] = (canvas + fraction * (np.array(color, np.float32) - canvas)).astype(np.uint8)


def stroke(canvas: np.ndarray, points: np.ndarray, color: Color, start: float, end: float) -> None:
    """Draw a tapered stroke through points, float (n, 2) as x, y; widths in pixels at its two ends."""
    widths = np.linspace(start, end, len(points) - 1)
    corners = [(int(x), int(y)) for x, y in points]
    for head, tail, width in zip(corners, corners[1:], widths, strict=False):
        cv2.line(canvas, head, tail, color, max(1, round(width)), SMOOTH)


def curve(
    rng: Rng, start: tuple[float, float], angle: float, length: float, *, bend: float = 0.0, wobble: float = 0.1
) -> np.ndarray:
    """Return points, float (9, 2), of a line that leaves at `angle` and turns by `bend` radians in all."""
    turns = np.linspace(0, bend, 8) + np.cumsum(rng.normal(0, wobble, 8)) + angle
    steps = np.column_stack([np.cos(turns), np.sin(turns)]) * length / 8
    return np.vstack([[start], np.array(start) + np.cumsum(steps, axis=0)])


def lines(canvas: np.ndarray, starts: np.ndarray, ends: np.ndarray, color: Color, width: int = 1) -> None:
    """Draw many straight lines at once, from (n, 2) to (n, 2)."""
    segments = np.stack([starts, ends], axis=1).astype(np.int32)
    cv2.polylines(canvas, list(segments), False, color, width, SMOOTH)


def dabs(rng: Rng, canvas: np.ndarray, centres: np.ndarray, color: Color, size: float, spread: float = 12) -> None:
    """Set a round dab of about `size` pixels radius at each centre (n, 2), each in its own shade."""
    radii = np.maximum(1, rng.normal(size, size / 3, len(centres)))
    for (x, y), radius in zip(centres, radii, strict=True):
        cv2.circle(canvas, (int(x), int(y)), int(radius), vary(rng, color, spread), -1, SMOOTH)


def shape_fill(canvas: np.ndarray, points: list[tuple[float, float]] | np.ndarray, color: Color) -> None:
    """Fill a polygon given by its corners (x, y)."""
    cv2.fillPoly(canvas, [np.asarray(points, np.float32).astype(np.int32)], color, SMOOTH)
