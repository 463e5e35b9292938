"""The six catalogues of all objects. One of them is read before any record is requested.

search: the API's search, one request for up to 500 ids. listing: every id that the API lists, as in the article.
csv: MetObjects.csv, so that only candidates cost a request. dump: a bulk file of whole records, which needs no request.
images: a list of images with their labels, which needs none either. ids: a list of objectIDs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.fetch.bulk_file import bulk_file, local_file
from met_culture.fetch.candidates import is_candidate, subset
from met_culture.fetch.catalogue_api import asker, listed_ids, searched_ids
from met_culture.fetch.catalogue_file import RULE_KEYS, csv_records, dump_records
from met_culture.fetch.folder import FolderSource
from met_culture.fetch.id_list import listed_objects
from met_culture.fetch.image_list import ImageList
from met_culture.fetch.params import FILES, FetchParams
from met_culture.fetch.sources import Source
from met_culture.fetch.state import FetchState
from met_culture.web.client import Client

BATCH = 1000  # records of a dump that are stored together


@dataclass(frozen=True)
class Catalogue:
    """The ids that a catalogue names, the counts for the metrics, and what stores its own records of chosen ids."""

    ids: set[int]
    counts: dict[str, int] = field(default_factory=dict)
    store: Callable[[FetchState, set[int]], None] | None = None


def choose(source: Source, state: FetchState, params: FetchParams) -> tuple[list[int], dict[str, object]]:
    """Return the ids to fetch, ascending, and metrics that describe the choice.

    Of a museum folder, and of the sample, all objects are fetched, because that costs no request; a list of ids alone
    chooses among those of a folder, too.

    Raises:
        UserError: The catalogue cannot be read, or names no object.
    """
    if isinstance(source, FolderSource):
        if params.catalog == "ids":
            return _limited("ids", params.catalog_file, _listed(local_file(params)), params)
        return _limited("folder", str(source.folder), Catalogue(source.ids()), params)
    client = source.client
    named = params.catalog_file if params.catalog in FILES else f"{client.api}, {params.catalog}"
    catalogue = _CATALOGUES[params.catalog](client, state, params)
    ids, metrics = _limited(params.catalog, named, catalogue, params)
    if catalogue.store:
        catalogue.store(state, set(ids))
    return ids, metrics


def _limited(
    catalog: str, named: str | None, catalogue: Catalogue, params: FetchParams
) -> tuple[list[int], dict[str, object]]:
    if not catalogue.ids:
        advice = "check it and fetch.candidates" if params.rules else "check it"
        raise UserError(f"the catalogue ({named}) names no object to fetch; {advice}.")
    ids = subset(catalogue.ids, params.limit, params.limit_seed)
    return ids, {"catalog": catalog, "candidates": len(catalogue.ids), **catalogue.counts, "asked": len(ids)}


def changed_ids(client: Client, state: FetchState, since: str) -> set[int]:
    """Return the ids whose stored record may be outdated: changed since a date, no longer listed, or listed again."""
    ask = asker(client, state)
    changed, listed = listed_ids(ask, since=since), listed_ids(ask)
    unlisted = set(state.records.ids(gone=False)) - listed
    back = set(state.records.ids(gone=True)) & listed
    return changed | unlisted | back


def _search(client: Client, state: FetchState, params: FetchParams) -> Catalogue:
    ids, missed = searched_ids(asker(client, state), params.candidates)
    return Catalogue(ids, {"missed_by_search": missed})


def _listing(client: Client, state: FetchState, params: FetchParams) -> Catalogue:
    del params
    return Catalogue(listed_ids(asker(client, state)))


def _csv(client: Client, state: FetchState, params: FetchParams) -> Catalogue:
    ids, rows, skipped = set(), 0, 0
    for row in progress(csv_records(bulk_file(client, state, params)), "catalogue", "rows"):
        rows += 1
        if row is None:
            skipped += 1
        elif is_candidate(row, params.candidates):
            ids.add(row["objectID"])
    return Catalogue(ids, _row_counts(rows, skipped))


def _row_counts(rows: int, skipped: int) -> dict[str, int]:
    return {"rows": rows, "rows_skipped": skipped} if skipped else {"rows": rows}


def _dump(client: Client, state: FetchState, params: FetchParams) -> Catalogue:
    ids, rows = set(), 0
    file = bulk_file(client, state, params)
    for record in progress(dump_records(file, RULE_KEYS), "catalogue", "records"):
        rows += 1
        if is_candidate(record, params.candidates):
            ids.add(record["objectID"])
    return Catalogue(ids, {"rows": rows}, partial(_store_dump, file))


def _images(client: Client, state: FetchState, params: FetchParams) -> Catalogue:
    images = ImageList(bulk_file(client, state, params), params.image_column, params.label_column)
    return Catalogue(images.ids, _row_counts(images.rows, images.skipped), images.store)


def _ids(client: Client, state: FetchState, params: FetchParams) -> Catalogue:
    return _listed(bulk_file(client, state, params))


def _listed(file: Path) -> Catalogue:
    ids, rows = listed_objects(file)
    return Catalogue(ids, {"rows": rows})


_CATALOGUES: dict[str, Callable[[Client, FetchState, FetchParams], Catalogue]] = {
    "search": _search,
    "listing": _listing,
    "csv": _csv,
    "dump": _dump,
    "images": _images,
    "ids": _ids,
}


def _store_dump(file: Path, state: FetchState, chosen: set[int]) -> None:
    """Store the chosen records of a dump like answers of the API."""
    records = progress(dump_records(file), "dump", "records")
    wanted = (record for record in records if record["objectID"] in chosen)
    while batch := list(islice(wanted, BATCH)):
        with state.transaction():
            for record in batch:
                state.records.store(record["objectID"], record)
