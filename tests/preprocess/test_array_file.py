import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from met_culture.common.errors import UserError
from met_culture.preprocess.array_file import ArrayFile, read_classes, read_images

ROWS = np.random.default_rng(0).integers(0, 256, (20, 3, 4), np.uint8)
# Reads or writes a gigabyte by the row, and says how much the process has grown by it.
GROWTH = """
import resource, sys
from pathlib import Path
import numpy as np
from met_culture.preprocess.array_file import ArrayFile
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
array = ArrayFile.create(Path(sys.argv[1]), (1000, 1_000_000), np.uint8)
for row in range(0, 1000, 10):
    array.write(row, np.full((10, 1_000_000), row % 256, np.uint8))
order = np.random.default_rng(0).permutation(1000)
assert all((array[order[i : i + 10]][:, -1] == order[i : i + 10] // 10 * 10 % 256).all() for i in range(0, 1000, 10))
print((peak() - before) // 1024)
"""


@pytest.fixture
def array(tmp_path: Path) -> ArrayFile:
    np.save(tmp_path / "x.npy", ROWS)
    return ArrayFile(tmp_path / "x.npy")


@pytest.mark.parametrize(
    "rows", [0, -1, slice(None), slice(3, 7), slice(7, 3), slice(None, None, -2), np.array([5, 6, 7, 2, 2, -1, 19])]
)
def test_rows_are_those_of_the_array(array: ArrayFile, rows: int | slice | np.ndarray) -> None:
    assert np.array_equal(array[rows], ROWS[rows])
    assert array[rows].dtype == ROWS.dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.int64])
@pytest.mark.parametrize("shape", [(20, 3, 4), (20,), (0, 3)])
def test_what_is_written_is_a_npy_file(tmp_path: Path, dtype: type, shape: tuple[int, ...]) -> None:
    path, values = tmp_path / "x.npy", np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    created = ArrayFile.create(path, shape, dtype)
    for start in (10, 0):
        created.write(start, values[start : start + 10])
    assert np.array_equal(np.load(path), values)
    assert np.array_equal(created[:], values)
    np.save(tmp_path / "saved.npy", values)
    assert path.read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_it_outlives_its_name_and_ends_at_its_end(array: ArrayFile, tmp_path: Path) -> None:
    (tmp_path / "x.npy").unlink()
    assert len(list(array)) == len(array) == 20
    with pytest.raises(IndexError):
        array[20]


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: b"{}" * 99])
def test_a_file_that_is_not_whole_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "x.npy"
    np.save(path, ROWS)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"x\.npy is not a whole \.npy file"):
        ArrayFile(path)


def test_a_file_that_is_cut_off_while_it_is_open_is_named(array: ArrayFile, tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("r+b") as file:
        file.truncate(200)
    with pytest.raises(UserError, match=r"x\.npy has become shorter"):
        array[:]


def test_a_full_disk_is_an_error_and_not_the_end_of_the_process(tmp_path: Path) -> None:
    array = ArrayFile.create(tmp_path / "x.npy", (10, 1000), np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            array.write(0, np.ones((10, 1000), np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_process_does_not_grow_by_what_it_has_written_and_read(tmp_path: Path) -> None:
    command = [sys.executable, "-c", GROWTH, tmp_path / "x.npy"]
    assert int(subprocess.check_output(command, text=True)) < 100  # MB, of a thousand


def header(text: str) -> bytes:
    """Return a .npy file with any text as its header."""
    padded = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + b"\x00" * 100


@pytest.mark.parametrize(
    "text",
    ["(((((", "(" * 3000, "{", "", "x", "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 3)}",
     "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
     "{'descr': '|u1', 'fortran_order': True, 'shape': (4, 3)}",
     "{'descr': '|u1', 'fortran_order': False, 'shape': ()}",
     "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
     "{'descr': '<U3', 'fortran_order': False, 'shape': (2,)}",
     "{'descr': 'nonsense', 'fortran_order': False, 'shape': (2,)}",
     "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2,)}"],
)  # fmt: skip
def test_a_hostile_header_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.npy").write_bytes(header(text))
    with pytest.raises(UserError, match=r"x\.npy is not a whole \.npy file .*dvc repro") as caught:
        ArrayFile(tmp_path / "x.npy")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"PK\x03\x04" + b"x" * 50, b"", b"\x80\x04N.", b"\x93NUMPY", b"\x93NUMPY\x09\x00"])
def test_another_file_is_no_array(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.npy is not a whole"):
        ArrayFile(tmp_path / "x.npy")


@pytest.mark.parametrize(
    "images",
    [np.zeros((4, 8, 8, 3)), np.zeros((4, 8, 8, 4), np.uint8), np.zeros((4, 9, 9, 3), np.uint8),
     np.zeros((4, 8, 9, 3), np.uint8), np.zeros((0, 8, 8, 3), np.uint8), np.zeros(4, np.uint8)],
)  # fmt: skip
def test_arrays_that_are_no_images_are_refused(tmp_path: Path, images: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", images)
    with pytest.raises(UserError, match=r"x\.npy is not a whole"):
        read_images(tmp_path / "x.npy", 8)
    np.save(tmp_path / "x.npy", np.zeros((4, 8, 8, 3), np.uint8))
    assert len(read_images(tmp_path / "x.npy", 8)) == len(read_images(tmp_path / "x.npy", None)) == 4


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 4], [0, -1, 2], [0.0, 1.0, 2.0], [[0], [1], [2]]])
def test_classes_that_do_not_fit_are_refused(tmp_path: Path, classes: list) -> None:
    np.save(tmp_path / "y.npy", classes)
    with pytest.raises(UserError, match=r"y\.npy is not a whole"):
        read_classes(tmp_path / "y.npy", 3, 4)
    np.save(tmp_path / "y.npy", [0, 1, 3])
    assert read_classes(tmp_path / "y.npy", 3, 4).tolist() == [0, 1, 3]
