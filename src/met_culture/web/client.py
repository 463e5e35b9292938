"""The one HTTP client: paced, retried, bounded in time and size, and bound to known hosts.

Everything that the pipeline reads over HTTP goes through `Client`, whatever the source.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from tqdm import tqdm
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from met_culture.images.check import MAX_BYTES, BrokenImageError, check_image
from met_culture.web.rate_limit import Pace
from met_culture.web.transport import Answer, BrokenError, Request, TooLargeError, UnreachableError, prepare, session
from met_culture.web.url_policy import FetchError, Hosts, May, RefusedError, is_loopback, may_ask_file, quoted

USER_AGENT = "met-culture/0.1"
UNREACHED = 3  # tries for a host that has never answered and takes no connection: a mistyped address, not a block
TELL_AFTER_S = 4.0  # shorter waits are not worth a line
FILE_S = 6 * 3600.0  # for a catalogue of some 300 MB over a slow line
REDIRECTS = 5  # in a row; more is a loop
REDIRECTING = (301, 302, 303, 307, 308)
# 403 is how the museum says "too fast".
BLOCKING = frozenset({403, 408, 425, 429, *range(500, 600)})

Result = TypeVar("Result")


def _seconds(retry_after: str | None) -> float | None:
    try:
        return Retry().parse_retry_after(retry_after) if retry_after else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


@dataclass
class Client:
    """Reads URLs of one API and of its image hosts.

    Attributes:
        api: Base URL of the API. If it is on this machine, images may come from this machine over plain http too.
        image_hosts: Hosts that images may come from, over https only.
        timeout_s: Seconds that one attempt may take, its redirects and body included.
        user_agent: Who asks, and where to complain.
        api_pace: How the API's host is asked.
        image_pace: How the image hosts are asked, all together.
    """

    api: str
    image_hosts: tuple[str, ...]
    timeout_s: float
    user_agent: str = USER_AGENT
    api_pace: Pace = field(default_factory=Pace)
    image_pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        """Open the session."""
        self.api = self.api.rstrip("/")
        self._hosts = Hosts(self.api, self.image_hosts)
        # A proxy of the environment cannot reach this machine's loopback.
        local = is_loopback(self.api)
        self._session = session(self.user_agent, self.image_pace.parallel + 1, proxies=not local)

    def close(self) -> None:
        """Close the connections and the paces."""
        self._session.close()
        self.api_pace.close()
        self.image_pace.close()

    def stop(self) -> None:
        """Let no further request start."""
        self.api_pace.stop()
        self.image_pace.stop()

    @property
    def blocks(self) -> int:
        """How often a host had to be left alone."""
        return self.api_pace.blocks + self.image_pace.blocks

    def get_api(self, path: str, *, max_bytes: int, check: Callable[[Any], str | None] = lambda _: None) -> Any:  # noqa: ANN401 - what JSON holds
        """Return status and parsed body of `path` below the API's base URL.

        A body that is no JSON may pass: the museum's block also arrives as HTML, or empty, with status 200.

        Args:
            path: Starts with a slash; the query belongs to it.
            max_bytes: Limit of the body.
            check: Says what is wrong with a parsed body of status 200, or None; what is wrong is asked again.

        Raises:
            FetchError: No good answer within the retries.
            RefusedError: A body over `max_bytes`, or a redirect to another host.
        """

        def judge(answer: Answer) -> tuple[int, Any]:
            if answer.status != HTTPStatus.OK:
                return answer.status, None
            try:
                parsed = json.loads(answer.body)
            except (ValueError, RecursionError):
                raise BrokenError("a body that is no JSON") from None
            if wrong := check(parsed):
                raise BrokenError(wrong)
            return answer.status, parsed

        request = Request(self.api + path, self.timeout_s, max_bytes)
        return self._ask(request, self._hosts.may_ask_api, self.api_pace, judge)

    def get_image(self, url: str) -> tuple[int, bytes, tuple[int, int]]:
        """Return status, body, and width and height in pixels of an image that decodes in full.

        Raises:
            RefusedError: Neither https from `image_hosts` nor, if the API is there itself, this machine; too large.
            ImageError: Not a whole picture, and not a better one after the retries either.
            FetchError: No good answer within the retries.
        """

        def judge(answer: Answer) -> tuple[int, bytes, tuple[int, int]]:
            size = check_image(answer.body) if answer.status == HTTPStatus.OK else (0, 0)
            return answer.status, answer.body, size

        url = url.lstrip()
        self._hosts.may_ask_image(url, None)
        return self._ask(
            Request(quoted(url), self.timeout_s, MAX_BYTES), self._hosts.may_ask_image, self.image_pace, judge
        )

    def get_file(self, url: str, file: Path, *, max_bytes: int, etag: str | None) -> tuple[int, str | None]:
        """Write a large file, such as a catalogue, and return status and ETag; with status 304 nothing is written.

        Redirects may lead to any host over https, as such files lie on storage services, but not to this machine.

        Args:
            url: As the user configured it.
            file: Where it goes; half of it may lie there after an error.
            max_bytes: Limit of its size.
            etag: Version that is here already, or None.

        Raises:
            FetchError: No good answer within the retries.
            RefusedError: Too large, or a redirect that is not allowed.
        """
        may_ask_file(url, None)
        request = Request(url, self.timeout_s, max_bytes, FILE_S, etag, file)
        return self._ask(request, may_ask_file, self.image_pace, lambda a: (a.status, a.headers.get("ETag")))

    def _ask(self, request: Request, may: May, pace: Pace, judge: Callable[[Answer], Result]) -> Result:
        error, began = Exception(), [0.0]
        for attempt in range(1, pace.waits.attempts + 1):
            retry_after = None
            try:
                answer = self._follow(request, may, pace, began)
                if answer.status not in BLOCKING:
                    result = judge(answer)  # after the turn, so that decoding holds up no request
                    pace.good()
                    return result
                error = FetchError(f"status {answer.status}")
                retry_after = _seconds(answer.headers.get("Retry-After"))
            except TooLargeError as large:
                raise RefusedError(str(large)) from None
            except (BrokenError, BrokenImageError) as caught:
                error = caught
            wait = pace.trouble(began[-1], retry_after)
            if isinstance(error, UnreachableError) and not pace.reached and attempt >= UNREACHED:
                break  # a mistyped address rather than a block
            if wait >= TELL_AFTER_S:
                host = urlsplit(request.url).hostname
                tqdm.write(f"{host}: {error}; left alone for {wait:.0f} s (try {attempt})", file=sys.stderr)
        if isinstance(error, BrokenImageError):
            raise error
        raise FetchError(f"failed {attempt} times, at last: {error}")

    def _follow(self, request: Request, may: May, pace: Pace, began: list[float]) -> Answer:
        """Return the answer at the end of the redirects, each of which must be allowed; adds when its turns began."""
        for _ in range(REDIRECTS):
            send = prepare(self._session, request)  # before the turn, whose time is the host's
            with pace.turn() as turn:
                began.append(turn)
                pace.count(requests=1)
                answer = send()
            pace.reached = True
            pace.count(bytes_read=answer.size)
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTING or not location:
                return answer
            try:
                there = urljoin(request.url, location)
                may(there, request.url)
            except ValueError:
                raise RefusedError("a redirect to what is no URL") from None
            request = replace(request, url=there)
        raise RefusedError(f"more than {REDIRECTS} redirects")
