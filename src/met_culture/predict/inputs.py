"""What a prediction is asked about: files, folders, names on standard input, and the museum's objects by their ids."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from met_culture.common.config import load
from met_culture.fetch.params import FetchParams
from met_culture.fetch.sources import open_source
from met_culture.images.check import MAX_BYTES, ImageError
from met_culture.web.client import Client
from met_culture.web.url_policy import FetchError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}  # of what `images.check_image` reads; in a folder the rest is left alone
MAX_RECORD = 5_000_000  # bytes; records take 2 to 20 kB


@dataclass(frozen=True)
class Picture:
    """One picture to predict.

    Attributes:
        name: As the output shows it: the path as it was given, or the object's id.
        read: Returns the encoded picture; raises ImageError.
    """

    name: str
    read: Callable[[], bytes]


def read_file(path: Path) -> bytes:
    """Return the bytes of a picture's file.

    Raises:
        ImageError: It is missing, no file, or too large.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one more, so that what is too large is seen to be
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise ImageError(getattr(error, "strerror", None) or str(error)) from None


def _inside(folder: Path) -> Iterator[Path]:
    # Links are not followed: neither out of the folder nor in a circle.
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink():
            yield path


def _empty() -> bytes:
    raise ImageError("a folder without pictures (JPEG, PNG, WebP)")


def from_paths(paths: Iterable[str]) -> Iterator[Picture]:
    """Yield the pictures of files, of folders (JPEG, PNG and WebP, in the order of their names), and of `-`.

    Args:
        paths: `-` is standard input, one path a line.
    """
    for text in paths:
        if text == "-":
            yield from from_paths(line for line in map(str.rstrip, sys.stdin) if line and line != "-")
        elif os.path.isdir(text):  # noqa: PTH112 - Path raises where this says no: a name too long, a null byte
            found = False
            for found in _inside(Path(text)):
                yield Picture(str(found), lambda path=found: read_file(path))
            if not found:
                yield Picture(text, _empty)
        else:
            yield Picture(text, lambda text=text: read_file(Path(text)))


def _read_object(client: Client, object_id: int) -> bytes:
    try:
        status, record = client.get_api(f"/v1/objects/{object_id}", max_bytes=MAX_RECORD)
        if status != HTTPStatus.OK or not isinstance(record, dict):
            raise ImageError(f"the museum has no such object (status {status})")
        if not isinstance(url := record.get("primaryImageSmall"), str) or not url:
            raise ImageError("its record names no image, as of most objects that are not in the public domain")
        status, data, _ = client.get_image(url)
        if status != HTTPStatus.OK:
            raise ImageError(f"its image is gone (status {status})")
        return data
    except FetchError as error:
        raise ImageError(str(error)) from None


def from_objects(ids: list[int], stack: ExitStack) -> Iterator[Picture]:
    """Yield the pictures of objects of `fetch.source`, by the client and at the pace of the stage fetch.

    Args:
        ids: The museum's objectIDs.
        stack: Closes the client.

    Raises:
        UserError: params.yaml is missing or wrong, or the source is not there.
    """
    if ids:
        client, _, _ = stack.enter_context(open_source(load("fetch", FetchParams)))
        for object_id in ids:
            yield Picture(str(object_id), lambda object_id=object_id: _read_object(client, object_id))
