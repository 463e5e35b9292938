"""Turn encoded pictures into arrays: uint8 of shape (height, width, 3), in RGB order."""

import cv2
import numpy as np

from met_culture.images.check import ImageError


def decode(data: bytes, flag: int = cv2.IMREAD_COLOR_RGB) -> np.ndarray:
    """Return a picture in RGB; grey becomes three equal channels, transparency is dropped, EXIF orientation applied.

    Args:
        data: The encoded picture, checked by `images.check_image`: cv2 itself fills what is cut off with grey.
        flag: How cv2 reads it, in RGB.

    Raises:
        ImageError: cv2 cannot decode it.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as error:
        raise ImageError(f"does not decode ({error.err})") from None
    if image is None:
        raise ImageError("does not decode")
    return image
