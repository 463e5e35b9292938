"""Bytes of images, damaged in many ways: the answer is a size or one clause with the reason."""

import io

import numpy as np
import pytest
from fuzzing import EXAMPLES, damaged, run
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from met_culture.images.check import ImageError, check_image
from met_culture.images.decode import decode

OPTIONS = {
    "JPEG": [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}],
    "PNG": [{}, {"compress_level": 0}],
    "WEBP": [{}, {"lossless": True}],
}


def encoded() -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
    image = Image.fromarray(pixels)
    files = []
    for form, choices in OPTIONS.items():
        for options in choices:
            file = io.BytesIO()
            image.save(file, form, **options)
            files.append(file.getvalue())
    return files


WHOLE = encoded()


@EXAMPLES
def test_an_image_has_a_size_or_a_reason(examples: int) -> None:
    @given(st.one_of(damaged(WHOLE), st.binary(max_size=200)))
    def check(data: bytes) -> None:
        try:
            width, height = check_image(data)
        except ImageError as error:
            assert str(error)
            assert "\n" not in str(error)
            return
        try:
            image = decode(data)
        except ImageError:
            return
        # EXIF may say that the image is turned.
        assert sorted(image.shape) == sorted((height, width, 3))

    run(check, 1000 * examples)


@pytest.mark.parametrize("data", WHOLE)
def test_the_images_that_are_damaged_are_whole(data: bytes) -> None:
    assert check_image(data) == (48, 36)
