import pytest
from support import record

from met_culture.fetch.departments import DEPARTMENTS
from met_culture.museum.search import matches

WORK = record(
    1, title="Pines", culture="Japan", medium="Ink on silk", objectBeginDate=1600, objectEndDate=1650, country="Edo"
)


def test_nineteen_departments() -> None:
    assert len(DEPARTMENTS) == 19
    assert {DEPARTMENTS[1], DEPARTMENTS[6], DEPARTMENTS[14]} == {"The American Wing", "Asian Art", "Islamic Art"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "pines"}, True),
        ({"q": "silk"}, True),
        ({"q": "silk", "title": "true"}, False),
        ({"q": "japan", "artistOrCulture": "true"}, True),
        ({"q": "*"}, True),
        ({"departmentId": "6"}, True),
        ({"departmentId": "1"}, False),
        ({"medium": "Paintings"}, True),
        ({"medium": "Prints|Paintings"}, True),
        ({"medium": "Painting"}, False),
        ({"hasImages": "true"}, True),
        ({"isHighlight": "true"}, False),
        ({"isHighlight": "True"}, True),  # mis-cased filters are dropped silently, as at the museum
        ({"dateBegin": "1640", "dateEnd": "1700"}, True),
        ({"dateBegin": "1651", "dateEnd": "1700"}, False),
        ({"dateBegin": "-100", "dateEnd": "1599"}, False),
        ({"geoLocation": "Edo|Kyoto"}, True),
        ({"geoLocation": "Paris"}, False),
        ({"nonsense": "x"}, True),
        ({"departmentId": "9" * 5000, "dateBegin": "1" * 5000, "dateEnd": "2"}, True),
    ],
)
def test_filters(query: dict[str, str], expected: bool) -> None:
    assert matches(WORK, query) is expected


def test_has_images_asks_for_the_small_image() -> None:
    assert not matches(record(1, primaryImageSmall=""), {"hasImages": "true"})


@pytest.mark.parametrize(("begin", "expected"), [("1600", True), (None, True), ("about", True), (1700.0, False)])
def test_an_odd_year_is_searched_as_fetch_stores_it(begin: object, expected: bool) -> None:
    work = WORK | {"objectBeginDate": begin}
    assert matches(work, {"dateBegin": "1500", "dateEnd": "1650"}) is expected
