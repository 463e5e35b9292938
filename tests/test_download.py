from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import picture, record, write_folder

from met_culture.client import RETRIES, Client
from met_culture.download import fetch_object
from met_culture.museum import serving
from met_culture.scratch import Scratch

URL = "https://images.metmuseum.org/CRDImages/x.jpg"


@pytest.fixture
def fetch(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """Return a function that serves one record and fetches it."""
    retries = RETRIES.new(total=0, backoff_factor=0)

    def run(served: dict[str, Any]) -> dict[str, Any]:
        with serving(write_folder(tmp_path, [served])) as api:
            client = Client(api, ("images.metmuseum.org",), None, 5, retries)
            try:
                return fetch_object(client, served["objectID"], Scratch(tmp_path / "scratch"))
            finally:
                client.close()

    return run


def test_a_good_object(fetch: Callable, tmp_path: Path) -> None:
    file = picture(tmp_path / "images/CRDImages/x.jpg", seed=1, size=(64, 48))
    row = fetch(record(5, primaryImageSmall=URL))
    assert (row["status"], row["reason"]) == ("ok", None)
    assert (row["image_width"], row["image_height"], row["image_bytes"]) == (64, 48, file.stat().st_size)
    assert row["primaryImageSmall"] == URL
    assert row["image_file"] == "images/5.jpg"
    assert (tmp_path / "scratch/5.jpg").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (None, "image_gone", "404: dead link"),
        (b"", "image_refused", "empty"),
        (b"<html>", "image_refused", "HTML, not an image"),
        (b"GIF89a", "image_refused", "not an image"),
    ],
)
def test_bad_images(fetch: Callable, tmp_path: Path, content: bytes | None, status: str, reason: str) -> None:
    if content is not None:
        (tmp_path / "images/CRDImages").mkdir(parents=True)
        (tmp_path / "images/CRDImages/x.jpg").write_bytes(content)
    row = fetch(record(5, primaryImageSmall=URL))
    assert (row["status"], row["reason"], row["image_file"]) == (status, reason, None)
    assert row["title"] == "Work 5"


def test_a_cut_off_image(fetch: Callable, tmp_path: Path) -> None:
    file = picture(tmp_path / "images/CRDImages/x.jpg", seed=1)
    file.write_bytes(file.read_bytes()[:-300])
    assert fetch(record(5, primaryImageSmall=URL))["reason"] == "cut off"


def test_no_image(fetch: Callable) -> None:
    row = fetch(record(5, primaryImageSmall=""))
    assert (row["status"], row["reason"]) == ("no_image", "the record names no image")


def test_a_malformed_record(fetch: Callable) -> None:
    row = fetch(record(5, title=["x"]))
    assert (row["status"], row["title"]) == ("record_malformed", None)
    assert "title" in row["reason"]


def test_a_missing_record(fetch: Callable, api: str, tmp_path: Path) -> None:
    client = Client(api, ("h",), None, 5)
    row = fetch_object(client, 99, Scratch(tmp_path / "scratch"))
    client.close()
    assert row["status"] == "record_gone"


def test_what_is_settled_is_not_asked_again(fetch: Callable, tmp_path: Path) -> None:
    picture(tmp_path / "images/CRDImages/x.jpg", seed=1)
    first = fetch(record(5, primaryImageSmall=URL))
    assert fetch(record(5, primaryImageSmall=URL, title="changed")) == first


def test_a_failure_is_not_remembered(tmp_path: Path) -> None:
    client = Client("http://127.0.0.1:9", ("h",), None, 1, RETRIES.new(total=0))  # nothing listens on port 9
    row = fetch_object(client, 5, Scratch(tmp_path))
    client.close()
    assert row["status"] == "record_failed"
    assert list(tmp_path.glob("*.json")) == []


def test_a_failures_reason_holds_no_address_that_varies(tmp_path: Path) -> None:
    client = Client("http://127.0.0.1:9", ("h",), None, 1, RETRIES.new(total=0))
    assert "127.0.0.1" not in fetch_object(client, 5, Scratch(tmp_path))["reason"]
    client.close()
