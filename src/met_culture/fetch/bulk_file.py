"""Find the file that `fetch.catalog_file` names; that of a URL is downloaded once."""

import hashlib
import json
import time
from http import HTTPStatus
from pathlib import Path

from met_culture.common.errors import UserError
from met_culture.common.terminal import print_note
from met_culture.common.user_csv import named_file
from met_culture.fetch.catalogue_api import is_fresh
from met_culture.fetch.catalogue_file import KEY
from met_culture.fetch.params import FetchParams
from met_culture.fetch.state import FetchState
from met_culture.web.client import Client
from met_culture.web.errors import FetchError

MAX_FILE = 8_000_000_000  # bytes; MetObjects.csv has 317 MB


def local_file(params: FetchParams) -> Path:
    """Return the path that `fetch.catalog_file` names."""
    return named_file(KEY, params.catalog_file or "")


def bulk_file(client: Client, state: FetchState, params: FetchParams) -> Path:
    """Return the bulk file; that of a URL is downloaded into the state folder if it has changed there."""
    name = params.catalog_file or ""  # params has checked that it is set
    if not name.startswith(("https://", "http://")):
        return local_file(params)
    file = state.folder / f"catalog-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    key = f"answer {name}"  # forgotten when the fetch has ended
    if not (file.exists() and is_fresh(state.stored_answer(key).get("at"))):
        _download_catalog(client, state, name, file)
        state.write_fact(key, json.dumps({"at": time.time()}))
    return file


def _download_catalog(client: Client, state: FetchState, url: str, file: Path) -> None:
    """Download the bulk file of a URL, unless the local copy is up to date."""
    etag = state.fact(f"catalog {url}") if file.exists() else None
    partial = file.with_name(f".{file.name}")
    print_note(f"fetch: reading {url}")
    try:
        status, new_etag = client.get_file(url, partial, max_bytes=MAX_FILE, etag=etag)
    except FetchError as error:
        raise UserError(f"fetch.catalog_file: {url}: {error}; check the address and the network.") from None
    if status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        raise UserError(f"fetch.catalog_file: {url} answered status {status}; check the address.")
    if status == HTTPStatus.OK:
        partial.replace(file)
        state.write_fact(f"catalog {url}", new_etag or "")
