"""Gold leaf and clouds of gold: the grounds of Japanese screens."""

import cv2
import numpy as np

from met_culture.sample.brush import Color, Rng, Shape, ground, vary

GOLD = (206, 166, 82)


def gold_leaf(rng: Rng, shape: Shape) -> np.ndarray:
    """Return a ground of gold leaf squares of slightly different lustre, RGB uint8 (h, w, 3)."""
    canvas = ground(rng, shape, vary(rng, GOLD, 10), stain=10)
    side = max(18, shape[0] // 7)
    tiles = rng.normal(0, 7, (shape[0] // side + 1, shape[1] // side + 1)).astype(np.float32)
    lustre = cv2.resize(tiles, None, fx=side, fy=side, interpolation=cv2.INTER_NEAREST)[: shape[0], : shape[1]]
    return np.clip(canvas + lustre[..., None], 0, 255).astype(np.uint8)


def cloud_bands(canvas: np.ndarray, rng: Rng, color: Color, count: int) -> None:
    """Lay bands of flat cloud with round ends across the picture."""
    height, width = canvas.shape[:2]
    for _ in range(count):
        y, thick = int(rng.uniform(0, 1) * height), int(height * rng.uniform(0.03, 0.08))
        x, long = int(rng.uniform(-0.3, 0.8) * width), int(width * rng.uniform(0.3, 0.8))
        for lift in (0, thick):
            start = x + int(rng.uniform(-0.2, 0.2) * long)
            cv2.line(canvas, (start, y + lift), (start + long, y + lift), color, thick * 2, cv2.LINE_AA)
