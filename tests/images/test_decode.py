from pathlib import Path

import pytest
from PIL import Image
from support import picture

from met_culture.images.check import ImageError
from met_culture.images.decode import FLAGS, decode


def test_channels_are_red_green_blue(tmp_path: Path) -> None:
    Image.new("RGB", (4, 2), (220, 20, 30)).save(tmp_path / "red.png")
    assert decode((tmp_path / "red.png").read_bytes())[0, 0].tolist() == [220, 20, 30]


def test_grey_images_get_three_equal_channels(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "grey.jpg")
    array = decode((tmp_path / "grey.jpg").read_bytes())
    assert array.shape == (256, 256, 3)
    assert (array[..., 0] == array[..., 2]).all()


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    data = picture(tmp_path / "a.jpg", seed=1, size=(60, 40), exif=exif).read_bytes()
    assert decode(data).shape == (60, 40, 3)


def test_what_cv2_cannot_read_is_an_image_error() -> None:
    for data in (b"", b"nonsense"):
        with pytest.raises(ImageError):
            decode(data)


@pytest.mark.parametrize("reduction", FLAGS)
def test_a_reduction_divides_width_and_height(tmp_path: Path, reduction: int) -> None:
    data = picture(tmp_path / "a.jpg", seed=1, size=(64, 48)).read_bytes()
    assert decode(data, reduction).shape == (48 // reduction, 64 // reduction, 3)
