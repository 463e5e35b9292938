"""What libjpeg remarks on does not make an image incomplete, and what is missing always does."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import picture

from met_culture.images.check import ImageError, check_image
from met_culture.images.decode import decode
from met_culture.images.jpeg import MAX_SCANS

SIZE = (400, 300)
END = b"\xff\xd9"


@pytest.fixture(
    params=[{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=["plain", "progressive", "restarts"]
)
def image(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    return picture(tmp_path / "a.jpg", seed=1, size=SIZE, **request.param).read_bytes()


@pytest.fixture
def plain(tmp_path: Path) -> bytes:
    return picture(tmp_path / "a.jpg", seed=1, size=SIZE).read_bytes()


def with_zeros_in_the_scan_header(data: bytes) -> bytes:
    """Return a JPEG as some phones write it: the last three bytes of its scan header are 0."""
    end = data.rindex(b"\xff\xda") + 2 + int.from_bytes(data[data.rindex(b"\xff\xda") + 2 :][:2], "big")
    return data[: end - 3] + bytes(3) + data[end:]


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


ODD = {
    "zeros in the scan header": with_zeros_in_the_scan_header,
    "JFIF version 2": lambda data: data[:11] + b"\2" + data[12:],
    "stray bytes before the end": lambda data: data[:-2] + b"\x12\x34\x56" + END,
    "fill bytes before a marker": lambda data: data[:2] + b"\xff\xff" + data[2:],
    "a trailer of a phone": lambda data: data + b"SEFH" + data[: len(data) // 3] + b"SEFT",
    "a damaged colour profile": lambda data: data[:2] + segment(0xE2, b"ICC_PROFILE\0\7\3???") + data[2:],
    "damaged EXIF": lambda data: data[:2] + segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff") + data[2:],
    "a JPEG as thumbnail": lambda data: data[:2] + segment(0xE1, b"Exif\0\0" + data[:60_000]) + data[2:],
    "an odd JFIF and stray bytes": lambda data: data[:11] + b"\2" + data[12:-2] + b"\x12" + END,
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_image_is_complete_and_has_the_same_pixels(plain: bytes, odd: str) -> None:
    data = ODD[odd](plain)
    assert check_image(data) == SIZE
    assert np.array_equal(decode(data), decode(plain))


@pytest.mark.parametrize("closed", [b"", END], ids=["open", "closed"])
@pytest.mark.parametrize("odd", [False, True], ids=["usual", "odd"])
def test_every_cut_is_noticed(image: bytes, odd: bool, closed: bytes) -> None:
    if odd:  # a warning that hides the one about missing data
        image = image[:11] + b"\2" + image[12:]
    for end in [*range(len(image) // 8, len(image) - 64, len(image) // 60), len(image) - 24, len(image) - 8]:
        with pytest.raises(ImageError):
            check_image(image[:end] + closed)


def test_a_cut_at_each_restart_marker_is_noticed(tmp_path: Path) -> None:
    image = picture(tmp_path / "a.jpg", seed=1, size=SIZE, restart_marker_rows=1).read_bytes()
    markers = [match.start() for match in re.finditer(rb"\xff[\xd0-\xd7]", image)]
    assert len(markers) > 10
    for position in markers:
        for end in (position, position + 2):
            with pytest.raises(ImageError, match="cut off"):
                check_image(image[:end] + END)


def test_without_its_end_marker_an_image_is_cut_off(image: bytes) -> None:
    with pytest.raises(ImageError, match="cut off"):
        check_image(image[:-2])


def test_too_many_scans_are_refused_at_once(plain: bytes) -> None:
    start = plain.rindex(b"\xff\xda")
    bomb = plain[:-2] + plain[start:-2] * MAX_SCANS + END
    with pytest.raises(ImageError, match=f"more than {MAX_SCANS} scans"):
        check_image(bomb)


def test_an_image_of_two_pictures_is_read_and_its_cut_noticed(tmp_path: Path) -> None:
    """Phones write a second picture behind the first, which Pillow calls another format, MPO."""
    first = Image.open(picture(tmp_path / "a.jpg", seed=1, size=SIZE))
    second = Image.open(picture(tmp_path / "b.jpg", seed=2, size=SIZE))
    first.save(tmp_path / "both.jpg", format="MPO", save_all=True, append_images=[second])
    data = (tmp_path / "both.jpg").read_bytes()
    assert check_image(data) == SIZE
    with pytest.raises(ImageError, match="cut off"):
        check_image(data[: len(data) // 4] + END)
