"""Images of a page as data URLs, and links to the museum."""

import base64
import io
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

MUSEUM = "https://www.metmuseum.org/"  # records are not trusted: a page links to no other site
LONGEST = 16_383  # pixels of a side, the limit of WebP


def picture(image: Image.Image, quality: int) -> str:
    """Return an image as a data URL, WebP of the given quality, 0 to 100."""
    data, image = io.BytesIO(), image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    image.save(data, "WEBP", quality=quality, method=4)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


def figure_image(figure: Figure) -> Image.Image:
    """Return a figure as an image, and close it."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    plt.close(figure)
    return Image.open(data)


def read_image(path: Path) -> Image.Image:
    """Return the image in a file.

    Raises:
        ValueError: The image is damaged.
    """
    data = io.BytesIO(path.read_bytes())
    try:
        return Image.open(data).convert("RGB")
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for a truncated PNG
        raise ValueError(f"{path}: {error}") from None


def museum_link(address: str) -> str:
    """Return an address if it belongs to the museum, else an empty text."""
    return address if address.startswith(MUSEUM) else ""
