"""Leave out of a PNG what has no effect on its pixels."""

import struct

SIGNATURE_SIZE = 8  # bytes
TRANSPARENCY = b"tRNS"


def without_metadata(data: bytes) -> bytes:
    """Return a PNG with its critical chunks and its transparency only.

    Text, colour profiles and the like may be large or damaged, and decoders refuse an image for that. A chunk that is
    cut off is kept as it is.
    """
    kept = [data[:SIGNATURE_SIZE]]
    position = SIGNATURE_SIZE
    while position + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + size
        is_critical = not name[0] & 0x20  # the case of its first letter says so
        if is_critical or name == TRANSPARENCY or end > len(data):
            kept.append(data[position:end])
        position = end
    return b"".join(kept)
