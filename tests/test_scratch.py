import hashlib
import os
from pathlib import Path

import pytest
from conftest import picture

from met_culture.records import SCHEMA
from met_culture.scratch import Scratch, folder_key

SHA256 = hashlib.sha256(b"jpeg").hexdigest()
ROW = dict.fromkeys(SCHEMA.names) | {"objectID": 5, "image_file": "images/5.jpg", "image_sha256": SHA256}


def test_what_is_settled_is_remembered(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    assert scratch.read(5) is None
    scratch.write_image(5, b"jpeg")
    scratch.write(5, ROW)
    assert Scratch(tmp_path).read(5) == ROW
    assert scratch.image(5).read_bytes() == b"jpeg"


def test_a_row_without_its_image_is_not_settled(tmp_path: Path) -> None:
    Scratch(tmp_path).write(5, ROW)
    assert Scratch(tmp_path).read(5) is None


@pytest.mark.parametrize("row", [b"", b"[]", b"{}", b"{", b"\xff"])
def test_a_spoilt_row_is_not_settled(tmp_path: Path, row: bytes) -> None:
    (tmp_path / "5.json").write_bytes(row)
    assert Scratch(tmp_path).read(5) is None


def test_a_spoilt_image_is_not_settled(tmp_path: Path) -> None:
    Scratch(tmp_path).write_image(5, b"jpeG")
    Scratch(tmp_path).write(5, ROW)
    assert Scratch(tmp_path).read(5) is None


def test_odd_files_of_a_museum_are_counted_in(museum: Path) -> None:
    before = folder_key(museum)
    (museum / "images" / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    (museum / "images" / "broken").symlink_to("nowhere")
    assert folder_key(museum) != before


def test_a_changed_museum_has_another_key(museum: Path) -> None:
    keys = [folder_key(museum)]
    assert folder_key(museum) == keys[0]
    image = picture(museum / "images/CRDImages/as/web-large/1.jpg", seed=99)
    os.utime(image, ns=(1, 1))
    keys.append(folder_key(museum))
    with (museum / "records.jsonl").open("a") as records:
        records.write("\n")
    keys.append(folder_key(museum))
    (museum / "images/CRDImages/as/web-large/2.jpg").unlink()
    keys.append(folder_key(museum))
    assert len(set(keys)) == 4
