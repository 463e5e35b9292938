import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from support import heed_ctrl_c, picture, record, write_folder

from met_culture.fetch.museum_records import MuseumRecords
from met_culture.museum.__main__ import main
from met_culture.museum.behavior import ServerBehavior
from met_culture.museum.server import MuseumServer, running, serving
from met_culture.web.url_policy import quoted

IMAGE = "/images/https/images.metmuseum.org/CRDImages/as/web-large/7.jpg"

AWKWARD = [
    "as/web-large/Pines in Mist, no. 3.jpg",
    "as/web-large/53_151_18–24 (group).jpg",
    "as/web-large/a&b+c[1]é.jpg",
    "as/web-large/100%.jpg",
    "as/web-large/trailing.jpg ",
]


@pytest.fixture
def get(api: str) -> Iterator[object]:
    with requests.Session() as session:
        yield lambda path, **params: session.get(api + path, params=params, timeout=5)


def test_objects_and_records(get, museum: Path) -> None:  # noqa: ANN001 - a function made above
    assert get("/v1/objects").json() == {"total": 12, "objectIDs": list(range(1, 13))}
    answer = get("/v1/objects/7").json()
    assert answer == MuseumRecords(museum)[7]


def test_the_museums_own_base_path_works_too(get) -> None:  # noqa: ANN001
    assert get("/public/collection/v1/objects/7").json()["objectID"] == 7


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/v1/objects/99", 404, {"message": "ObjectID not found"}),
        ("/v1/search?q=x", 410, None),
        ("/v1/objects?metadataDate=yesterday", 400, "invalid metadataDate"),
        ("/nothing", 404, None),
        ("/v1/objects/abc", 404, None),
    ],
)
def test_refusals(get, path: str, status: int, body: object) -> None:  # noqa: ANN001
    answer = get(path)
    assert answer.status_code == status
    assert body is None or answer.json() == body


def test_a_bad_department_is_a_502_html_page(get) -> None:  # noqa: ANN001
    answer = get("/v1/objects", departmentIds="abc")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


def test_departments_filter(get) -> None:  # noqa: ANN001
    assert len(get("/v1/departments").json()["departments"]) == 19
    assert get("/v1/objects", departmentIds="6|14").json()["total"] == 9
    assert get("/v1/objects", departmentIds="1").json() == {"total": 3, "objectIDs": [2, 6, 10]}
    assert get("/v1/objects", departmentIds="11").json() == {"total": 0, "objectIDs": []}


def test_search_pages(get) -> None:  # noqa: ANN001
    assert get("/v1.1/search", q="Japan", limit=2).json() == {"total": 3, "objectIDs": [1, 5]}
    assert get("/v1.1/search", q="Japan", limit=2, offset=2).json() == {"total": 3, "objectIDs": [9]}
    assert get("/v1.1/search", q="Japan", offset=3).json() == {"total": 3, "objectIDs": None}


@pytest.mark.parametrize("name", AWKWARD)
def test_images_of_awkward_names_are_served(tmp_path: Path, name: str) -> None:
    file = picture(tmp_path / "images/CRDImages" / name, seed=1)
    url = f"https://images.metmuseum.org/CRDImages/{name}"
    write_folder(tmp_path, [record(1, primaryImageSmall=url, additionalImages=[url])])
    with serving(tmp_path) as api:
        served = requests.get(f"{api}/v1/objects/1", timeout=5).json()
        assert served["primaryImageSmall"] == url
        assert served["additionalImages"] == [url]
        address = quoted(f"{api}/images/https/images.metmuseum.org/CRDImages/{name}")
        assert requests.get(address, timeout=5).content == file.read_bytes()


def test_a_percent_encoded_url_is_a_file_with_a_real_space(tmp_path: Path) -> None:
    picture(tmp_path / "images/CRDImages/a b.jpg", seed=1)
    write_folder(tmp_path, [])
    with serving(tmp_path) as api:
        url = quoted(f"{api}/images/https/images.metmuseum.org/CRDImages/a%20b.jpg")
        assert requests.get(url, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "../records.jsonl",
        "%2e%2e/records.jsonl",
        "..%2frecords.jsonl",
        "/etc/passwd",
        "%00",
        "a" * 5000,
        "",
        "link.jpg",
    ],
)
def test_no_path_leaves_the_image_folder(museum: Path, path: str) -> None:
    (museum / "images" / "link.jpg").symlink_to(museum / "records.jsonl")
    with serving(museum) as api, socket.create_connection(("127.0.0.1", int(api.rpartition(":")[2])), 5) as raw:
        raw.sendall(f"GET /images/https/images.metmuseum.org/{path} HTTP/1.0\r\n\r\n".encode())
        assert b" 404 " in raw.recv(100)


def test_a_client_that_asks_too_fast_is_blocked(museum: Path) -> None:
    behavior = ServerBehavior(limit=5)
    with serving(museum, behavior) as api, requests.Session() as session:
        answers = [session.get(f"{api}/v1/objects/{i}", timeout=5) for i in range(1, 9)]
        assert session.get(api + IMAGE, timeout=5).status_code == 200
    assert [answer.status_code for answer in answers] == [200] * 5 + [403] * 3
    assert "Incapsula incident ID" in answers[-1].text
    assert (answers[-1].headers["Content-Type"], "Retry-After" in answers[-1].headers) == ("text/html", False)
    assert [request.blocked for request in behavior.requests] == [False] * 5 + [True] * 3 + [False]
    assert [request.host for request in behavior.requests] == ["api"] * 8 + ["images"]


def test_the_log_has_what_was_answered(museum: Path) -> None:
    behavior, paths = ServerBehavior(), ["/v1/objects/7?x=%20", "/v1/objects/99", IMAGE, "/images/none.jpg"]
    with serving(museum, behavior) as api:
        before = time.monotonic()
        for path in paths:
            requests.get(api + path, timeout=5, headers={"User-Agent": "me/1.0"})
            assert before <= behavior.requests[-1].time <= time.monotonic()
    assert [(request.path, request.status) for request in behavior.requests] == list(
        zip(paths, [200, 404, 200, 404], strict=True)
    )
    assert {request.user_agent for request in behavior.requests} == {"me/1.0"}


def test_every_answer_waits_for_the_latency(museum: Path) -> None:
    with serving(museum, ServerBehavior(latency_s=0.2)) as api:
        for path in ("/v1/objects/7", IMAGE):
            began = time.monotonic()
            requests.get(api + path, timeout=5)
            assert time.monotonic() - began >= 0.2


def test_a_server_that_closes_keeps_nobody_waiting(museum: Path) -> None:
    with ThreadPoolExecutor() as pool:
        with serving(museum, ServerBehavior(latency_s=60)) as api:
            answer = pool.submit(requests.get, api + "/v1/objects", timeout=5)
            time.sleep(0.1)
            closed = time.monotonic()
        assert isinstance(answer.exception(), requests.ConnectionError)
        assert time.monotonic() - closed < 1


def test_a_closed_server_answers_no_open_connection(museum: Path) -> None:
    with requests.Session() as session:
        with serving(museum) as api:
            assert session.get(api + "/v1/objects", timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(api + "/v1/objects", timeout=5)


def test_records_and_images_need_no_folder() -> None:
    server = MuseumServer({3: record(3)}, lambda path: path.encode() if path.endswith("3.jpg") else None)
    with running(server) as api:
        assert requests.get(f"{api}/v1/objects/3", timeout=5).json() == record(3)
        path = "/images/https/images.metmuseum.org/CRDImages/as/web-large/3.jpg"
        assert requests.get(api + path, timeout=5).text == path
        assert requests.get(api + path.replace("3.jpg", "4.jpg"), timeout=5).status_code == 404


def test_images_have_an_etag_that_follows_their_content(museum: Path, api: str) -> None:
    tags = [requests.get(api + IMAGE.replace("7", name), timeout=5).headers["ETag"] for name in "787"]
    assert tags[0] == tags[2] != tags[1]
    assert requests.get(api + IMAGE, timeout=5, headers={"If-None-Match": tags[0]}).status_code == 200


def test_parallel_connections_get_their_own_answers(museum: Path) -> None:
    with serving(museum, ServerBehavior(gone=0.3, seed=1)) as api, ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda i: requests.get(f"{api}/v1/objects/{i % 12 + 1}", timeout=5), range(96))
        for i, answer in enumerate(answers):
            gone = ServerBehavior(gone=0.3, seed=1).is_gone(i % 12 + 1)
            assert answer.json().get("objectID", 0) == (0 if gone else i % 12 + 1)


def test_the_command_serves_until_ctrl_c(museum: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "met_culture.museum", museum, "--limit", "1", "--log", log]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=heed_ctrl_c, **pipes) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line.startswith(f"12 objects of {museum} at http://127.0.0.1:")
        api = line.split(" at ")[1].split()[0]
        statuses = [requests.get(f"{api}/v1/objects/7", timeout=5).status_code for _ in range(2)]
        assert [json.loads(line)["status"] for line in log.read_text().splitlines()] == statuses == [200, 403]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr.read() == "stopped\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--limit", "0"], "the limit must be 1 request or more"),
        (["--faults", "2"], "the fractions of faults and of gone records must be from 0 to 1"),
        (["--latency", "-1"], "the latency must be from 0 to 60 seconds"),
        (["--port", "99999"], "--port: must be from 0 to 65535"),
        (["--window", "x"], "--window: invalid float value"),
    ],
)
def test_bad_values_end_with_one_error(stage, capsys, arguments: list[str], reason: str) -> None:  # noqa: ANN001
    with pytest.raises(SystemExit) as ended:
        stage(main, "folder", *arguments)
    assert ended.value.code == 2
    assert f"error: {reason}" in capsys.readouterr().err.replace("error: argument ", "error: ")
