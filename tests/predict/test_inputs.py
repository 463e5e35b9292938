import io
import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import picture, record, set_param, write_folder

from met_culture.common.errors import UserError
from met_culture.images.check import MAX_BYTES, ImageError
from met_culture.predict.inputs import from_objects, from_paths


def names(*paths: str) -> list[str]:
    return [image.name for image in from_paths(paths)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.jpg", "a.JPG", "deep/c.png", "notes.txt", "no-suffix"):
        picture(tmp_path / name, seed=1) if name.endswith("jpg") else (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "out.jpg").symlink_to("/etc/passwd")
    (tmp_path / "deep/circle").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_gives_its_pictures_in_order_and_follows_no_link_to_a_folder(folder: Path) -> None:
    assert names(".") == ["a.JPG", "b.jpg", "deep/c.png", "out.jpg"]


def test_a_folder_may_be_given_by_a_link(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "deep")
    assert names("link") == ["link/c.png"]


def test_links_to_pictures_are_read(folder: Path) -> None:
    (folder / ".git/annex").mkdir(parents=True)
    (folder / "b.jpg").rename(folder / ".git/annex/b.jpg")
    (folder / "b.jpg").symlink_to(".git/annex/b.jpg")
    read = {image.name: image.read for image in from_paths(["."])}
    assert list(read) == ["a.JPG", "b.jpg", "deep/c.png", "out.jpg"]
    assert read["b.jpg"]() == b"b.jpg"


@pytest.mark.parametrize("given", [".", "b.jpg"])
def test_a_link_that_leads_nowhere_is_said_to(folder: Path, given: str) -> None:
    (folder / "b.jpg").unlink()
    (folder / "b.jpg").symlink_to("gone.jpg")
    (broken,) = [image for image in from_paths([given]) if image.name == "b.jpg"]
    with pytest.raises(ImageError, match=r"^a link that leads nowhere \(gone\.jpg\)$"):
        broken.read()


def test_every_suffix_of_a_picture_counts_and_notes_of_macos_do_not(folder: Path) -> None:
    for name in ("x.jfif", "x.JPE", "._x.jpg", ".cache/y.jpg"):
        (folder / "deep" / name).parent.mkdir(exist_ok=True)
        (folder / "deep" / name).touch()
    assert names("deep") == ["deep/c.png", "deep/x.JPE", "deep/x.jfif"]


def test_what_is_no_file_says_so_and_does_not_wait(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    for name, reason in (("pipe.jpg", "a named pipe"), ("/dev/zero", "a device or socket")):
        (image,) = from_paths([name])
        with pytest.raises(ImageError, match=f"^{reason}, not a file$"):
            image.read()
    assert "pipe.jpg" not in names(".")


def test_a_pipe_of_the_shell_is_read(folder: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"image")
    os.close(writing)
    (image,) = from_paths([f"/dev/fd/{reading}"])
    assert image.read() == b"image"
    os.close(reading)


def test_a_file_is_taken_by_any_name(folder: Path) -> None:
    assert names("no-suffix", "deep", "missing.jpg") == ["no-suffix", "deep/c.png", "missing.jpg"]
    (one,) = from_paths(["no-suffix"])
    assert one.read() == b"no-suffix"


def test_standard_input_has_a_path_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("b.jpg\n\nno-suffix\r\n-\ndeep\n"))
    assert names("a.JPG", "-") == ["a.JPG", "b.jpg", "no-suffix", "deep/c.png"]


@pytest.mark.parametrize("name", ["missing.jpg", "a\0b.jpg", "x" * 5000])
def test_what_cannot_be_read_says_why(folder: Path, name: str) -> None:
    (one,) = from_paths([name])
    with pytest.raises(ImageError):
        one.read()


def test_no_more_is_read_than_a_picture_may_have(folder: Path) -> None:
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(10 * MAX_BYTES)
    (one,) = from_paths(["huge.jpg"])
    assert len(one.read()) == MAX_BYTES + 1


@pytest.fixture
def source(workspace: Path, museum: Path) -> Path:
    set_param(workspace, "source: sample", f"source: {museum}")
    return museum


def test_an_object_is_asked_of_the_source(source: Path) -> None:
    with ExitStack() as stack:
        pictures = {image.name: image for image in from_objects([3, 99], stack)}
        assert pictures["3"].read() == (source / "images/CRDImages/as/web-large/3.jpg").read_bytes()
        with pytest.raises(ImageError, match="no such object"):
            pictures["99"].read()


def test_an_object_without_an_image_says_so(source: Path) -> None:
    write_folder(source, [record(1, primaryImageSmall="")])
    with ExitStack() as stack:
        (one,) = from_objects([1], stack)
        with pytest.raises(ImageError, match="names no image"):
            one.read()


def test_a_missing_source_is_the_users_to_mend(workspace: Path) -> None:
    set_param(workspace, "source: sample", "source: nowhere")
    with ExitStack() as stack, pytest.raises(UserError, match="not a museum folder"):
        list(from_objects([1], stack))


def test_without_objects_no_source_is_opened(workspace: Path) -> None:
    (workspace / "params.yaml").unlink()
    with ExitStack() as stack:
        assert list(from_objects([], stack)) == []
