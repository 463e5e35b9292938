import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from servers import answer, server
from support import record

from met_culture.common.errors import UserError
from met_culture.fetch import catalogue_api
from met_culture.fetch.catalogue_api import asker, listed_ids, searched_ids
from met_culture.fetch.departments import DEPARTMENTS
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.state import FetchState
from met_culture.museum.search import matches

Records = dict[int, dict[str, Any]]


class Museum:
    """The API's answers from records in memory, and the requested paths."""

    def __init__(self, records: list[dict[str, Any]], window: int = 10_000, keeps_back: int = 0) -> None:
        self.records, self.window, self.keeps_back = records, window, keeps_back
        self.requested: list[str] = []

    def __call__(self, path: str) -> dict[str, Any]:
        self.requested.append(path)
        parts = urlsplit(path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/v1/objects":
            names = [DEPARTMENTS[int(number)] for number in query.get("departmentIds", "").split("|") if number]
            ids = [work["objectID"] for work in self.records if not names or work["department"] in names]
            return {"total": len(ids), "objectIDs": ids}
        ids = [work["objectID"] for work in self.records if matches(work, query)]
        first, most = int(query["offset"]), min(int(query["limit"]), 500)
        served = ids[: len(ids) - self.keeps_back]
        return {"total": len(ids), "objectIDs": served[first : min(first + most, self.window)]}


TOTALS = {
    b"1" + b"0" * 400: "a total that is not between 0 and 2,000,000",
    b"1" + b"0" * 9999: "a body that is not JSON",
    b"-1": "a total that is not between",
    b"1.5": "a body without a list of ids",
    b"1e999": "a body without a list of ids",
    b"true": "a body without a list of ids",
}
PAINTINGS = CandidateRule(departments=("Asian Art",), classifications=("Paintings", "Screens"))
AMERICAN = CandidateRule(departments=("The American Wing",), object_names=("Painting",))


def dated(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        record(i, objectBeginDate=1000 + i % 900, objectEndDate=1000 + i % 900 + i % 7, **fields)
        for i in range(1, count + 1)
    ]


def test_departments_and_classifications_are_searched_for() -> None:
    wing = {"department": "The American Wing", "classification": ""}
    museum = Museum(
        [
            record(1),
            record(2, classification="Screens"),
            record(3, classification="Prints"),
            record(4, department="Islamic Art"),
            record(5, **wing),
            record(6, **wing, objectName="Chair", title="A chair"),
            record(7, primaryImageSmall=""),
        ]
    )
    assert searched_ids(museum, (PAINTINGS, AMERICAN))[0] == {1, 2, 5}
    assert len(museum.requested) == 3


def test_pages_are_followed_to_the_end() -> None:
    museum = Museum(dated(1234))
    assert searched_ids(museum, (PAINTINGS,))[0] == set(range(1, 1235))
    assert len(museum.requested) == 4  # the other classification has none


def test_what_is_over_the_window_is_cut_by_date() -> None:
    museum = Museum(dated(3000), window=700)
    catalogue_window = catalogue_api.WINDOW
    try:
        catalogue_api.WINDOW = 700
        assert searched_ids(museum, (PAINTINGS,))[0] == set(range(1, 3001))
    finally:
        catalogue_api.WINDOW = catalogue_window
    assert not any("/v1/objects" in path for path in museum.requested)


def test_a_year_that_is_over_the_window_is_listed_where_all_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_api, "WINDOW", 700)
    museum = Museum([record(i, objectBeginDate=1700, objectEndDate=1700) for i in range(1, 2001)], window=700)
    assert searched_ids(museum, (CandidateRule(departments=("Asian Art",)),))[0] == set(range(1, 2001))
    assert "/v1/objects?departmentIds=6" in museum.requested


def test_a_department_is_listed_where_the_search_keeps_much_back_and_all_is_wanted() -> None:
    everything = CandidateRule(departments=("Asian Art",))
    for keeps_back, rule, expected in ((40, everything, 400), (2, everything, 398), (40, PAINTINGS, 360)):
        ids, missed = searched_ids(Museum(dated(400), keeps_back=keeps_back), (rule,))
        assert len(ids) == expected
        assert missed == 400 - expected


def test_without_rules_every_department_is_searched() -> None:
    museum = Museum([record(i, department=name) for i, name in enumerate(DEPARTMENTS.values(), start=1)])
    assert len(searched_ids(museum, ())[0]) == 19


def test_a_blank_classification_cannot_be_searched_for() -> None:
    museum = Museum([record(1, classification=""), record(2)])
    rule = CandidateRule(departments=("Asian Art",), classifications=("", "Paintings"))
    assert searched_ids(museum, (rule,))[0] == {1, 2}


class Unending:
    """Answers that announce more than they give, whatever is asked; `new` answers an id that was not there yet."""

    def __init__(self, total: int, *, new: bool) -> None:
        self.total, self.new, self.requests = total, new, 0

    def __call__(self, path: str) -> dict[str, Any]:
        self.requests += 1
        assert self.requests < 1000, path
        return {"total": self.total, "objectIDs": [self.requests if self.new else 1]}


@pytest.mark.parametrize(
    ("total", "new", "requests"),
    [(10_001, False, 40), (10_000, False, 5), (10_001, True, 950), (10_000, True, 410), (2_000_000, False, 40)],
)
def test_a_search_without_progress_ends(total: int, new: bool, requests: int) -> None:
    museum = Unending(total, new=new)
    ids, missed = searched_ids(museum, (PAINTINGS,))
    assert museum.requests <= requests
    assert missed > len(ids)


def test_listing() -> None:
    museum = Museum([record(1), record(2)])
    assert listed_ids(museum) == {1, 2}
    listed_ids(museum, since="2026-01-01")
    assert museum.requested == ["/v1/objects", "/v1/objects?metadataDate=2026-01-01"]


def test_answers_are_remembered_until_forgotten(client, tmp_path: Path) -> None:  # noqa: ANN001 - of conftest
    ids = answer(b'{"total": 5, "objectIDs": [1, 2, -3, "4", true]}')
    with server(ids) as (url, times), FetchState(tmp_path) as state:
        for _ in range(2):
            answered = asker(client(url), state)("/v1/objects")
            assert (answered["total"], answered["objectIDs"]) == (5, [1, 2])
        assert len(times) == 1
        state.forget_facts("answer ")
        asker(client(url), state)("/v1/objects")
        assert len(times) == 2


def test_null_is_no_ids(client, tmp_path: Path) -> None:  # noqa: ANN001
    with server(answer(b'{"total": 0, "objectIDs": null}')) as (url, _), FetchState(tmp_path) as state:
        assert asker(client(url), state)("/x")["objectIDs"] == []


def test_old_answers_are_asked_for_again(client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN001
    now = time.time()
    with server(answer(b'{"total": 0, "objectIDs": null}')) as (url, times), FetchState(tmp_path) as state:
        asker(client(url), state)("/x")
        monkeypatch.setattr(time, "time", lambda: now + 8 * 24 * 3600)
        asker(client(url), state)("/x")
        assert len(times) == 2


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (answer(b"[]"), "a body without a list of ids"),
        (answer(b'{"total": "many", "objectIDs": []}'), "a body without a list of ids"),
        (answer(b'{"total": 500000, "objectIDs": [1]}'), "a list of 1 ids instead of 500000"),
        *((answer(b'{"total": %b, "objectIDs": [1]}' % total), says) for total, says in TOTALS.items()),
        (answer(b'{"total": 1, "objectIDs": ' + b"[" * 99_999), "a body that is not JSON"),
        (answer(b"<html>", "503 No"), "status 503"),
        (answer(b'"Invalid metadataDate"', "400 Bad Request"), "status 400 instead of ids"),
        (answer(b"", "410 Gone"), "status 410 instead of ids"),
    ],
)
def test_no_ids_end_in_one_sentence(client, tmp_path: Path, reply: bytes, says: str) -> None:  # noqa: ANN001
    with server(reply) as (url, _), FetchState(tmp_path) as state:
        with pytest.raises(UserError, match=says) as caught:
            asker(client(url), state)("/v1/objects")
        assert f"{url}/v1/objects" in str(caught.value)
