"""A requests session that cuts a connection if the headers of an answer are late.

A timeout of `requests` limits the silence between two bytes. A server that sends a byte now and then would hold a
request for ever, so a thread watches the connections.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

WATCH_S = 0.1  # between two checks for late connections
MAX_HEADERS_S = 60.0  # for a connection without a timeout


class _Watcher:
    """One thread that cuts the connections whose headers are late."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[_WatchedConnection, float] = {}
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watch(self, connection: "_WatchedConnection") -> Iterator[None]:
        with self._changed:
            self._deadlines[connection] = time.monotonic() + float(connection.timeout or MAX_HEADERS_S)
            if not (self._thread and self._thread.is_alive()):  # at first, and in a process that was forked
                self._thread = threading.Thread(target=self._run, daemon=True, name="met_culture deadlines")
                self._thread.start()
            elif len(self._deadlines) == 1:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._deadlines.pop(connection, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(WATCH_S if self._deadlines else None)
                self._cut_late()

    def _cut_late(self) -> None:
        now = time.monotonic()
        for connection, deadline in list(self._deadlines.items()):
            if deadline <= now:
                del self._deadlines[connection]
                with contextlib.suppress(OSError, AttributeError):  # it has just been closed
                    connection.sock.shutdown(socket.SHUT_RDWR)


_WATCHER = _Watcher()


class _WatchedConnection:
    """Cuts a connection whose headers take longer than its timeout."""

    sock: Any
    timeout: Any

    def getresponse(self) -> Any:  # noqa: ANN401 - as inherited
        with _WATCHER.watch(self):
            return super().getresponse()  # type: ignore[misc] # of the connection class beside it


class _Connection(_WatchedConnection, HTTPConnection):
    """HTTP with a deadline."""


class _TLSConnection(_WatchedConnection, HTTPSConnection):
    """HTTPS with a deadline."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as inherited
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def open_session(user_agent: str, connections: int, *, proxies: bool) -> requests.Session:
    """Return a session for several threads.

    Args:
        user_agent: Name of the client and an address for complaints.
        connections: Number of connections that are kept open.
        proxies: Whether the environment's proxies apply.
    """
    session = requests.Session()
    session.headers["User-Agent"] = user_agent
    session.trust_env = proxies
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=connections))
    return session
