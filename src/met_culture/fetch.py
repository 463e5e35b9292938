"""Stage fetch: records and images from the sample, the museum's API or a museum folder, all over the same HTTP client.

Reads: the source that `fetch.source` names.
Writes: `objects.parquet` (one row per id tried: the API's 57 columns, and status, reason, image file, sha256, bytes,
width, height), `images/<objectID>.jpg`, `source.json` (what later stages print beside every figure), and the metrics.
Nothing written varies between equal runs; what does goes to `fetch.log` in the scratch folder.

Statuses: ok, no_image (the record names none), image_gone (404), image_refused (not a whole picture, or from a host
that is not allowed), image_failed and record_failed (no answer; not remembered, so that `dvc repro --force fetch` asks
again), record_gone (404), record_malformed.
"""

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from met_culture.client import Client, FetchError
from met_culture.command import UserError, path_arguments, run
from met_culture.download import fetch_object
from met_culture.files import write_json
from met_culture.museum_folder import MAX_ID
from met_culture.params import load
from met_culture.paths import IMAGES, scratch_folder
from met_culture.progress import progress
from met_culture.records import SCHEMA
from met_culture.scratch import Scratch
from met_culture.source import open_source

MAX_LISTING = 64_000_000  # bytes; the museum's list of 500,000 ids takes 3.4 MB
GIVE_UP_AFTER = 5  # failures in a row; then the server is down, and going on would only burden it
ROWS = 1000  # rows of a parquet row group: what memory holds at once


def object_ids(client: Client) -> list[int]:
    """Return the ids that the API lists, ascending.

    Raises:
        UserError: The API does not answer, or not with a list of ids.
    """
    try:
        status, body = client.get_api("/v1/objects", max_bytes=MAX_LISTING)
        listed = json.loads(body)["objectIDs"]
    except FetchError as error:
        raise UserError(f"{client.api}/v1/objects {error}; check fetch.api and the network, then run again.") from None
    except (ValueError, TypeError, KeyError):
        raise UserError(f"{client.api}/v1/objects answered {status} without a list of ids; check fetch.api.") from None
    ids = {each for each in listed or [] if type(each) is int and 0 < each <= MAX_ID}
    if not ids:
        raise UserError(f"{client.api}/v1/objects lists no object; check fetch.source.")
    return sorted(ids)


def fetch_all(client: Client, ids: list[int], scratch: Scratch) -> dict[int, dict[str, Any]]:
    """Fetch every object into the scratch folder.

    Returns:
        The rows of objects that failed, by objectID; everything else is in the scratch folder.

    Raises:
        UserError: Too many failures in a row. What was fetched stays, and the next run continues.
    """
    failed: dict[int, dict[str, Any]] = {}
    in_a_row = 0
    for object_id in progress(ids, "fetch", "objects"):
        row = fetch_object(client, object_id, scratch)
        if not row["status"].endswith("_failed"):
            in_a_row = 0
            continue
        failed[object_id] = row
        in_a_row += 1
        if in_a_row >= GIVE_UP_AFTER:
            raise UserError(f"{in_a_row} objects in a row failed, at last {row['reason']}; run again to continue.")
    return failed


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while chunk := list(islice(rows, ROWS)):
        yield chunk


def build(rows: Iterable[dict[str, Any]], scratch: Scratch, out: Path) -> dict[str, Any]:
    """Write the table and the images, and return the counts; memory holds `ROWS` rows at once."""
    statuses, size, fingerprint = Counter(), 0, hashlib.sha256()
    shutil.rmtree(out / IMAGES, ignore_errors=True)
    (out / IMAGES).mkdir(parents=True)
    with pq.ParquetWriter(out / "objects.parquet", SCHEMA, compression="zstd") as writer:
        for chunk in _chunks(rows):
            writer.write_table(pa.Table.from_pylist(chunk, schema=SCHEMA))
            for row in chunk:
                statuses[row["status"]] += 1
                fingerprint.update(json.dumps(row, sort_keys=True).encode())
                if row["image_file"]:
                    size += row["image_bytes"]
                    shutil.copyfile(scratch.image(row["objectID"]), out / row["image_file"])
    return {
        "objects": statuses.total(),
        "statuses": dict(sorted(statuses.items())),
        "image_bytes": size,
        "fingerprint": fingerprint.hexdigest(),
    }


def main() -> None:
    """Fetch what `fetch.source` names into the folder of the first argument."""
    paths = path_arguments(__doc__, "out", "metrics")
    params, started = load("fetch"), time.monotonic()
    with open_source(params) as (client, name, key):
        scratch = Scratch(scratch_folder() / "fetch" / key)
        ids = object_ids(client)
        failed = fetch_all(client, ids, scratch)
        counts = build((failed.get(each) or scratch.read(each) for each in ids), scratch, paths.out)
    write_json(paths.out / "source.json", {"source": name})
    write_json(paths.metrics, {"source": name} | counts)
    scratch.log(f"{name}: {client.requests_sent} requests, {time.monotonic() - started:.1f} s, {counts['statuses']}")
    print(f"{name}: {counts['objects']} objects, " + ", ".join(f"{n} {s}" for s, n in counts["statuses"].items()))
    if failed:
        print(f"{len(failed)} objects got no answer; `dvc repro --force fetch` asks for them again")


if __name__ == "__main__":
    run(main)
