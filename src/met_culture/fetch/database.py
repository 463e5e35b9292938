"""A SQLite file that several threads of one process share."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from met_culture.common.errors import UserError

# The types of all columns of the tables, by name: SQLite stores text in a column of integers, too.
INTEGERS = {"objectID", "run", "settled", "bytes", "width", "height"}


def _is_valid(row: sqlite3.Row) -> bool:
    for name in row.keys():  # noqa: SIM118 - a row iterates over its values
        expected = int if name in INTEGERS else str
        if row[name] is not None and type(row[name]) is not expected:
            return False
    return True


class Database:
    """Runs one statement at a time, each in a transaction of its own unless `transaction` is open."""

    def __init__(self, file: Path, tables: str) -> None:
        """Open or make the file.

        Args:
            file: Its folder must exist.
            tables: SQL that makes missing tables.
        """
        self.file = file
        self._guard = threading.Lock()
        with self._named_errors():
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            # If the process is killed, nothing is lost; after a power cut, perhaps the last answers.
            self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + tables)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def find(self, query: str, *values: object) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        with self._guard, self._named_errors():
            row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
        return self._checked(row) if row else None

    def count(self, query: str, *values: object) -> int:
        """Return the number that a query of one row and one column gives."""
        with self._guard, self._named_errors():
            return int(self._connection.execute(query, values).fetchone()[0])

    def rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        """Yield the rows of a query; memory holds one at a time."""
        with self._named_errors():
            cursor = self._connection.execute(query, values)
        while True:
            with self._named_errors():
                row = cursor.fetchone()
            if row is None:
                return
            yield self._checked(row)

    def damaged(self) -> UserError:
        """Return the error of a file whose content this package has not written."""
        return UserError(f"{self.file} is damaged; delete the folder around it and run again.")

    def _checked(self, row: sqlite3.Row) -> sqlite3.Row:
        if not _is_valid(row):
            raise self.damaged()
        return row

    def execute(self, statement: str, *values: object) -> bool:
        """Run a statement and return whether it changed a row."""
        with self._guard, self._named_errors():
            return self._connection.execute(statement, values).rowcount > 0

    def replace_ids(self, table: str, ids: Iterable[int]) -> None:
        """Replace the content of a table of one column."""
        with self._guard, self.transaction():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name from this package
            self._connection.executemany(f"INSERT INTO {table} VALUES (?)", ((number,) for number in ids))  # noqa: S608

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all writes of the context together, which is faster; for one thread only."""
        with self._named_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Turn SQLite's errors about a full disk or a damaged file into OSErrors that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            reason = f"{error} (if it is damaged, delete the folder around it)"
            raise OSError(None, reason, str(self.file)) from error
