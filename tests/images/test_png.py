"""What is no pixel of a PNG decides nothing."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from support import picture

from met_culture.images.check import ImageError, check_image
from met_culture.images.decode import decode
from met_culture.images.png import without_metadata

SIZE = (60, 40)


@pytest.fixture
def image(tmp_path: Path) -> Image.Image:
    return Image.open(picture(tmp_path / "a.jpg", seed=1, size=SIZE))


def encoded(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def with_chunk(data: bytes, name: bytes, content: bytes, checksum: int | None = None) -> bytes:
    """Return a PNG with one more chunk behind its header."""
    checksum = zlib.crc32(name + content) if checksum is None else checksum
    chunk = struct.pack(">I4s", len(content), name) + content + struct.pack(">I", checksum)
    return data[:33] + chunk + data[33:]


def test_long_text_is_no_reason_to_refuse(image: Image.Image) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("history", os.urandom(750_000).hex(), zip=True)
    data = encoded(image, pnginfo=text)
    assert check_image(data) == SIZE
    assert np.array_equal(decode(data), decode(encoded(image)))


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iCCP", b"eXIf", b"gAMA", b"vpAg"])
def test_damaged_metadata_is_no_reason_either(image: Image.Image, name: bytes) -> None:
    assert check_image(with_chunk(encoded(image), name, b"\xff" * 9)) == SIZE
    assert check_image(with_chunk(encoded(image), name, b"name\0\0", checksum=0)) == SIZE


def test_a_cut_is_noticed(image: Image.Image) -> None:
    data = encoded(image)
    for end in range(33, len(data) - 20, 97):
        with pytest.raises(ImageError):
            check_image(data[:end])


def test_damaged_pixels_are_noticed(image: Image.Image) -> None:
    data = bytearray(encoded(image))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ImageError):
        check_image(bytes(data))


def test_transparency_is_kept(image: Image.Image) -> None:
    data = encoded(image.convert("P"), transparency=3)
    assert b"tRNS" in without_metadata(data)
    assert check_image(data) == SIZE
