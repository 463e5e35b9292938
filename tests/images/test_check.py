import io
from pathlib import Path

import pytest
from PIL import Image
from support import picture

from met_culture.images import check as images
from met_culture.images.check import ImageError, check_image


def encoded(size: tuple[int, int] = (60, 40), mode: str = "RGB", form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form)
    return file.getvalue()


@pytest.mark.parametrize(
    ("mode", "form"), [("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("RGB", "WEBP")]
)
def test_whole_pictures_have_their_size(mode: str, form: str) -> None:
    assert check_image(encoded((60, 40), mode, form)) == (60, 40)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n<!DOCTYPE html><p>Not found", "HTML"),
        (b"plain text", "not an image"),
        (b"\xff\xd8\xff\xe0 and no more", "."),
        (encoded()[: len(encoded()) // 2], "cut off"),
        (encoded(form="GIF"), "GIF; JPEG, PNG and WebP are read"),
        (encoded(form="TIFF"), "TIFF; JPEG, PNG and WebP are read"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC; JPEG, PNG and WebP are read"),
        (b"\x00" * (images.MAX_BYTES + 1), "larger than"),
    ],
    ids=["empty", "html", "text", "head only", "cut off", "gif", "tiff", "heic", "large"],
)
def test_everything_else_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        check_image(data)


def test_every_cut_of_a_picture_is_noticed(tmp_path: Path) -> None:
    data = picture(tmp_path / "a.jpg", seed=1).read_bytes()
    for end in range(0, len(data) - 40, 97):
        with pytest.raises(ImageError):
            check_image(data[:end])


@pytest.mark.parametrize("progressive", [True, False])
def test_a_picture_that_was_cut_off_and_closed_again_is_noticed(tmp_path: Path, progressive: bool) -> None:
    """Decoders fill what is missing with grey, and warn where nobody listens."""
    data = picture(tmp_path / "a.jpg", seed=1, size=(400, 300), progressive=progressive).read_bytes()
    for part in (3, 2, 1.3):
        with pytest.raises(ImageError, match="cut off"):
            check_image(data[: int(len(data) / part)] + b"\xff\xd9")


def test_what_cv2_does_not_read_is_refused_at_once(tmp_path: Path) -> None:
    assert check_image(encoded((60, 40), "RGB", "PNG")) == (60, 40)
    for form in ("TIFF", "BMP", "GIF"):
        with pytest.raises(ImageError, match=f"^{form}; JPEG, PNG and WebP are read"):
            check_image(encoded((60, 40), "RGB", form))


def test_every_real_painting_passes(real_museum: Path) -> None:
    for path in sorted(real_museum.rglob("*.jpg")):
        check_image(path.read_bytes())


def test_a_pixel_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = encoded((8000, 8000), "1", "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(ImageError, match="8000 x 8000 pixels"):
        check_image(bomb)
