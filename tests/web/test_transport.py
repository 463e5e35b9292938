import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import trustme
from servers import answer, server

from met_culture.web.deadline import open_session
from met_culture.web.errors import BrokenError, TooLargeError
from met_culture.web.transport import Answer, Request, prepare


@pytest.fixture
def opened() -> Iterator[requests.Session]:
    with open_session("test", 2, proxies=False) as session:
        yield session


def get(opened: requests.Session, request: Request) -> Answer:
    return prepare(opened, request)()


def test_a_whole_answer(opened: requests.Session) -> None:
    with server(answer(b"body", more="ETag: x\r\n")) as (url, _):
        got = get(opened, Request(url, 2, 100))
    assert (got.status, got.body, got.size, got.headers["ETag"]) == (200, b"body", 4, "x")


@pytest.mark.parametrize(
    "reply", [answer(b"half", length=50), b"", b"nonsense\r\n\r\n"], ids=["cut off", "dropped", "no HTTP"]
)
def test_half_an_answer_is_broken(opened: requests.Session, reply: bytes) -> None:
    with server(reply) as (url, _), pytest.raises(BrokenError) as caught:
        get(opened, Request(url, 2, 100))
    assert "127.0.0.1" not in str(caught.value)


def test_nobody_listens(opened: requests.Session) -> None:
    with pytest.raises(BrokenError, match="no connection"):
        get(opened, Request("http://127.0.0.1:9", 2, 100))


@pytest.mark.parametrize("reply", [answer(b"x" * 100), b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000], ids=["all", "headers"])
def test_what_trickles_in_meets_the_deadline(opened: requests.Session, reply: bytes) -> None:
    with server(reply, trickle=0.05) as (url, _):
        started = time.monotonic()
        with pytest.raises(BrokenError, match="no full answer in time"):
            get(opened, Request(url, 0.4, 1000))
        assert time.monotonic() - started < 1.5


def test_a_body_that_trickles_after_quick_headers_too(opened: requests.Session) -> None:
    with server(answer(b"", length=100), trickle=0.001) as (url, _), pytest.raises(BrokenError):
        get(opened, Request(url, 0.4, 1000))


def test_a_large_body_is_refused(opened: requests.Session) -> None:
    with server(answer(b"x" * 2_000_000)) as (url, _), pytest.raises(TooLargeError, match="larger than 1,000 bytes"):
        get(opened, Request(url, 2, 1000))


def test_a_large_body_is_refused_by_its_announcement(opened: requests.Session) -> None:
    with server(answer(b"x", length=2_000_000)) as (url, _), pytest.raises(TooLargeError):
        get(opened, Request(url, 2, 1000))


def test_a_redirect_is_an_answer(opened: requests.Session) -> None:
    with server(answer(b"", "302 Found", more="Location: http://127.0.0.1:1/\r\n")) as (url, times):
        assert get(opened, Request(url, 2, 10)).status == 302
        assert len(times) == 1


def test_a_file_is_streamed_and_may_take_longer_than_its_silences(opened: requests.Session, tmp_path: Path) -> None:
    file = tmp_path / "file"
    with server(answer(b"x" * 200), trickle=0.004) as (url, _):
        got = get(opened, Request(url, 0.6, 1000, body_s=20, file=file))
    assert (got.body, got.size, file.read_bytes()) == (b"", 200, b"x" * 200)


def test_half_a_file_is_broken(opened: requests.Session, tmp_path: Path) -> None:
    with server(answer(b"x" * 20, length=21)) as (url, _), pytest.raises(BrokenError):
        get(opened, Request(url, 2, 1000, file=tmp_path / "file"))


def test_an_empty_file_is_broken(opened: requests.Session, tmp_path: Path) -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Le") as (url, _), pytest.raises(BrokenError, match="empty"):
        get(opened, Request(url, 2, 1000, file=tmp_path / "file"))


def test_an_error_page_is_not_written_to_the_file(opened: requests.Session, tmp_path: Path) -> None:
    with server(answer(b"<html>", "404 Not Found")) as (url, _):
        assert get(opened, Request(url, 2, 1000, file=tmp_path / "file")).body == b"<html>"
    assert not (tmp_path / "file").exists()


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve over TLS on this machine, trusted; `/slow` never finishes its headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000 if self.path == "/slow" else answer(b"body")
            for byte in reply if self.path == "/slow" else [reply]:
                try:
                    self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
                except OSError:  # the client has gone
                    return
                time.sleep(0.02)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"https://localhost:{listening.server_port}"
        listening.shutdown()


def test_tls_is_checked_and_has_the_same_deadline(tls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_session("test", 2, proxies=True) as trusting:
        assert get(trusting, Request(tls, 2, 100)).body == b"body"
        started = time.monotonic()
        with pytest.raises(BrokenError, match="in time"):
            get(trusting, Request(f"{tls}/slow", 0.5, 100))
        assert time.monotonic() - started < 3
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with open_session("test", 2, proxies=True) as wary, pytest.raises(BrokenError):
        get(wary, Request(tls, 2, 100))
