import json

import pytest
from support import record

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.records import RecordError, to_row


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
    [None, [], "text", {"objectID": 6}, {"objectID": "5"}, {}, record(5, title=["x"]), record(5, isPublicDomain=1),
     record(5, objectBeginDate="1700"), record(5, objectEndDate=10**30), record(5, objectBeginDate=True)],
)  # fmt: skip
def test_other_shapes_are_refused(body: object) -> None:
    with pytest.raises(RecordError):
        to_row(body, 5)


def test_text_that_utf_8_cannot_hold_is_replaced() -> None:
    row = to_row(record(5, title="a\ud800b", tags=["\ud800"]), 5)
    assert (row["title"], row["tags"]) == ("a?b", '["?"]')
