"""Build the tracked outputs of a fetch from what the scratch folder remembers; equal memory gives equal bytes."""

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
from met_culture.common.paths import IMAGES
from met_culture.fetch.candidates import is_candidate
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.records import SCHEMA
from met_culture.fetch.state import Scratch

ROWS = 1000  # rows of a parquet row group: what memory holds at once
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


def rows(scratch: Scratch, rules: tuple[CandidateRule, ...], skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the wanted objects as rows of `records.SCHEMA`, with the image's URL as `url` on top.

    Args:
        scratch: Its `want` has been called.
        rules: Records that fit none of them are counted in `skipped` instead.
        skipped: Counter for `not_candidate`.
    """
    for known in scratch.outcomes():
        columns = scratch.columns(known) if known["columns"] else {"objectID": known["objectID"]}
        if known["columns"] and not is_candidate(columns, rules):
            skipped["not_candidate"] += 1
            continue
        yield dict.fromkeys(SCHEMA.names) | columns | _outcome(known) | {"url": known["url"]}


def _copy_image(scratch: Scratch, row: dict[str, Any], out: Path) -> None:
    data = scratch.image(row["url"]).read_bytes()
    if hashlib.sha256(data).hexdigest() != row["image_sha256"]:
        scratch.write_no_image(row["url"], "waiting", "spoilt on disk", settled=False)
        raise UserError(f"{scratch.image(row['url'])} is spoilt; run again, and only that image is fetched again.")
    (out / row["image_file"]).write_bytes(data)


def build(scratch: Scratch, rules: tuple[CandidateRule, ...], out: Path) -> dict[str, Any]:
    """Write the table and the images below `out`, and the report into the scratch folder, and return the counts.

    Raises:
        UserError: An image in the scratch folder is no longer what was downloaded.
    """
    statuses: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    size, fingerprint = 0, hashlib.sha256()
    shutil.rmtree(out / IMAGES, ignore_errors=True)
    (out / IMAGES).mkdir(parents=True)
    wanted = rows(scratch, rules, skipped)
    with (
        pq.ParquetWriter(out / "objects.parquet", SCHEMA, compression="zstd") as table,
        (scratch.folder / REPORT).open("w", encoding="utf-8", newline="") as file,
    ):
        report = csv.writer(file)
        report.writerow(["objectID", "status", "reason", "primaryImageSmall"])
        while chunk := list(islice(wanted, ROWS)):
            for row in chunk:
                if row["image_file"]:
                    _copy_image(scratch, row, out)
                    size += row["image_bytes"]
                del row["url"]
                statuses[row["status"]] += 1
                fingerprint.update(json.dumps(row, sort_keys=True).encode())
                report.writerow([row["objectID"], row["status"], row["reason"], row["primaryImageSmall"]])
            table.write_table(pa.Table.from_pylist(chunk, schema=SCHEMA))
            chunk.clear()  # before the next is made, not after
    return {
        "objects": statuses.total(),
        **skipped,
        "statuses": dict(sorted(statuses.items())),
        "image_bytes": size,
        "fingerprint": fingerprint.hexdigest(),
    }
