import gc
import json
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import record, write_folder

from met_culture.common.errors import UserError
from met_culture.fetch.folder import image_file, read_image, read_records
from met_culture.museum.urls import original_url, original_urls, served

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
    assert read_image(museum, path) == (museum / "images/CRDImages/as/web-large/1.jpg").read_bytes()
    assert read_image(museum, path.replace("1.jpg", "99.jpg")) is None


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


def test_of_several_mistakes_the_first_id_for_the_second_time_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, [record(5), "", record(1), record(1), record(5)])
    with pytest.raises(UserError, match=r"line 4: objectID 1 for the second time"):
        read_records(tmp_path)


def test_a_line_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_bytes(b'{"objectID": 1}\n{"objectID": 2, "title": "\xff"}\n')
    with pytest.raises(UserError, match=r"cannot be read as a museum's records: line 2: 'utf-8' codec"):
        read_records(tmp_path)


def test_a_folder_in_place_of_the_records_is_named(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").mkdir()
    with pytest.raises(UserError, match=r"cannot be read as a museum's records: .*directory"):
        read_records(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n", ""])
def test_records_are_a_mapping(tmp_path: Path, end: str) -> None:
    works = [record(i, title=f"é{i}") for i in (3, 1, 2**63 - 1)]
    (tmp_path / "records.jsonl").write_bytes((end or "\n").join(map(json.dumps, works)).encode() + end.encode())
    records = read_records(tmp_path)
    assert list(records.items()) == [(each["objectID"], each) for each in (works[1], works[0], works[2])]
    assert len(records) == 3
    assert [key in records for key in (0, 1, 2, 3, 4, 2**63 - 1, 2**70)] == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    assert records.get(2) is None
    assert dict(read_records(write_folder(tmp_path, []))) == {}


def test_a_change_of_what_was_read_changes_no_record(museum: Path) -> None:
    records = read_records(museum)
    records[1]["title"] = "changed"
    records[1]["additionalImages"].append("x")
    assert records[1] == record(1, culture="Japan", accessionNumber="1901.1")


def test_many_records_cost_little_memory(tmp_path: Path) -> None:
    lines = "".join(f'{{"objectID": {i}, "title": "{"x" * 400}"}}\n' for i in range(100_000, 0, -1))
    (tmp_path / "records.jsonl").write_text(lines)
    del lines
    tracemalloc.start()
    records = read_records(tmp_path)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(records) == 100_000
    assert records[77]["objectID"] == 77
    assert kept < 3_000_000
    assert peak < 10_000_000


def test_threads_read_at_the_same_time(museum: Path) -> None:
    records = read_records(museum)
    with ThreadPoolExecutor(8) as pool:
        ids = [i % 12 + 1 for i in range(2000)]
        assert [each["objectID"] for each in pool.map(records.__getitem__, ids)] == ids


def test_the_file_is_closed_with_the_records(museum: Path) -> None:
    records = read_records(museum)
    descriptor = records._descriptor
    assert os.fstat(descriptor).st_size == (museum / "records.jsonl").stat().st_size
    del records
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
