"""Ask the API itself which objects there are: its search, or its listing of every id."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.fetch.departments import DEPARTMENTS
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.records import MAX_ID
from met_culture.fetch.state import FetchState
from met_culture.web.client import Client
from met_culture.web.errors import FetchError

MAX_LISTING = 64_000_000  # bytes; the museum's list of 500,000 ids takes 3.4 MB
PAGE = 500  # ids of a page of the search, at most
WINDOW = 10_000  # ids of one search; past it the API answers null
# Years that cut the collection into parts of which few are over the window; those are halved further.
YEARS = (-400_000, -3_000, -1_000, 0, 1000, 1500, 1600, 1700, 1750, 1800, 1850, 1880, 1900, 1925, 1950, 1975, 2100)
FRESH_S = 24 * 3600.0  # for which an answer serves a fetch that was stopped and continues
TOLERANCE = 0.01  # share of its own total that a search may keep back before the department is listed instead

Ask = Callable[[str], dict[str, Any]]  # from a path and query to a dict with `total` and `objectIDs`


def asker(client: Client, state: FetchState) -> Ask:
    """Return a function that asks the API for ids, and remembers the answers until the fetch has ended.

    Raises:
        UserError: (the function) No answer with a list of ids, after the retries.
    """

    def ask(path: str) -> dict[str, Any]:
        known = json.loads(state.fact(f"answer {path}") or "{}")
        if known and time.time() - known["at"] < FRESH_S:
            return known
        try:
            status, body = client.get_api(path, max_bytes=MAX_LISTING, check=partial(_wrong_ids, path))
        except FetchError as error:
            raise UserError(f"{client.api}{path}: {error}; check fetch.api and the network, then run again.") from None
        if body is None:
            raise UserError(f"{client.api}{path} answered status {status} instead of ids; check fetch.api.")
        ids = [each for each in body["objectIDs"] or [] if type(each) is int and 0 < each <= MAX_ID]
        answer = {"total": max(body["total"], 0), "objectIDs": ids, "at": time.time()}
        state.write_fact(f"answer {path}", json.dumps(answer))
        return answer

    return ask


def _wrong_ids(path: str, body: Any) -> str | None:  # noqa: ANN401 - what JSON holds
    good = isinstance(body, dict) and type(body.get("total")) is int
    if not good or not isinstance(body.get("objectIDs"), list | None):
        return "a body without a list of ids"
    listed = len(body["objectIDs"] or [])
    if path.startswith("/v1/objects") and listed < body["total"] * (1 - TOLERANCE):
        return f"a list of {listed} ids instead of {body['total']}"
    return None


def listed_ids(ask: Ask, *, since: str | None = None) -> set[int]:
    """Return every id of `/v1/objects`, or those whose metadata changed since a date (YYYY-MM-DD)."""
    return set(ask("/v1/objects" + (f"?{urlencode({'metadataDate': since})}" if since else ""))["objectIDs"])


def searched_ids(ask: Ask, rules: tuple[CandidateRule, ...]) -> tuple[set[int], int]:
    """Return the ids that the search has for the rules, with images, and how many more it said that it has.

    A search that has more than fit its window is cut by date. One that still keeps back more than `TOLERANCE` of its
    total is joined with the department's listing, if all of the department is wanted; otherwise it is left at that, as
    the listing would cost a request for every object of the department.
    """
    ids: set[int] = set()
    missed = 0
    for number, terms in progress(_searches(rules), "catalogue", "searches"):
        found, total = _search(ask, {"hasImages": "true", "departmentId": number, **terms})
        if len(found) < total * (1 - TOLERANCE) and terms == {"q": "*"}:
            found |= set(ask(f"/v1/objects?departmentIds={number}")["objectIDs"])
        missed += max(0, total - len(found))
        ids |= found
    return ids, missed


def _searches(rules: tuple[CandidateRule, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return department and filters of every search."""
    return [
        (number, terms)
        for rule in rules or (CandidateRule(),)
        for number, name in DEPARTMENTS.items()
        if not rule.departments or name in rule.departments
        for terms in _terms(rule)
    ]


def _terms(rule: CandidateRule) -> Iterator[dict[str, str]]:
    """Yield the filters of the searches that together hold what a rule wants; the records are checked again."""
    if rule.classifications and "" not in rule.classifications:  # a blank one cannot be searched for
        # `medium` is how the search calls the classification; it matches one, exactly.
        yield from ({"q": "*", "medium": each} for each in rule.classifications)
    elif rule.object_names:
        yield from ({"q": name} for name in rule.object_names)
    else:
        yield {"q": "*"}


def _search(ask: Ask, filters: dict[str, object]) -> tuple[set[int], int]:
    """Return the ids of a search, cut by date where it has more than its window, and the total that it names."""
    found, total = _pages(ask, filters, WINDOW)
    if total > WINDOW:
        for first, last in pairwise(YEARS):
            found |= _dated(ask, filters, first, last)
    return found, total


def _dated(ask: Ask, filters: dict[str, object], first: int, last: int) -> set[int]:
    # What was made over many years is in several parts; a year cannot be cut.
    most = WINDOW if first < last else sys.maxsize
    found, total = _pages(ask, filters | {"dateBegin": first, "dateEnd": last}, most)
    if total > most:
        middle = (first + last) // 2
        found |= _dated(ask, filters, first, middle) | _dated(ask, filters, middle + 1, last)
    return found


def _pages(ask: Ask, filters: dict[str, object], most: int) -> tuple[set[int], int]:
    """Return the ids of a search and its total; of more than `most`, which is going to be cut, only the first page."""
    found: set[int] = set()
    offset = total = 0
    while offset == 0 or offset < total <= most:
        page = ask("/v1.1/search?" + urlencode(filters | {"offset": offset, "limit": PAGE}))
        if not page["objectIDs"]:
            return found, page["total"]
        total, offset = page["total"], offset + len(page["objectIDs"])
        found |= set(page["objectIDs"])
    return found, total
