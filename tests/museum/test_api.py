import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from met_culture.fetch.departments import DEPARTMENTS
from met_culture.museum.api import Answer, MuseumApi, _number
from met_culture.museum.search import matches


class Counted(Mapping[int, dict[str, Any]]):
    """A collection that is drawn on access, and counts how often."""

    reads = 0

    def __init__(self, size: int) -> None:
        self.size = size

    def __getitem__(self, object_id: int) -> dict[str, Any]:
        self.reads += 1
        if not 0 < object_id <= self.size:
            raise KeyError(object_id)
        department = list(DEPARTMENTS.values())[object_id % 19]
        years = {"objectBeginDate": object_id, "objectEndDate": object_id + 10}
        title = "Pines" if object_id % 2 else "Rocks"
        changed = {"metadataDate": f"20{object_id % 30:02d}-01-01T00:00:00Z"}
        return {"objectID": object_id, "department": department, "title": title} | years | changed

    def __iter__(self) -> Iterator[int]:
        return iter(range(1, self.size + 1))

    def __len__(self) -> int:
        return self.size


def api_of(records: Mapping[int, dict[str, Any]]) -> MuseumApi:
    return MuseumApi(records, lambda object_id: object_id == 5)


def content(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_search_limits_are_the_museums() -> None:
    api = api_of({i: {} for i in range(1, 10_102)})

    def ids(**query: str) -> Any:
        return content(api.answer("/v1.1/search", query))["objectIDs"]

    assert ids() == list(range(1, 101))
    assert len(ids(limit="9999")) == 500  # capped silently
    assert len(ids(offset="9900", limit="500")) == 100
    assert ids(offset="10000") is None
    assert ids(offset="9" * 5000, limit="²") == ids()


def test_the_listing_reads_no_record() -> None:
    records = Counted(1000)
    answer = api_of(records).answer("/v1/objects", {})
    assert content(answer) == {"total": 1000, "objectIDs": list(range(1, 1001))}
    assert records.reads == 0


def test_the_listing_is_made_once() -> None:
    api = api_of(Counted(1000))
    for query in ({}, {"departmentIds": "1|3"}, {"metadataDate": "2020-01-01"}):
        assert api.answer("/v1/objects", query) is api.answer("/v1/objects", dict(query))


def test_listings_of_departments_and_dates() -> None:
    records = Counted(200)
    api = api_of(records)
    for wanted, since in [("1|3", ""), ("99", ""), ("", "2020-01-01"), ("6", "2015-01-01")]:
        names = {DEPARTMENTS.get(int(number)) for number in wanted.split("|") if number}
        ids = [i for i in records if not wanted or records[i]["department"] in names]
        ids = [i for i in ids if records[i]["metadataDate"] >= since]
        query = {"departmentIds": wanted, "metadataDate": since}
        assert content(api.answer("/v1/objects", query)) == {"total": len(ids), "objectIDs": ids}


def test_pages_of_a_search_are_looked_for_once() -> None:
    records = Counted(1000)
    api = api_of(records)
    for offset in range(0, 500, 100):
        answer = content(api.answer("/v1.1/search", {"q": "pines", "offset": str(offset)}))
        assert answer == {"total": 500, "objectIDs": list(range(1 + 2 * offset, 200 + 2 * offset, 2))}
    assert records.reads == 1000


@pytest.mark.parametrize(
    "query",
    [
        {"q": "pines", "departmentId": "6"},
        {"q": "pines", "departmentId": "6", "dateBegin": "300", "dateEnd": "400"},
        {"departmentId": "6", "dateBegin": "300", "dateEnd": "400"},
        {"dateBegin": "300", "dateEnd": "400"},
        {"dateBegin": "300"},
        {"departmentId": "99"},
        {"departmentId": "Asian Art"},
        {"nonsense": "1"},
    ],
)
def test_a_search_among_a_broader_ones_ids_finds_the_same(query: dict[str, str]) -> None:
    records = Counted(700)
    ids = [object_id for object_id in records if matches(records[object_id], query)]
    answer = content(api_of(records).search(query | {"limit": "500"}))
    assert answer == {"total": len(ids), "objectIDs": ids[:500] or None}


def test_a_narrower_search_reads_no_other_department() -> None:
    records = Counted(1900)
    api = api_of(records)
    api.search({"departmentId": "6"})
    before = records.reads
    api.search({"departmentId": "6", "q": "pines"})
    assert records.reads - before == 100


def test_unknown_and_gone_objects() -> None:
    api = api_of(Counted(10))
    assert content(api.answer("/v1/objects/11", {})) == {"message": "ObjectID not found"}
    assert content(api.answer("/v1/objects/5", {})) == {"message": "Not a valid object"}
    assert [api.answer(f"/v1/objects/{i}", {}).status for i in (4, 5, 11)] == [200, 404, 404]


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("", 3), ("-1", 3), ("²", 3), ("9" * 19, 3)])
def test_numbers_of_a_query(text: str, number: int) -> None:
    assert _number(text, 3) == number
