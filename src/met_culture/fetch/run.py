"""One fetch: choose the objects, print the plan, fetch what is missing, and build the outputs."""

import json
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from met_culture.common.progress import progress
from met_culture.common.terminal import print_note
from met_culture.fetch.api_source import ApiSource
from met_culture.fetch.catalogue import changed_ids, choose
from met_culture.fetch.catalogue_api import is_fresh
from met_culture.fetch.download import Download, Refresh
from met_culture.fetch.outputs import build
from met_culture.fetch.params import FetchParams
from met_culture.fetch.sources import Location, Source, open_source
from met_culture.fetch.state import FetchState
from met_culture.web.url_policy import is_loopback

IMAGE_BYTES = 130_000  # of the museum's `web-large` images, on average
IMAGE_S = 1.0  # seconds for one image; measured: ten threads download eight images a second
NO_CONTACT = "no contact given)"  # end of the default fetch.user_agent


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds > 2 * 3600 else f"{max(1, round(seconds / 60))} min"


def plan(params: FetchParams, chosen: int, records: int, images: int) -> str:
    """Return a text that says which requests will be sent, and how long they take.

    Args:
        params: Request rate and parallelism.
        chosen: Number of objects.
        records: Number of records to request.
        images: Number of known images to download; each new record may name one more.
    """
    downloads = records + images
    seconds = max(records / params.requests_per_second, downloads * IMAGE_S / params.parallel_images)
    return (
        f"{chosen:,} objects. To send: {records:,} requests to the API, {params.requests_per_second:g} a second; "
        f"at most {downloads:,} to the image hosts, {params.parallel_images} at a time, "
        f"{downloads * IMAGE_BYTES / 1e6:,.0f} MB. About {_duration(seconds)}."
    )


def _print_plan(params: FetchParams, chosen: int, records: int, images: int) -> None:
    if params.source != "met":
        print_note(f"fetch: {chosen:,} objects from {params.source}; no request is sent to the museum")
        return
    print_note(f"fetch: {plan(params, chosen, records, images)}")
    if params.user_agent.endswith(NO_CONTACT) and not is_loopback(params.api):
        print_note("fetch: set fetch.user_agent to an address where the museum can complain")


def _refresh(source: Source, state: FetchState, params: FetchParams) -> Refresh:
    """Return which records may have changed; a refresh that was stopped within a day continues."""
    if not (params.since and isinstance(source, ApiSource)):
        return Refresh()
    refresh = state.stored_answer(f"refresh {params.since}")
    first_run = refresh.get("first_run")
    if not (isinstance(first_run, int) and is_fresh(refresh.get("began"))):
        first_run = state.run
        state.write_fact(f"refresh {params.since}", json.dumps({"first_run": first_run, "began": time.time()}))
    return Refresh(changed_ids(source.client, state, params.since), first_run)


def _download(download: Download, ids: list[int], refresh: Refresh) -> None:
    try:
        download.run(ids, refresh)
    except KeyboardInterrupt:
        done = download.progress_bar.n
        download.progress_bar.close()
        print_note(f"fetch: stopped after {done} of {len(ids)} objects; run again to continue")
        raise


def fetch(source: Source, state: FetchState, params: FetchParams, out: Path | None) -> dict[str, Any] | None:
    """Fetch, and build the outputs in `out`; if it is None, only print the plan.

    Returns:
        The metrics, or None without `out`.
    """
    ids, choice = choose(source, state, params)
    refresh = _refresh(source, state, params)
    state.set_wanted(ids)
    _print_plan(params, len(ids), *state.count_missing(refresh.outdated, refresh.first_run))
    if out is None:
        return None
    bar: tqdm[Any] = progress(None, "fetch", "objects", total=len(ids))
    with bar:
        _download(Download(source, state, params.rules, bar, skip_refused=params.is_image_list), ids, refresh)
    counts = build(state, params.rules, out)
    state.forget_facts("answer ")  # the next fetch requests the catalogue again
    state.forget_facts("refresh ")
    return choice | counts | {"without_answer": state.count_failures()}


def fetch_location(params: FetchParams, location: Location, out: Path | None) -> dict[str, Any] | None:
    """Open the state and the source of a location, fetch as `fetch` does, and log it.

    Returns:
        The metrics, or None without `out`.
    """
    started = time.monotonic()
    # The state is opened first: a second fetch fails there, and does not wait for the rate limit of the first.
    with FetchState(location.state) as state, open_source(params, location) as source:
        metrics = fetch(source, state, params, out)
        if metrics is not None:
            seconds = time.monotonic() - started
            state.log(f"{location.name}: {source.summary()}, {seconds:.1f} s, {metrics['statuses']}")
    return metrics
