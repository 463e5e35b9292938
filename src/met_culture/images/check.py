"""Decide whether bytes are a whole picture, before anything else touches them."""

import io
import threading
import warnings

import cv2
import numpy as np
import simplejpeg
from PIL import Image

MAX_BYTES = 20_000_000  # the museum's own originals stay below; more is a mistake or an attack
MAX_PIXELS = 50_000_000  # decoded, 150 MB of RGB
FORMATS = ("JPEG", "PNG", "WEBP")  # what museums serve and cv2 reads; not every plugin that Pillow has
_OPENING = threading.Lock()


class ImageError(ValueError):
    """Bytes that are no picture to be used; the message is one clause that says why."""


class BrokenImageError(ImageError):
    """What stands where a picture should, or half of one: asking again may bring the whole."""


def check_image(data: bytes) -> tuple[int, int]:
    """Decode a picture in full; a decoder that has to guess at missing data is a reason to refuse.

    Args:
        data: The encoded picture.

    Returns:
        Width and height in pixels, as stored (EXIF orientation not applied).

    Raises:
        ImageError: Too large.
        BrokenImageError: Empty, HTML, of another format, or cut off.
    """
    if len(data) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES:,} bytes")
    if not data:
        raise BrokenImageError("empty")
    if data[:512].lstrip()[:1] == b"<":
        raise BrokenImageError("HTML, not an image")
    try:
        width, height, jpeg = _open(data)
        if jpeg:
            # Pillow and cv2 fill with grey what is missing from a picture that was cut off and closed again.
            simplejpeg.decode_jpeg(data, "GRAY", strict=True)
        elif cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is None:
            raise BrokenImageError("cv2 does not read it")
    except ImageError:
        raise
    # Pillow's readers raise many types on hostile bytes.
    except Exception as error:
        raise BrokenImageError(_reason(error)) from None
    return width, height


def _open(data: bytes) -> tuple[int, int, bool]:
    """Return width, height, and whether it is a JPEG; other formats are decoded here."""
    # Pillow warns of odd metadata, where the pixels decide; the filter is the process's, so one thread at a time.
    with _OPENING, warnings.catch_warnings(action="ignore"):
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
        if image.format != "JPEG":
            image.load()
        return width, height, image.format == "JPEG"


def _reason(error: Exception) -> str:
    text = str(error)
    if any(word in text for word in ("truncated", "Truncated", "remature end")):
        return "cut off"
    if "cannot identify" in text:
        return "not an image"
    return f"does not decode ({text[:80]})"
