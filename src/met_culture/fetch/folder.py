"""A museum folder as a source: `records.jsonl`, one object of the Collection API a line, and `images/<URL path>`."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from met_culture.common.paths import IMAGES
from met_culture.fetch.museum_records import MuseumRecords
from met_culture.images.check import MAX_BYTES, BrokenImageError, ImageError, check_image
from met_culture.web.errors import FetchError, GoneError
from met_culture.web.url_policy import refused_image

_WEB = re.compile(r"https?://[^/]*/?(.*)", re.DOTALL | re.IGNORECASE)


def image_file(folder: Path, path: str) -> Path | None:
    """Return the file at the decoded path of an image's URL, or None; a path cannot lead out of the folder.

    A link in the folder may lead out of it, as DVC and git-annex make them.

    Raises:
        GoneError: A link leads nowhere.
    """
    root = os.path.abspath(folder / IMAGES)  # noqa: PTH100 - resolve would follow links
    file = Path(os.path.normpath(os.path.join(root, *path.split("/"))))  # noqa: PTH118
    if not file.is_relative_to(root):
        return None
    try:
        if file.is_symlink() and not file.exists():
            raise GoneError("the file is a link that leads nowhere")
        return file if file.is_file() else None
    except (OSError, ValueError):  # a name too long, or with a null byte
        return None


def read_image(folder: Path, path: str) -> bytes | None:
    """Return the bytes of `image_file`, or None; at most one byte more than allowed, so that a check sees it."""
    file = image_file(folder, path)
    if file is None:
        return None
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


class FolderSource:
    """Reads records and images of a museum folder; threads may share it."""

    is_remote = False
    blocks = 0

    def __init__(self, folder: Path, parallel: int) -> None:
        """Open a folder with `records.jsonl` and `images/`; `parallel` images are read at once.

        Raises:
            UserError: The records cannot be read.
        """
        self.folder, self.parallel = folder, parallel
        self._records = MuseumRecords(folder)

    def ids(self) -> set[int]:
        """Return the ids of all records."""
        return set(self._records)

    def record(self, object_id: int) -> dict[str, Any]:
        """Return a record.

        Raises:
            GoneError: There is none.
        """
        record = self._records.get(object_id)
        if record is None:
            raise GoneError("404: the museum has no such object")
        return record

    def image(self, url: str) -> tuple[bytes, tuple[int, int]]:
        """Return the bytes, and width and height in pixels, of an image that decodes in full.

        Raises:
            GoneError: There is no such file.
            RefusedError: The URL is not a web address.
            ImageError: The image does not decode in full.
            FetchError: The file cannot be read.
        """
        match = _WEB.fullmatch(url.lstrip())
        if not match:
            raise refused_image(url)
        try:
            data = read_image(self.folder, unquote(match[1]))
        except OSError as error:
            raise FetchError(f"the file cannot be read ({error.strerror})") from None
        if data is None:
            raise GoneError("404: dead link")
        try:
            return data, check_image(data)
        except BrokenImageError as error:
            raise ImageError(str(error)) from None  # reading it again would give the same

    def stop(self) -> None:
        """Do nothing: no read takes long."""

    def close(self) -> None:
        """Do nothing: the file of the records closes with the object."""

    def summary(self) -> str:
        """Return the number of records, for the log."""
        return f"{len(self._records)} records, read from the folder"
