import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from conftest import picture, record, write_folder

from met_culture.museum import MuseumServer, serving
from met_culture.museum_folder import original_url, original_urls, read_records
from met_culture.urls import quoted

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
    assert original_urls(answer) == read_records(museum)[7]


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


def test_search_limits_are_the_museums(tmp_path: Path) -> None:
    server = MuseumServer(write_folder(tmp_path, [{"objectID": i} for i in range(1, 10_102)]))
    try:
        page = lambda **query: server.search({key: str(value) for key, value in query.items()})[1]["objectIDs"]  # noqa: E731
        assert len(page()) == 100
        assert len(page(limit=9999)) == 500  # capped silently
        assert len(page(offset=9_900, limit=500)) == 100
        assert page(offset=10_000) is None
    finally:
        server.server_close()


@pytest.mark.parametrize("name", AWKWARD)
def test_images_of_awkward_names_are_served(tmp_path: Path, name: str) -> None:
    file = picture(tmp_path / "images/CRDImages" / name, seed=1)
    url = f"https://images.metmuseum.org/CRDImages/{name}"
    write_folder(tmp_path, [record(1, primaryImageSmall=url, additionalImages=[url])])
    with serving(tmp_path) as api:
        served = requests.get(f"{api}/v1/objects/1", timeout=5).json()
        assert served["primaryImageSmall"].startswith(f"{api}/images/")
        assert original_url(served["primaryImageSmall"]) == url
        assert original_urls(served)["additionalImages"] == [url]
        assert requests.get(quoted(served["primaryImageSmall"]), timeout=5).content == file.read_bytes()


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
