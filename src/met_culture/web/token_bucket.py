"""A token bucket in a file, so that every process on this machine shares the request rate of a host.

pyrate_limiter implements the bucket; this module opens it, and names its file in every error.
"""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyrate_limiter import BucketFactory, Limiter, Rate, RateItem, SQLiteBucket

TABLE = "requests"


class _Factory(BucketFactory):
    """Returns always the same bucket; starts no cleaning thread, whose errors nobody would see."""

    def __init__(self, bucket: SQLiteBucket) -> None:
        self._bucket = bucket

    def wrap_item(self, name: str, weight: int = 1) -> RateItem:
        return RateItem(name, self._bucket.now(), weight=weight)

    def get(self, item: RateItem) -> SQLiteBucket:
        del item
        return self._bucket


class TokenBucket:
    """Limits the requests a second of all processes that open the same file."""

    def __init__(self, requests_per_second: float, file: Path) -> None:
        """Open or make the bucket.

        Raises:
            OSError: The file is not a bucket, or cannot be written.
        """
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        rate = Rate(1, math.ceil(1000 / requests_per_second))  # one request per this many milliseconds
        with self._named_errors():
            self.bucket = SQLiteBucket.init_from_file([rate], table=TABLE, db_path=str(file), use_file_lock=True)
            self._limiter = Limiter(_Factory(self.bucket), buffer_ms=0)
            # If the clock was set back, entries from the future would block every request until the clock reaches them.
            self.bucket.conn.execute(f"DELETE FROM {TABLE} WHERE item_timestamp > ?", (self.bucket.now(),))  # noqa: S608
            self.bucket.conn.commit()

    def take(self) -> None:
        """Wait for the next token and take it."""
        with self._named_errors():
            self._limiter.try_acquire()
            self.bucket.leak(self.bucket.now())

    def close(self) -> None:
        """Close the file."""
        self.bucket.close()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OSError(None, f"{error} (if it is damaged, delete it)", str(self.file)) from error
