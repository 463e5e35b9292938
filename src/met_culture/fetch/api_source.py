"""The museum's API as a source: records and images over the client."""

from http import HTTPStatus
from typing import Any

from met_culture.web.client import Client
from met_culture.web.errors import FetchError, GoneError

MAX_RECORD = 5_000_000  # bytes; records take 2 to 20 kB


class ApiSource:
    """Requests records from the API, and images from the image hosts; threads may share it."""

    is_remote = True

    def __init__(self, client: Client) -> None:
        """Use a client, which `close` closes."""
        self.client = client
        self.parallel = client.image_limiter.parallel

    @property
    def blocks(self) -> int:
        """Number of blocks by all hosts."""
        return self.client.blocks

    def record(self, object_id: int) -> dict[str, Any]:
        """Return a record.

        Raises:
            GoneError: The museum has no such object.
            FetchError: No good answer within the retries.
        """

        def fault(record: Any) -> str | None:  # noqa: ANN401 - what JSON holds
            answered = record.get("objectID") if isinstance(record, dict) else None
            return None if answered == object_id else f"the record of {str(answered)[:20]} instead"

        status, record = self.client.get_api(f"/v1/objects/{object_id}", max_bytes=MAX_RECORD, check=fault)
        _check_status(status, "the museum has no such object")
        checked: dict[str, Any] = record
        return checked

    def image(self, url: str) -> tuple[bytes, tuple[int, int]]:
        """Return the bytes, and width and height in pixels, of an image that decodes in full.

        Raises:
            GoneError: The link is dead.
            RefusedError: The URL must not be requested, or the image is too large.
            ImageError: The image does not decode in full.
            FetchError: No good answer within the retries.
        """
        status, data, size = self.client.get_image(url)
        _check_status(status, "dead link")
        return data, size

    def stop(self) -> None:
        """Let no further request start."""
        self.client.stop()

    def close(self) -> None:
        """Close the client."""
        self.client.close()

    def summary(self) -> str:
        """Return the numbers of requests and blocks, for the log."""
        api, images = self.client.api_limiter.requests, self.client.image_limiter.requests
        return f"{api} API and {images} image requests, {self.blocks} blocks"


def _check_status(status: int, gone: str) -> None:
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise GoneError(f"{status:d}: {gone}")
    if status != HTTPStatus.OK:
        raise FetchError(f"answered status {status:d}")
