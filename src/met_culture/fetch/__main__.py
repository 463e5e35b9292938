"""Stage fetch: read records and images from the sample, the museum's API or a museum folder.

Reads: the source that `fetch.source` names.
Writes: `objects.parquet` (one row per object: the API's 57 columns, and status, reason, image file, sha256, bytes,
width, height), `images/<objectID>.jpg`, `source.json` (the name that later stages print beside every result; of a list
of images also that its labels are in culture), and the metrics. Equal runs write equal bytes; what varies goes to
`fetch.log` and `report.csv` in the state folder.
`--dry-run` prints the plan, and requests only the catalogue.

Statuses: ok, no_image (the record names none), image_gone (404), image_refused (does not decode, or from a host that is
not allowed), image_failed and record_failed (no answer; `dvc repro --force fetch` tries again), record_gone
(404), record_malformed.
"""

import argparse
from pathlib import Path
from typing import Any

from met_culture.common.cli import path_parser, run
from met_culture.common.config import load
from met_culture.common.files import write_json
from met_culture.common.terminal import print_line
from met_culture.fetch.outputs import REPORT
from met_culture.fetch.params import FetchParams
from met_culture.fetch.run import fetch_location
from met_culture.fetch.sources import locate


def _print_summary(metrics: dict[str, Any], report: Path) -> None:
    for status, number in metrics["statuses"].items():
        print_line(f"{status:<17}{number:>9,}")
    if left_out := metrics.get("not_candidate"):
        print_line(f"{'not_candidate':<17}{left_out:>9,}  (found by the catalogue, left out by fetch.candidates)")
    if missed := metrics.get("missed_by_search"):
        print_line(f"the search misses {missed:,} objects; fetch.catalog csv or listing may find them")
    if skipped := metrics.get("rows_skipped"):
        print_line(f"{skipped:,} rows of {metrics['rows']:,} in fetch.catalog_file are invalid and left out")
    if failed := metrics["without_answer"]:
        print_line(f"{failed:,} objects got no answer; `dvc repro --force fetch` requests them again")
    print_line(f"every object with its reason: {report}")


def _arguments() -> argparse.Namespace:
    parser = path_parser(__doc__, "out", "metrics", prog="python -m met_culture.fetch")
    parser.add_argument("--dry-run", action="store_true", help="print the plan; request only the catalogue")
    return parser.parse_args()


def main() -> None:
    """Fetch from `fetch.source` into the folder of the first argument."""
    paths = _arguments()
    params = load("fetch", FetchParams)
    location = locate(params)
    metrics = fetch_location(params, location, None if paths.dry_run else paths.out)
    if metrics is None:
        return
    listed = {"listed_labels": True} if params.is_image_list else {}
    write_json(paths.out / "source.json", {"source": location.name} | listed)
    write_json(paths.metrics, {"source": location.name} | metrics)
    _print_summary(metrics, location.state / REPORT)


if __name__ == "__main__":
    run(main)
