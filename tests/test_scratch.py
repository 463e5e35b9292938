import os
from pathlib import Path

from conftest import picture

from met_culture.scratch import Scratch, folder_key

ROW = {"objectID": 5, "status": "ok", "image_file": "images/5.jpg"}


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
