"""How often a request is retried, and how long its host is left alone before each retry."""

import random
from dataclasses import dataclass

from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried, and how long the waits between the attempts are.

    The defaults bridge a block of three minutes: 1, 2, 4, 8, 16, 32, 64, 90 seconds, each up to half as long again.
    """

    attempts: int = 9
    first_s: float = 1.0
    cap_s: float = 90.0
    jitter: float = 0.5
    retry_after_cap_s: float = 600.0  # a server cannot hold us for hours

    def seconds(self, failures: int, retry_after: float | None) -> float:
        """Return the wait after this many failures in a row.

        Args:
            failures: 1 or more.
            retry_after: Seconds that the server asked for; the wait is at least as long, within the cap.
        """
        # Jitter keeps clients that were blocked together from returning together; no output depends on it.
        factor = 1 + self.jitter * random.random()  # noqa: S311
        backoff = min(self.cap_s, self.first_s * 2 ** (failures - 1)) * factor
        return max(backoff, min(retry_after or 0, self.retry_after_cap_s))


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; None if there is none, or if it makes no sense."""
    if not header:
        return None
    try:
        return Retry().parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return None
