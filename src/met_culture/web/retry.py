"""How often a request is retried, and how long the wait before each retry is."""

import random
from dataclasses import dataclass

from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried, and how long it waits between attempts.

    The defaults bridge a block of three minutes: 1, 2, 4, 8, 16, 32, 64, 90 seconds, each up to half as long again.
    """

    attempts: int = 9
    first_s: float = 1.0  # doubled after each failure
    cap_s: float = 90.0
    jitter: float = 0.5  # largest random addition, as a fraction of the wait
    retry_after_cap_s: float = 600.0  # a server cannot hold us for hours

    def wait_seconds(self, failures: int, retry_after: float | None) -> float:
        """Return the wait before the next attempt.

        Args:
            failures: Number of consecutive failures, 1 or more.
            retry_after: Seconds of the server's Retry-After; the wait is at least as long, up to `retry_after_cap_s`.
        """
        # Jitter keeps clients that were blocked together from returning together. No output depends on it.
        factor = 1 + self.jitter * random.random()  # noqa: S311
        backoff = min(self.cap_s, self.first_s * 2 ** (failures - 1)) * factor
        return max(backoff, min(retry_after or 0, self.retry_after_cap_s))


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; None if it is missing or invalid."""
    if not header:
        return None
    try:
        return Retry().parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return None
