"""The client against servers that misbehave, all on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from urllib3.util.retry import Retry

from met_culture.client import RETRIES, Client, FetchError, RefusedError

QUICK = RETRIES.new(total=2, backoff_factor=0, backoff_jitter=0)


@contextmanager
def server(*answers: bytes, trickle: float = 0) -> Iterator[tuple[str, list[float]]]:
    """Answer each connection with the next of `answers`, then the last again; yields URL and times of requests."""
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
                    answer = answers[min(len(times), len(answers) - 1)]
                    times.append(time.monotonic())
                    _send(connection, answer, trickle)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", times
        listening.shutdown(socket.SHUT_RDWR)


def _send(connection: socket.socket, answer: bytes, trickle: float) -> None:
    try:
        if not trickle:
            connection.sendall(answer)
        head, _, body = answer.partition(b"\r\n\r\n")
        if trickle:
            connection.sendall(head + b"\r\n\r\n")
            for byte in body:
                connection.sendall(bytes([byte]))
                time.sleep(trickle)
    except OSError:  # the client has gone
        pass


def answer(body: bytes, status: str = "200 OK", length: int | None = None, more: str = "") -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body


@pytest.fixture
def client() -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(api: str, *, pace: float | None = None, timeout_s: float = 2, retries: Retry = QUICK) -> Client:
        made.append(Client(api, ("images.metmuseum.org",), pace, timeout_s, retries))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_body_and_status(client: Callable[..., Client]) -> None:
    with server(answer(b"{}")) as (url, _):
        assert client(url).get_api("/v1/objects", max_bytes=10) == (200, b"{}")


def test_missing_objects_are_an_answer_and_not_retried(client: Callable[..., Client]) -> None:
    with server(answer(b"{}", "404 Not Found")) as (url, times):
        assert client(url).get_api("/v1/objects/1", max_bytes=10)[0] == 404
        assert len(times) == 1


@pytest.mark.parametrize(
    "fault",
    [
        answer(b"<html>Incapsula incident ID</html>", "403 Forbidden"),
        answer(b"", "503 Service Unavailable"),
        answer(b"{", length=50),
        b"",
        b"nonsense\r\n\r\n",
        answer(b"<html>Incapsula incident ID</html>"),
        answer(b""),
    ],
    ids=["block", "outage", "cut off", "dropped", "no HTTP", "block with 200", "empty with 200"],
)
def test_what_may_pass_is_tried_again(client: Callable[..., Client], fault: bytes) -> None:
    with server(fault, fault, answer(b"{}")) as (url, times):
        assert client(url).get_api("/x", max_bytes=100) == (200, b"{}")
        assert len(times) == 3


def test_what_does_not_pass_ends_with_the_url_and_the_reason(client: Callable[..., Client]) -> None:
    with server(answer(b"", "502 Bad Gateway")) as (url, times):
        with pytest.raises(FetchError, match=r"^failed 3 times, at last: status 502$"):
            client(url).get_api("/x", max_bytes=10)
        assert len(times) == 3


def test_a_body_that_trickles_in_meets_the_deadline(client: Callable[..., Client]) -> None:
    with server(answer(b"x" * 100), trickle=0.1) as (url, _):
        started = time.monotonic()
        with pytest.raises(FetchError, match="full body"):
            client(url, timeout_s=0.3, retries=QUICK.new(total=0)).get_api("/x", max_bytes=1000)
        assert time.monotonic() - started < 3


def test_a_large_body_is_refused_at_once(client: Callable[..., Client]) -> None:
    with server(answer(b"x" * 2_000_000)) as (url, times):
        with pytest.raises(RefusedError, match="larger than 1,000 bytes"):
            client(url).get_api("/x", max_bytes=1000)
        assert len(times) == 1


def test_retry_after_is_obeyed(client: Callable[..., Client]) -> None:
    busy = answer(b"", "429 Too Many Requests", more="Retry-After: 1\r\n")
    with server(busy, answer(b"{}")) as (url, times):
        client(url).get_api("/x", max_bytes=10)
        assert times[1] - times[0] >= 0.9


def test_the_pace_holds_for_retries_too(client: Callable[..., Client]) -> None:
    with server(answer(b"", "503 No"), answer(b"{}")) as (url, times):
        paced = client(url, pace=5)
        for _ in range(3):
            paced.get_api("/x", max_bytes=10)
        assert len(times) == 4
        assert times[-1] - times[0] >= 0.55  # three intervals of 0.2 s, less the limiter's tolerance


def test_redirects_are_not_followed(client: Callable[..., Client]) -> None:
    with server(answer(b"", "302 Found", more="Location: http://127.0.0.1:1/secret\r\n")) as (url, times):
        assert client(url).get_image(f"{url}/a.jpg", max_bytes=10) == (302, b"")
        assert len(times) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://images.metmuseum.org/a.jpg",
        "https://evil.example/a.jpg",
        "https://images.metmuseum.org@evil.example/a.jpg",
        "https://images.metmuseum.org:8443/a.jpg",
        "http://127.0.0.1:1/a.jpg",
        "file:///etc/passwd",
        "ftp://images.metmuseum.org/a.jpg",
        "images.metmuseum.org/a.jpg",
        "https://[::1/a.jpg",
        "",
    ],
)
def test_images_come_from_known_hosts_only(client: Callable[..., Client], url: str) -> None:
    with pytest.raises(RefusedError):
        client("http://127.0.0.1:2").get_image(url, max_bytes=10)


def test_a_local_api_may_call_itself_by_another_name(client: Callable[..., Client]) -> None:
    with server(answer(b"jpeg")) as (url, _):
        local = client(url.replace("127.0.0.1", "localhost"))
        assert local.get_image(f"{url}/a.jpg", max_bytes=10) == (200, b"jpeg")


def test_loopback_is_no_image_host_of_a_real_api(client: Callable[..., Client]) -> None:
    with pytest.raises(RefusedError):
        client("https://collectionapi.metmuseum.org").get_image("http://127.0.0.1:80/a.jpg", max_bytes=10)
