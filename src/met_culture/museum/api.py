"""The answers of the museum's API: the listing, the records, the departments and the search."""

import json
import re
import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from http import HTTPStatus
from typing import Any

from met_culture.fetch.departments import DEPARTMENTS
from met_culture.museum.search import matches

PREFIX = "/public/collection"  # of the museum's own base URL; accepted and not needed
WINDOW = 10_000  # search results past it are null, as at the museum
LIMIT, MAX_LIMIT = 100, 500  # search results on a page: by default, and at most; a larger limit is no error
DATES = {"dateBegin", "dateEnd"}
_OBJECT = re.compile(r"/v1/objects/(\d{1,18})", re.ASCII)

Query = dict[str, str]
_Filters = tuple[tuple[str, str], ...]  # a query as a key of a cache


@dataclass(frozen=True)
class Answer:
    """A whole answer; `more` holds header lines besides type and length, each with its line end."""

    status: int
    content_type: str
    body: bytes
    more: str = ""


def json_answer(content: Any, status: int = HTTPStatus.OK) -> Answer:  # noqa: ANN401 - what JSON holds
    """Return an answer of JSON."""
    return Answer(status, "application/json", json.dumps(content).encode())


def page(status: int, text: str) -> Answer:
    """Return an answer of HTML."""
    return Answer(status, "text/html", f"<html><body>{text}</body></html>".encode())


def _number(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else default


def _filters(query: Query) -> _Filters:
    return tuple(sorted(query.items()))


class MuseumApi:
    """The API of one collection; threads may share it.

    A client asks for one page of a search after another, so the ids of recent searches are kept.
    """

    def __init__(self, records: Mapping[int, dict[str, Any]], is_gone: Callable[[int], bool]) -> None:
        """Answer from `records`; each is read only when a request needs it.

        Args:
            records: By objectID, in the order in which the API lists them.
            is_gone: Whether a listed id no longer has a record.
        """
        self.records, self._is_gone = records, is_gone
        self._lock = threading.RLock()  # so that parallel requests do not do the same search twice
        self._search_ids = lru_cache(maxsize=16)(self._find)
        self._listing = lru_cache(maxsize=8)(self._list)

    def answer(self, path: str, query: Query) -> Answer:
        """Answer a decoded path and its query."""
        path = path.removeprefix(PREFIX)
        if path == "/v1/objects":
            return self.objects(query)
        if match := _OBJECT.fullmatch(path):
            return self.object(int(match[1]))
        if path == "/v1/departments":
            departments = [{"departmentId": key, "displayName": name} for key, name in DEPARTMENTS.items()]
            return json_answer({"departments": departments})
        if path == "/v1.1/search":
            return self.search(query)
        if path == "/v1/search":
            return json_answer({"message": "Gone: use /v1.1/search"}, HTTPStatus.GONE)
        return json_answer({"message": "Not found"}, HTTPStatus.NOT_FOUND)

    def objects(self, query: Query) -> Answer:
        """Answer `/v1/objects`: the ids, of some departments or of all."""
        wanted, since = query.get("departmentIds", ""), query.get("metadataDate", "")
        if wanted and not re.fullmatch(r"\d{1,9}(\|\d{1,9})*", wanted, re.ASCII):
            return page(HTTPStatus.BAD_GATEWAY, "502 Bad Gateway")
        if since and not re.fullmatch(r"\d{4}-\d\d-\d\d", since, re.ASCII):
            return json_answer("invalid metadataDate", HTTPStatus.BAD_REQUEST)
        with self._lock:
            return self._listing(wanted, since)

    def object(self, object_id: int) -> Answer:
        """Answer `/v1/objects/{id}`."""
        record = self.records.get(object_id)
        if record is None:
            return json_answer({"message": "ObjectID not found"}, HTTPStatus.NOT_FOUND)
        if self._is_gone(object_id):
            return json_answer({"message": "Not a valid object"}, HTTPStatus.NOT_FOUND)
        return json_answer(record)

    def other_object(self, path: str) -> Answer:
        """Answer `/v1/objects/{id}` with the record of another object."""
        match = _OBJECT.fullmatch(path.removeprefix(PREFIX))
        requested = int(match[1]) if match else 0
        for object_id in self.records:
            if object_id != requested:
                return json_answer(self.records[object_id])
        return json_answer(self.records.get(requested, {}) | {"objectID": requested + 1})

    def search(self, query: Query) -> Answer:
        """Answer `/v1.1/search`: one page of the matching ids; null past the window."""
        start = _number(query.get("offset", ""), 0)
        count = min(_number(query.get("limit", ""), LIMIT), MAX_LIMIT)
        with self._lock:
            ids = self._search_ids(_filters({key: query[key] for key in query.keys() - {"offset", "limit"}}))
        shown = ids[start : min(start + count, WINDOW)].tolist()
        return json_answer({"total": len(ids), "objectIDs": shown or None})

    @cached_property
    def _departments(self) -> dict[str | None, "array[int]"]:
        ids: dict[str | None, array[int]] = defaultdict(lambda: array("q"))
        for object_id, record in self.records.items():
            if isinstance(name := record.get("department"), str):
                ids[name].append(object_id)
        return dict(ids)

    def _in_departments(self, wanted: str) -> Iterable[int]:
        names = {DEPARTMENTS.get(int(number)) for number in wanted.split("|")}
        return sorted(object_id for name in names for object_id in self._departments.get(name, ()))

    def _list(self, wanted: str, since: str) -> Answer:
        ids: Iterable[int] = self._in_departments(wanted) if wanted else self.records
        if since:
            ids = (number for number in ids if str(self.records[number].get("metadataDate") or "") >= since)
        listed = list(ids)
        return json_answer({"total": len(listed), "objectIDs": listed})

    def _find(self, filters: _Filters) -> "array[int]":
        """Return the matching ids; a narrower search looks only at the ids of a broader one."""
        query = dict(filters)
        broader = {key: query[key] for key in query.keys() - DATES}
        if broader == query:
            broader = {key: query[key] for key in query.keys() & {"departmentId"}}
        if broader == query:
            department = query.get("departmentId", "")
            return array("q", self._in_departments(department) if department.isdecimal() else self.records)
        ids = self._search_ids(_filters(broader))
        return array("q", (number for number in ids if matches(self.records[number], query)))
