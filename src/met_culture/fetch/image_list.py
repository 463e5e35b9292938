"""Read a list of images: a CSV with an address and a label in each row, and perhaps fields of the API's records."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from sys import intern
from typing import Any

from met_culture.common.errors import UserError
from met_culture.common.record_keys import COLUMNS
from met_culture.common.user_csv import column_position, csv_rows
from met_culture.fetch.catalogue_file import KEY
from met_culture.fetch.records import BLANKS, BOOLEAN_TEXTS, MAX_ID, coerce
from met_culture.fetch.state import FetchState

ID_BITS = 48  # of an id from an address: 15 digits at most, which spreadsheets and JavaScript keep exactly
BATCH = 1000  # records that are stored together


def _hash(address: str, attempt: int) -> int:
    digest = hashlib.sha256(f"{attempt} {address}".encode()).digest()
    return int.from_bytes(digest[:8]) >> (64 - ID_BITS)


def derive_ids(addresses: Iterable[str]) -> dict[str, int]:
    """Return a positive id for each address, from its hash; the order of the addresses does not matter."""
    ids: dict[str, int] = {}
    taken = {0}
    for address in sorted(addresses):
        attempt = 0
        while (object_id := _hash(address, attempt)) in taken:
            attempt += 1
        taken.add(object_id)
        ids[address] = object_id
    return ids


class ImageList:
    """The images that a CSV lists. Memory holds addresses, labels and ids; the other cells are read twice.

    Attributes:
        rows: Number of rows.
        skipped: Number of rows without an address or a valid objectID, or with more or fewer cells than the header.
        ids: All ids, those of a column `objectID`, or else `derive_ids` of the addresses.
    """

    def __init__(self, file: Path, image_column: str, label_column: str) -> None:
        """Read the addresses and labels of all rows.

        Raises:
            UserError: The file is no CSV in UTF-8, or lacks one of the columns.
        """
        self._file, self._columns = file, {"primaryImageSmall": image_column, "culture": label_column}
        self.rows = self.skipped = 0
        self._labels: dict[str, tuple[str, ...]] = {}  # all different ones, by address
        self._addresses: dict[int, str] = {}  # the first one, by id
        self._repeated: set[int] = set()  # ids with several addresses
        for record in self._records():
            self.rows += 1
            if record is None:
                self.skipped += 1
            else:
                self._add(record)
        self._derived = {} if self._addresses else derive_ids(self._labels)
        self.ids = set(self._addresses) or set(self._derived.values())

    def _add(self, record: dict[str, Any]) -> None:
        address, label = record["primaryImageSmall"], intern(record["culture"])
        known = self._labels.setdefault(address, (label,))
        if address and label not in known:
            self._labels[address] = (*known, label)
        object_id = record.get("objectID")
        if object_id and self._addresses.setdefault(object_id, address) != address:
            self._repeated.add(object_id)

    def store(self, state: FetchState, chosen: set[int]) -> None:
        """Store the chosen rows like answers of the API that lack all other fields.

        Raises:
            UserError: The file has changed.
        """
        waiting = set(chosen)
        records = (record for record in self._records() if record)
        while batch := list(islice(records, BATCH)):
            with state.transaction():
                for record in batch:
                    self._store(state, record, waiting)
        if waiting:
            raise UserError(f"fetch.catalog_file: {self._file} changed while it was read; run again.")

    def _store(self, state: FetchState, record: dict[str, Any], waiting: set[int]) -> None:
        address = record["primaryImageSmall"]
        object_id = record.get("objectID") or self._derived.get(address)
        if object_id not in waiting:
            return
        waiting.remove(object_id)
        labels = sorted(self._labels.get(address, ()))
        fault = None
        if address and len(labels) > 1:
            fault = f"the list gives this address the labels {', '.join(map(repr, labels))}"
            record["culture"] = " | ".join(labels)
        elif object_id in self._repeated:
            fault = "the list gives this objectID several addresses"
        state.records.store_listed(object_id, {"objectID": object_id} | record, fault)

    def _records(self) -> Iterator[dict[str, Any] | None]:
        """Yield the fields of each row, with its address and its label; None for an invalid row."""
        rows = csv_rows(KEY, self._file)
        _, header = next(rows, (0, []))
        header = [name.strip(BLANKS) for name in header]
        positions = self._positions(header)
        for _, row in rows:
            yield _record(row, positions) if len(row) == len(header) else None

    def _positions(self, header: list[str]) -> dict[str, int]:
        """Return the position of each field of a record in a row."""
        positions = {name: header.index(name) for name in COLUMNS if name in header}
        for field, key in (("primaryImageSmall", "image_column"), ("culture", "label_column")):
            positions[field] = column_position(KEY, self._file, header, self._columns[field], f"set fetch.{key}")
        if "objectID" in positions:
            column_position(KEY, self._file, header, "objectID", "rename one")
        return positions


def _record(row: list[str], positions: dict[str, int]) -> dict[str, Any] | None:
    record: dict[str, Any] = {field: row[position] for field, position in positions.items()}
    for field in ("primaryImageSmall", "culture"):
        record[field] = record[field].strip(BLANKS)
    if record.get("isPublicDomain", "").strip(BLANKS).casefold() not in BOOLEAN_TEXTS:
        record.pop("isPublicDomain", None)  # decides nothing here: an odd value must not lose the painting
    if "objectID" not in positions:
        return record if record["primaryImageSmall"] else None
    record["objectID"] = coerce("objectID", record["objectID"])
    return record if 0 < (record["objectID"] or 0) <= MAX_ID else None
