"""The records in the state of a fetch: a table with a row per object."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.database import Database
from met_culture.fetch.records import RecordError, to_row

TABLE = """
CREATE TABLE IF NOT EXISTS records (
    objectID INTEGER PRIMARY KEY,
    status TEXT NOT NULL,  -- ok, no_image, record_gone, record_malformed, record_failed
    reason TEXT,
    columns TEXT,  -- the API's 57, as JSON
    url TEXT,  -- of the image
    failure TEXT,  -- of the latest attempt, if it failed; then the next run tries again
    run INTEGER NOT NULL  -- the latest that requested the record
);
"""


class RecordState:
    """The records of one source, by their objectID."""

    def __init__(self, database: Database, run: int) -> None:
        """Use a database that has `TABLE`; `run` is the number of the current run."""
        self._database, self._run = database, run

    def find(self, object_id: int) -> sqlite3.Row | None:
        """Return the row of an object; None if it was never requested."""
        return self._database.find("SELECT * FROM records WHERE objectID = ?", object_id)

    def columns(self, row: sqlite3.Row) -> dict[str, Any] | None:
        """Return the API's columns of a row of `find` or `FetchState.outcomes`, if its record is well-formed."""
        if not row["columns"]:
            return None
        try:
            columns: dict[str, Any] = json.loads(row["columns"])
        except (ValueError, RecursionError):
            raise self._database.damaged() from None
        if not isinstance(columns, dict) or not columns.keys() <= set(COLUMNS):
            raise self._database.damaged()
        return columns

    def ids(self, *, gone: bool) -> Iterator[int]:
        """Yield the known ids: those that the museum no longer has, or all others."""
        for row in self._database.rows("SELECT objectID FROM records WHERE (status = 'record_gone') = ?", gone):
            yield row["objectID"]

    def store(self, object_id: int, record: Any) -> None:  # noqa: ANN401 - what JSON holds
        """Store a record that arrived: its columns, and the URL of its image."""
        self._store(object_id, record, COLUMNS, None)

    def store_listed(self, object_id: int, record: dict[str, Any], fault: str | None) -> None:
        """Store a row of a list of images: only the columns that it has, and no URL if the row has a fault."""
        self._store(object_id, record, record, fault)

    def _store(self, object_id: int, record: Any, names: Iterable[str], fault: str | None) -> None:  # noqa: ANN401
        try:
            columns = to_row(record, object_id, names)
        except RecordError as error:
            self.write(object_id, "record_malformed", str(error), None, None)
            return
        if fault:
            self.write(object_id, "record_malformed", fault, columns, None)
        elif columns["primaryImageSmall"]:
            self.write(object_id, "ok", None, columns, columns["primaryImageSmall"])
        else:
            self.write(object_id, "no_image", "the record names no image", columns, None)

    def write(
        self, object_id: int, status: str, reason: str | None, columns: dict[str, Any] | None, url: str | None
    ) -> None:
        """Store the outcome of a record."""
        text = json.dumps(columns, ensure_ascii=False) if columns else None
        values = (object_id, status, reason, text, url, self._run)
        self._database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, NULL, ?)", *values)

    def write_failure(self, object_id: int, failure: str) -> None:
        """Store that a record did not arrive; columns and status of an earlier run stay."""
        self._database.execute(
            "INSERT INTO records VALUES (?, 'record_failed', ?, NULL, NULL, ?, ?) ON CONFLICT (objectID) DO UPDATE "
            "SET failure = excluded.failure, run = excluded.run, "
            "reason = CASE status WHEN 'record_failed' THEN excluded.reason ELSE reason END",
            object_id,
            failure,
            failure,
            self._run,
        )
