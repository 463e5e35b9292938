"""The museum's photograph of a painting: how each form is staged, and the camera.

Pictures are RGB uint8 (h, w, 3); every function returns a new one.
"""

import itertools

import cv2
import numpy as np

from met_culture.sample.brush import Rng, choose, mix, vary
from met_culture.sample.mounts import BLACK, BROCADES, MAT, border, silk_mount, surround

GILT = (160, 122, 58)
SHORTEST = 80  # pixels of the short side; a thinner picture would be a line


def stage(rng: Rng, painting: np.ndarray, form: str) -> np.ndarray:
    """Return a painting with its surroundings, long side 400 to 500 pixels."""
    scene = STAGINGS[form](rng, painting)
    longest = max(int(rng.integers(400, 500)), SHORTEST * max(scene.shape[:2]) // min(scene.shape[:2]) + 1)
    scale = longest / max(scene.shape[:2])
    size = tuple(max(SHORTEST, round(side * scale)) for side in scene.shape[1::-1])
    return cv2.resize(scene, size, interpolation=cv2.INTER_AREA)


def photograph(rng: Rng, scene: np.ndarray, *, grey: bool = False) -> np.ndarray:
    """Return the scene with the trim, white balance, exposure, contrast, haze and noise of a random camera."""
    top, bottom, left, right = rng.integers(0, 3, 4)
    picture = cv2.resize(scene[top : scene.shape[0] - bottom, left : scene.shape[1] - right], scene.shape[1::-1])
    levels = np.arange(256)[:, None] / 255
    gain = rng.normal(1, 0.04) * rng.normal(1, 0.022, 3)
    curve = rng.uniform(0, 0.06) + (levels ** rng.normal(1, 0.1)) * gain * rng.uniform(0.88, 1.02)
    table = np.clip(curve * 255, 0, 255).astype(np.uint8)[:, None]
    exposed = cv2.LUT(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8)), table)
    if grey:
        exposed = cv2.cvtColor(cv2.cvtColor(exposed, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    speckle = rng.normal(0, rng.uniform(0.5, 3), (*exposed.shape[:2], 1)).astype(np.float32)
    return np.clip(exposed + speckle, 0, 255).astype(np.uint8)


def hanging_scroll(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return a hanging scroll photographed closely: cropped, or with its mount."""
    return painting if rng.random() < 0.6 else silk_mount(rng, painting)


def mounted_scroll(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return a hanging scroll with its mount, on black or on a pale wall."""
    return surround(rng, silk_mount(rng, painting), BLACK if rng.random() < 0.75 else vary(rng, MAT, 6))


def handscroll(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return a handscroll: mostly cropped, sometimes with a little black or paper around it."""
    if rng.random() < 0.55:
        return painting
    margin = int(painting.shape[0] * rng.uniform(0.03, 0.12))
    return border(painting, (margin, margin, margin // 2, margin // 2), choose(rng, (BLACK, MAT, BROCADES[3])))


def leaf(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return an album leaf or folio: cropped, or on its page, now and then on black."""
    margin = int(min(painting.shape[:2]) * rng.uniform(0.03, 0.16))
    page = border(painting, (margin,) * 4, vary(rng, MAT, 8)) if rng.random() < 0.5 else painting
    return border(page, (6, 6, 6, 6), BLACK) if rng.random() < 0.2 else page


def fan(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return a round or a folding fan on its page."""
    height, width = painting.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    if width / height < 1.4:
        cv2.ellipse(mask, (width // 2, height // 2), (width // 2 - 8, height // 2 - 8), 0, 0, 360, 1, -1)
    else:
        centre = (width // 2, int(height * 1.25))
        cv2.ellipse(mask, centre, (int(height * 1.2),) * 2, 0, 212, 328, 1, -1)
        cv2.circle(mask, centre, int(height * 0.5), 0, -1)
    page = np.empty_like(painting)
    page[:] = vary(rng, choose(rng, (MAT, BROCADES[3], BROCADES[0])), 8)
    return np.where(mask[..., None] > 0, painting, page)


def screen(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return a folding screen: panels that catch the light differently, dark seams, a narrow lacquer frame."""
    lit = painting.astype(np.float32)
    edges = np.linspace(0, painting.shape[1], int(choose(rng, (2, 4, 6, 6))) + 1).astype(int)
    for index, (left, right) in enumerate(itertools.pairwise(edges)):
        ramp = np.linspace(-1, 1, right - left) * (1 if index % 2 else -1) * rng.uniform(0.02, 0.1)
        lit[:, left:right] *= (1 + ramp)[None, :, None]
    for seam in edges[1:-1]:
        lit[:, max(0, seam - 1) : seam + 1] *= 0.35
    panels = np.clip(lit, 0, 255).astype(np.uint8)
    framed = border(panels, (5, 5, 5, 5), choose(rng, (BLACK, (70, 44, 26))))
    return surround(rng, framed, choose(rng, (BLACK, MAT, (120, 118, 114)))) if rng.random() < 0.4 else framed


def canvas(rng: Rng, painting: np.ndarray) -> np.ndarray:
    """Return a canvas: mostly cropped, sometimes in a gilt frame or with a strip of the wall."""
    if rng.random() < 0.75:
        return painting
    width = int(min(painting.shape[:2]) * rng.uniform(0.03, 0.1))
    framed = border(painting, (3, 3, 3, 3), mix(GILT, BLACK, 0.6))
    for fraction in (0.0, 0.5, 0.15):
        framed = border(framed, (width // 3 + 1,) * 4, vary(rng, mix(GILT, (250, 226, 160), fraction), 8))
    return framed if rng.random() < 0.6 else border(framed, (8,) * 4, choose(rng, (BLACK, MAT)))


STAGINGS = {
    "hanging scroll": hanging_scroll,
    "mounted scroll": mounted_scroll,
    "handscroll": handscroll,
    "album leaf": leaf,
    "folio": leaf,
    "fan": fan,
    "screen": screen,
    "canvas": canvas,
}
