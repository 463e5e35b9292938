"""The images in the state of a fetch: a table with a row per URL, and a folder with their bytes."""

import hashlib
from pathlib import Path

from met_culture.common.files import write_bytes
from met_culture.fetch.database import Database

TABLE = """
CREATE TABLE IF NOT EXISTS images (
    url TEXT PRIMARY KEY,
    status TEXT NOT NULL,  -- waiting, ok, image_gone, image_refused, image_failed
    reason TEXT, sha256 TEXT, bytes INTEGER, width INTEGER, height INTEGER,
    settled INTEGER NOT NULL DEFAULT 0,  -- if not, the next run tries again
    version TEXT NOT NULL,  -- the latest metadataDate of a record that names it
    run INTEGER NOT NULL  -- the latest that claimed it
);
"""


class ImageState:
    """The images of one source, by their URL; files are named for a hash of it."""

    def __init__(self, database: Database, folder: Path, run: int) -> None:
        """Use a database that has `TABLE`, and a folder for the files; `run` is the number of the current run."""
        self.folder, self.run, self._database = folder, run, database

    def claim(self, url: str, version: str) -> bool:
        """Return whether an image must be fetched; True only once a run, even if several records name it.

        Args:
            url: As in the record.
            version: metadataDate of the record; if it is later than the stored one, the image is fetched again.
        """
        known = self._database.find("SELECT * FROM images WHERE url = ?", url)
        if not known:
            statement = "INSERT INTO images (url, status, version, run) VALUES (?, 'waiting', ?, ?)"
            return self._database.execute(statement, url, version, self.run)
        newer = version > known["version"]
        damaged = known["status"] == "ok" and not self._is_whole(url, known["bytes"])
        claimed = known["run"] < self.run and (not known["settled"] or damaged or newer)
        if claimed:
            statement = "UPDATE images SET status = 'waiting', settled = 0, run = ? WHERE url = ?"
            self._database.execute(statement, self.run, url)
        if newer:
            self._database.execute("UPDATE images SET version = ? WHERE url = ?", version, url)
        return claimed

    def has_failed(self, url: str) -> bool:
        """Return whether an earlier run requested an image without success."""
        row = self._database.find("SELECT settled, status, run FROM images WHERE url = ?", url)
        return bool(row and not row["settled"] and row["status"] != "waiting" and row["run"] < self.run)

    def status(self, url: str) -> str | None:
        """Return ok, image_gone, image_refused, image_failed or waiting; None for a URL that was never claimed."""
        row = self._database.find("SELECT status FROM images WHERE url = ?", url)
        return row["status"] if row else None

    def _is_whole(self, url: str, size: int) -> bool:
        try:
            return self.path(url).stat().st_size == size
        except FileNotFoundError:
            return False

    def path(self, url: str) -> Path:
        """Return the path of the image of a URL."""
        return self.folder / hashlib.sha256(url.encode(errors="surrogatepass")).hexdigest()[:32]

    def write(self, url: str, data: bytes, size: tuple[int, int]) -> None:
        """Store an image of (width, height) pixels: first the file, then its row."""
        write_bytes(self.path(url), data)
        self._database.execute(
            "UPDATE images SET status = 'ok', settled = 1, reason = NULL, sha256 = ?, bytes = ?, width = ?, height = ? "
            "WHERE url = ?",
            hashlib.sha256(data).hexdigest(),
            len(data),
            *size,
            url,
        )

    def write_failure(self, url: str, status: str, reason: str, *, settled: bool) -> None:
        """Store why there is no image; unless that is settled, the next run tries again."""
        self._database.execute(
            "UPDATE images SET status = ?, reason = ?, settled = ?, sha256 = NULL, bytes = NULL, width = NULL, "
            "height = NULL WHERE url = ?",
            status,
            reason,
            settled,
            url,
        )
