"""Send one HTTP request and read the whole answer before a deadline: connection, headers and body."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as TimeoutError_

from met_culture.web.errors import BrokenError, TooLargeError, UnreachableError

CHUNK = 64 * 1024  # bytes; the deadline is checked after every chunk
LATE = "no full answer in time"


@dataclass(frozen=True)
class Request:
    """One request and its limits.

    Attributes:
        url: Quoted.
        timeout_s: Seconds until the headers have arrived, and longest silence while the body arrives.
        max_bytes: Limit of the body.
        body_s: Seconds for the whole answer; `timeout_s` if None.
        etag: Version of the local copy; the server answers with status 304 if it has the same.
        file: File for the body; None keeps it in memory.
    """

    url: str
    timeout_s: float
    max_bytes: int
    body_s: float | None = None
    etag: str | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Answer:
    """A whole answer; `body` is empty if it went to a file, `size` is its number of bytes."""

    status: int
    body: bytes
    size: int
    headers: Mapping[str, str]


@contextlib.contextmanager
def _short_errors(deadline: float | None = None) -> Iterator[None]:
    """Turn the libraries' errors into ours; their own texts contain addresses, which must not reach tracked outputs."""
    try:
        yield
    # The library resolves a redirect's address even when it does not follow it; a hostile one is a ValueError.
    except (requests.RequestException, HTTPError, ValueError) as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, NewConnectionError):
            raise UnreachableError("no connection") from None
        timed_out = isinstance(error, requests.Timeout | TimeoutError_)
        if timed_out or (deadline is not None and time.monotonic() >= deadline):
            raise BrokenError(LATE) from None
        raise BrokenError("no connection, or it broke off") from None


def prepare(session: requests.Session, request: Request) -> Callable[[], Answer]:
    """Return a function that sends a request once and reads the whole answer; it does not follow redirects.

    Raises:
        BrokenError: (also the function) No connection, no whole answer in time, or not HTTP.
        TooLargeError: (the function) The body exceeds the limit.
    """
    headers = {"If-None-Match": request.etag} if request.etag else {}
    if request.file:
        headers["Accept-Encoding"] = "identity"  # so that its length can be checked
    with _short_errors():
        prepared = session.prepare_request(requests.Request("GET", request.url, headers=headers))
        settings = session.merge_environment_settings(prepared.url, {}, True, None, None)

    def send() -> Answer:
        began = time.monotonic()
        deadline = began + (request.body_s or request.timeout_s)
        with (
            _short_errors(deadline),
            session.send(prepared, timeout=request.timeout_s, allow_redirects=False, **settings) as response,
        ):
            if time.monotonic() >= began + request.timeout_s:
                raise BrokenError(LATE)  # the watcher cut the connection, and cut headers look like whole ones
            return _read(response, request, deadline)

    return send


def _read(response: requests.Response, request: Request, deadline: float) -> Answer:
    """Return the answer; only a body of status 200 goes to the request's file."""
    if not (request.file and response.status_code == HTTPStatus.OK):
        body = b"".join(_chunks(response, request, deadline))
        return Answer(response.status_code, body, len(body), response.headers)
    size = 0
    with request.file.open("wb") as file:
        for chunk in _chunks(response, request, deadline):
            size += file.write(chunk)
    if not size:
        raise BrokenError("an empty answer")
    return Answer(HTTPStatus.OK, b"", size, response.headers)


def _chunks(response: requests.Response, request: Request, deadline: float) -> Iterator[bytes]:
    """Yield the body; urllib3 compares its size with Content-Length."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:18]) > request.max_bytes:
        raise TooLargeError(f"larger than {request.max_bytes:,} bytes")
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise BrokenError(LATE)
        if (connection := response.raw.connection) and connection.sock:
            connection.sock.settimeout(min(left, request.timeout_s))
        # read1 returns what has arrived, so that a body that trickles in cannot outlive the deadline.
        chunk: bytes = response.raw.read1(CHUNK, decode_content=True)
        if not chunk:
            return
        size += len(chunk)
        if size > request.max_bytes:
            raise TooLargeError(f"larger than {request.max_bytes:,} bytes")
        yield chunk
