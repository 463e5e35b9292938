"""The file `records.jsonl` of a museum folder: one object of the Collection API a line."""

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
from met_culture.common.paths import RECORDS
from met_culture.fetch.records import MAX_ID


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    object_id = record.get("objectID") if isinstance(record, dict) else None
    return record if type(object_id) is int and 0 < object_id <= MAX_ID else None


class MuseumRecords(Mapping[int, dict[str, Any]]):
    """The records of a museum folder by objectID, in ascending order; every access reads one as a new dict.

    Memory holds only the position of each line, 24 bytes a record. Threads may share it.
    """

    def __init__(self, folder: Path) -> None:
        """Check every line of records.jsonl in a folder; the file stays open as long as this object lives.

        Raises:
            UserError: The file is missing, or a line is not a record.
        """
        path = folder / RECORDS
        try:
            with path.open("rb") as file:
                ids, starts, sizes = _index(path, file)
                descriptor = os.dup(file.fileno())
        except OSError as error:
            raise UserError(f"{path} cannot be read as a museum's records: {error}.") from None
        weakref.finalize(self, os.close, descriptor)
        self._path, self._descriptor = path, descriptor
        self._ids, self._starts, self._sizes = ids, starts, sizes

    def __getitem__(self, object_id: int) -> dict[str, Any]:
        """Read one record."""
        position = bisect_left(self._ids, object_id)
        if position == len(self._ids) or self._ids[position] != object_id:
            raise KeyError(object_id)
        line = os.pread(self._descriptor, self._sizes[position], self._starts[position])
        record = _parse(line.decode(errors="replace"))
        if record is None:
            raise UserError(f"{self._path} changed while it was read; run again.")
        return record

    def __iter__(self) -> Iterator[int]:
        """Iterate over the ids; reads no record."""
        return iter(self._ids)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._ids)


def _index(path: Path, lines: Iterable[bytes]) -> "list[array[int]]":
    """Return ids, starts and sizes in bytes of the records, in ascending order of the ids."""
    columns = array("q"), array("q"), array("q"), array("q")
    start = 0
    for number, line in enumerate(lines, start=1):  # lines of bytes end at "\n" only, not at U+2028 within a title
        object_id = _object_id(path, number, line)
        if object_id is not None:
            for column, value in zip(columns, (object_id, start, len(line), number), strict=True):
                column.append(value)
        start += len(line)
    ids, starts, sizes, numbers = (np.frombuffer(column, dtype=np.int64) for column in columns)
    order = np.argsort(ids, kind="stable")
    repeated = order[1:][np.diff(ids[order]) == 0]
    if len(repeated):
        first = repeated[np.argmin(numbers[repeated])]
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
        raise UserError(f"{path}, line {number}: no JSON object with an objectID; correct or remove it.")
    return record["objectID"]
