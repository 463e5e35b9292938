"""Read a bulk file instead of the API: MetObjects.csv, or a dump of whole records."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from met_culture.common.errors import UserError
from met_culture.common.record_keys import COLUMNS
from met_culture.common.user_csv import MAX_LINE, check_start
from met_culture.fetch.records import BLANKS, MAX_ID, RecordError, coerce

# The columns of MetObjects.csv that the rules need, by the API's keys.
FIELDS = {"department": "Department", "classification": "Classification", "objectName": "Object Name"}
ID, PUBLIC_DOMAIN = "Object ID", "Is Public Domain"
KEY = "fetch.catalog_file"
BATCH = 500  # rows of a parquet file that memory holds at once

# The keys that the rules need, and the id.
RULE_KEYS = ("objectID", "department", "classification", "objectName", "isPublicDomain")


def _object_id(value: Any) -> int | None:  # noqa: ANN401 - what a file holds
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    number = int(text) if text.isdecimal() and len(text) < len(str(MAX_ID)) else 0
    return number or None


def csv_records(file: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the values of the keys in `RULE_KEYS` for every row of MetObjects.csv; None for an invalid row.

    A row is invalid if it has no id, or more or fewer cells than the header.

    Source of the format: https://github.com/metmuseum/openaccess (UTF-8 with BOM, several values joined with `|`).

    Raises:
        UserError: The file is not MetObjects.csv, or a row is not CSV.
    """
    check_start(KEY, file)
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        rows = csv.reader(opened)
        try:
            header = next(rows, [])
            missing = [name for name in (ID, PUBLIC_DOMAIN, *FIELDS.values()) if name not in header]
            if missing:
                raise UserError(f"fetch.catalog_file: {file} has no column {missing[0]!r}; give MetObjects.csv.")
            for row in rows:
                yield _csv_record(dict(zip(header, row, strict=True))) if len(row) == len(header) else None
        except csv.Error as error:
            raise UserError(f"fetch.catalog_file: {file}, line {rows.line_num}: {error}; correct the row.") from None


def _csv_record(row: dict[str, str]) -> dict[str, Any] | None:
    object_id = _object_id(row[ID])
    if object_id is None:
        return None
    texts = {key: row[column].strip(BLANKS) for key, column in FIELDS.items()}
    return texts | {"objectID": object_id, "isPublicDomain": row[PUBLIC_DOMAIN].strip(BLANKS).casefold() == "true"}


def dump_records(file: Path, keys: tuple[str, ...] = COLUMNS) -> Iterator[dict[str, Any]]:
    """Yield the records of a dump, parquet or JSON lines, with some of their keys, for `to_row` to convert.

    Raises:
        UserError: The file is neither of the two, or a row has no objectID.
    """
    rows = _parquet_rows(file, keys) if check_start(KEY, file).startswith(b"PAR1") else _json_rows(file)
    for number, row in enumerate(rows, start=1):
        object_id = _object_id(row.get("objectID")) if isinstance(row, dict) else None
        if not object_id:
            raise UserError(f"fetch.catalog_file: {file}, row {number}: no record with an objectID; fix or remove it.")
        record = {key: _flag(value) if key == "isPublicDomain" else value for key, value in row.items() if key in keys}
        yield record | {"objectID": object_id}


def _parquet_rows(file: Path, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(file) as table:
            columns = [name for name in table.schema_arrow.names if name in keys]
            for batch in table.iter_batches(batch_size=BATCH, columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # also for text that is not UTF-8
        reason = " ".join(str(error).split())[:100]
        raise UserError(f"fetch.catalog_file: {file} is not a whole parquet file ({reason}); get it again.") from None


def _json_rows(file: Path) -> Iterator[Any]:
    with file.open("rb") as lines:
        while line := lines.readline(MAX_LINE):  # a longer line is cut, and then it is not JSON
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _flag(value: Any) -> Any:  # noqa: ANN401 - what a file holds
    # The rules of candidates read this key before the record becomes a row.
    try:
        return coerce("isPublicDomain", value)
    except RecordError:
        return value
