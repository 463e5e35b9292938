import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image
from support import picture

from met_culture.images.decode import decode
from met_culture.preprocess.arrays import FITS, INTERPOLATIONS, crop, letterbox, random_crop, squash, to_array

RED, BLUE = (220, 20, 30), (10, 30, 200)


@pytest.fixture
def wide(tmp_path: Path) -> bytes:
    """Return a picture of 400 x 200 pixels, its left half red and its right half blue."""
    pixels = np.empty((200, 400, 3), np.uint8)
    pixels[:, :200], pixels[:, 200:] = RED, BLUE
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    return (tmp_path / "wide.png").read_bytes()


def test_squash_gives_up_the_aspect_ratio(wide: bytes) -> None:
    array = to_array(wide, 50, "squash", "nearest")
    assert array.shape == (50, 50, 3)
    assert (array[:, :25] == RED).all()
    assert (array[:, 25:] == BLUE).all()


def test_letterbox_keeps_the_whole_picture_on_black(wide: bytes) -> None:
    array = to_array(wide, 50, "letterbox", "nearest")
    assert (array[:12] == 0).all()
    assert (array[38:] == 0).all()
    assert (array[13:37, :25] == RED).all()


def test_crop_keeps_the_middle(wide: bytes) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255
    assert (crop(pixels, 10, cv2.INTER_NEAREST) == 255).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 600), (600, 1), (90, 540), (37, 41)])
def test_every_fit_of_every_shape_is_a_square(fit: str, shape: tuple[int, int]) -> None:
    for interpolation in INTERPOLATIONS.values():
        assert FITS[fit](np.full((*shape, 3), 9, np.uint8), 32, interpolation).shape == (32, 32, 3)


def test_letterbox_of_a_square_is_squash() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    assert np.array_equal(letterbox(pixels, 32, cv2.INTER_AREA), squash(pixels, 32, cv2.INTER_AREA))


@pytest.mark.parametrize("side", [66, 70, 100, 300, 3000])
def test_area_averages_exactly_and_does_not_alias(tmp_path: Path, side: int) -> None:
    checks = np.indices((side, side)).sum(axis=0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "checks.png")
    array = to_array((tmp_path / "checks.png").read_bytes(), 32, "squash", "area")
    assert abs(array.astype(int) - 127).max() <= 32  # a chequerboard finer than the result is grey


def _jpeg(pixels: np.ndarray, exif: Image.Exif) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "jpeg", quality=100, subsampling=0, exif=exif)
    return data.getvalue()


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("size", [(640, 480), (641, 479), (333, 1001)])
def test_a_turned_copy_with_its_orientation_gives_the_same_array(
    tmp_path: Path, size: tuple[int, int], interpolation: str
) -> None:
    pixels = decode(picture(tmp_path / "a.jpg", seed=5, size=size).read_bytes())
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned: rotate by 90 degrees clockwise to show it
    copies = [_jpeg(pixels, Image.Exif()), _jpeg(np.rot90(pixels), exif)]
    arrays = [to_array(data, 150, "squash", interpolation).astype(int) for data in copies]
    assert np.abs(arrays[0] - arrays[1]).mean() < 0.5  # of 255: the rounding of JPEG


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_turned_copy_without_loss_gives_exactly_the_same_array(tmp_path: Path, interpolation: str) -> None:
    pixels = decode(picture(tmp_path / "a.jpg", seed=5, size=(641, 479)).read_bytes())
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    turned = io.BytesIO()
    Image.fromarray(np.rot90(pixels)).save(turned, "png", exif=exif)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    arrays = [
        to_array(data, 150, "squash", interpolation) for data in (turned.getvalue(), (tmp_path / "a.png").read_bytes())
    ]
    assert np.array_equal(*arrays)


def test_area_of_real_paintings_is_exact(real_museum: Path) -> None:
    files = sorted(real_museum.rglob("*.jpg"))[::40]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        expected = cv2.resize(decode(data), (150, 150), interpolation=cv2.INTER_AREA)
        assert np.array_equal(to_array(data, 150, "squash", "area"), expected)


def test_a_crop_is_a_part_of_the_image_that_is_mirrored_half_of_the_time() -> None:
    image = np.arange(60 * 90 * 3).reshape(60, 90, 3)  # every value is there once
    heights, mirrored = [], 0
    for seed in range(200):
        part = random_crop(image, np.random.default_rng(seed), 0.6)
        mirrored += part[0, 0, 0] > part[0, -1, 0]
        part = part[:, ::-1] if part[0, 0, 0] > part[0, -1, 0] else part
        top, left = np.argwhere(image == part[0, 0, 0])[0][:2]
        assert np.array_equal(part, image[top : top + part.shape[0], left : left + part.shape[1]])
        heights.append(part.shape[0])
        assert 54 <= part.shape[1] <= 90
    assert (min(heights), max(heights)) == (36, 60)
    assert 80 <= mirrored <= 120
