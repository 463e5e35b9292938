"""Turn an encoded image into the square array that models take. Training and prediction use the same code.

All arrays are uint8 of shape (height, width, 3) in RGB order.
"""

import cv2
import numpy as np

from met_culture.images.decode import decode

INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}


def squash(image: np.ndarray, size: int, interpolation: int) -> np.ndarray:
    """Return the image as (size, size, 3); its aspect ratio is lost."""
    return cv2.resize(image, (size, size), interpolation=interpolation)


def letterbox(image: np.ndarray, size: int, interpolation: int) -> np.ndarray:
    """Return the whole image as (size, size, 3), centred on black; its aspect ratio is kept."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    inner_size = max(1, round(width * scale)), max(1, round(height * scale))
    inner = cv2.resize(image, inner_size, interpolation=interpolation)
    top, left = (size - inner.shape[0]) // 2, (size - inner.shape[1]) // 2
    bottom, right = size - inner.shape[0] - top, size - inner.shape[1] - left
    return cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))


def crop(image: np.ndarray, size: int, interpolation: int) -> np.ndarray:
    """Return the largest centred square as (size, size, 3)."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return squash(image[top : top + side, left : left + side], size, interpolation)


FITS = {"squash": squash, "letterbox": letterbox, "crop": crop}


def random_crop(image: np.ndarray, rng: np.random.Generator, minimum: float) -> np.ndarray:
    """Return a random part of an image, mirrored half of the time.

    Args:
        image: The image.
        rng: Draws five numbers, for any image.
        minimum: Smallest height and width, as a fraction of the image's. Each is uniform from there to 1, and so is the
            position among those where the part fits.
    """
    height, width, top, left, mirrored = rng.random(5)
    rows = max(1, round(image.shape[0] * (minimum + (1 - minimum) * height)))
    columns = max(1, round(image.shape[1] * (minimum + (1 - minimum) * width)))
    first_row, first_column = int(top * (image.shape[0] - rows + 1)), int(left * (image.shape[1] - columns + 1))
    part = image[first_row : first_row + rows, first_column : first_column + columns]
    return part[:, ::-1] if mirrored < 0.5 else part


def to_crops(
    data: bytes, rngs: list[np.random.Generator], minimum: float, size: int, fit: str, interpolation: str
) -> np.ndarray:
    """Return random crops of an encoded image, one per generator, as (crops, size, size, 3).

    Args:
        data: The encoded image; it has passed `check_image`.
        rngs: A generator for each crop.
        minimum: As for `random_crop`.
        size: Width and height of the result in pixels.
        fit: Key of `FITS`.
        interpolation: Key of `INTERPOLATIONS`.

    Raises:
        ImageError: cv2 cannot decode the image.
    """
    image, resize = decode(data), FITS[fit]
    crops = [random_crop(image, rng, minimum) for rng in rngs]
    return np.stack([resize(np.ascontiguousarray(part), size, INTERPOLATIONS[interpolation]) for part in crops])


def to_array(data: bytes, size: int, fit: str, interpolation: str) -> np.ndarray:
    """Return an encoded image as (size, size, 3). Turned copies of one picture give the same array up to JPEG rounding.

    The image is decoded at full size: decoding a JPEG at half size would be twice as fast, but changes values by 1 to 2
    of 255 on average, and more at odd sizes, where the decoder drops a row or column.

    Args:
        data: The encoded image; it has passed `check_image`.
        size: Width and height of the result in pixels.
        fit: Key of `FITS`.
        interpolation: Key of `INTERPOLATIONS`.

    Raises:
        ImageError: cv2 cannot decode the image.
    """
    return FITS[fit](decode(data), size, INTERPOLATIONS[interpolation])
