"""Render the report as one HTML page that contains its images."""

from functools import partial
from typing import Any

from met_culture.common.errors import UserError
from met_culture.common.templates import template
from met_culture.report.pictures import picture

QUALITIES = (85, 70, 50, 30)  # of the images; the first that makes the page small enough is used
LARGEST = 5_000_000  # bytes of the page


def page(content: dict[str, Any]) -> bytes:
    """Return the page in the best quality of images that `LARGEST` allows.

    Raises:
        UserError: It is too large even in the lowest quality.
    """
    size = 0
    for quality in QUALITIES:
        text = template("report/report.html").render(content, data=partial(picture, quality=quality))
        data = text.encode()
        size = len(data)
        if size < LARGEST:
            return data
    raise UserError(f"the report would have {size:,} bytes; lower explore.pictures in params.yaml.")
