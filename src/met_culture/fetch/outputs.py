"""Build the tracked outputs of a fetch from its state; equal states give equal bytes."""

import csv
import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from met_culture.common.errors import UserError
from met_culture.common.files import escape_formula
from met_culture.common.paths import IMAGES
from met_culture.fetch.candidates import is_candidate
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.records import SCHEMA
from met_culture.fetch.state import FetchState

ROWS = 1000  # rows of a parquet row group, which memory holds at once
REPORT = "report.csv"


def _outcome(known: sqlite3.Row) -> dict[str, Any]:
    """Return status, reason and the image's columns."""
    if known["record_status"] != "ok":
        return {"status": known["record_status"], "reason": known["record_reason"]}
    if known["image_status"] != "ok":
        return {"status": known["image_status"], "reason": known["image_reason"]}
    return {
        "status": "ok",
        "image_file": f"{IMAGES}/{known['objectID']}.jpg",
        "image_sha256": known["sha256"],
        "image_bytes": known["bytes"],
        "image_width": known["width"],
        "image_height": known["height"],
    }


def rows(state: FetchState, rules: tuple[CandidateRule, ...]) -> Iterator[dict[str, Any]]:
    """Yield the wanted objects that are candidates as rows of `records.SCHEMA`, with an additional `url` of the image.

    Args:
        state: Its `set_wanted` has been called.
        rules: A record that fits no rule is left out; an object without a record stays.
    """
    for known in state.outcomes():
        columns = state.records.columns(known)
        if columns is None:
            columns = {"objectID": known["objectID"]}
        elif not is_candidate(columns, rules):
            continue
        yield dict.fromkeys(SCHEMA.names) | columns | _outcome(known) | {"url": known["url"]}


def _copy_image(state: FetchState, row: dict[str, Any], out: Path) -> None:
    file = state.images.path(row["url"])
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != row["image_sha256"]:
        state.images.write_failure(row["url"], "waiting", "damaged on disk", settled=False)
        raise UserError(f"{file} is damaged; run again to fetch this image again.")
    (out / row["image_file"]).write_bytes(data)


def build(state: FetchState, rules: tuple[CandidateRule, ...], out: Path) -> dict[str, Any]:
    """Write the table and the images below `out`, and the report into the state folder, and return the counts.

    Raises:
        UserError: An image in the state folder has changed since its download.
    """
    shutil.rmtree(out / IMAGES, ignore_errors=True)
    (out / IMAGES).mkdir(parents=True)
    statuses: Counter[str] = Counter()
    image_bytes, fingerprint = 0, hashlib.sha256()
    wanted = rows(state, rules)
    with (
        pq.ParquetWriter(out / "objects.parquet", SCHEMA, compression="zstd") as table,
        (state.folder / REPORT).open("w", encoding="utf-8", newline="") as file,
    ):
        report = csv.writer(file)
        report.writerow(["objectID", "status", "reason", "primaryImageSmall"])
        while chunk := list(islice(wanted, ROWS)):
            for row in chunk:
                if row["image_file"]:
                    _copy_image(state, row, out)
                    image_bytes += row["image_bytes"]
                del row["url"]
                statuses[row["status"]] += 1
                fingerprint.update(json.dumps(row, sort_keys=True).encode())
                texts = [escape_formula(row[name] or "") for name in ("status", "reason", "primaryImageSmall")]
                report.writerow([row["objectID"], *texts])
            table.write_table(pa.Table.from_pylist(chunk, schema=SCHEMA))
            chunk.clear()  # now, so that memory does not hold two chunks
    not_candidate = state.count_known() - statuses.total()
    return {
        "objects": statuses.total(),
        **({"not_candidate": not_candidate} if not_candidate else {}),
        "statuses": dict(sorted(statuses.items())),
        "image_bytes": image_bytes,
        "fingerprint": fingerprint.hexdigest(),
    }
