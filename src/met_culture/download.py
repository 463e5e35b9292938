"""Fetch one object: its record, and the image that the record names."""

import hashlib
import json
from http import HTTPStatus
from typing import Any

from met_culture.client import Client, FetchError, RefusedError
from met_culture.images import MAX_BYTES, ImageError, check_image
from met_culture.museum_folder import original_urls
from met_culture.paths import IMAGES
from met_culture.records import SCHEMA, RecordError, to_row
from met_culture.scratch import Scratch

MAX_RECORD = 5_000_000  # bytes; records take 2 to 20 kB


def fetch_object(client: Client, object_id: int, scratch: Scratch) -> dict[str, Any]:
    """Return the row of one object and leave its image in the scratch folder, where all that is settled is remembered.

    Returns:
        The columns of `records.SCHEMA`. A status that ends in `_failed` is not remembered: the next run tries again.
    """
    if row := scratch.read(object_id):
        return row
    row = dict.fromkeys(SCHEMA.names) | {"objectID": object_id}
    try:
        outcome, url = _fetch_record(client, object_id)
        row |= outcome
        if url:
            row |= _fetch_image(client, object_id, url, scratch)
    except FetchError as error:
        kind = "image" if row["status"] == "ok" else "record"
        return row | {"status": f"{kind}_failed", "reason": str(error)}
    scratch.write(object_id, row)
    return row


def _fetch_record(client: Client, object_id: int) -> tuple[dict[str, Any], str | None]:
    status, body = client.get_api(f"/v1/objects/{object_id}", max_bytes=MAX_RECORD)
    if status == HTTPStatus.NOT_FOUND:
        return {"status": "record_gone", "reason": "404: the museum has no such object"}, None
    if status != HTTPStatus.OK:
        raise FetchError(f"the record answered with status {status}")
    served = json.loads(body)
    try:
        row = to_row(original_urls(served), object_id)
    except RecordError as error:
        return {"status": "record_malformed", "reason": str(error)}, None
    if not row["primaryImageSmall"]:
        return row | {"status": "no_image", "reason": "the record names no image"}, None
    return row | {"status": "ok"}, served["primaryImageSmall"]


def _fetch_image(client: Client, object_id: int, url: str, scratch: Scratch) -> dict[str, Any]:
    try:
        status, data = client.get_image(url, max_bytes=MAX_BYTES)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return {"status": "image_gone", "reason": f"{status}: dead link"}
        if status != HTTPStatus.OK:
            return {"status": "image_refused", "reason": f"status {status}"}
        width, height = check_image(data)
    except (RefusedError, ImageError) as error:
        return {"status": "image_refused", "reason": str(error)}
    scratch.write_image(object_id, data)
    return {
        "image_file": f"{IMAGES}/{object_id}.jpg",
        "image_sha256": hashlib.sha256(data).hexdigest(),
        "image_bytes": len(data),
        "image_width": width,
        "image_height": height,
    }
