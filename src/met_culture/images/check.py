"""Decide whether bytes are a complete image, before any other code reads them."""

import io
import threading
import warnings

import cv2
import numpy as np
from PIL import Image

from met_culture.images.formats import READ, is_jpeg, is_png, unread_format
from met_culture.images.jpeg import is_complete
from met_culture.images.png import without_metadata

MAX_BYTES = 20_000_000  # the museum's originals are smaller; a larger file is a mistake or an attack
MAX_PIXELS = 50_000_000  # decoded, 150 MB of RGB
FORMATS = ("JPEG", "PNG", "WEBP")  # what museums serve and cv2 reads; Pillow's other plugins stay off
CUT_OFF = ("truncated", "Truncated", "remature end")  # words in the decoders' messages
_WARNINGS_LOCK = threading.Lock()


class ImageError(ValueError):
    """An image that cannot be used; the message is one clause with the reason."""


class BrokenImageError(ImageError):
    """The data is not an image, or only a part of one; another download may give the complete image."""


def check_image(data: bytes) -> tuple[int, int]:
    """Decode an image in full, and refuse it where a decoder would have to fill in missing data.

    What the decoders remark on besides, such as odd metadata, does not matter.

    Args:
        data: The encoded image.

    Returns:
        Width and height in pixels, as stored (EXIF orientation not applied).

    Raises:
        ImageError: The image is too large.
        BrokenImageError: The data is empty, HTML, in another format, or cut off.
    """
    if len(data) > MAX_BYTES:
        raise ImageError(f"larger than {MAX_BYTES:,} bytes")
    if not data:
        raise BrokenImageError("empty")
    if name := unread_format(data):
        raise BrokenImageError(f"{name}, not an image" if name == "HTML" else f"{name}; {READ}, no other format")
    try:
        return _decode_fully(data)
    except ImageError:
        raise
    # The decoders raise many types of errors on malicious data.
    except Exception as error:
        raise BrokenImageError(_reason(error)) from None


def _decode_fully(data: bytes) -> tuple[int, int]:
    # Pillow warns about odd metadata, but only the pixels matter. Filters are global, so one thread at a time.
    with _WARNINGS_LOCK, warnings.catch_warnings(action="ignore"):
        image = Image.open(io.BytesIO(without_metadata(data) if is_png(data) else data), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
        if not is_jpeg(data):
            image.load()
    if is_jpeg(data):
        if not is_complete(data):
            raise BrokenImageError("cut off")
    elif cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is None:
        raise BrokenImageError("cv2 does not read it")
    return width, height


def _reason(error: Exception) -> str:
    message = str(error)
    if any(words in message for words in CUT_OFF):
        return "cut off"
    if "cannot identify" in message:
        return "not an image"
    return f"does not decode ({message[:80]})"
