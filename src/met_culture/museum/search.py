"""The rules by which the museum's search, `GET /v1.1/search`, matches records."""

from typing import Any

from met_culture.fetch.departments import DEPARTMENTS
from met_culture.fetch.records import coerce

TEXT = ("title", "culture", "artistDisplayName", "medium", "classification", "objectName", "country", "objectDate")
MAX_DIGITS = 20  # of a number in a query; a longer one is ignored
LOCATIONS = ("geographyType", "city", "state", "county", "country", "region", "subregion", "locale")


def _holds(text: str, record: dict[str, Any], keys: tuple[str, ...]) -> bool:
    return any(text.casefold() in str(record.get(key) or "").casefold() for key in keys)


def _searched_keys(query: dict[str, str]) -> tuple[str, ...]:
    if query.get("title") == "true":
        return ("title",)
    if query.get("tags") == "true":
        return ("tags",)
    if query.get("artistOrCulture") == "true":
        return ("artistDisplayName", "culture")
    return TEXT


def _dated(record: dict[str, Any], begin: str, end: str) -> bool:
    first, last = (coerce(key, record.get(key)) or 0 for key in ("objectBeginDate", "objectEndDate"))
    return bool(first <= int(end) and last >= int(begin))


def _is_number(text: str) -> bool:
    return len(text) < MAX_DIGITS and text.removeprefix("-").isdecimal()


def matches(record: dict[str, Any], query: dict[str, str]) -> bool:
    """Return whether a record passes every filter of a search; as at the museum, unknown filters are ignored."""
    text = query.get("q", "").strip("*")
    department = query.get("departmentId", "")
    begin, end = query.get("dateBegin", ""), query.get("dateEnd", "")
    return all(
        (
            not text or _holds(text, record, _searched_keys(query)),
            not _is_number(department) or record.get("department") == DEPARTMENTS.get(int(department), ""),
            query.get("hasImages") != "true" or bool(record.get("primaryImageSmall")),
            "medium" not in query or record.get("classification") in query["medium"].split("|"),
            "geoLocation" not in query
            or any(_holds(location, record, LOCATIONS) for location in query["geoLocation"].split("|")),
            query.get("isHighlight") != "true" or bool(record.get("isHighlight")),
            query.get("isOnView") != "true" or bool(record.get("GalleryNumber")),
            not (_is_number(begin) and _is_number(end)) or _dated(record, begin, end),
        )
    )
