import pytest

from met_culture.images.formats import unread_format


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"II*\0....", "TIFF"),
        (b"MM\0*....", "TIFF"),
        (b"\0\0\0\x1cftypheix....", "HEIC"),
        (b"\0\0\0\x1cftypavif....", "AVIF"),
        (b"\0\0\0\x1cftypisom....", "a video"),
        (b"GIF89a", "GIF"),
        (b"BM\x36\0\0\0\0\0\0\0", "BMP"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x0cJXL \r\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (b"8BPS\0\1", "Photoshop"),
        (b"<?xml version='1.0'?><svg>", "SVG"),
        (b" \n<html>", "HTML"),
        (b"BMW makes cars", None),
        (b"\xff\xd8\xff\xe0", None),
        (b"", None),
    ],
)
def test_formats_are_named(data: bytes, name: str | None) -> None:
    assert unread_format(data) == name
