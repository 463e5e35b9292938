import numpy as np

from met_culture.models.border import only_border, without_border

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 40, 20, 3), np.uint8)
INSIDE = (slice(None), slice(4, 36), slice(2, 18))


def outside() -> np.ndarray:
    mask = np.ones((40, 20), bool)
    mask[4:36, 2:18] = False
    return mask


def test_the_border_becomes_the_mean_of_the_inside() -> None:
    result = without_border(IMAGES)
    assert np.array_equal(result[INSIDE], IMAGES[INSIDE])
    assert np.abs(result[:, outside()] - IMAGES[INSIDE].mean(axis=(1, 2))[:, None]).max() <= 0.5


def test_the_inside_becomes_the_mean_of_the_border() -> None:
    result = only_border(IMAGES)
    assert np.array_equal(result[:, outside()], IMAGES[:, outside()])
    assert np.abs(result[INSIDE] - IMAGES[:, outside()].mean(axis=1)[:, None, None]).max() <= 0.5


def test_the_images_themselves_stay() -> None:
    before = IMAGES.copy()
    without_border(IMAGES), only_border(IMAGES)
    assert np.array_equal(IMAGES, before)
