"""Limit the requests to one host: their rate, how many run at once, and the pause after a block."""

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
RECOVERY = 1 / 50  # of them, regained after each good answer


@dataclass
class RateLimiter:
    """The state of one host, shared by all threads that send it requests.

    Attributes:
        parallel: Largest number of requests at once.
        requests_per_second: None for no limit.
        file: File of the token bucket; a rate limit needs it.
        policy: The waits after failures.
        blocks: Number of blocks so far.
        requests: Number of requests so far, retries and redirects included.
        bytes_read: Bytes of the answers' bodies so far.
        reached: Whether the host has ever answered.
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
        """Wait until a request may start, and hold a slot while it runs; yields its start time.

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
        """Count requests that were sent, and bytes that were read."""
        with self._changed:
            self.requests += requests
            self.bytes_read += bytes_read

    def record_success(self) -> None:
        """Record a good answer: the next wait is short again, and the speed recovers a little."""
        with self._changed:
            self._failures = 0
            self._speed = min(1.0, self._speed + RECOVERY)

    def record_failure(self, started: float, retry_after: float | None = None) -> float:
        """Record a failure, which may be a block: pause all requests to the host, then continue at half the speed.

        Args:
            started: Start time of the request. If it started before the latest block, it belongs to that block.
            retry_after: Seconds of the server's Retry-After.

        Returns:
            Seconds of the pause from now on; 0 if the request belongs to the latest block.
        """
        with self._changed:
            if started < self._block_began:
                retry_after_s = min(retry_after or 0.0, self.policy.retry_after_cap_s)
                self._block_ends = max(self._block_ends, time.monotonic() + retry_after_s)
                return 0.0
            self._failures += 1
            self.blocks += 1
            self._speed = max(MIN_SPEED, self._speed / 2)
            wait = self.policy.wait_seconds(self._failures, retry_after)
            self._block_began = time.monotonic()
            self._block_ends = self._block_began + wait
            return wait
