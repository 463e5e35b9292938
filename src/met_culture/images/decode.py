"""Decode images into arrays: uint8 of shape (height, width, 3), in RGB order."""

import cv2
import numpy as np

from met_culture.images.check import ImageError

FLAGS = {  # of cv2 by reduction; its "grayscale" flags hold the scale alone
    1: cv2.IMREAD_COLOR_RGB,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_COLOR_RGB,
}


def decode(data: bytes, reduction: int = 1) -> np.ndarray:
    """Return an image in RGB: grey becomes three equal channels, transparency is dropped, EXIF orientation is applied.

    Args:
        data: The encoded image. It has passed `check_image`, because cv2 fills a cut-off image with grey.
        reduction: Key of `FLAGS`, by which width and height are divided. The JPEG decoder averages pixels, the other
            decoders drop them.

    Raises:
        ImageError: cv2 cannot decode the image.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), FLAGS[reduction])
    except cv2.error as error:
        raise ImageError(f"does not decode ({error.err})") from None
    if image is None:
        raise ImageError("does not decode")
    return image
