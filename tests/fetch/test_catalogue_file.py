import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogues import HEADER, write_csv, write_lines
from support import record

from met_culture.common.errors import UserError
from met_culture.fetch.catalogue_file import csv_records, dump_records
from met_culture.fetch.records import to_row


def test_rows_of_the_museums_csv(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "MetObjects.csv",
        ["1.1", "True", "5", "Asian Art", "Hanging scroll", "Pines,\nin mist", "Paintings|Screens"],
        ["1.2", "False", "6", "Asian Art", "", "", ""],
        ["1.3", "True", "", "no id", "", "", ""],
        ["short"],
    )
    first, second, *skipped = csv_records(file)
    assert skipped == [None, None]
    assert first == {
        "objectID": 5,
        "department": "Asian Art",
        "classification": "Paintings|Screens",
        "objectName": "Hanging scroll",
        "isPublicDomain": True,
    }
    assert (second["objectID"], second["isPublicDomain"]) == (6, False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1,2\n", "no column 'Object ID'"),
        (b"", "no column"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html>", "web page"),
        ((",".join(HEADER) + "\n" + "x" * 200_000 + "\n").encode(), "line 2: field larger than"),
    ],
)
def test_another_file_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        list(csv_records(file))
    assert str(file) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for read in (csv_records, dump_records):
        with pytest.raises(UserError, match=r"none\.csv cannot be read"):
            list(read(tmp_path / "none.csv"))


def test_a_parquet_dump_whose_text_is_not_utf8_is_named(tmp_path: Path) -> None:
    title = pa.Array.from_buffers(pa.string(), 1, pa.array([b"caf\xe9"]).buffers())
    pq.write_table(pa.table({"objectID": pa.array([1]), "title": title}), tmp_path / "dump.parquet")
    with pytest.raises(UserError, match=r"dump\.parquet is not a whole parquet file \(.*utf-8"):
        list(dump_records(tmp_path / "dump.parquet"))


def test_a_dump_of_json_lines(tmp_path: Path) -> None:
    works = [record(1, title="Pines\u2028"), record(2, tags=[{"term": "x"}])]
    assert list(dump_records(write_lines(tmp_path / "x.jsonl", works))) == works


def test_a_dump_in_parquet_gives_the_rows_of_the_api(tmp_path: Path) -> None:
    works = [record(1), record(2, tags=[{"term": "x"}], additionalImages=["https://images.metmuseum.org/b.jpg"])]
    pq.write_table(pa.Table.from_pylist(works), tmp_path / "x.parquet")
    rows = [to_row(work, work["objectID"]) for work in dump_records(tmp_path / "x.parquet")]
    assert rows == [to_row(work, work["objectID"]) for work in works]


def test_a_table_that_pandas_wrote(tmp_path: Path) -> None:
    works = [record(1, accessionYear="1917", tags=[{"term": "x"}]), record(2, accessionYear="")]
    table = pd.DataFrame(works).assign(
        accessionYear=[1917.0, None], metadataDate=pd.Timestamp("2026-01-02"), more="dropped", objectBeginDate=1700.0
    )
    table["tags"] = [json.dumps(tags) if tags else "" for tags in table["tags"]]
    table.to_parquet(tmp_path / "x.parquet")
    rows = [to_row(work, work["objectID"]) for work in dump_records(tmp_path / "x.parquet")]
    expected = [to_row(work | {"metadataDate": "2026-01-02T00:00:00"}, work["objectID"]) for work in works]
    assert rows == expected


@pytest.mark.parametrize(("lines", "row"), [(["[]"], 1), (['{"objectID": 1}', "{"], 2), (['{"objectID": 0}'], 1)])
def test_a_row_without_an_id_is_named(tmp_path: Path, lines: list[str], row: int) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("\n".join(lines))
    with pytest.raises(UserError, match=rf"x\.jsonl, row {row}: no record with an objectID"):
        list(dump_records(file))


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"objectID": 1, "title": "' + b"x" * 6_000_000 + b'"}\n')
    with pytest.raises(UserError, match="row 1: no record"):
        list(dump_records(file))


def test_numbers_and_flags_as_tables_hold_them(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(record(1) | {"objectID": 1.0, "isPublicDomain": "False"}))
    (row,) = dump_records(tmp_path / "x.jsonl")
    assert (row["objectID"], row["isPublicDomain"]) == (1, False)


def test_a_parquet_file_with_a_damaged_middle_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_pylist([record(i) for i in range(1, 2000)]), file)
    content = bytearray(file.read_bytes())
    content[200:1200] = b"\xff" * 1000
    file.write_bytes(content)
    with pytest.raises(UserError, match="not a whole parquet file") as caught:
        list(dump_records(file))
    assert "\n" not in str(caught.value)


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(UserError, match="not a whole parquet file"):
        list(dump_records(tmp_path / "x.parquet"))


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_an_odd_value_in_a_dump_loses_no_painting(tmp_path: Path, kind: str) -> None:
    works = pd.DataFrame([record(1), record(2, culture="Japan "), record(3)])
    works = works.assign(objectBeginDate=[1700, None, 1710], objectEndDate=["1750", "", "about"], accessionYear=1979)
    if kind == "parquet":
        works.to_parquet(tmp_path / "x")
    else:
        works.to_json(tmp_path / "x", orient="records", lines=True)
    rows = [to_row(work, work["objectID"]) for work in dump_records(tmp_path / "x")]
    assert [row["objectBeginDate"] for row in rows] == [1700, None, 1710]
    assert [row["objectEndDate"] for row in rows] == [1750, None, None]
    assert [row["culture"] for row in rows] == ["China", "Japan", "China"]
    assert {row["accessionYear"] for row in rows} == {"1979"}
    assert {row["isPublicDomain"] for row in rows} == {True}


def test_text_in_parquet_that_is_not_utf_8_is_one_sentence(tmp_path: Path) -> None:
    work = pa.Table.from_pylist([record(1)])
    title = pa.Array.from_buffers(pa.string(), 1, pa.array([b"caf\xe9"]).buffers())
    pq.write_table(work.set_column(work.schema.get_field_index("title"), "title", title), tmp_path / "x.parquet")
    with pytest.raises(UserError, match=r"x\.parquet is not a whole parquet file"):
        list(dump_records(tmp_path / "x.parquet"))


def test_blanks_in_the_museums_csv_lose_no_painting(tmp_path: Path) -> None:
    cells = ["1.1", "True ", "5", "Asian Art\u00a0", "Scroll", "Pines", " Paintings\n"]
    (row,) = csv_records(write_csv(tmp_path / "MetObjects.csv", cells))
    assert (row["department"], row["classification"], row["isPublicDomain"]) == ("Asian Art", "Paintings", True)
