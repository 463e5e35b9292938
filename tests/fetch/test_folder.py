import gc
import json
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import picture, record, write_folder

from met_culture.common.errors import UserError
from met_culture.fetch.folder import FolderSource, image_file, read_image
from met_culture.fetch.museum_records import MuseumRecords
from met_culture.images.check import MAX_BYTES, ImageError
from met_culture.web.errors import FetchError, GoneError, RefusedError

AWKWARD = [
    "as/web-large/Pines in Mist, no. 3.jpg",
    "as/web-large/53_151_18–24 (group).jpg",
    "as/web-large/a&b+c[1]é.jpg",
    "as/web-large/what?#.jpg",
    "as/web-large/100%.jpg",
    "as/web-large/trailing.jpg ",
]


def test_records_are_in_order_and_keep_odd_line_ends(tmp_path: Path) -> None:
    write_folder(tmp_path, [record(2), record(1, title="a\u2028b"), ""])
    assert [work["title"] for work in MuseumRecords(tmp_path).values()] == ["a\u2028b", "Work 2"]


def test_an_image_is_found_by_its_path(museum: Path) -> None:
    path = "CRDImages/as/web-large/1.jpg"
    assert image_file(museum, path).samefile(museum / "images/CRDImages/as/web-large/1.jpg")
    assert image_file(museum, path.replace("1.jpg", "99.jpg")) is None
    assert image_file(museum, "../records.jsonl") is None
    assert read_image(museum, path) == (museum / "images/CRDImages/as/web-large/1.jpg").read_bytes()
    assert read_image(museum, path.replace("1.jpg", "99.jpg")) is None


@pytest.mark.parametrize("name", AWKWARD)
def test_images_of_awkward_names_are_read(tmp_path: Path, name: str) -> None:
    file = picture(tmp_path / "images/CRDImages" / name, seed=1, size=(64, 48))
    source = FolderSource(write_folder(tmp_path, []), 1)
    assert source.image(f"https://images.metmuseum.org/CRDImages/{name}") == (file.read_bytes(), (64, 48))


def test_a_percent_encoded_url_is_a_file_with_a_real_space(tmp_path: Path) -> None:
    file = picture(tmp_path / "images/CRDImages/a b.jpg", seed=1)
    source = FolderSource(write_folder(tmp_path, []), 1)
    assert source.image(" HTTPS://images.metmuseum.org/CRDImages/a%20b.jpg")[0] == file.read_bytes()


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
        "a/../../records.jsonl",
        "CRDImages",
    ],
)
def test_no_path_leaves_the_image_folder(museum: Path, path: str) -> None:
    with pytest.raises(GoneError, match="404: dead link"):
        FolderSource(museum, 1).image(f"https://images.metmuseum.org/{path}")


def test_links_to_images_are_read_wherever_they_lead(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = picture(tmp_path_factory.mktemp("annex") / "x.jpg", seed=5, size=(64, 48))
    (museum / "images/file.jpg").symlink_to(outside)
    (museum / "images/folder").symlink_to(outside.parent)
    for path in ("file.jpg", "folder/x.jpg"):
        image = FolderSource(museum, 1).image(f"https://images.metmuseum.org/{path}")
        assert image == (outside.read_bytes(), (64, 48))


def test_a_link_to_what_is_no_image_is_refused(museum: Path) -> None:
    (museum / "images/link.jpg").symlink_to(museum / "records.jsonl")
    with pytest.raises(ImageError, match="not an image"):
        FolderSource(museum, 1).image("https://images.metmuseum.org/link.jpg")


def test_a_link_that_leads_nowhere_is_said_to(museum: Path) -> None:
    (museum / "images/link.jpg").symlink_to("gone.jpg")
    with pytest.raises(GoneError, match="a link that leads nowhere"):
        FolderSource(museum, 1).image("https://images.metmuseum.org/link.jpg")


@pytest.mark.parametrize("url", ["//h/x.jpg", "h/x.jpg", "file:///etc/passwd", "x", "https:/x"])
def test_what_is_no_web_address_is_refused(museum: Path, url: str) -> None:
    with pytest.raises(RefusedError, match=r"is not one of fetch\.image_hosts over https"):
        FolderSource(museum, 1).image(url)


def test_a_large_image_is_refused(museum: Path) -> None:
    with (museum / "images/huge.jpg").open("wb") as file:
        file.truncate(10 * MAX_BYTES)
    with pytest.raises(ImageError, match="larger than 20,000,000 bytes"):
        FolderSource(museum, 1).image("https://images.metmuseum.org/huge.jpg")


def test_an_image_that_cannot_be_read_is_asked_for_again(museum: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    source = FolderSource(museum, 1)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(FetchError, match="Permission denied"):
        source.image("https://images.metmuseum.org/CRDImages/as/web-large/1.jpg")


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"title": "no id"}', '{"objectID": "x"}', '{"objectID": 1e400}', '{"objectID": 0}', "[" * 99999],
)
def test_a_bad_line_of_the_records_is_named(tmp_path: Path, line: str) -> None:
    write_folder(tmp_path, [record(1), line])
    with pytest.raises(UserError, match=r"records\.jsonl, line 2"):
        MuseumRecords(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        MuseumRecords(tmp_path / "nowhere")


def test_an_id_for_the_second_time_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, [record(1), record(1)])
    with pytest.raises(UserError, match=r"line 2: objectID 1 for the second time"):
        MuseumRecords(tmp_path)


def test_of_several_mistakes_the_first_id_for_the_second_time_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, [record(5), "", record(1), record(1), record(5)])
    with pytest.raises(UserError, match=r"line 4: objectID 1 for the second time"):
        MuseumRecords(tmp_path)


def test_a_line_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_bytes(b'{"objectID": 1}\n{"objectID": 2, "title": "\xff"}\n')
    with pytest.raises(UserError, match=r"cannot be read as a museum's records: line 2: 'utf-8' codec"):
        MuseumRecords(tmp_path)


def test_a_folder_in_place_of_the_records_is_named(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").mkdir()
    with pytest.raises(UserError, match=r"cannot be read as a museum's records: .*directory"):
        MuseumRecords(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n", ""])
def test_records_are_a_mapping(tmp_path: Path, end: str) -> None:
    works = [record(i, title=f"é{i}") for i in (3, 1, 2**63 - 1)]
    (tmp_path / "records.jsonl").write_bytes((end or "\n").join(map(json.dumps, works)).encode() + end.encode())
    records = MuseumRecords(tmp_path)
    assert list(records.items()) == [(work["objectID"], work) for work in (works[1], works[0], works[2])]
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
    assert dict(MuseumRecords(write_folder(tmp_path, []))) == {}


def test_a_change_of_what_was_read_changes_no_record(museum: Path) -> None:
    records = MuseumRecords(museum)
    records[1]["title"] = "changed"
    records[1]["additionalImages"].append("x")
    assert records[1] == record(1, culture="Japan", accessionNumber="1901.1")


def test_many_records_cost_little_memory(tmp_path: Path) -> None:
    lines = "".join(f'{{"objectID": {i}, "title": "{"x" * 400}"}}\n' for i in range(100_000, 0, -1))
    (tmp_path / "records.jsonl").write_text(lines)
    del lines
    tracemalloc.start()
    records = MuseumRecords(tmp_path)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(records) == 100_000
    assert records[77]["objectID"] == 77
    assert kept < 3_000_000
    assert peak < 10_000_000


def test_threads_read_at_the_same_time(museum: Path) -> None:
    records = MuseumRecords(museum)
    with ThreadPoolExecutor(8) as pool:
        ids = [i % 12 + 1 for i in range(2000)]
        assert [work["objectID"] for work in pool.map(records.__getitem__, ids)] == ids


def test_the_file_is_closed_with_the_records(museum: Path) -> None:
    records = MuseumRecords(museum)
    descriptor = records._descriptor
    assert os.fstat(descriptor).st_size == (museum / "records.jsonl").stat().st_size
    del records
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
