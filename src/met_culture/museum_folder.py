"""A museum folder: `records.jsonl`, one object of the Collection API a line, and `images/<URL path>`.

The server of `museum` gives out image URLs that lead to itself; `served` and `original_urls` turn them there and back,
so that no output of a run depends on the port of a server.
"""

import json
import re
from pathlib import Path
from typing import Any

from met_culture.command import UserError
from met_culture.paths import IMAGES, RECORDS

IMAGE_KEYS = ("primaryImage", "primaryImageSmall")
_WEB = re.compile(r"(https?)://(.*)", re.DOTALL)  # what is served; anything else stays, and the client refuses it
_SERVED = re.compile(r"http://127\.0\.0\.1:\d+/images/(https?)/(.*)", re.DOTALL)
MAX_ID = 2**63 - 1  # what a column of 64-bit integers holds


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    object_id = record.get("objectID") if isinstance(record, dict) else None
    return record if type(object_id) is int and 0 < object_id <= MAX_ID else None


def read_records(folder: Path) -> dict[int, dict[str, Any]]:
    """Return the records of a museum folder by objectID, in ascending order.

    Raises:
        UserError: records.jsonl is missing, or a line is no record.
    """
    path, records = folder / RECORDS, {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # splitlines would cut at U+2028 within a title
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a museum's records: {error}.") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = _parse(line)
        if record is None:
            raise UserError(f"{path}, line {number}: no JSON object with an objectID; mend or remove it.")
        if record["objectID"] in records:
            raise UserError(f"{path}, line {number}: objectID {record['objectID']} for the second time; remove one.")
        records[record["objectID"]] = record
    return dict(sorted(records.items()))


def image_file(folder: Path, path: str) -> Path | None:
    """Return the file of a decoded URL path `/images/<scheme>/<host>/<path>`, or None; it lies in the folder."""
    root = (folder / IMAGES).resolve()
    try:
        file = root.joinpath(*path.split("/")[4:]).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):  # a name too long, or with a null byte
        return None


def _map_urls(record: dict[str, Any], change: Any) -> dict[str, Any]:  # noqa: ANN401 - a function of one URL
    single = {key: change(record[key]) for key in IMAGE_KEYS if record.get(key) and isinstance(record[key], str)}
    more = record.get("additionalImages")
    if isinstance(more, list):
        single["additionalImages"] = [change(url) if isinstance(url, str) else url for url in more]
    return record | single


def served(record: dict[str, Any], base: str) -> dict[str, Any]:
    """Return a record whose image URLs lead to the server at `base`; the rest of each URL stays as it is."""
    return _map_urls(record, lambda url: _WEB.sub(rf"{base}/images/\1/\2", url) if _WEB.fullmatch(url) else url)


def original_url(url: str) -> str:
    """Return the museum's own URL of an image URL that `served` made; others unchanged."""
    match = _SERVED.fullmatch(url)
    return f"{match[1]}://{match[2]}" if match else url


def original_urls(record: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a served record with the museum's own image URLs; what is no record unchanged."""
    return _map_urls(record, original_url) if isinstance(record, dict) else record
