import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support import record

from met_culture.common.errors import UserError
from met_culture.fetch.outputs import REPORT, build, rows
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.records import SCHEMA, to_row
from met_culture.fetch.state import FetchState


@pytest.fixture
def state(tmp_path: Path) -> FetchState:
    """Return a memory of four objects: whole, without a record, refused, and sharing the first one's image."""
    with FetchState(tmp_path / "scratch") as state:
        for object_id, url in ((1, "/a"), (3, "/c"), (4, "/a")):
            state.records.write(object_id, "ok", None, to_row(record(object_id), object_id), url)
            state.images.claim(url, "")
        state.records.write(2, "record_gone", "404", None, None)
        state.images.write("/a", b"jpeg", (4, 3))
        state.images.write_failure("/c", "image_refused", "cut off", settled=True)
        state.set_wanted([4, 3, 2, 1])
        yield state


def test_table_images_and_counts(state: FetchState, tmp_path: Path) -> None:
    counts = build(state, (), tmp_path / "out")
    table = pq.read_table(tmp_path / "out/objects.parquet")
    assert table.schema.equals(SCHEMA)
    assert table["objectID"].to_pylist() == [1, 2, 3, 4]
    assert table["status"].to_pylist() == ["ok", "record_gone", "image_refused", "ok"]
    assert table["reason"].to_pylist() == [None, "404", "cut off", None]
    assert table["image_file"].to_pylist() == ["images/1.jpg", None, None, "images/4.jpg"]
    assert sorted(file.name for file in (tmp_path / "out/images").iterdir()) == ["1.jpg", "4.jpg"]
    assert counts["statuses"] == {"image_refused": 1, "ok": 2, "record_gone": 1}
    assert (counts["objects"], counts["image_bytes"]) == (4, 8)


def test_every_object_is_in_the_report(state: FetchState, tmp_path: Path) -> None:
    build(state, (), tmp_path / "out")
    with (state.folder / REPORT).open(newline="") as file:
        report = list(csv.DictReader(file))
    assert [row["objectID"] for row in report] == ["1", "2", "3", "4"]
    assert report[2]["reason"] == "cut off"


def test_the_report_holds_no_formula(state: FetchState, tmp_path: Path) -> None:
    state.records.write(2, "record_gone", "=cmd|x", None, None)
    build(state, (), tmp_path / "out")
    with (state.folder / REPORT).open(newline="") as file:
        assert list(csv.DictReader(file))[1]["reason"] == "'=cmd|x"


def test_what_is_no_candidate_is_counted_and_left_out(state: FetchState, tmp_path: Path) -> None:
    rules = (CandidateRule(classifications=("Prints",)),)
    assert [row["objectID"] for row in rows(state, rules)] == [2]
    counts = build(state, rules, tmp_path / "out")
    assert (counts["objects"], counts["not_candidate"]) == (1, 3)


def test_stale_images_do_not_stay(state: FetchState, tmp_path: Path) -> None:
    build(state, (), tmp_path / "out")
    state.set_wanted([2])
    build(state, (), tmp_path / "out")
    assert list((tmp_path / "out/images").iterdir()) == []


def test_a_damaged_image_is_named_and_fetched_by_the_next_run(state: FetchState, tmp_path: Path) -> None:
    state.images.path("/a").write_bytes(b"jpeG")
    with pytest.raises(UserError, match="run again to fetch this image again"):
        build(state, (), tmp_path / "out")
    state.images.run += 1
    assert state.images.claim("/a", "")
