from dataclasses import replace

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from support import ROOT

from met_culture.common.config import load
from met_culture.train.augment import affine, augment
from met_culture.train.params import AugmentParams, TrainParams

PARAMS = load("train", TrainParams, ROOT / "params.yaml").augment
NONE = AugmentParams(rotation=0, zoom=0, shift=0, shear=0, flip=False)
IMAGE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def draws(params: AugmentParams, count: int = 300) -> np.ndarray:
    return np.stack([affine(np.random.default_rng(seed), 64, params) for seed in range(count)])


def test_no_augmentation_is_the_image_itself() -> None:
    assert np.array_equal(augment(IMAGE, np.random.default_rng(1), NONE), IMAGE)


def test_a_seed_gives_an_image_and_another_gives_another() -> None:
    one, again, other = (augment(IMAGE, np.random.default_rng(seed), PARAMS) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.shape == IMAGE.shape
    assert one.dtype == np.uint8


def test_flip_mirrors_about_half_of_the_images_exactly() -> None:
    params = replace(NONE, flip=True)
    results = [augment(IMAGE, np.random.default_rng(seed), params) for seed in range(200)]
    mirrored = [np.array_equal(result, IMAGE[:, ::-1]) for result in results]
    assert all(m or np.array_equal(result, IMAGE) for m, result in zip(mirrored, results, strict=True))
    assert 70 < sum(mirrored) < 130


def test_zoom_stays_in_range_and_the_axes_differ() -> None:
    maps = draws(replace(NONE, zoom=0.2))
    for axis in (0, 1):
        assert 0.8 <= maps[:, axis, axis].min() < 0.83
        assert 1.17 < maps[:, axis, axis].max() <= 1.2
    assert not np.allclose(maps[:, 0, 0], maps[:, 1, 1])
    middle = maps @ [31.5, 31.5, 1]
    assert np.allclose(middle, 31.5)  # about the centre


def test_shift_is_a_share_of_the_size() -> None:
    moved = draws(replace(NONE, shift=0.1))[:, :, 2]
    assert np.abs(moved).max() <= 6.4
    assert np.abs(moved).max() > 6


def test_shear_is_in_degrees() -> None:
    maps = draws(replace(NONE, shear=10))
    assert 0.9 * np.sin(np.deg2rad(10)) < np.abs(maps[:, 0, 1]).max() <= np.sin(np.deg2rad(10))


def test_a_map_is_that_of_image_data_generator() -> None:
    params = AugmentParams(rotation=30, zoom=0.3, shift=0.2, shear=25, flip=True)
    y, x = np.mgrid[:64, :64]
    smooth = np.stack([2 * x, 2 * y, 255 - x - y], axis=-1).astype(np.uint8)
    for seed in range(20):
        rotation, tx, ty, shear, zoom_x, zoom_y, flip = np.random.default_rng(seed).uniform(-1, 1, size=7)
        transform = {"theta": 30 * rotation, "tx": 0.2 * 64 * tx, "ty": 0.2 * 64 * ty, "shear": 25 * shear}
        transform |= {"zx": 1 + 0.3 * zoom_x, "zy": 1 + 0.3 * zoom_y, "flip_horizontal": flip < 0}
        keras_result = ImageDataGenerator().apply_transform(smooth.astype(np.float32), transform)
        ours = augment(smooth, np.random.default_rng(seed), params)
        assert np.abs(ours - keras_result).max() <= 1


def test_a_parameter_does_not_change_the_draw_of_the_others() -> None:
    with_flip, without = draws(PARAMS), draws(replace(PARAMS, flip=False))
    assert np.allclose(np.abs(with_flip[:, 0, 0]), np.abs(without[:, 0, 0]))
    assert np.allclose(with_flip[:, :, 1], without[:, :, 1])
