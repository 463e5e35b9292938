"""The ways to learn which objects there are, before any of them is asked for.

search: the API's search, a request for some hundred ids. listing: every id that the API lists, the article's way.
csv: MetObjects.csv chooses, so that only candidates cost a request. dump: a bulk file holds the records themselves, and
the API is not asked at all.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from met_culture.candidates import is_candidate, subset
from met_culture.catalogue_api import asker, listed_ids, searched_ids
from met_culture.catalogue_file import csv_records, dump_records
from met_culture.client import Client
from met_culture.command import UserError
from met_culture.download import settle_record
from met_culture.hosts import FetchError
from met_culture.params import FetchParams
from met_culture.paths import main_checkout
from met_culture.scratch import Scratch

MAX_FILE = 8_000_000_000  # bytes; MetObjects.csv has 317 MB


def choose(client: Client, scratch: Scratch, params: FetchParams) -> tuple[list[int], dict[str, object]]:
    """Return the ids to fetch, ascending, and what is to be known of how they were chosen.

    Everything of a museum folder and of the sample is wanted, as it costs nothing there.

    Raises:
        UserError: The catalogue cannot be read, or names no object.
    """
    catalog = params.catalog if params.source == "met" else "folder"
    ids = _WAYS[catalog](client, scratch, params)
    if not ids:
        raise UserError(f"the catalogue ({catalog}) names no object to fetch; check fetch.source and fetch.candidates.")
    chosen = subset(ids, params.limit, params.limit_seed)
    return chosen, {"catalog": catalog, "candidates": len(ids), "asked": len(chosen)}


def changed_ids(client: Client, scratch: Scratch, since: str) -> set[int]:
    """Return the ids that may differ from what is remembered: changed since a date, or no longer listed."""
    ask = asker(client, scratch)
    changed, listed = listed_ids(ask, since=since), listed_ids(ask)
    return changed | {each for each in scratch.object_ids() if each not in listed}


def _search(client: Client, scratch: Scratch, params: FetchParams) -> set[int]:
    return searched_ids(asker(client, scratch), params.candidates)


def _listing(client: Client, scratch: Scratch, params: FetchParams) -> set[int]:
    del params
    return listed_ids(asker(client, scratch))


def _csv(client: Client, scratch: Scratch, params: FetchParams) -> set[int]:
    rows = csv_records(_catalog_file(client, scratch, params))
    return {row["objectID"] for row in rows if is_candidate(row, params.candidates)}


def _dump(client: Client, scratch: Scratch, params: FetchParams) -> set[int]:
    return set(_settled(client, scratch, params))


def _settled(client: Client, scratch: Scratch, params: FetchParams) -> Iterator[int]:
    for record in dump_records(_catalog_file(client, scratch, params)):
        if is_candidate(record, params.candidates):
            settle_record(scratch, client.api, record["objectID"], record)
            yield record["objectID"]


_WAYS: dict[str, Callable[[Client, Scratch, FetchParams], set[int]]] = {
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
    file, key = scratch.folder / "catalog", f"answer {name}"  # forgotten when the fetch has ended
    if scratch.fact(key) and file.exists():
        return file
    known = scratch.fact(f"catalog {name}") if file.exists() else None
    half = scratch.folder / ".catalog"
    try:
        status, etag = client.get_file(name, half, max_bytes=MAX_FILE, etag=known)
    except FetchError as error:
        raise UserError(f"fetch.catalog_file: {name}: {error}.") from None
    if status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        raise UserError(f"fetch.catalog_file: {name} answered status {status}; check the address.")
    if status == HTTPStatus.OK:
        scratch.forget_facts("catalog ")
        half.replace(file)
        scratch.write_fact(f"catalog {name}", etag or "")
    scratch.write_fact(key, "here")
    return file
