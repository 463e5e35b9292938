"""Mountains, trees, bamboo, blossoms, water and birds: motifs that several painters share."""

import itertools

import cv2
import numpy as np

from met_culture.sample.brush import (
    Color,
    Rng,
    choose,
    curve,
    dabs,
    lines,
    mix,
    shape_fill,
    skyline,
    stroke,
    vary,
    wash,
)


def mountain(
    canvas: np.ndarray, rng: Rng, color: Color, *, base: float, peak: float, rough: float = 0.5, mist: float = 0.7
) -> np.ndarray:
    """Paint a range from `peak` down to `base` (fractions of the height); return its ridge, y per column.

    `mist` above 0 lets the foot of the range dissolve.
    """
    height, width = canvas.shape[:2]
    foot = base * height
    ridge = foot - (foot - peak * height) * skyline(rng, width, round(rng.uniform(1, 3) + width / height), rough)
    rows = np.arange(height, dtype=np.float32)[:, None]
    fade = np.clip((foot - rows) / np.maximum(foot - ridge, 1), 0, 1)
    wash(canvas, np.where(rows >= ridge, fade**mist, 0), color)
    return ridge


def wrinkles(canvas: np.ndarray, rng: Rng, ridge: np.ndarray, base: float, color: Color, count: int) -> None:
    """Hatch the slopes below a ridge with texture strokes, denser and darker near the ridge."""
    height, width = canvas.shape[:2]
    x = rng.integers(0, width, count)
    depth = rng.beta(1, 2.2, count) * np.maximum(base * height - ridge[x], 0)
    starts = np.column_stack([x, ridge[x] + depth])
    slope = np.gradient(ridge)[x]
    reach = rng.uniform(4, 14, count)
    ends = starts + np.column_stack([np.where(slope > 0, 1, -1) * reach * 0.5, reach])
    lines(canvas, starts, ends, color)
    contour = np.column_stack([np.arange(width), ridge]).astype(np.int32)
    cv2.polylines(canvas, [contour], False, color, 1, cv2.LINE_AA)


def pine(canvas: np.ndarray, rng: Rng, foot: tuple[float, float], tall: float, ink: Color, needles: Color) -> None:
    """Paint a leaning pine with flat tufts of needles."""
    trunk = curve(rng, foot, -np.pi / 2 + rng.normal(0, 0.2), tall, bend=rng.normal(0, 0.5), wobble=0.15)
    stroke(canvas, trunk, ink, max(2, tall / 16), 1)
    for x, y in trunk[3:]:
        for _ in range(3):
            tip = np.array([x, y]) + rng.normal(0, 1, 2) * [tall / 5, tall / 16]
            stroke(canvas, np.array([[x, y], tip]), ink, 2, 1)
            angles = rng.uniform(-np.pi, 0, 12)
            fan = np.column_stack([np.cos(angles), np.sin(angles) * 0.6]) * tall / 10
            lines(canvas, np.repeat(tip[None], 12, 0), tip + fan, vary(rng, needles, 10))


def leafy_tree(canvas: np.ndarray, rng: Rng, foot: tuple[float, float], tall: float, leaves: Color) -> None:
    """Paint a round, leafy tree with a lit side, in thick dabs."""
    trunk = curve(rng, foot, -np.pi / 2, tall * 0.7, wobble=0.08)
    stroke(canvas, trunk, mix(leaves, (30, 20, 12), 0.7), max(2, tall / 14), 2)
    boughs = trunk[5] + rng.normal(0, 1, (7, 2)) * [tall / 6, tall / 7]
    crown = np.repeat(boughs, 28, axis=0) + rng.normal(0, 1, (196, 2)) * [tall / 13, tall / 17]
    dabs(rng, canvas, crown, mix(leaves, (10, 12, 8), 0.4), tall / 28, 6)
    dabs(rng, canvas, crown[::2] - [tall / 24, tall / 20], leaves, tall / 44, 9)


def bamboo(canvas: np.ndarray, rng: Rng, ink: Color, ground: Color, stalks: int) -> None:
    """Paint stalks of bamboo with nodes and clusters of pointed leaves."""
    height, width = canvas.shape[:2]
    for _ in range(stalks):
        tone = mix(ink, ground, rng.uniform(0, 0.5))
        line = curve(
            rng, (rng.uniform(0.2, 0.8) * width, height), -np.pi / 2 + rng.normal(0, 0.12), height, wobble=0.03
        )
        for head, tail in itertools.pairwise(line):
            stroke(canvas, np.array([head, head + (tail - head) * 0.93]), tone, max(2, min(height, width) / 60), 2)
        for x, y in line[2:]:
            leaves(canvas, rng, (x, y), min(height, width) / 5, tone)


def leaves(canvas: np.ndarray, rng: Rng, at: tuple[float, float], size: float, color: Color) -> None:
    """Paint a cluster of narrow leaves that hang from one point."""
    side = choose(rng, (-1, 1))
    for _ in range(int(rng.integers(4, 9))):
        angle = rng.normal(0.7, 0.5)
        reach = np.array([side * np.cos(angle), np.sin(angle)]) * size * rng.uniform(0.6, 1.2)
        across = np.array([-reach[1], reach[0]]) * 0.07
        start = np.array(at) + rng.normal(0, size / 6, 2)
        middle = start + reach * 0.4
        shape_fill(canvas, np.array([start, middle + across, start + reach, middle - across]), color)


def grass(canvas: np.ndarray, rng: Rng, at: tuple[float, float], size: float, color: Color, count: int) -> None:
    """Paint long bending blades (orchid leaves, reeds) that spring from one point."""
    for _ in range(count):
        angle = -np.pi / 2 + rng.normal(0, 0.6)
        bend = rng.uniform(0.3, 1.3) * np.sign(np.cos(angle))
        stroke(canvas, curve(rng, at, angle, size * rng.uniform(0.5, 1), bend=bend, wobble=0.04), color, 3, 1)


def branch(canvas: np.ndarray, rng: Rng, at: tuple[float, float], angle: float, size: float, ink: Color) -> np.ndarray:
    """Paint a forking branch; return the points, float (n, 2), where blossoms may sit."""
    limb = curve(rng, at, angle, size, bend=rng.normal(0, 0.5), wobble=0.18)
    stroke(canvas, limb, ink, max(2, size / 28), 1)
    points = [limb[3:]]
    for x, y in limb[2:]:
        twig = curve(rng, (x, y), angle + rng.normal(0, 0.8), size * rng.uniform(0.2, 0.5))
        stroke(canvas, twig, ink, max(1, size / 70), 1)
        points.append(twig[3:])
    return np.vstack(points)


def blossoms(canvas: np.ndarray, rng: Rng, points: np.ndarray, size: float, color: Color) -> None:
    """Paint five-petalled blossoms of about `size` pixels radius with a dark heart."""
    ring = np.arange(5) * 2 * np.pi / 5
    for x, y in points:
        radius = max(1.5, rng.normal(size, size / 4))
        petals = np.column_stack([np.cos(ring), np.sin(ring)]) * radius * 0.6 + [x, y]
        dabs(rng, canvas, petals, color, radius * 0.5, 6)
        cv2.circle(canvas, (int(x), int(y)), max(1, int(radius / 4)), mix(color, (120, 60, 20), 0.6), -1, cv2.LINE_AA)


def birds(canvas: np.ndarray, rng: Rng, ink: Color, count: int) -> None:
    """Paint a loose flight of birds, two wing strokes each, in the upper half."""
    height, width = canvas.shape[:2]
    centre = np.array([rng.uniform(0.2, 0.8) * width, rng.uniform(0.1, 0.35) * height])
    for _ in range(count):
        at = centre + rng.normal(0, min(height, width) / 10, 2)
        span = min(height, width) / rng.uniform(45, 70)
        wings = at + np.array([[-1, -0.6], [-0.4, -0.5], [0, 0], [0.4, -0.5], [1, -0.6]]) * span
        stroke(canvas, wings, ink, 1, 1)
