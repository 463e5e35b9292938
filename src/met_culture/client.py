"""The one HTTP client: paced, retried, bounded in time and size, and bound to known hosts.

Everything that the pipeline reads over HTTP goes through `Client`, whatever the source.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from pyrate_limiter import Limiter, Rate
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.exceptions import TimeoutError as TimeoutError_
from urllib3.util.retry import Retry

from met_culture.urls import is_loopback, quoted

USER_AGENT = "met-culture/0.1 (research pipeline; reads the Open Access collection)"
TELL_AFTER = 2  # retries; the waits before are too short to speak of
CHUNK = 64 * 1024  # bytes; the deadline is checked after each
RETRIES = Retry(
    total=7,
    backoff_factor=2.0,  # 0, 4, 8, 16, 32, 60, 60 seconds: as long as the museum blocks
    backoff_max=60,
    backoff_jitter=0.5,
    retry_after_max=600,  # seconds; a server cannot park us for hours
    status_forcelist=(403, 429, 500, 502, 503, 504),  # 403 is how the museum says "too fast"
)


class FetchError(Exception):
    """A request that failed for good, after its retries; the message is one clause, without the URL or a full stop."""


class RefusedError(FetchError):
    """A URL that may not be asked for, or a body that is too large: asking again is no use."""


class _BrokenError(HTTPError):
    """An answer that did not arrive whole or in time."""


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _clause(error: Exception) -> str:
    # The libraries' own texts hold addresses, which vary between runs and would reach tracked outputs.
    if isinstance(error, _BrokenError):
        return str(error)
    if isinstance(error, requests.Timeout | TimeoutError_):
        return "no answer in time"
    return "no connection, or it broke off"


@dataclass
class Client:
    """Reads URLs of one API and of its image hosts.

    Redirects are not followed: they are answers.

    Attributes:
        api: Base URL of the API. If it is on this machine, its own address may serve images over plain http too.
        image_hosts: Hosts that images may come from, over https only.
        requests_per_second: Pace of the API's host; None for no pace.
        timeout_s: Seconds that one attempt may take, its body included.
        retries: How often, and after which waits, a failed attempt is repeated.
    """

    api: str
    image_hosts: tuple[str, ...]
    requests_per_second: float | None
    timeout_s: float
    retries: Retry = RETRIES
    requests_sent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Open the session."""
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        # A proxy of the environment cannot reach this machine's loopback.
        self._session.trust_env = not is_loopback(self.api)
        rate = self.requests_per_second
        self._pace = Limiter(Rate(1, round(1000 / rate))) if rate else None  # one per so many milliseconds

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        if self._pace:
            self._pace.close()

    def get_api(self, path: str, *, max_bytes: int) -> tuple[int, bytes]:
        """Return status and body of `path` below the API's base URL, after retries of what may pass.

        A body that is no JSON may pass too: the museum's block also arrives as HTML, or empty, with status 200.

        Raises:
            FetchError: No answer within the retries, or a body over `max_bytes`.
        """
        return self._get(self.api.rstrip("/") + path, max_bytes, api=True)

    def get_image(self, url: str, *, max_bytes: int) -> tuple[int, bytes]:
        """Return status and body of an image.

        Raises:
            RefusedError: Neither https from `image_hosts` nor the loopback address of the API itself.
            FetchError: As `get_api`.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise RefusedError(f"no URL ({error})") from None
        api = urlsplit(self.api)
        own = is_loopback(self.api) and is_loopback(url) and (parts.scheme, port) == ("http", api.port)
        if not own and not (parts.scheme == "https" and parts.netloc in self.image_hosts):
            raise RefusedError(f"{parts.scheme}://{parts.netloc} is not one of fetch.image_hosts over https")
        return self._get(quoted(url), max_bytes, api=False)

    def _get(self, url: str, max_bytes: int, *, api: bool) -> tuple[int, bytes]:
        retry = self.retries.new()
        while True:
            if api and self._pace:
                self._pace.try_acquire()
            response = error = None
            try:
                response, body = self._attempt(url, max_bytes)
                reason = f"status {response.status}"
                if api and response.status == HTTPStatus.OK and not _is_json(body):
                    reason = "a body that is no JSON"
                elif response.status not in retry.status_forcelist:
                    return response.status, body
            except (requests.RequestException, HTTPError) as caught:
                error, reason = ProtocolError(), _clause(caught)
            try:
                retry = retry.increment("GET", url, response=response, error=error)
            except HTTPError:
                raise FetchError(f"failed {len(retry.history) + 1} times, at last: {reason}") from None
            if len(retry.history) > TELL_AFTER:
                print(
                    f"{urlsplit(url).hostname}: {reason}; waiting before try {len(retry.history) + 1}", file=sys.stderr
                )
            retry.sleep(response)

    def _attempt(self, url: str, max_bytes: int) -> tuple[BaseHTTPResponse, bytes]:
        deadline = time.monotonic() + self.timeout_s
        self.requests_sent += 1
        with self._session.get(url, stream=True, timeout=self.timeout_s, allow_redirects=False) as response:
            body = bytearray()
            # read1 returns what has arrived, so that a body that trickles in cannot outlive the deadline.
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > max_bytes:
                    raise RefusedError(f"larger than {max_bytes:,} bytes")
                if time.monotonic() > deadline:
                    raise _BrokenError(f"no full body within {self.timeout_s:g} s")
            expected = response.headers.get("Content-Length", "")
            if expected.isdigit() and "Content-Encoding" not in response.headers and len(body) != int(expected):
                raise _BrokenError(f"{len(body)} of {expected} bytes arrived")
            return response.raw, bytes(body)
