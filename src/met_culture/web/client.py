"""The only HTTP client of the pipeline: with retries, known hosts, and limits of rate, time and size."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from met_culture.images.check import MAX_BYTES, check_image
from met_culture.web.attempts import get_with_retries
from met_culture.web.deadline import open_session
from met_culture.web.errors import BrokenError
from met_culture.web.rate_limit import RateLimiter
from met_culture.web.transport import Answer, Request
from met_culture.web.url_policy import Hosts, canonical, check_file, is_loopback, quoted

USER_AGENT = "met-culture/0.1"
FILE_S = 6 * 3600.0  # for a catalogue of some 300 MB over a slow line

Image = tuple[int, bytes, tuple[int, int]]  # status, body, and width and height in pixels


def _status_and_etag(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.headers.get("ETag")


@dataclass
class Client:
    """Reads URLs of one API and of its image hosts.

    Attributes:
        api: Base URL of the API. An API on this machine serves the images, too.
        image_hosts: Hosts that images may come from, over https only.
        timeout_s: Seconds that one attempt may take, its redirects and body included.
        user_agent: Name of the client and an address for complaints.
        api_limiter: Limits the requests to the API's host.
        image_limiter: Limits the requests to the image hosts, all together.
    """

    api: str
    image_hosts: tuple[str, ...]
    timeout_s: float
    user_agent: str = USER_AGENT
    api_limiter: RateLimiter = field(default_factory=RateLimiter)
    image_limiter: RateLimiter = field(default_factory=RateLimiter)

    def __post_init__(self) -> None:
        """Open the session."""
        self.api = canonical(self.api).rstrip("/")
        self._hosts = Hosts(self.api, self.image_hosts)
        # A proxy of the environment cannot reach this machine's loopback.
        proxies = not is_loopback(self.api)
        self._session = open_session(self.user_agent, self.image_limiter.parallel + 1, proxies=proxies)

    def close(self) -> None:
        """Close the connections and the rate limiters."""
        self._session.close()
        self.api_limiter.close()
        self.image_limiter.close()

    def stop(self) -> None:
        """Let no further request start."""
        self.api_limiter.stop()
        self.image_limiter.stop()

    @property
    def blocks(self) -> int:
        """Number of blocks by all hosts."""
        return self.api_limiter.blocks + self.image_limiter.blocks

    def get_api(self, path: str, *, max_bytes: int, check: Callable[[Any], str | None] | None = None) -> Any:  # noqa: ANN401 - what JSON holds
        """Return status and parsed body of `path` below the API's base URL; None for another status than 200.

        A body that is not JSON is retried, because a block may also arrive as HTML, or empty, with status 200.

        Args:
            path: Starts with a slash, and includes the query.
            max_bytes: Limit of the body.
            check: Returns what is wrong with a parsed body, or None; a wrong body is retried.

        Raises:
            FetchError: No good answer within the retries.
            RefusedError: A body over `max_bytes`, or a redirect to another host.
        """

        def parse(answer: Answer) -> tuple[int, Any]:
            if answer.status != HTTPStatus.OK:
                return answer.status, None
            try:
                body = json.loads(answer.body)
            except (ValueError, RecursionError):
                raise BrokenError("a body that is not JSON") from None
            if check and (fault := check(body)):
                raise BrokenError(fault)
            return answer.status, body

        request = Request(self.api + path, self.timeout_s, max_bytes)
        return get_with_retries(self._session, request, self._hosts.check_api, self.api_limiter, parse)

    def get_image(self, url: str) -> Image:
        """Return status, body, and width and height in pixels of an image that decodes in full.

        Raises:
            RefusedError: The URL is not allowed, or the image is too large.
            ImageError: The image does not decode in full, even after the retries.
            FetchError: No good answer within the retries.
        """

        def decode(answer: Answer) -> Image:
            size = check_image(answer.body) if answer.status == HTTPStatus.OK else (0, 0)
            return answer.status, answer.body, size

        checked = self._hosts.check_image(quoted(url.lstrip()), None)
        request = Request(self._hosts.image_address(checked), self.timeout_s, MAX_BYTES)
        return get_with_retries(self._session, request, self._hosts.check_image, self.image_limiter, decode)

    def get_file(self, url: str, file: Path, *, max_bytes: int, etag: str | None) -> tuple[int, str | None]:
        """Download a large file, such as a catalogue, and return status and ETag; status 304 writes nothing.

        Redirects may lead to any host over https, because storage services hold such files, but not to this machine.

        Args:
            url: As the user configured it.
            file: Path to write; after an error the file may be incomplete.
            max_bytes: Limit of its size.
            etag: Version of the local copy, or None.

        Raises:
            FetchError: No good answer within the retries.
            RefusedError: Too large, or a redirect that is not allowed.
        """
        request = Request(check_file(url, None), self.timeout_s, max_bytes, FILE_S, etag, file)
        return get_with_retries(self._session, request, check_file, self.image_limiter, _status_and_etag)
