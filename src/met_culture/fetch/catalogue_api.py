"""Get the ids of objects from the API: from its search, or from its listing of every id."""

import json
import time
from collections.abc import Callable
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
SHORT_PAGE = 50  # ids of a page on average, at least; a server of shorter pages is not followed to the end
MAX_TOTAL = 2_000_000  # ids that an answer may announce; the museum has some 500,000
WINDOW = 10_000  # ids of one search; past it the API answers null
# Requests for each full window of a search's total, at most: 20 pages, and 2 for each of 19 halvings down to one year;
# twice as many, because objects with long dates are in several ranges.
WINDOW_REQUESTS = 120
# Years that cut the collection into parts; most fit the window, and the others are halved further.
YEARS = (-400_000, -3_000, -1_000, 0, 1000, 1500, 1600, 1700, 1750, 1800, 1850, 1880, 1900, 1925, 1950, 1975, 2100)
FRESH_S = 24 * 3600.0  # seconds for which a fetch that was stopped uses an answer again
TOLERANCE = 0.01  # fraction of its total that a search may lack; beyond it, the department is listed, too

Ask = Callable[[str], dict[str, Any]]  # takes a path with its query, returns a dict with `total` and `objectIDs`


def is_fresh(seconds: object) -> bool:
    """Return whether a stored time, in seconds since 1970, is so late that its answer can be used again."""
    return isinstance(seconds, int | float) and time.time() - seconds < FRESH_S


def asker(client: Client, state: FetchState) -> Ask:
    """Return a function that requests ids from the API, and stores the answers until the fetch has ended.

    Raises:
        UserError: (the function) No answer with a list of ids, after the retries.
    """

    def ask(path: str) -> dict[str, Any]:
        stored = state.stored_answer(f"answer {path}")
        if is_fresh(stored.get("at")) and isinstance(stored.get("objectIDs"), list):
            return stored
        try:
            status, body = client.get_api(path, max_bytes=MAX_LISTING, check=partial(_fault, path))
        except FetchError as error:
            raise UserError(f"{client.api}{path}: {error}; check fetch.api and the network, then run again.") from None
        if body is None:
            raise UserError(f"{client.api}{path} answered status {status} instead of ids; check fetch.api.")
        answer = {"total": body["total"], "objectIDs": _valid_ids(body["objectIDs"]), "at": time.time()}
        state.write_fact(f"answer {path}", json.dumps(answer))
        return answer

    return ask


def _valid_ids(ids: list[Any] | None) -> list[int]:
    # type() and not isinstance, because a bool is an int.
    return [number for number in ids or [] if type(number) is int and 0 < number <= MAX_ID]


def _fault(path: str, body: Any) -> str | None:  # noqa: ANN401 - what JSON holds
    """Return what is wrong with an answer; None if it is a list of ids."""
    has_total = isinstance(body, dict) and type(body.get("total")) is int
    if not has_total or not isinstance(body.get("objectIDs"), list | None):
        return "a body without a list of ids"
    if not 0 <= body["total"] <= MAX_TOTAL:
        return f"a total that is not between 0 and {MAX_TOTAL:,}"
    listed = len(body["objectIDs"] or [])
    if path.startswith("/v1/objects") and listed < body["total"] * (1 - TOLERANCE):
        return f"a list of {listed} ids instead of {body['total']}"
    return None


def listed_ids(ask: Ask, *, since: str | None = None) -> set[int]:
    """Return every id of `/v1/objects`, or those whose metadata changed since a date (YYYY-MM-DD)."""
    query = f"?{urlencode({'metadataDate': since})}" if since else ""
    return set(ask("/v1/objects" + query)["objectIDs"])


def searched_ids(ask: Ask, rules: tuple[CandidateRule, ...]) -> tuple[set[int], int]:
    """Return the ids of objects with images that the search gives for the rules, and how many ids it misses.

    The search misses ids if its total is larger than the number of ids on its pages.

    A search with more ids than its window is cut by date. If it still lacks more than `TOLERANCE` of its total, and
    the whole department is wanted, the department's listing is added. If only a part is wanted, the ids stay missing,
    because the listing would cost a request for every object of the department.
    """
    ids: set[int] = set()
    missed = 0
    for department, terms in progress(_searches(rules), "catalogue", "searches"):
        matching, total = _search(ask, {"hasImages": "true", "departmentId": department, **terms})
        if len(matching) < total * (1 - TOLERANCE) and terms == {"q": "*"}:
            matching |= set(ask(f"/v1/objects?departmentIds={department}")["objectIDs"])
        missed += max(0, total - len(matching))
        ids |= matching
    return ids, missed


def _searches(rules: tuple[CandidateRule, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return the department's id and the filters of every search."""
    searches = []
    for rule in rules or (CandidateRule(),):
        for department, name in DEPARTMENTS.items():
            if not rule.departments or name in rule.departments:
                searches += [(department, terms) for terms in _terms(rule)]
    return searches


def _terms(rule: CandidateRule) -> list[dict[str, str]]:
    """Return the filters of the searches that cover a rule; they may give more, so their records are checked."""
    if rule.classifications and "" not in rule.classifications:  # the search cannot look for a blank one
        # The search names the classification `medium`, and matches it exactly.
        return [{"q": "*", "medium": classification} for classification in rule.classifications]
    if rule.object_names:
        return [{"q": name} for name in rule.object_names]
    return [{"q": "*"}]


def _search(ask: Ask, filters: dict[str, object]) -> tuple[set[int], int]:
    """Return the ids of a search, which is cut by date if it exceeds its window, and the total that it announces."""
    ids, total, _ = _pages(ask, filters, WINDOW)
    return (ids | _dated(ask, filters, ids, total) if total > WINDOW else ids), total


def _dated(ask: Ask, filters: dict[str, object], known: set[int], total: int) -> set[int]:
    """Return the ids of a search by ranges of years, each of which is halved until it fits the window.

    The number of requests is bounded by the total. A range that brings no new id although it is as large as the range
    that it is a part of is not halved: the server ignores the dates.

    Args:
        ask: As `asker` returns it.
        filters: Of the search.
        known: Ids that are known already.
        total: Number of ids that the search announces.
    """
    ids = set(known)
    ranges = [(first, last, total) for first, last in reversed(list(pairwise(YEARS)))]
    allowed = len(ranges) + WINDOW_REQUESTS * (total // WINDOW + 1)
    while ranges and allowed > 0:
        first, last, outer_total = ranges.pop()
        limit = WINDOW if first < last else MAX_TOTAL  # one year cannot be cut
        page_ids, range_total, pages = _pages(ask, filters | {"dateBegin": first, "dateEnd": last}, limit)
        if range_total > limit and (range_total < outer_total or not page_ids <= ids):
            middle = (first + last) // 2
            ranges += [(middle + 1, last, range_total), (first, middle, range_total)]
        ids |= page_ids
        allowed -= pages
    return ids


def _pages(ask: Ask, filters: dict[str, object], limit: int) -> tuple[set[int], int, int]:
    """Return the ids of a search, its total, and the number of requests.

    If the total exceeds `limit`, only the first page is asked for. A page that brings no new id is the last one.
    """
    ids: set[int] = set()
    offset = total = pages = 0
    while offset == 0 or (offset < min(total, WINDOW) and total <= limit and pages * SHORT_PAGE <= total):
        page = ask("/v1.1/search?" + urlencode(filters | {"offset": offset, "limit": PAGE}))
        total = page["total"]
        pages += 1
        if ids.issuperset(page["objectIDs"]):
            break
        offset += len(page["objectIDs"])
        ids |= set(page["objectIDs"])
    return ids, total, pages
