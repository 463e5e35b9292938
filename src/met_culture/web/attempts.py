"""Send a request until a good answer arrives: follow redirects, wait after failures, give up after the last attempt."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from tqdm import tqdm

from met_culture.common.terminal import printable
from met_culture.images.check import BrokenImageError
from met_culture.web.errors import BrokenError, FetchError, RefusedError, TooLargeError, UnreachableError
from met_culture.web.rate_limit import RateLimiter
from met_culture.web.retry import parse_retry_after
from met_culture.web.transport import Answer, Request, prepare
from met_culture.web.url_policy import UrlCheck

# Attempts for a host that has never answered and accepts no connection: its address is mistyped, it does not block us.
UNREACHABLE_ATTEMPTS = 3
REPORT_AFTER_S = 4.0  # shorter waits are not worth a line
MAX_REDIRECTS = 5  # of one request; more are a loop
REDIRECTING = (301, 302, 303, 307, 308)
# The museum answers 403 to a client that is too fast.
BLOCKING = frozenset({403, 408, 425, 429, *range(500, 600)})

Result = TypeVar("Result")


def get_with_retries(
    session: requests.Session,
    request: Request,
    check_url: UrlCheck,
    limiter: RateLimiter,
    parse: Callable[[Answer], Result],
) -> Result:
    """Return the first good answer, as `parse` returns it.

    Args:
        session: As `open_session` returns it.
        request: Its URL must have been checked.
        check_url: Checks the URLs of redirects.
        limiter: Rate limiter of the request's host.
        parse: Raises BrokenError or BrokenImageError for an answer that another attempt may improve.

    Raises:
        FetchError: No good answer within the retries.
        BrokenImageError: `parse` raised it in the last attempt.
        RefusedError: The body is too large, or a redirect is not allowed.
    """
    attempt = 0
    while True:
        attempt += 1
        started, answer = follow(session, request, check_url, limiter)
        try:
            result = _parse(answer, parse)  # after `acquire`, so that decoding delays no request
        except (BrokenError, BrokenImageError) as error:
            failure = error
        else:
            limiter.record_success()
            return result
        wait = limiter.record_failure(started, _retry_after(answer))
        unreachable = isinstance(failure, UnreachableError) and not limiter.reached
        if unreachable and attempt >= UNREACHABLE_ATTEMPTS:
            raise _final_error(failure, attempt)
        if wait >= REPORT_AFTER_S:
            host = urlsplit(request.url).hostname
            line = f"{host}: {failure}; no requests for {wait:.0f} s (attempt {attempt})"
            tqdm.write(printable(line), file=sys.stderr)
        if attempt >= limiter.policy.attempts:
            raise _final_error(failure, attempt)


def follow(
    session: requests.Session, request: Request, check_url: UrlCheck, limiter: RateLimiter
) -> tuple[float, Answer | BrokenError]:
    """Follow redirects; return the start time of the last request, and its answer or error."""
    for _ in range(MAX_REDIRECTS):
        started, answer = _send(session, request, limiter)
        if isinstance(answer, BrokenError):
            return started, answer
        location = answer.headers.get("Location")
        if answer.status not in REDIRECTING or not location:
            return started, answer
        request = replace(request, url=_redirect(request.url, location, check_url))
    raise RefusedError(f"more than {MAX_REDIRECTS} redirects")


def _send(session: requests.Session, request: Request, limiter: RateLimiter) -> tuple[float, Answer | BrokenError]:
    started = 0.0  # a request that cannot be prepared starts no new block
    try:
        send = prepare(session, request)  # before `acquire`, so that it holds no slot
        with limiter.acquire() as started:
            limiter.count(requests=1)
            answer = send()
    except BrokenError as error:
        return started, error
    except TooLargeError as error:
        raise RefusedError(str(error)) from None
    limiter.reached = True
    limiter.count(bytes_read=answer.size)
    return started, answer


def _redirect(url: str, location: str, check_url: UrlCheck) -> str:
    """Return the URL that a redirect leads to, if it is allowed."""
    try:
        return check_url(urljoin(url, location), url)
    except ValueError:
        raise RefusedError("a redirect to an invalid URL") from None


def _parse(answer: Answer | BrokenError, parse: Callable[[Answer], Result]) -> Result:
    if isinstance(answer, BrokenError):
        raise answer
    if answer.status in BLOCKING:
        raise BrokenError(f"status {answer.status}")
    return parse(answer)


def _retry_after(answer: Answer | BrokenError) -> float | None:
    """Return the seconds that a blocking answer asks for."""
    if isinstance(answer, BrokenError) or answer.status not in BLOCKING:
        return None
    return parse_retry_after(answer.headers.get("Retry-After"))


def _final_error(failure: Exception, attempts: int) -> Exception:
    if isinstance(failure, BrokenImageError):
        return failure
    return FetchError(f"failed {attempts} times, the last time: {failure}")
