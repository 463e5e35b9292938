"""How one host is asked: how many requests a second, how many at once, and how long to leave it alone after a block.

The token bucket is pyrate_limiter's and lies in a file, so that every process on the machine shares the pace of a host.
"""

import math
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyrate_limiter import BucketFactory, Limiter, Rate, RateItem, SQLiteBucket

TABLE = "requests"
MIN_SHARE = 1 / 8  # of the configured pace and parallelism, after many blocks
RECOVERY = 1 / 50  # of them, regained with each good answer


class StoppedError(Exception):
    """The fetch is ending; no further request is sent."""


@dataclass(frozen=True)
class Waits:
    """How often a request is tried, and how long its host is left alone in between.

    The defaults bridge a block of three minutes: 1, 2, 4, 8, 16, 32, 64, 90 seconds, each up to half as long again.
    """

    attempts: int = 9
    first_s: float = 1.0
    cap_s: float = 90.0
    jitter: float = 0.5
    retry_after_cap_s: float = 600.0  # a server cannot park us for hours

    def seconds(self, troubles: int, retry_after: float | None) -> float:
        """Return the wait after so many troubles in a row; at least what the server asked for, within the cap."""
        # Jitter keeps clients that were blocked together from returning together; it decides nothing that is kept.
        grown = min(self.cap_s, self.first_s * 2 ** (troubles - 1)) * (1 + self.jitter * random.random())  # noqa: S311
        return max(grown, min(retry_after or 0, self.retry_after_cap_s))


class _Bucket(BucketFactory):
    """One bucket in a file; without the library's cleaning thread, whose errors would go past everybody."""

    def __init__(self, requests_per_second: float, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        rate = Rate(1, math.ceil(1000 / requests_per_second))  # one per so many milliseconds
        self.bucket = SQLiteBucket.init_from_file([rate], table=TABLE, db_path=str(file), use_file_lock=True)
        # Written before the clock was set back; they would hold up everything until it is as late again.
        self.bucket.conn.execute(f"DELETE FROM {TABLE} WHERE item_timestamp > ?", (self.bucket.now(),))  # noqa: S608
        self.bucket.conn.commit()

    def wrap_item(self, name: str, weight: int = 1) -> RateItem:
        return RateItem(name, self.bucket.now(), weight=weight)

    def get(self, item: RateItem) -> SQLiteBucket:
        del item
        return self.bucket


@dataclass
class Pace:
    """The state of one host, shared by all threads that ask it.

    Attributes:
        parallel: Requests at once.
        requests_per_second: None for no pace.
        file: Where the token bucket lies; needed with a pace.
        waits: What follows a trouble.
        blocks: How often the host had to be left alone so far.
        requests: How many were sent so far, retries and redirects included.
        bytes_read: Bytes of the answers' bodies so far.
        reached: Whether the host has answered anything yet.
    """

    parallel: int = 1
    requests_per_second: float | None = None
    file: Path | None = None
    waits: Waits = field(default_factory=Waits)
    blocks: int = field(default=0, init=False)
    requests: int = field(default=0, init=False)
    bytes_read: int = field(default=0, init=False)
    reached: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Open the bucket."""
        self._changed = threading.Condition()
        self._active, self._troubles, self._share = 0, 0, 1.0
        self._noticed = self._until = 0.0  # when the latest block was met, and when it is over
        self._last = 0.0  # when the latest turn began
        self._stopped = False
        self._bucket = self._limiter = None
        if self.requests_per_second and self.file:
            with self._disk():
                self._bucket = _Bucket(self.requests_per_second, self.file)
                self._limiter = Limiter(self._bucket, buffer_ms=0)

    def close(self) -> None:
        """Close the bucket."""
        if self._limiter:
            self._bucket.bucket.close()

    def stop(self) -> None:
        """Let no further request start; whoever waits for a turn gets `StoppedError`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait until the host may be asked, and hold one of its places; yields when the turn began.

        Raises:
            StoppedError: `stop` was called.
        """
        self._take_place()
        try:
            if self._limiter:
                if self._share < 1:  # slower after a block
                    slow = self._last + 1 / (self.requests_per_second * self._share)
                    time.sleep(max(0.0, slow - time.monotonic()))
                with self._disk():
                    self._limiter.try_acquire()
                    self._bucket.bucket.leak(self._bucket.bucket.now())
            self._last = time.monotonic()
            yield self._last
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OSError(None, f"{error} (if it is spoilt, delete it)", str(self.file)) from error

    def _take_place(self) -> None:
        with self._changed:
            while not self._stopped:
                wait = self._until - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                elif self._active >= self._places():
                    self._changed.wait()
                else:
                    self._active += 1
                    if self._active < self._places():
                        self._changed.notify()  # after a block several places are free at once
                    return
            raise StoppedError

    def _places(self) -> int:
        return max(1, round(self.parallel * self._share))

    def count(self, *, requests: int = 0, bytes_read: int = 0) -> None:
        """Add to what was sent and read."""
        with self._changed:
            self.requests += requests
            self.bytes_read += bytes_read

    def good(self) -> None:
        """Note a good answer: the next trouble starts small again, and the pace recovers a little."""
        with self._changed:
            self._troubles = 0
            self._share = min(1.0, self._share + RECOVERY)

    def trouble(self, began: float, retry_after: float | None = None) -> float:
        """Note a block, or what looks like one: nobody asks the host for a while, and then at half the pace.

        Args:
            began: When the turn began. What was under way when others met the same block counts once.
            retry_after: Seconds that the server asked for.

        Returns:
            Seconds for which the host is left alone from now; 0 where the block was known.
        """
        with self._changed:
            if began < self._noticed:
                asked_for = min(retry_after or 0.0, self.waits.retry_after_cap_s)
                self._until = max(self._until, time.monotonic() + asked_for)
                return 0.0
            self._troubles += 1
            self.blocks += 1
            self._share = max(MIN_SHARE, self._share / 2)
            wait = self.waits.seconds(self._troubles, retry_after)
            self._noticed = time.monotonic()
            self._until = self._noticed + wait
            return wait
