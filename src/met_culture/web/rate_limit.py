"""Limit how one host is asked: requests a second, requests at once, and how long it is left alone after a block."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from met_culture.web.errors import StoppedError
from met_culture.web.retry import RetryPolicy
from met_culture.web.token_bucket import TokenBucket

MIN_SPEED = 1 / 8  # of the configured rate and parallelism, after many blocks
RECOVERY = 1 / 50  # of them, regained with each good answer


@dataclass
class RateLimiter:
    """The state of one host, shared by all threads that send it requests.

    Attributes:
        parallel: Requests at once.
        requests_per_second: None for no limit.
        file: Where the token bucket lies; needed with a limit.
        policy: The waits after failures.
        blocks: How often the host had to be left alone so far.
        requests: How many were sent so far, retries and redirects included.
        bytes_read: Bytes of the answers' bodies so far.
        reached: Whether the host has answered anything yet.
    """

    parallel: int = 1
    requests_per_second: float | None = None
    file: Path | None = None
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    blocks: int = field(default=0, init=False)
    requests: int = field(default=0, init=False)
    bytes_read: int = field(default=0, init=False)
    reached: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Open the token bucket."""
        self._changed = threading.Condition()
        self._active, self._failures, self._speed = 0, 0, 1.0
        self._block_began = self._block_ends = 0.0  # of the latest block, by the monotonic clock
        self._last_start = 0.0  # of a request
        self._stopped = False
        self._bucket: TokenBucket | None = None
        if self.requests_per_second and self.file:
            self._bucket = TokenBucket(self.requests_per_second, self.file)

    def close(self) -> None:
        """Close the token bucket."""
        if self._bucket:
            self._bucket.close()

    def stop(self) -> None:
        """Let no further request start; threads that wait in `acquire` get `StoppedError`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @contextmanager
    def acquire(self) -> Iterator[float]:
        """Wait until the host may be asked, and occupy one of its slots; yields the time at which the request starts.

        Raises:
            StoppedError: `stop` was called.
        """
        self._take_slot()
        try:
            self._keep_rate()
            self._last_start = time.monotonic()
            yield self._last_start
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify()

    def _keep_rate(self) -> None:
        if not (self._bucket and self.requests_per_second):
            return
        if self._speed < 1:  # slower after a block
            next_start = self._last_start + 1 / (self.requests_per_second * self._speed)
            time.sleep(max(0.0, next_start - time.monotonic()))
        self._bucket.take()

    def _take_slot(self) -> None:
        with self._changed:
            while not self._stopped:
                wait = self._block_ends - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                elif self._active >= self._slots():
                    self._changed.wait()
                else:
                    self._active += 1
                    if self._active < self._slots():
                        self._changed.notify()  # after a block several slots are free at once
                    return
            raise StoppedError

    def _slots(self) -> int:
        return max(1, round(self.parallel * self._speed))

    def count(self, *, requests: int = 0, bytes_read: int = 0) -> None:
        """Add to what was sent and read."""
        with self._changed:
            self.requests += requests
            self.bytes_read += bytes_read

    def record_success(self) -> None:
        """Note a good answer: the next wait is short again, and the speed recovers a little."""
        with self._changed:
            self._failures = 0
            self._speed = min(1.0, self._speed + RECOVERY)

    def record_failure(self, started: float, retry_after: float | None = None) -> float:
        """Note a block, or what looks like one: the host is left alone for a while, and then asked at half the speed.

        Args:
            started: When the request started. Requests that were under way when another one met the block are part of
                the same block.
            retry_after: Seconds that the server asked for.

        Returns:
            Seconds for which the host is left alone from now; 0 if the block was known.
        """
        with self._changed:
            if started < self._block_began:
                asked_for = min(retry_after or 0.0, self.policy.retry_after_cap_s)
                self._block_ends = max(self._block_ends, time.monotonic() + asked_for)
                return 0.0
            self._failures += 1
            self.blocks += 1
            self._speed = max(MIN_SPEED, self._speed / 2)
            wait = self.policy.seconds(self._failures, retry_after)
            self._block_began = time.monotonic()
            self._block_ends = self._block_began + wait
            return wait
