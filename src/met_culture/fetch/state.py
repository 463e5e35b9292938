"""The state of a fetch between runs, outside DVC: a fetch that was stopped or killed continues from it.

`state.db` (SQLite, one transaction per answer) holds the answer for every object and for every image URL; `images/`
holds the images. An image is settled if no later run has to try it again; a failed request is tried again.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from met_culture.common.errors import UserError
from met_culture.common.paths import IMAGES
from met_culture.fetch import image_state, record_state
from met_culture.fetch.database import Database
from met_culture.fetch.image_state import ImageState
from met_culture.fetch.record_state import RecordState

TABLES = """
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TEMP TABLE wanted (objectID INTEGER PRIMARY KEY);
CREATE TEMP TABLE outdated (objectID INTEGER PRIMARY KEY);
"""
OUTCOMES = """
SELECT records.objectID, records.status AS record_status, records.reason AS record_reason, records.columns, records.url,
    images.status AS image_status, images.reason AS image_reason, sha256, bytes, width, height
FROM wanted JOIN records USING (objectID) LEFT JOIN images USING (url) ORDER BY objectID
"""
MISSING_RECORDS = """
SELECT count(*) FROM wanted LEFT JOIN records USING (objectID)
WHERE status IS NULL OR failure IS NOT NULL OR (run < ? AND objectID IN (SELECT objectID FROM outdated))
"""
MISSING_IMAGES = """
SELECT count(DISTINCT url) FROM wanted JOIN records USING (objectID) LEFT JOIN images USING (url)
WHERE url IS NOT NULL AND (settled IS NULL OR NOT settled)
"""
FAILURES = """
SELECT count(*) FROM wanted JOIN records USING (objectID) LEFT JOIN images USING (url)
WHERE failure IS NOT NULL OR images.status = 'image_failed'
"""


class FetchState:
    """The state of the fetches of one source. One process at a time may use it, from any of its threads.

    Attributes:
        folder: Folder of the state.
        run: Number of this run, from 1.
        records: The records.
        images: The images.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the state in `folder`, and begin a run.

        Raises:
            UserError: Another fetch uses it.
        """
        self.folder = folder
        (folder / IMAGES).mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "lock", blocking=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise UserError(
                f"another fetch of this source is running (it holds {folder / 'lock'}); wait for its end, or stop it."
            ) from None
        for partial in (folder / IMAGES).glob(".*"):
            partial.unlink()  # a killed process left it
        self._database = Database(folder / "state.db", TABLES + record_state.TABLE + image_state.TABLE)
        self._forget_old_refusals()
        self.run = self._last_run() + 1
        self.write_fact("run", str(self.run))
        self.records = RecordState(self._database, self.run)
        self.images = ImageState(self._database, folder / IMAGES, self.run)

    def _forget_old_refusals(self) -> None:
        # Before version 1, an odd value in any field made a record malformed: such records are asked for again.
        if self._database.count("PRAGMA user_version") < 1:
            self._database.execute("DELETE FROM records WHERE status = 'record_malformed'")
            self._database.execute("PRAGMA user_version = 1")

    def _last_run(self) -> int:
        number = self.fact("run") or "0"
        if not re.fullmatch(r"\d{1,9}", number, re.ASCII):
            raise self._database.damaged()
        return int(number)

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the state, and let other processes use it."""
        self._database.close()
        self._lock.release()

    def fact(self, key: str) -> str | None:
        """Return the text that `write_fact` stored; None if there is none."""
        row = self._database.find("SELECT value FROM facts WHERE key = ?", key)
        return row["value"] if row else None

    def stored_answer(self, key: str) -> dict[str, Any]:
        """Return the JSON object that `write_fact` remembered; an empty one for anything else, to be asked again."""
        try:
            answer = json.loads(self.fact(key) or "{}")
        except (ValueError, RecursionError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def write_fact(self, key: str, value: str) -> None:
        """Store a text under a key."""
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", key, value)

    def forget_facts(self, prefix: str) -> None:
        """Delete every text whose key begins with `prefix`."""
        self._database.execute("DELETE FROM facts WHERE substr(key, 1, ?) = ?", len(prefix), prefix)

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all writes of the context together, which is faster; for one thread only."""
        return self._database.transaction()

    def set_wanted(self, object_ids: Iterable[int]) -> None:
        """Set the objects that `count_missing`, `count_failures`, `count_known` and `outcomes` cover."""
        self._database.replace_ids("wanted", object_ids)

    def count_missing(self, outdated: Iterable[int] = (), refreshed_in: int = 0) -> tuple[int, int]:
        """Return how many wanted records must be requested, and how many known images are not settled.

        Args:
            outdated: Objects whose record may have changed.
            refreshed_in: An outdated record that was requested in this run or later is up to date.
        """
        self._database.replace_ids("outdated", outdated)
        return self._database.count(MISSING_RECORDS, refreshed_in), self._database.count(MISSING_IMAGES)

    def count_failures(self) -> int:
        """Return how many wanted objects, or their images, got no answer; the next run requests them again."""
        return self._database.count(FAILURES)

    def count_known(self) -> int:
        """Return how many wanted objects have a row."""
        return self._database.count("SELECT count(*) FROM wanted JOIN records USING (objectID)")

    def outcomes(self) -> Iterator[sqlite3.Row]:
        """Yield a row for each wanted object and its image, by ascending objectID; memory holds one."""
        yield from self._database.rows(OUTCOMES)

    def log(self, line: str) -> None:
        """Append a line to `fetch.log`, which may differ between equal runs."""
        with (self.folder / "fetch.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")
