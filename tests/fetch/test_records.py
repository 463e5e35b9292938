import json
from datetime import date

import pyarrow as pa
import pytest
from support import record

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.records import SCHEMA, RecordError, to_row


def test_the_api_has_57_columns() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 57


def test_a_complete_record_keeps_every_value() -> None:
    given = record(5, tags=[{"term": "Birds"}], additionalImages=["https://images.metmuseum.org/a.jpg"])
    row = to_row(given, 5)
    assert json.loads(row["tags"]) == [{"term": "Birds"}]
    assert {key: row[key] for key in ("objectID", "culture", "isPublicDomain", "objectBeginDate")} == {
        "objectID": 5,
        "culture": "China",
        "isPublicDomain": True,
        "objectBeginDate": 1700,
    }


def test_old_records_of_fewer_keys_and_plain_tags_are_filled() -> None:
    row = to_row({"objectID": 5, "title": "T", "tags": ["Birds"]}, 5)
    assert tuple(row) == COLUMNS
    assert (row["culture"], row["isPublicDomain"], row["objectEndDate"], row["tags"]) == ("", False, 0, '["Birds"]')


def test_undocumented_keys_are_dropped_and_nulls_are_empty() -> None:
    row = to_row(record(5, culture=None) | {"extra": 1}, 5)
    assert "extra" not in row
    assert row["culture"] == ""


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {"objectID": 6}, {"objectID": "5"}, {"objectID": True}, {}, record(5, culture=["x"]),
     record(5, classification={}),
     record(5, isPublicDomain="maybe"), record(5, isPublicDomain=[True]), record(5, primaryImageSmall=["x"])],
)  # fmt: skip
def test_other_shapes_are_refused(body: object) -> None:
    with pytest.raises(RecordError):
        to_row(body, 5)


def test_text_that_utf_8_cannot_hold_is_replaced() -> None:
    row = to_row(record(5, title="a\ud800b", tags=["\ud800"]), 5)
    assert (row["title"], row["tags"]) == ("a?b", '["?"]')


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("objectBeginDate", None, None),
        ("objectBeginDate", "1700", 1700),
        ("objectBeginDate", "-500 ", -500),
        ("objectBeginDate", 1700.0, 1700),
        ("objectBeginDate", 1700.5, None),
        ("objectBeginDate", float("nan"), None),
        ("objectBeginDate", float("inf"), None),
        ("objectBeginDate", True, None),
        ("objectBeginDate", ["1700"], None),
        ("objectEndDate", 10**30, None),
        ("objectEndDate", "9" * 5000, None),
        ("accessionYear", 1979, "1979"),
        ("accessionYear", 1979.0, "1979"),
        ("accessionYear", 0.0, "0"),
        ("accessionYear", float("nan"), ""),
        ("accessionYear", None, ""),
        ("title", ["x"], ""),
        ("title", {"a": 1}, ""),
        ("title", True, ""),
        ("title", b"caf\xe9", "caf\ufffd"),
        ("metadataDate", date(2026, 1, 2), "2026-01-02"),
        ("isHighlight", "true", True),
        ("isHighlight", 1, True),
        ("isHighlight", [], False),
        ("isPublicDomain", "False", False),
        ("isPublicDomain", 1.0, True),
        ("isPublicDomain", None, False),
        ("tags", '[{"term": "x"}]', '[{"term": "x"}]'),
        ("tags", "", None),
        ("tags", float("nan"), None),
        ("constituents", [{"born": date(1800, 1, 2)}], '[{"born": "1800-01-02"}]'),
        ("culture", "Japan ", "Japan"),
        ("culture", "\u00a0\r\n\u3000China\ufeff\u200b\t", "China"),
        ("culture", 1700, "1700"),
        ("primaryImageSmall", " https://images.metmuseum.org/a.jpg\n", "https://images.metmuseum.org/a.jpg"),
    ],
)
def test_an_odd_value_never_loses_a_painting(column: str, value: object, stored: object) -> None:
    row = to_row(record(5, **{column: value}), 5)
    assert (row[column], type(row[column])) == (stored, type(stored))
    pa.Table.from_pylist([row], schema=SCHEMA)
