"""Stage fetch: records and images from the sample, the museum's API or a museum folder, all over the same HTTP client.

Reads: the source that `fetch.source` names.
Writes: `objects.parquet` (one row per object: the API's 57 columns, and status, reason, image file, sha256, bytes,
width, height), `images/<objectID>.jpg`, `source.json` (what later stages print beside every figure), and the metrics.
Nothing written varies between equal runs; what does goes to `fetch.log` and `report.csv` in the scratch folder.
`--dry-run` says what would be asked, and asks for nothing but the catalogue.

Statuses: ok, no_image (the record names none), image_gone (404), image_refused (not a whole picture, or from a host
that is not allowed), image_failed and record_failed (no answer; `dvc repro --force fetch` asks again), record_gone
(404), record_malformed.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from met_culture.common.cli import path_parser, run
from met_culture.common.config import load
from met_culture.common.files import write_json
from met_culture.common.progress import progress
from met_culture.fetch.catalogue import changed_ids, choose
from met_culture.fetch.catalogue_api import FRESH_S
from met_culture.fetch.download import Download
from met_culture.fetch.outputs import REPORT, build
from met_culture.fetch.params import FetchParams
from met_culture.fetch.sources import open_source
from met_culture.fetch.state import Scratch
from met_culture.web.client import Client
from met_culture.web.url_policy import is_loopback

IMAGE_BYTES = 130_000  # of the museum's `web-large` images, on average
NO_CONTACT = "no contact given)"  # end of the default fetch.user_agent
IMAGE_S = 1.0  # that one takes; ten threads were seen to get eight a second


def _minutes(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds > 2 * 3600 else f"{max(1, round(seconds / 60))} min"


def plan(params: FetchParams, asked: int, records: int, images: int) -> str:
    """Return what is going to be sent and how long it takes.

    Args:
        params: Pace and parallelism.
        asked: Objects that were chosen.
        records: Objects whose record is still to be asked for.
        images: Known images that are still to be downloaded; each new record may name one more.
    """
    downloads = records + images
    seconds = max(records / params.requests_per_second, downloads * IMAGE_S / params.parallel_images)
    return (
        f"{asked:,} objects. To send: {records:,} requests to the API, {params.requests_per_second:g} a second; "
        f"at most {downloads:,} to the image hosts, {params.parallel_images} at a time, "
        f"{downloads * IMAGE_BYTES / 1e6:,.0f} MB. About {_minutes(seconds)}."
    )


def _refresh(client: Client, scratch: Scratch, params: FetchParams) -> tuple[set[int], int]:
    """Return the ids whose record may have changed, and the run in which this refresh began."""
    if not params.since or params.source != "met":
        return set(), 0
    began, at = json.loads(scratch.fact(f"refresh {params.since}") or "[0, 0]")
    if time.time() - at > FRESH_S:  # none was stopped lately: a new one
        began = scratch.run
        scratch.write_fact(f"refresh {params.since}", json.dumps([began, time.time()]))
    return changed_ids(client, scratch, params.since), began


def fetch(client: Client, scratch: Scratch, params: FetchParams, out: Path | None) -> dict[str, Any] | None:
    """Fetch, and build the outputs in `out`; without it, only print the plan.

    Returns:
        The metrics, or None without `out`.
    """
    ids, coverage = choose(client, scratch, params)
    outdated, refreshed_in = _refresh(client, scratch, params)
    scratch.want(ids)
    _print_plan(params, len(ids), *scratch.to_ask(outdated, refreshed_in))
    if out is None:
        return None
    met = params.source == "met"
    rules = params.candidates if met else ()
    with progress(None, "fetch", "objects", total=len(ids)) as bar:
        download = Download(client, scratch, rules, bar, own=not met)
        try:
            download.run(ids, outdated, refreshed_in)
        except KeyboardInterrupt:
            bar.close()
            print(f"fetch: stopped after {bar.n} of {len(ids)} objects; run again to continue", file=sys.stderr)
            raise
    counts = build(scratch, rules, out)
    scratch.forget_facts("answer ")  # the next fetch asks the catalogue anew
    scratch.forget_facts("refresh ")
    return coverage | counts | {"without_answer": scratch.failures()}


def _print_plan(params: FetchParams, asked: int, records: int, images: int) -> None:
    if params.source != "met":
        print(f"fetch: {asked:,} objects from {params.source}; nothing is asked of the museum", file=sys.stderr)
        return
    print(f"fetch: {plan(params, asked, records, images)}", file=sys.stderr)
    if params.user_agent.endswith(NO_CONTACT) and not is_loopback(params.api):
        print("fetch: say in fetch.user_agent where the museum may complain about you", file=sys.stderr)


def _print_summary(metrics: dict[str, Any], report: Path) -> None:
    for status, number in metrics["statuses"].items():
        print(f"{status:<17}{number:>9,}")
    if left := metrics.get("not_candidate"):
        print(f"{'not_candidate':<17}{left:>9,}  (found by the catalogue, left out by fetch.candidates)")
    if missed := metrics.get("missed_by_search"):
        print(f"the search has {missed:,} more objects than it names; fetch.catalog csv or listing may find them")
    if skipped := metrics.get("rows_skipped"):
        print(f"{skipped:,} rows of {metrics['rows']:,} in fetch.catalog_file were no records and left out")
    if failed := metrics["without_answer"]:
        print(f"{failed:,} objects got no answer; `dvc repro --force fetch` asks for them again")
    print(f"every object with its reason: {report}")


def _arguments() -> argparse.Namespace:
    parser = path_parser(__doc__, "out", "metrics")
    parser.add_argument("--dry-run", action="store_true", help="print the plan; ask for nothing but the catalogue")
    return parser.parse_args()


def main() -> None:
    """Fetch what `fetch.source` names into the folder of the first argument."""
    paths = _arguments()
    params, started = load("fetch", FetchParams), time.monotonic()
    with open_source(params) as (client, name, folder), Scratch(folder) as scratch:
        metrics = fetch(client, scratch, params, None if paths.dry_run else paths.out)
        if metrics is None:
            return
        scratch.log(
            f"{name}: {client.api_pace.requests} API and {client.image_pace.requests} image requests, "
            f"{client.blocks} blocks, {time.monotonic() - started:.1f} s, {metrics['statuses']}"
        )
    write_json(paths.out / "source.json", {"source": name})
    write_json(paths.metrics, {"source": name} | metrics)
    _print_summary(metrics, folder / REPORT)


if __name__ == "__main__":
    run(main)
