"""The images to predict: files, folders, paths on standard input, and objects of the museum by id."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from met_culture.common.config import load
from met_culture.fetch.params import FetchParams
from met_culture.fetch.records import RecordError, to_row
from met_culture.fetch.sources import Source, locate, open_source
from met_culture.images.check import MAX_BYTES, ImageError
from met_culture.web.errors import FetchError

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"}  # other files in a folder are ignored


@dataclass(frozen=True)
class InputImage:
    """One image to predict.

    Attributes:
        name: Name in the output: the path as given, or the id of the object.
        read: Returns the encoded image; raises ImageError.
    """

    name: str
    read: Callable[[], bytes]


def read_file(path: Path) -> bytes:
    """Return the content of an image file, or of the file that a link leads to.

    Raises:
        ImageError: The path is missing or not a file.
    """
    try:
        if not os.path.lexists(path) or path.exists():
            _require_file(path)
        else:
            raise ImageError(f"a link that leads nowhere ({path.readlink()})")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one byte more than allowed, so that the check sees a file is too large
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise ImageError(getattr(error, "strerror", None) or str(error)) from None


def _require_file(path: Path) -> None:
    mode = path.stat().st_mode
    # Opening a named pipe waits for somebody to write to it; a pipe of the shell, `<(command)`, has its writer.
    is_shell_pipe = stat.S_ISFIFO(mode) and path.is_symlink() and path.parts[:2] in (("/", "dev"), ("/", "proc"))
    if not stat.S_ISREG(mode) and not is_shell_pipe:
        kinds = {stat.S_IFIFO: "a named pipe", stat.S_IFDIR: "a folder"}
        raise ImageError(f"{kinds.get(stat.S_IFMT(mode), 'a device or socket')}, not a file")


def _images_in(folder: Path) -> Iterator[Path]:
    # Links to files are read, as DVC and git-annex make them. Links to folders are not followed: they may lead in a
    # circle. Hidden folders hold the files behind the links; `._x.jpg` is what macOS notes about x.jpg.
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(parent) / name
            if path.suffix.lower() in SUFFIXES and not name.startswith("._") and _is_file_or_broken(path):
                yield path


def _is_file_or_broken(path: Path) -> bool:
    return path.is_file() or (path.is_symlink() and not path.exists())


def _fail_empty() -> bytes:
    raise ImageError("a folder without images (JPEG, PNG, WebP)")


def _from_folder(folder: str) -> list[InputImage]:
    images = [InputImage(str(path), partial(read_file, path)) for path in sorted(_images_in(Path(folder)))]
    return images or [InputImage(folder, _fail_empty)]


def from_paths(paths: Iterable[str]) -> Iterator[InputImage]:
    """Yield the images of files, of folders (JPEG, PNG and WebP, sorted by name), and of `-`.

    Args:
        paths: `-` stands for standard input, one path per line.
    """
    for path in paths:
        if path == "-":
            lines = [line.rstrip("\r\n") for line in sys.stdin]
            yield from from_paths(line for line in lines if line.strip() and line != "-")
        elif os.path.isdir(path):  # noqa: PTH112 - for a name too long or with a null byte, Path would raise
            yield from _from_folder(path)
        else:
            yield InputImage(path, partial(read_file, Path(path)))


def _read_object(source: Source, object_id: int) -> bytes:
    try:
        columns = to_row(source.record(object_id), object_id)
        if not columns["primaryImageSmall"]:
            raise ImageError("its record names no image, as for most objects that are not in the public domain")
        data, _ = source.image(columns["primaryImageSmall"])
    except (FetchError, RecordError) as error:
        raise ImageError(str(error)) from None
    return data


def from_objects(ids: list[int], stack: ExitStack) -> Iterator[InputImage]:
    """Yield the images of objects of `fetch.source`, read as the stage fetch reads them.

    Args:
        ids: The museum's objectIDs.
        stack: Closes the source.

    Raises:
        UserError: params.yaml is missing or wrong, or the source is missing.
    """
    if ids:
        params = load("fetch", FetchParams)
        source = stack.enter_context(open_source(params, locate(params)))
        for object_id in ids:
            yield InputImage(str(object_id), partial(_read_object, source, object_id))
