"""How the simulated museum treats its clients: request limit and block, faults, and a log of the requests."""

import hashlib
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, TextIO

from met_culture.museum.faults import API_FAULTS, IMAGE_FAULTS, RECORD_FAULTS

Host = Literal["api", "images"]
IN_A_ROW = 3  # largest number of consecutive faults of a path: the fourth attempt gets a good answer
MAX_LATENCY_S = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the log shows it.

    Attributes:
        time: When it arrived, in seconds of the behavior's clock.
        host: Which of the museum's hosts received it.
        path: As it was sent, with its query.
        status: Of the answer; 0 if the connection was dropped without one.
        fault: A kind that `faults.py` lists, or "".
        blocked: Whether the API's block answered it.
        user_agent: As it was sent.
    """

    time: float
    host: Host
    path: str
    status: int = 0
    fault: str = ""
    blocked: bool = False
    user_agent: str = ""


def _drawn(*parts: object) -> tuple[float, int]:
    """Return a number from 0 to 1 and an integer; equal parts give equal numbers."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big") / 2**64, int.from_bytes(digest[8:], "big")


def _kinds(host: Host, path: str) -> tuple[str, ...]:
    if host == "images":
        return IMAGE_FAULTS
    return RECORD_FAULTS if re.search(r"/v1/objects/\d+(\?|$)", path) else API_FAULTS


@dataclass(kw_only=True)
class ServerBehavior:
    """How the server treats clients; by default every request gets a good answer at once. Threads may share it.

    Attributes:
        limit: API requests in any `window_s` seconds; the next one starts a block. None for no limit.
        window_s: Seconds that the limit looks back; requests that met the block do not count.
        block_s: Seconds for which every API request gets status 403; requests in this time do not extend it.
        blocked_at_start: Whether the first API request starts a block, too.
        faults: Fraction of requests that get a fault, 0 to 1, on both hosts; drawn for each path, so that the order of
            requests does not matter.
        gone: Fraction of the listed ids that have no record, 0 to 1.
        latency_s: Seconds before every answer.
        seed: Draws `faults` and `gone`.
        log: Receives a line of JSON per request.
        keep_log: Whether to fill `requests`.
        clock: Returns seconds.
        requests: The requests in the order of their answers.

    Raises:
        ValueError: A value out of range; the message is one clause.
    """

    limit: int | None = None
    window_s: float = 60.0
    block_s: float = 60.0
    blocked_at_start: bool = False
    faults: float = 0.0
    gone: float = 0.0
    latency_s: float = 0.0
    seed: int = 0
    log: TextIO | None = None
    keep_log: bool = True
    clock: Callable[[], float] = time.monotonic
    requests: list[Request] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the values."""
        self._check()
        self._lock = threading.Lock()
        self._times: deque[float] = deque()  # of the requests that the limit counts
        self._blocked_until = float("-inf")
        self._block_next = self.blocked_at_start
        self._history: dict[tuple[Host, str], tuple[int, int]] = {}  # requests of a path, and its faults in a row

    def _check(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ValueError("the limit must be 1 request or more")
        if not (self.window_s > 0 and self.block_s > 0):
            raise ValueError("the limit's window and the block must last more than 0 seconds")
        if not (0 <= self.faults <= 1 and 0 <= self.gone <= 1):
            raise ValueError("the fractions of faults and of gone records must be from 0 to 1")
        if not 0 <= self.latency_s <= MAX_LATENCY_S:
            raise ValueError(f"the latency must be from 0 to {MAX_LATENCY_S:.0f} seconds")

    def admit(self, host: Host, path: str, user_agent: str = "") -> Request:
        """Return a request that has just arrived with its fault or block; its status is not known yet."""
        with self._lock:
            request = Request(self.clock(), host, path, user_agent=user_agent)
            if host == "api" and self._blocks(request.time):
                return replace(request, blocked=True)
            return replace(request, fault=self._fault(host, path)) if self.faults else request

    def note(self, request: Request) -> None:
        """Log a request."""
        with self._lock:
            if self.keep_log:
                self.requests.append(request)
            if self.log:
                self.log.write(json.dumps(asdict(request)) + "\n")

    def is_gone(self, object_id: int) -> bool:
        """Return whether a listed id no longer has a record."""
        return _drawn(self.seed, "gone", object_id)[0] < self.gone

    def _blocks(self, now: float) -> bool:
        if now < self._blocked_until:
            return True
        while self._times and self._times[0] <= now - self.window_s:
            self._times.popleft()
        starts = self._block_next or (self.limit is not None and len(self._times) >= self.limit)
        if starts:
            self._blocked_until, self._block_next = now + self.block_s, False
        elif self.limit is not None:
            self._times.append(now)
        return starts

    def _fault(self, host: Host, path: str) -> str:
        requests, in_a_row = self._history.get((host, path), (0, 0))
        number, choice = _drawn(self.seed, host, path, requests)
        faulty = number < self.faults and in_a_row < IN_A_ROW
        self._history[host, path] = requests + 1, in_a_row + 1 if faulty else 0
        kinds = _kinds(host, path)
        return kinds[choice % len(kinds)] if faulty else ""
