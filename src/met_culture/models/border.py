"""Replace the border of an image, which shows mounts, frames or colour bars, or replace all but the border."""

import numpy as np

BORDER = 0.1  # of width and height, on each side


def _inside(size: int) -> slice:
    width = round(BORDER * size)
    return slice(width, size - width)


def without_border(images: np.ndarray) -> np.ndarray:
    """Return images, uint8 (n, h, w, 3), whose border has the mean colour of the inside."""
    inside = (slice(None), _inside(images.shape[1]), _inside(images.shape[2]))
    result = np.empty_like(images)
    result[:] = images[inside].mean(axis=(1, 2), keepdims=True).round()
    result[inside] = images[inside]
    return result


def only_border(images: np.ndarray) -> np.ndarray:
    """Return images, uint8 (n, h, w, 3), whose inside has the mean colour of the border."""
    inside = (slice(None), _inside(images.shape[1]), _inside(images.shape[2]))
    area = images.shape[1] * images.shape[2]
    inside_area = images[inside].shape[1] * images[inside].shape[2]
    border_sum = images.sum(axis=(1, 2), keepdims=True) - images[inside].sum(axis=(1, 2), keepdims=True)
    result = images.copy()
    result[inside] = (border_sum / (area - inside_area)).round()
    return result
