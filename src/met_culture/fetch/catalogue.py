"""The ways to learn which objects there are, before any of them is asked for.

search: the API's search, a request for some hundred ids. listing: every id that the API lists, the article's way.
csv: MetObjects.csv chooses, so that only candidates cost a request. dump: a bulk file holds the records themselves, and
the API is not asked at all.
"""

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from itertools import islice
from pathlib import Path

from met_culture.common.errors import UserError
from met_culture.common.paths import main_checkout
from met_culture.common.progress import progress
from met_culture.fetch.candidates import is_candidate, subset
from met_culture.fetch.catalogue_api import FRESH_S, asker, listed_ids, searched_ids
from met_culture.fetch.catalogue_file import CHOOSING, csv_records, dump_records
from met_culture.fetch.download import settle_record
from met_culture.fetch.params import FetchParams
from met_culture.fetch.state import Scratch
from met_culture.web.client import Client
from met_culture.web.url_policy import FetchError

BATCH = 1000  # records of a dump that are remembered together
MAX_FILE = 8_000_000_000  # bytes; MetObjects.csv has 317 MB


def choose(client: Client, scratch: Scratch, params: FetchParams) -> tuple[list[int], dict[str, object]]:
    """Return the ids to fetch, ascending, and what is to be known of how they were chosen.

    Everything of a museum folder and of the sample is wanted, as it costs nothing there.

    Raises:
        UserError: The catalogue cannot be read, or names no object.
    """
    catalog = params.catalog if params.source == "met" else "folder"
    coverage: Counter[str] = Counter()
    ids = _WAYS[catalog](client, scratch, params, coverage)
    if not ids:
        named = params.catalog_file if catalog in ("csv", "dump") else f"{client.api}, {catalog}"
        raise UserError(f"the catalogue ({named}) names no object to fetch; check it and fetch.candidates.")
    chosen = subset(ids, params.limit, params.limit_seed)
    if catalog == "dump":
        _settle_dump(client, scratch, params, set(chosen))
    return chosen, {"catalog": catalog, "candidates": len(ids), **coverage, "asked": len(chosen)}


def changed_ids(client: Client, scratch: Scratch, since: str) -> set[int]:
    """Return the ids that may differ from what is remembered: changed since a date, no longer listed, or back again."""
    ask = asker(client, scratch)
    changed, listed = listed_ids(ask, since=since), listed_ids(ask)
    unlisted = {each for each in scratch.object_ids(gone=False) if each not in listed}
    return changed | unlisted | {each for each in scratch.object_ids(gone=True) if each in listed}


def _search(client: Client, scratch: Scratch, params: FetchParams, coverage: Counter[str]) -> set[int]:
    ids, missed = searched_ids(asker(client, scratch), params.candidates)
    coverage["missed_by_search"] = missed
    return ids


def _listing(client: Client, scratch: Scratch, params: FetchParams, coverage: Counter[str]) -> set[int]:
    del params, coverage
    return listed_ids(asker(client, scratch))


def _csv(client: Client, scratch: Scratch, params: FetchParams, coverage: Counter[str]) -> set[int]:
    rows = progress(csv_records(_catalog_file(client, scratch, params)), "catalogue", "rows")
    ids = set()
    for row in rows:
        coverage["rows"] += 1
        if row is None:
            coverage["rows_skipped"] += 1
        elif is_candidate(row, params.candidates):
            ids.add(row["objectID"])
    return ids


def _dump(client: Client, scratch: Scratch, params: FetchParams, coverage: Counter[str]) -> set[int]:
    ids = set()
    for record in progress(dump_records(_catalog_file(client, scratch, params), CHOOSING), "catalogue", "records"):
        coverage["rows"] += 1
        if is_candidate(record, params.candidates):
            ids.add(record["objectID"])
    return ids


def _settle_dump(client: Client, scratch: Scratch, params: FetchParams, chosen: set[int]) -> None:
    """Remember the chosen records of a dump, as if the API had answered them."""
    records = progress(dump_records(_catalog_file(client, scratch, params)), "dump", "records")
    wanted = (record for record in records if record["objectID"] in chosen)
    while batch := list(islice(wanted, BATCH)):
        with scratch.together():
            for record in batch:
                settle_record(scratch, client.api, record["objectID"], record)


_WAYS: dict[str, Callable[[Client, Scratch, FetchParams, Counter[str]], set[int]]] = {
    "folder": _listing,
    "search": _search,
    "listing": _listing,
    "csv": _csv,
    "dump": _dump,
}


def _catalog_file(client: Client, scratch: Scratch, params: FetchParams) -> Path:
    """Return the bulk file; one behind a URL is kept in the scratch folder until the museum has another version."""
    name = params.catalog_file or ""  # params has checked that it is set
    if not name.startswith(("https://", "http://")):
        return main_checkout() / Path(name).expanduser()
    file = scratch.folder / f"catalog-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    key = f"answer {name}"  # forgotten when the fetch has ended
    if file.exists() and time.time() - float(scratch.fact(key) or 0) < FRESH_S:
        return file
    known = scratch.fact(f"catalog {name}") if file.exists() else None
    half = file.with_name(f".{file.name}")
    print(f"fetch: reading {name}", file=sys.stderr)
    try:
        status, etag = client.get_file(name, half, max_bytes=MAX_FILE, etag=known)
    except FetchError as error:
        raise UserError(f"fetch.catalog_file: {name}: {error}; check the address and the network.") from None
    if status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        raise UserError(f"fetch.catalog_file: {name} answered status {status}; check the address.")
    if status == HTTPStatus.OK:
        half.replace(file)
        scratch.write_fact(f"catalog {name}", etag or "")
    scratch.write_fact(key, str(time.time()))
    return file
