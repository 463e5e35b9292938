"""HTTP requests with a deadline for the whole answer: connection, headers and body.

A timeout of `requests` limits the silence between two bytes. A server that sends a byte now and then would hold a
request for ever, so a thread cuts connections whose headers are late, and the body is read against the clock.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as TimeoutError_

WATCH_S = 0.1  # between two looks at what is late
MAX_HEADERS_S = 60.0  # without a timeout
CHUNK = 64 * 1024  # bytes; the deadline is checked after each


class TooLargeError(Exception):
    """A body over the limit; the message says which."""


class BrokenError(Exception):
    """No answer, or not a whole one in time; the message is one clause without an address."""


class UnreachableError(BrokenError):
    """Not even a connection."""


class _Watch:
    """One thread that cuts the connections whose headers are late."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._late: dict[_Deadline, float] = {}
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, connection: "_Deadline") -> Iterator[None]:
        with self._changed:
            self._late[connection] = time.monotonic() + float(connection.timeout or MAX_HEADERS_S)
            if not (self._thread and self._thread.is_alive()):  # at first, and in a process that was forked
                self._thread = threading.Thread(target=self._cut, daemon=True, name="met_culture deadlines")
                self._thread.start()
            elif len(self._late) == 1:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._late.pop(connection, None)

    def _cut(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(WATCH_S if self._late else None)
                for connection in [each for each, when in self._late.items() if when <= time.monotonic()]:
                    del self._late[connection]
                    with contextlib.suppress(OSError, AttributeError):  # it has just been closed
                        connection.sock.shutdown(socket.SHUT_RDWR)


_WATCH = _Watch()


class _Deadline:
    """Cuts a connection whose headers take longer than its timeout."""

    sock: Any
    timeout: Any

    def getresponse(self) -> Any:  # noqa: ANN401 - as inherited
        with _WATCH.over(self):
            return super().getresponse()  # type: ignore[misc]


class _Connection(_Deadline, HTTPConnection):
    """HTTP with a deadline."""


class _TLSConnection(_Deadline, HTTPSConnection):
    """HTTPS with a deadline."""


class _Pool(HTTPConnectionPool):
    ConnectionCls: ClassVar = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls: ClassVar = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as inherited
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def session(user_agent: str, connections: int, *, proxies: bool) -> requests.Session:
    """Return a session for several threads.

    Args:
        user_agent: Who asks, and where to complain.
        connections: How many are kept open.
        proxies: Whether the environment's proxies apply.
    """
    opened = requests.Session()
    opened.headers["User-Agent"] = user_agent
    opened.trust_env = proxies
    for scheme in ("http://", "https://"):
        opened.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=connections))
    return opened


@dataclass(frozen=True)
class Request:
    """What is asked, and how much of it is taken.

    Attributes:
        url: Quoted.
        timeout_s: Seconds until the headers are there, and of silence while the body arrives.
        max_bytes: Limit of the body.
        body_s: Seconds for the whole answer; `timeout_s` if None.
        etag: Version that is here already; another one, or status 304, is answered.
        file: Where the body goes, instead of memory.
    """

    url: str
    timeout_s: float
    max_bytes: int
    body_s: float | None = None
    etag: str | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Answer:
    """A whole answer; `body` is empty where it went to a file."""

    status: int
    body: bytes
    size: int
    headers: Mapping[str, str]


@contextlib.contextmanager
def _one_clause(late: Callable[[], bool]) -> Iterator[None]:
    """Turn the libraries' errors into ours; their own texts hold addresses, which would reach tracked outputs."""
    try:
        yield
    # The library resolves a redirect's address even when it does not follow it; a hostile one is a ValueError.
    except (requests.RequestException, HTTPError, ValueError) as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, NewConnectionError):
            raise UnreachableError("no connection") from None
        in_time = not late() and not isinstance(error, requests.Timeout | TimeoutError_)
        raise BrokenError("no connection, or it broke off" if in_time else "no full answer in time") from None


def prepare(opened: requests.Session, request: Request) -> Callable[[], Answer]:
    """Return a function that sends a request once and reads the whole answer; a redirect is an answer.

    Raises:
        BrokenError: (also the function) No connection, none or a cut-off answer in time, or no HTTP.
        TooLargeError: (the function) A body over the limit.
    """
    headers = {"If-None-Match": request.etag} if request.etag else {}
    if request.file:
        headers["Accept-Encoding"] = "identity"  # so that its length can be compared
    with _one_clause(lambda: False):
        ready = opened.prepare_request(requests.Request("GET", request.url, headers=headers))
        settings = opened.merge_environment_settings(ready.url, {}, True, None, None)

    def send() -> Answer:
        began = time.monotonic()
        deadline = began + (request.body_s or request.timeout_s)
        with (
            _one_clause(lambda: time.monotonic() >= deadline),
            opened.send(ready, timeout=request.timeout_s, allow_redirects=False, **settings) as response,
        ):
            if time.monotonic() >= began + request.timeout_s:
                raise BrokenError("no full answer in time")  # headers that were cut look like whole ones
            if request.file and response.status_code == HTTPStatus.OK:
                with request.file.open("wb") as file:
                    size = _read(response, request, deadline, file.write)
                if not size:
                    raise BrokenError("an empty answer")
                return Answer(200, b"", size, response.headers)
            body = bytearray()
            size = _read(response, request, deadline, body.extend)
            return Answer(response.status_code, bytes(body), size, response.headers)

    return send


def _read(response: requests.Response, request: Request, deadline: float, write: Callable[[bytes], object]) -> int:
    size = 0
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:18]) > request.max_bytes:
        raise TooLargeError(f"larger than {request.max_bytes:,} bytes")
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise BrokenError("no full answer in time")
        if (connection := response.raw.connection) and connection.sock:
            connection.sock.settimeout(min(left, request.timeout_s))
        # read1 returns what has arrived, so that a body that trickles in cannot outlive the deadline.
        if not (chunk := response.raw.read1(CHUNK, decode_content=True)):
            break
        size += len(chunk)
        if size > request.max_bytes:
            raise TooLargeError(f"larger than {request.max_bytes:,} bytes")
        write(chunk)
    return size  # urllib3 has compared it with Content-Length
