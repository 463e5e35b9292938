from pathlib import Path

import pytest
from conftest import record, write_folder

from met_culture.command import UserError
from met_culture.museum_folder import image_file, original_url, original_urls, read_records, served

URL = "https://images.metmuseum.org/CRDImages/as/web-large/Pines, no. 3.jpg"


def test_urls_lead_to_the_server_and_back() -> None:
    work = record(1, primaryImageSmall=URL, primaryImage="", additionalImages=[URL])
    given = served(work, "http://127.0.0.1:8")
    path = "/images/https/images.metmuseum.org/CRDImages/as/web-large/Pines, no. 3.jpg"
    assert given["primaryImageSmall"] == f"http://127.0.0.1:8{path}"
    assert given["primaryImage"] == ""
    assert original_urls(given) == work


@pytest.mark.parametrize(
    "url", ["//h/x.jpg", "h/x.jpg", "HTTPS://h/x.jpg", " https://h/x.jpg", "file:///etc/passwd", "x"]
)
def test_what_is_no_web_address_is_left_alone(url: str) -> None:
    """Else it could not be turned back, and the port would reach the outputs."""
    work = record(1, primaryImageSmall=url, additionalImages=[url])
    assert served(work, "http://127.0.0.1:8") == work


@pytest.mark.parametrize("odd", [None, [], "text", {"primaryImageSmall": 3, "additionalImages": [None, 5]}])
def test_odd_records_pass_unchanged(odd: object) -> None:
    assert original_urls(odd) == odd


def test_records_are_in_order_and_keep_odd_line_ends(tmp_path: Path) -> None:
    write_folder(tmp_path, [record(2), record(1, title="a\u2028b"), ""])
    assert [each["title"] for each in read_records(tmp_path).values()] == ["a\u2028b", "Work 2"]


def test_an_image_is_found_by_its_path(museum: Path) -> None:
    path = "/images/https/images.metmuseum.org/CRDImages/as/web-large/1.jpg"
    assert image_file(museum, path).samefile(museum / "images/CRDImages/as/web-large/1.jpg")
    assert image_file(museum, path.replace("1.jpg", "99.jpg")) is None
    assert image_file(museum, "/images/https/h/../../records.jsonl") is None


def test_the_port_is_not_taken_for_the_museum() -> None:
    assert original_url("http://127.0.0.1:9/images/https/h/p q.jpg") == "https://h/p q.jpg"
    assert original_url("http://127.0.0.1:9/elsewhere.jpg") == "http://127.0.0.1:9/elsewhere.jpg"
    assert original_url("http://example.org/images/https/h/p.jpg") == "http://example.org/images/https/h/p.jpg"


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"title": "no id"}', '{"objectID": "x"}', '{"objectID": 1e400}', '{"objectID": 0}', "[" * 99999],
)
def test_a_bad_line_of_the_records_is_named(tmp_path: Path, line: str) -> None:
    write_folder(tmp_path, [record(1), line])
    with pytest.raises(UserError, match=r"records\.jsonl, line 2"):
        read_records(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        read_records(tmp_path / "nowhere")


def test_an_id_for_the_second_time_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, [record(1), record(1)])
    with pytest.raises(UserError, match=r"line 2: objectID 1 for the second time"):
        read_records(tmp_path)
