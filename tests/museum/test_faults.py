"""Each fault as it looks on the wire: first byte by byte, then to a client that only knows the parts of an answer."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import write_folder

from met_culture.museum.api import Answer
from met_culture.museum.behavior import ServerBehavior
from met_culture.museum.faults import API_FAULTS, IMAGE_FAULTS, RECORD_FAULTS, TRICKLES, faulty, pieces
from met_culture.museum.server import serving

RECORD, SEARCH, NOWHERE = "/v1/objects/7", "/v1.1/search?q=Japan", "/v1/objects/99"
IMAGE = "/images/https/images.metmuseum.org/CRDImages/as/web-large/7.jpg"
ENDLESS = ("endless_body", "endless_headers")


def conduct_with(fault: str, path: str) -> ServerBehavior:
    """Return a behavior by which the first request of a path gets the fault."""
    host = "images" if path == IMAGE else "api"
    seeds = (seed for seed in range(1000) if ServerBehavior(faults=1, seed=seed).admit(host, path).fault == fault)
    return ServerBehavior(faults=1, seed=next(seeds))


def connect(api: str, path: str) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", int(api.rpartition(":")[2])), timeout=5)
    raw.sendall(f"GET {path} HTTP/1.1\r\nHost: museum\r\nConnection: close\r\n\r\n".encode())
    return raw


def read(raw: socket.socket) -> Iterator[bytes]:
    while piece := raw.recv(65_536):
        yield piece


def ask(api: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body, whatever the headers say of its length."""
    with connect(api, path) as raw:
        head, _, body = b"".join(read(raw)).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]) if first else 0, dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        *((RECORD, fault) for fault in RECORD_FAULTS if fault not in ENDLESS),
        *((SEARCH, fault) for fault in API_FAULTS if fault not in ENDLESS),
        *((IMAGE, fault) for fault in IMAGE_FAULTS if fault not in ENDLESS),
    ],
)
def test_each_fault(museum: Path, path: str, fault: str) -> None:
    behavior = conduct_with(fault, path)
    with serving(museum, behavior) as api:
        status, headers, body = ask(api, path)
    logged = behavior.requests[0]
    assert (logged.fault, logged.status, logged.path) == (fault, status, path)
    assert_fault(fault, status, headers, body)


def assert_fault(fault: str, status: int, headers: dict[str, str], body: bytes) -> None:
    whole = len(body) == int(headers.get("Content-Length", -1))
    assert whole is (fault not in ("cut_body", "dropped"))
    if fault.startswith("status_"):
        assert status == int(fault.removeprefix("status_"))
        assert headers["Content-Type"] == "text/html"
        assert headers.get("Retry-After") == ("1" if status == 429 else None)
        assert (b"Incapsula incident ID" in body) is (status == 403)
    else:
        assert status == (0 if fault == "dropped" else 200)
    if fault == "html":
        assert b"Incapsula incident ID" in body
    if fault in ("empty", "dropped"):
        assert body == b""
    if fault in ("cut_content", "cut_body"):
        assert body
        assert not body.endswith((b"}", b"\xff\xd9"))
    if fault == "other_record":
        assert json.loads(body)["objectID"] == 1
        assert len(json.loads(body)) == 57


@pytest.mark.parametrize("path", [RECORD, IMAGE])
@pytest.mark.parametrize("fault", ENDLESS)
def test_what_never_ends_ends_with_the_server(museum: Path, fault: str, path: str) -> None:
    behavior = conduct_with(fault, path)
    with serving(museum, behavior) as api:
        raw = connect(api, path)
        arriving = read(raw)
        begin = b"".join(next(arriving) for _ in range(3))
        closed = time.monotonic()
    assert (b"\r\n\r\n" in begin) is (fault == "endless_body")
    assert b"".join(arriving).strip(b" .") == b""
    raw.close()
    assert time.monotonic() - closed < 1
    assert behavior.requests[0].fault == fault


def test_what_never_ends_is_bounded_all_the_same() -> None:
    for fault in ENDLESS:
        assert len(list(pieces(fault, Answer(200, "text/plain", b"x")))) == 1 + TRICKLES


@pytest.mark.parametrize("objects", [0, 1])
def test_the_record_of_another_object_of_a_small_collection(tmp_path: Path, objects: int) -> None:
    folder = write_folder(tmp_path, [{"objectID": 7, "title": "Seven"}][:objects])
    with serving(folder, conduct_with("other_record", RECORD)) as api:
        status, _, body = ask(api, RECORD)
    assert (status, json.loads(body)["objectID"]) == (200, 8)


def test_a_fault_may_hide_a_404_too(museum: Path) -> None:
    with serving(museum, conduct_with("empty", NOWHERE)) as api:
        assert ask(api, NOWHERE)[::2] == (200, b"")


def test_no_fault_changes_nothing() -> None:
    answer = Answer(200, "text/plain", b"x", "X-More: 1\r\n")
    assert faulty("", answer) is answer
    wire = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\nX-More: 1\r\n\r\nx"
    assert list(pieces("", answer)) == [wire]
