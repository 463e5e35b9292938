"""The faults of the simulated museum's answers, and the bytes to send for each fault.

Kinds: status_<number> (an HTML page), html and empty (with status 200), cut_content (half of the body, with a fitting
Content-Length), cut_body (the connection closes before Content-Length is reached), other_record (of another objectID),
dropped (no answer), endless_body and endless_headers (a byte now and then).
"""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import repeat

from met_culture.museum.api import Answer, page

STATUSES = {f"status_{number}": number for number in (403, 429, 500, 502, 503)}
IMAGE_FAULTS = (*STATUSES, "html", "empty", "cut_content", "cut_body", "dropped", "endless_body", "endless_headers")
API_FAULTS = IMAGE_FAULTS
RECORD_FAULTS = (*API_FAULTS, "other_record")
LAST = {"cut_body", "dropped", "endless_body", "endless_headers"}  # the connection closes after them
TRICKLE_S = 0.2  # between two bytes of an endless answer
TRICKLES = 300  # bytes of an endless answer: a minute, in case the client never leaves
ENDLESS = 100_000  # bytes that the headers of an endless body promise


def block_page(status: int = HTTPStatus.FORBIDDEN) -> Answer:
    """Return the page that the museum sends to a client that is too fast."""
    return page(status, "Request unsuccessful. Incapsula incident ID: 0-0")


def faulty(fault: str, answer: Answer) -> Answer:
    """Return the answer with its fault; faults that concern only the bytes sent change nothing here."""
    if fault in STATUSES:
        status = STATUSES[fault]
        wrong = block_page() if status == HTTPStatus.FORBIDDEN else page(status, HTTPStatus(status).phrase)
        return replace(wrong, more="Retry-After: 1\r\n") if status == HTTPStatus.TOO_MANY_REQUESTS else wrong
    if fault == "html":
        return block_page(HTTPStatus.OK)
    if fault == "empty":
        return replace(answer, status=HTTPStatus.OK, body=b"")
    if fault == "cut_content":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return answer


def _head(answer: Answer, length: int) -> bytes:
    first = f"HTTP/1.1 {answer.status:d} {HTTPStatus(answer.status).phrase}"
    more = f"Content-Type: {answer.content_type}\r\nContent-Length: {length}\r\n{answer.more}"
    return f"{first}\r\n{more}\r\n".encode("latin-1")


def pieces(fault: str, answer: Answer) -> Iterator[bytes]:
    """Yield the bytes to send, `TRICKLE_S` seconds apart; most answers are one piece."""
    length = len(answer.body)
    if fault == "endless_headers":
        yield _head(answer, length).partition(b"\r\n")[0] + b"\r\nX-Wait: "
        yield from repeat(b".", TRICKLES)
    elif fault == "endless_body":
        yield _head(answer, ENDLESS)
        yield from repeat(b" ", TRICKLES)
    elif fault == "cut_body":
        yield _head(answer, max(length, 1)) + answer.body[: length // 2]
    elif fault != "dropped":
        yield _head(answer, length) + answer.body
