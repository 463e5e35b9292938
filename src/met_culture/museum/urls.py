"""Image URLs of a museum folder that lead to the server of the simulator, and back."""

import re
from typing import Any

IMAGE_KEYS = ("primaryImage", "primaryImageSmall")
_WEB = re.compile(r"(https?)://(.*)", re.DOTALL)  # what is served; anything else stays, and the client refuses it
_SERVED = re.compile(r"http://127\.0\.0\.1:\d+/images/(https?)/(.*)", re.DOTALL)


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
