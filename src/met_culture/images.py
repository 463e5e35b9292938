"""Decide whether bytes are a whole picture, before anything else touches them."""

import io
import warnings

import cv2
import numpy as np
import simplejpeg
from PIL import Image

MAX_BYTES = 20_000_000  # the museum's own originals stay below; more is a mistake or an attack
MAX_PIXELS = 50_000_000  # decoded, 150 MB of RGB
FORMATS = ("JPEG", "PNG", "WEBP")  # what museums serve and cv2 reads; not every plugin that Pillow has


class ImageError(ValueError):
    """Bytes that are no whole picture; the message is one clause that says why."""


def _refused_early(data: bytes) -> str | None:
    if not data:
        return "empty"
    if len(data) > MAX_BYTES:
        return f"larger than {MAX_BYTES:,} bytes"
    if data[:512].lstrip()[:1] == b"<":
        return "HTML, not an image"
    return None


def check_image(data: bytes) -> tuple[int, int]:
    """Decode a picture in full; a decoder that has to guess at missing data is a reason to refuse.

    Args:
        data: The encoded picture.

    Returns:
        Width and height in pixels, as stored (EXIF orientation not applied).

    Raises:
        ImageError: Empty, HTML, of another format, too large, or cut off.
    """
    if reason := _refused_early(data):
        raise ImageError(reason)
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow warns of odd metadata; the pixels decide
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
            if image.format == "JPEG":
                # Pillow and cv2 fill with grey what is missing from a picture that was cut off and closed again.
                simplejpeg.decode_jpeg(data, "GRAY", strict=True)
            else:
                image.load()
                if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is None:
                    raise ImageError("cv2 does not read it")
    except ImageError:
        raise
    # Pillow's readers raise many types on hostile bytes.
    except Exception as error:
        raise ImageError(_reason(error)) from None
    return width, height


def _reason(error: Exception) -> str:
    text = str(error)
    if any(word in text for word in ("truncated", "Truncated", "remature end")):
        return "cut off"
    if "cannot identify" in text:
        return "not an image"
    return f"does not decode ({text[:80]})"
