"""Read a list of objects: a CSV with a column objectID, such as benchmarks/paintings.csv."""

from pathlib import Path

from met_culture.common.errors import UserError
from met_culture.common.user_csv import column_position, csv_rows
from met_culture.fetch.catalogue_file import KEY
from met_culture.fetch.records import BLANKS, MAX_ID, coerce


def listed_objects(file: Path) -> tuple[set[int], int]:
    """Return the ids of a list, and its number of rows; an id may be in several rows, and other columns are ignored.

    Raises:
        UserError: The file is no CSV in UTF-8, has no column objectID, or a row is damaged or has no valid id.
    """
    rows = csv_rows(KEY, file)
    _, header = next(rows, (0, []))
    header = [name.strip(BLANKS) for name in header]
    position = column_position(KEY, file, header, "objectID", "rename the column of the ids")
    ids: set[int] = set()
    count = 0
    for line, row in rows:
        if len(row) != len(header):
            raise UserError(f"{KEY}: {file}, line {line}: {len(row)} cells instead of {len(header)}; correct the row.")
        ids.add(_object_id(file, line, row[position]))
        count += 1
    return ids, count


def _object_id(file: Path, line: int, text: str) -> int:
    object_id = coerce("objectID", text) or 0
    if not 0 < object_id <= MAX_ID:
        raise UserError(
            f"{KEY}: {file}, line {line}: objectID {text[:40]!r} is not a positive whole number; correct it."
        )
    return int(object_id)
