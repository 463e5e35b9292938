"""Servers that misbehave on purpose, byte by byte, on loopback."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server(*answers: bytes, trickle: float = 0) -> Iterator[tuple[str, list[float]]]:
    """Answer each connection with the next of `answers`, then the last again; yields URL and times of requests.

    Args:
        answers: Whole HTTP answers, headers included.
        trickle: Seconds between two bytes.
    """
    times: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(10_000)
                    reply = answers[min(len(times), len(answers) - 1)]
                    times.append(time.monotonic())
                    _send(connection, reply, trickle)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", times
        listening.shutdown(socket.SHUT_RDWR)


def _send(connection: socket.socket, reply: bytes, trickle: float) -> None:
    try:
        if not trickle:
            connection.sendall(reply)
            return
        for byte in reply:
            connection.sendall(bytes([byte]))
            time.sleep(trickle)
    except OSError:  # the client has gone
        pass


def answer(body: bytes, status: str = "200 OK", length: int | None = None, more: str = "") -> bytes:
    """Return an HTTP answer; `length` differs from the body's where it is to be wrong."""
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body
