"""Recognise the format of an image from its first bytes."""

READ = "JPEG, PNG and WebP are read"
# Formats that are not read, by how their files begin.
SIGNATURES = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"GIF8": "GIF",
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
}
# HEIC, AVIF and videos are boxes of one standard, ISO/IEC 14496-12; the brand in the first box tells them apart.
BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"hevx": "HEIC", b"heim": "HEIC", b"heis": "HEIC"}
BRANDS |= {b"mif1": "HEIC", b"msf1": "HEIC", b"avif": "AVIF", b"avis": "AVIF"}


def is_jpeg(data: bytes) -> bool:
    """Return whether the data begins as a JPEG does."""
    return data.startswith(b"\xff\xd8\xff")


def is_png(data: bytes) -> bool:
    """Return whether the data begins as a PNG does."""
    return data.startswith(b"\x89PNG\r\n\x1a\n")


def unread_format(data: bytes) -> str | None:
    """Return the name of a format that is not read, or None for any other data."""
    for signature, name in SIGNATURES.items():
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12], "a video")
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":  # reserved bytes; text may begin with BM
        return "BMP"
    start = data[:1024].lstrip()
    if start.startswith(b"<"):
        return "SVG" if b"<svg" in start else "HTML"
    return None
