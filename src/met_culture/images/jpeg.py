"""Decide whether a JPEG is complete, whatever else the decoder has to remark on.

libjpeg warns about many things that change no pixel: an unknown JFIF version, zeros in a scan header (some phones write
them), stray bytes before a marker. It also only warns where data is missing, fills the rest with grey, and reports
nothing but its first warning. So a warning alone does not decide. Where there is one, the image is decoded twice, the
second time with more data before its end marker: only an image that lacks data makes pixels of it.
"""

import random
import re

import numpy as np
import simplejpeg

MAX_SCANS = 100  # a progressive image has about ten; each scan passes over all pixels
_EOI, _SOS = 0xD9, 0xDA
_WITHOUT_LENGTH = (0x01, 0xD8)  # TEM and SOI, which have no segment
# APP0 to APP13, APP15 and COM. APP14 stays: it says which colours the components are.
_METADATA = {*range(0xE0, 0xEE), 0xEF, 0xFE}
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")  # but for stuffed zeros and restart markers
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")


def is_complete(data: bytes) -> bool:
    """Return whether a JPEG of bounded size decodes in full.

    Raises:
        ValueError: The data is damaged, so that libjpeg cannot decode it at all, or has too many scans.
    """
    if data.count(b"\xff\xda") > MAX_SCANS:
        raise ValueError(f"more than {MAX_SCANS} scans")
    try:
        simplejpeg.decode_jpeg(data, "GRAY", strict=True)
    except ValueError:
        return _is_complete_despite_warnings(data)
    return True


def _is_complete_despite_warnings(data: bytes) -> bool:
    body = _without_metadata_and_end(data)
    if body is None:
        return False
    plain = simplejpeg.decode_jpeg(body + b"\xff\xd9", "RGB", strict=False)
    longer = simplejpeg.decode_jpeg(body + _more_data(body) + b"\xff\xd9", "RGB", strict=False)
    return np.array_equal(plain, longer)


def _without_metadata_and_end(data: bytes) -> bytes | None:
    """Return the image up to its end marker, without metadata; None if the end marker is missing."""
    kept = [data[:2]]
    position, has_scan = 2, False
    while match := _MARKER.search(data, position):
        marker = match[1][0]
        if marker == _EOI and has_scan:
            kept.append(data[position : match.start()])
            return b"".join(kept)
        end = match.end()
        if marker not in _WITHOUT_LENGTH:
            end += int.from_bytes(data[end : end + 2], "big")
        if marker in _METADATA:
            kept.append(data[position : match.start()])
        else:
            kept.append(data[position:end])
        has_scan = has_scan or marker == _SOS
        position = end
    return None


def _more_data(body: bytes) -> bytes:
    """Return random data for the scan, and for every interval that a restart marker may still begin."""
    draw = random.Random(0)  # noqa: S311 - any bytes will do, and always the same
    restarts = _RESTART.findall(body, body.rfind(b"\xff\xda"))
    following = restarts[-1][0] + 1 - 0xD0 if restarts else 0
    # A decoder that misses a restart marker looks for the next one, and skips others.
    markers = [bytes([0xFF, 0xD0 + (following + index) % 8]) for index in range(8)]
    noise = [bytes(draw.choices(range(0xFF), k=64)) for _ in range(9)]
    return noise[0] + b"".join(marker + data for marker, data in zip(markers, noise[1:], strict=True))
