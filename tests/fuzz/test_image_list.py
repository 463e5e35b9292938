"""Lists of images of any shape: every chosen row is stored, or the file is named in one sentence."""

import csv
import io
from pathlib import Path

from fuzzing import EXAMPLES, damaged, run
from hypothesis import given
from hypothesis import strategies as st

from met_culture.common.errors import UserError
from met_culture.fetch.image_list import ImageList
from met_culture.fetch.state import FetchState

HEADERS = (["objectID", "primaryImageSmall", "culture"], ["", "culture", "primaryImageSmall", "isPublicDomain"])
URL = "https://images.metmuseum.org/{}.jpg".format
CELLS = st.one_of(st.sampled_from(["", "1", "2", "China", "Japan", URL(1), URL(2), '=1"', "\0", "\r\n"]), st.text())
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=4), max_size=6)


def content(header: list[str], rows: list[list[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([header, *rows])
    return file.getvalue().encode(errors="replace")


def read(file: Path, state: FetchState) -> None:
    """Read and store a list; an error must name the file."""
    try:
        images = ImageList(file, "primaryImageSmall", "culture")
        assert all(0 < object_id < 2**63 for object_id in images.ids)
        images.store(state, images.ids)
        state.set_wanted(images.ids)
        assert state.count_missing()[0] == 0
    except UserError as error:
        assert str(error).startswith(f"fetch.catalog_file: {file}")
        assert "\n" not in str(error)


@EXAMPLES
def test_odd_rows(examples: int, tmp_path: Path) -> None:
    @given(st.sampled_from(HEADERS), ROWS)
    def check(header: list[str], rows: list[list[str]]) -> None:
        (tmp_path / "list.csv").write_bytes(content(header, rows))
        read(tmp_path / "list.csv", state)

    with FetchState(tmp_path / "scratch") as state:
        run(check, 20 * examples)


@EXAMPLES
def test_damaged_lists(examples: int, tmp_path: Path) -> None:
    whole = [content(header, [["1", URL(1), "China", "true"][: len(header)]] * 3) for header in HEADERS]

    @given(damaged(whole))
    def check(data: bytes) -> None:
        (tmp_path / "list.csv").write_bytes(data)
        read(tmp_path / "list.csv", state)

    with FetchState(tmp_path / "scratch") as state:
        run(check, 20 * examples)
