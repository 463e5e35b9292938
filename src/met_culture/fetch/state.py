"""What a fetch remembers between runs, outside DVC, so that a fetch that was stopped or killed continues.

`state.db` (SQLite, one transaction per answer) holds what the museum said of every object and of every image URL;
`images/` holds the images, named for a hash of their URL. A row says that something is settled only when it is whole on
disk. What failed is tried again by the next run.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from met_culture.common.errors import UserError
from met_culture.common.files import write_bytes
from met_culture.common.paths import IMAGES

TABLES = """
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    objectID INTEGER PRIMARY KEY,
    status TEXT NOT NULL,  -- ok, no_image, record_gone, record_malformed, record_failed
    reason TEXT,
    columns TEXT,  -- the API's 57, as JSON
    url TEXT,  -- of the image, as `Scratch.write_record` was given it
    failure TEXT,  -- of the latest try, if it failed; then the next run tries again
    run INTEGER NOT NULL  -- that asked last
);
CREATE TABLE IF NOT EXISTS images (
    url TEXT PRIMARY KEY,
    status TEXT NOT NULL,  -- waiting, ok, image_gone, image_refused, image_failed
    reason TEXT, sha256 TEXT, bytes INTEGER, width INTEGER, height INTEGER,
    settled INTEGER NOT NULL DEFAULT 0,  -- else the next run tries again
    version TEXT NOT NULL,  -- the latest metadataDate of a record that showed it
    run INTEGER NOT NULL  -- that claimed it last
);
CREATE TEMP TABLE wanted (objectID INTEGER PRIMARY KEY);
CREATE TEMP TABLE outdated (objectID INTEGER PRIMARY KEY);
"""
JOINED = """
SELECT records.objectID, records.status AS record_status, records.reason AS record_reason, records.columns, records.url,
    images.status AS image_status, images.reason AS image_reason, sha256, bytes, width, height
FROM wanted JOIN records USING (objectID) LEFT JOIN images USING (url) ORDER BY objectID
"""


class Scratch:
    """The memory of the fetches of one source; one process at a time, any of its threads."""

    def __init__(self, folder: Path) -> None:
        """Open or make the memory in `folder`, and begin a run.

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
        for half in (folder / IMAGES).glob(".*"):
            half.unlink()  # what a killed process was writing
        self._guard = threading.Lock()
        with self._disk():
            self._db = sqlite3.connect(folder / "state.db", check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            # A killed process loses nothing that way; a power cut perhaps the last answers.
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + TABLES)
        self.run = int(self.fact("run") or 0) + 1
        self.write_fact("run", str(self.run))

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the memory and let others use it."""
        self._db.close()
        self._lock.release()

    def fact(self, key: str) -> str | None:
        """Return what `write_fact` remembered."""
        row = self._one("SELECT value FROM facts WHERE key = ?", key)
        return row["value"] if row else None

    def write_fact(self, key: str, value: str) -> None:
        """Remember a text."""
        self._do("INSERT OR REPLACE INTO facts VALUES (?, ?)", key, value)

    def forget_facts(self, prefix: str) -> None:
        """Forget every text whose key begins with `prefix`."""
        self._do("DELETE FROM facts WHERE substr(key, 1, ?) = ?", len(prefix), prefix)

    def record(self, object_id: int) -> sqlite3.Row | None:
        """Return what is known of an object: status, columns, url, run."""
        return self._one("SELECT * FROM records WHERE objectID = ?", object_id)

    def columns(self, row: sqlite3.Row) -> dict[str, Any]:
        """Return the API's columns of a row of `record` or `outcomes`."""
        try:
            return json.loads(row["columns"])
        except ValueError:
            raise UserError(
                f"{self.folder / 'state.db'} is spoilt; delete the folder around it and run again."
            ) from None

    def write_record(
        self, object_id: int, status: str, reason: str | None, columns: dict[str, Any] | None, url: str | None
    ) -> None:
        """Remember the outcome of a record."""
        text = json.dumps(columns, ensure_ascii=False) if columns else None
        values = (object_id, status, reason, text, url, self.run)
        self._do("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, NULL, ?)", *values)

    def write_no_record(self, object_id: int, failure: str) -> None:
        """Remember that a record did not come; what was known of it before stays."""
        self._do(
            "INSERT INTO records VALUES (?, 'record_failed', ?, NULL, NULL, ?, ?) ON CONFLICT (objectID) DO UPDATE "
            "SET failure = excluded.failure, run = excluded.run, "
            "reason = CASE status WHEN 'record_failed' THEN excluded.reason ELSE reason END",
            object_id,
            failure,
            failure,
            self.run,
        )

    def claim_image(self, url: str, version: str) -> bool:
        """Return whether an image is to be downloaded; once a run, however many objects show it.

        Args:
            url: As `write_record` was given it.
            version: The record's metadataDate; a later one than before is a reason to download again.
        """
        known = self._one("SELECT * FROM images WHERE url = ?", url)
        if not known:
            return self._do(
                "INSERT INTO images (url, status, version, run) VALUES (?, 'waiting', ?, ?)", url, version, self.run
            )
        spoilt = known["status"] == "ok" and not self._whole(url, known["bytes"])
        wanted = known["run"] < self.run and (not known["settled"] or spoilt or version > known["version"])
        if wanted:
            self._do("UPDATE images SET status = 'waiting', settled = 0, run = ? WHERE url = ?", self.run, url)
        if version > known["version"]:
            self._do("UPDATE images SET version = ? WHERE url = ?", version, url)
        return wanted

    def has_failed(self, url: str) -> bool:
        """Return whether an image was asked for in an earlier run, and did not come."""
        row = self._one("SELECT settled, status, run FROM images WHERE url = ?", url)
        return bool(row and not row["settled"] and row["status"] != "waiting" and row["run"] < self.run)

    def image_status(self, url: str) -> str | None:
        """Return ok, image_gone, image_refused, image_failed or waiting; None for a URL that was never claimed."""
        row = self._one("SELECT status FROM images WHERE url = ?", url)
        return row["status"] if row else None

    def _whole(self, url: str, size: int) -> bool:
        try:
            return self.image(url).stat().st_size == size
        except FileNotFoundError:
            return False

    def image(self, url: str) -> Path:
        """Return where the image of a URL lies."""
        return self.folder / IMAGES / hashlib.sha256(url.encode(errors="surrogatepass")).hexdigest()[:32]

    def write_image(self, url: str, data: bytes, size: tuple[int, int]) -> None:
        """Remember a whole image of (width, height) pixels: first the file, then that it is there."""
        write_bytes(self.image(url), data)
        self._do(
            "UPDATE images SET status = 'ok', settled = 1, reason = NULL, sha256 = ?, bytes = ?, width = ?, height = ? "
            "WHERE url = ?",
            hashlib.sha256(data).hexdigest(),
            len(data),
            *size,
            url,
        )

    def write_no_image(self, url: str, status: str, reason: str, *, settled: bool) -> None:
        """Remember why there is no image, and whether that is how it stays."""
        self._do(
            "UPDATE images SET status = ?, reason = ?, settled = ?, sha256 = NULL, bytes = NULL, width = NULL, "
            "height = NULL WHERE url = ?",
            status,
            reason,
            settled,
            url,
        )

    def failures(self) -> int:
        """Return how many wanted objects lack an answer that the next run asks for again, their images included."""
        row = self._one(
            "SELECT count(*) AS n FROM wanted JOIN records USING (objectID) LEFT JOIN images USING (url) "
            "WHERE failure IS NOT NULL OR images.status = 'image_failed'"
        )
        return row["n"]

    def object_ids(self, *, gone: bool) -> Iterator[int]:
        """Yield the ids of which something is known: that the museum has no such object, or else."""
        for row in self._db.execute("SELECT objectID FROM records WHERE (status = 'record_gone') = ?", (gone,)):
            yield row["objectID"]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Remember all that is written in the context at once, which is quicker; for one thread only."""
        with self._disk(), self._transaction():
            yield

    def want(self, object_ids: Iterable[int]) -> None:
        """Say which objects `to_ask` and `outcomes` are about."""
        with self._guard, self._disk(), self._transaction():
            self._db.execute("DELETE FROM wanted")
            self._db.executemany("INSERT INTO wanted VALUES (?)", ((each,) for each in object_ids))

    def to_ask(self, outdated: Iterable[int] = (), refreshed_in: int = 0) -> tuple[int, int]:
        """Return how many wanted records are to be asked for, and how many known images are not settled.

        Args:
            outdated: Objects whose record may have changed.
            refreshed_in: Run from which on an outdated record was asked for already.
        """
        with self._guard, self._disk(), self._transaction():
            self._db.execute("DELETE FROM outdated")
            self._db.executemany("INSERT INTO outdated VALUES (?)", ((each,) for each in outdated))
        records = self._one(
            "SELECT count(*) AS n FROM wanted LEFT JOIN records USING (objectID) "
            "WHERE status IS NULL OR failure IS NOT NULL "
            "OR (run < ? AND objectID IN (SELECT objectID FROM outdated))",
            refreshed_in,
        )
        images = self._one(
            "SELECT count(DISTINCT url) AS n FROM wanted JOIN records USING (objectID) LEFT JOIN images USING (url) "
            "WHERE url IS NOT NULL AND (settled IS NULL OR NOT settled)"
        )
        return records["n"], images["n"]

    def outcomes(self) -> Iterator[sqlite3.Row]:
        """Yield what is known of the wanted objects and their images, by ascending objectID; memory holds one."""
        yield from self._db.execute(JOINED)

    def log(self, line: str) -> None:
        """Append what varies between runs to `fetch.log`."""
        with (self.folder / "fetch.log").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")

    def _one(self, query: str, *values: object) -> sqlite3.Row | None:
        with self._guard, self._disk():
            return self._db.execute(query, values).fetchone()

    def _do(self, statement: str, *values: object) -> bool:
        """Run a statement in a transaction of its own; returns whether a row changed."""
        with self._guard, self._disk():
            return self._db.execute(statement, values).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what SQLite says of a full or spoilt disk into what the rest of the system says."""
        try:
            yield
        except sqlite3.Error as error:
            file = str(self.folder / "state.db")
            raise OSError(None, f"{error} (if it is spoilt, delete the folder around it)", file) from error
