"""A museum folder: `records.jsonl`, one object of the Collection API a line, and `images/<URL path>`.

The server of `museum` gives out image URLs that lead to itself; `served` and `original_urls` turn them there and back,
so that no output of a run depends on the port of a server.
"""

import json
import os
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from met_culture.common.errors import UserError
from met_culture.common.paths import IMAGES, RECORDS

MAX_ID = 2**63 - 1  # what a column of 64-bit integers holds


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    object_id = record.get("objectID") if isinstance(record, dict) else None
    return record if type(object_id) is int and 0 < object_id <= MAX_ID else None


class MuseumRecords(Mapping[int, dict[str, Any]]):
    """The records of a museum folder by objectID, in ascending order; each is read when it is asked for.

    Only where each line lies is kept, 24 bytes a record. Threads may share it, and every access returns a new dict.
    """

    def __init__(self, path: Path) -> None:
        """Check every line of `path`, which stays open as long as this object lives.

        Raises:
            UserError: The file is missing, or a line is no record.
        """
        try:
            with path.open("rb") as file:
                ids, starts, sizes = _index(path, file)
                descriptor = os.dup(file.fileno())
        except OSError as error:
            raise UserError(f"{path} cannot be read as a museum's records: {error}.") from None
        weakref.finalize(self, os.close, descriptor)
        self._descriptor, self._ids, self._starts, self._sizes = descriptor, ids, starts, sizes

    def __getitem__(self, object_id: int) -> dict[str, Any]:
        """Read one record."""
        place = bisect_left(self._ids, object_id)
        if place == len(self._ids) or self._ids[place] != object_id:
            raise KeyError(object_id)
        return json.loads(os.pread(self._descriptor, self._sizes[place], self._starts[place]).decode())

    def __iter__(self) -> Iterator[int]:
        """Iterate over the ids; reads no record."""
        return iter(self._ids)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._ids)


def _index(path: Path, lines: Iterable[bytes]) -> list["array[int]"]:
    """Return ids, starts and sizes in bytes of the records, in ascending order of the ids."""
    columns = [array("q") for _ in range(4)]
    start = 0
    for number, line in enumerate(lines, start=1):  # lines of bytes end at "\n" only, not at U+2028 within a title
        object_id = _object_id(path, number, line)
        for column, value in zip(columns, (object_id, start, len(line), number), strict=True):
            if object_id is not None:
                column.append(value)
        start += len(line)
    ids, starts, sizes, numbers = (np.frombuffer(column, dtype=np.int64) for column in columns)
    order = np.argsort(ids, kind="stable")
    again = order[1:][np.diff(ids[order]) == 0]
    if len(again):
        first = again[np.argmin(numbers[again])]
        raise UserError(f"{path}, line {numbers[first]}: objectID {ids[first]} for the second time; remove one.")
    return [array("q", column[order].tobytes()) for column in (ids, starts, sizes)]


def _object_id(path: Path, number: int, line: bytes) -> int | None:
    """Return the objectID of a line, or None for a blank one."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read as a museum's records: line {number}: {error}.") from None
    if not text.strip():
        return None
    record = _parse(text)
    if record is None:
        raise UserError(f"{path}, line {number}: no JSON object with an objectID; mend or remove it.")
    return record["objectID"]


def read_records(folder: Path) -> MuseumRecords:
    """Return the records of a museum folder by objectID, in ascending order.

    Raises:
        UserError: records.jsonl is missing, or a line is no record.
    """
    return MuseumRecords(folder / RECORDS)


def image_file(folder: Path, path: str) -> Path | None:
    """Return the file of a decoded URL path `/images/<scheme>/<host>/<path>`, or None; it lies in the folder."""
    root = (folder / IMAGES).resolve()
    try:
        file = root.joinpath(*path.split("/")[4:]).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):  # a name too long, or with a null byte
        return None


def read_image(folder: Path, path: str) -> bytes | None:
    """Return the bytes of the file of `image_file`, or None."""
    file = image_file(folder, path)
    return file.read_bytes() if file else None
