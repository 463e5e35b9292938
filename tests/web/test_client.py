"""The client against servers that misbehave, all on loopback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from servers import answer, server
from support import picture

from met_culture.images.check import ImageError
from met_culture.web.client import Client
from met_culture.web.errors import FetchError, RefusedError
from met_culture.web.rate_limit import RateLimiter
from met_culture.web.retry import RetryPolicy

Make = Callable[..., Client]
BLOCK = b"<html>Incapsula incident ID</html>"


@pytest.fixture
def jpeg(tmp_path: Path) -> bytes:
    return picture(tmp_path / "a.jpg", seed=1, size=(64, 48)).read_bytes()


def test_body_and_status(client: Make) -> None:
    with server(answer(b'{"a": 1}')) as (url, _):
        assert client(url).get_api("/v1/objects", max_bytes=10) == (200, {"a": 1})


def test_missing_objects_are_an_answer_and_not_retried(client: Make) -> None:
    with server(answer(b"<html>", "404 Not Found")) as (url, times):
        assert client(url).get_api("/v1/objects/1", max_bytes=10) == (404, None)
        assert len(times) == 1


@pytest.mark.parametrize(
    "fault",
    [
        answer(BLOCK, "403 Forbidden"),
        answer(b"", "429 Too Many Requests"),
        answer(b"", "500 Internal Server Error"),
        answer(b"", "503 Service Unavailable"),
        answer(b'{"objectID": 1', length=50),
        answer(b'{"objectID": 1'),
        answer(b'{"objectID": 2}'),
        b"",
        b"nonsense\r\n\r\n",
        answer(BLOCK),
        answer(b""),
    ],
    ids="block 429 500 503 dropped cut-off-JSON wrong-id nothing no-HTTP block-with-200 empty-with-200".split(),  # noqa: SIM905
)
def test_what_may_pass_is_asked_again(client: Make, fault: bytes) -> None:
    with server(fault, fault, answer(b'{"objectID": 1}')) as (url, times):
        made = client(url)
        check = lambda body: None if body["objectID"] == 1 else "another record"  # noqa: E731
        assert made.get_api("/x", max_bytes=100, check=check) == (200, {"objectID": 1})
        assert len(times) == made.api_limiter.requests == 3
        assert made.blocks == 2


def test_what_does_not_pass_ends_with_the_reason(client: Make) -> None:
    with server(answer(b"", "502 Bad Gateway")) as (url, times):
        with pytest.raises(FetchError, match=r"^failed 3 times, the last time: status 502$"):
            client(url).get_api("/x", max_bytes=10)
        assert len(times) == 3


def test_a_body_that_never_ends_meets_the_deadline(client: Make) -> None:
    with server(answer(b"x" * 100), trickle=0.1) as (url, _), pytest.raises(FetchError, match="in time"):
        client(url, timeout_s=0.3, policy=RetryPolicy(attempts=1)).get_api("/x", max_bytes=1000)


def test_a_large_body_is_refused_at_once(client: Make) -> None:
    with server(answer(b"x" * 2_000_000)) as (url, times):
        with pytest.raises(RefusedError, match="larger than 1,000 bytes"):
            client(url).get_api("/x", max_bytes=1000)
        assert len(times) == 1


def test_retry_after_is_obeyed(client: Make) -> None:
    busy = answer(b"", "429 Too Many Requests", more="Retry-After: 1\r\n")
    with server(busy, answer(b"{}")) as (url, times):
        client(url).get_api("/x", max_bytes=10)
        assert times[1] - times[0] >= 0.9


@pytest.mark.parametrize("when", ["soon", "Fri, 31 Dec 99999999999 23:59:59 GMT", "9" * 5000])
def test_a_nonsense_retry_after_is_ignored(client: Make, when: str) -> None:
    with server(answer(b"", "429 No", more=f"Retry-After: {when}\r\n"), answer(b"{}")) as (url, _):
        assert client(url).get_api("/x", max_bytes=10) == (200, {})


def test_a_long_wait_is_told_with_its_reason(client: Make, capsys: pytest.CaptureFixture[str]) -> None:
    with server(answer(b"", "503 No", more="Retry-After: 5\r\n"), answer(b"{}")) as (url, _):
        made = client(url)
        limiter = made.api_limiter
        limiter._changed.wait = lambda _: setattr(limiter, "_block_ends", 0.0)  # no test waits five seconds
        made.get_api("/x", max_bytes=10)
    assert capsys.readouterr().err == "127.0.0.1: status 503; no requests for 5 s (attempt 1)\n"


def test_an_image_comes_with_its_size(client: Make, jpeg: bytes) -> None:
    with server(answer(jpeg)) as (url, _):
        assert client(url).get_image(f"{url}/a.jpg") == (200, jpeg, (64, 48))


@pytest.mark.parametrize(
    "fault", [answer(b"", "403 Forbidden"), answer(BLOCK), answer(b""), b""], ids=["403", "HTML", "empty", "dropped"]
)
def test_a_blocked_image_is_asked_for_again(client: Make, jpeg: bytes, fault: bytes) -> None:
    with server(fault, fault, answer(jpeg)) as (url, _):
        assert client(url).get_image(f"{url}/a.jpg")[1] == jpeg


def test_an_image_that_is_cut_off_is_asked_for_again(client: Make, jpeg: bytes) -> None:
    with server(answer(jpeg[:-200]), answer(jpeg[:-200], length=len(jpeg)), answer(jpeg)) as (url, _):
        assert client(url).get_image(f"{url}/a.jpg")[1] == jpeg


def test_an_image_that_stays_cut_off_is_refused(client: Make, jpeg: bytes) -> None:
    with server(answer(jpeg[:-200])) as (url, times):
        with pytest.raises(ImageError, match="cut off"):
            client(url).get_image(f"{url}/a.jpg")
        assert len(times) == 3


def test_a_missing_image_is_an_answer(client: Make) -> None:
    with server(answer(b"<html>", "404 Not Found")) as (url, times):
        assert client(url).get_image(f"{url}/a.jpg")[0] == 404
        assert len(times) == 1


def test_redirects_on_one_machine_are_followed(client: Make, jpeg: bytes) -> None:
    moved = answer(b"", "302 Found", more="Location: /there.jpg\r\n")
    with server(moved, answer(jpeg)) as (url, times):
        assert client(url).get_image(f"{url}/a.jpg")[1] == jpeg
        assert len(times) == 2


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/a.jpg",
        "http://images.metmuseum.org/a.jpg",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://evil.example\\@127.0.0.1/x",
        "http://evil.example@127.0.0.1/x",
        "http://127.0.0.1./x",
    ],
)
def test_redirects_elsewhere_are_refused_and_not_followed(client: Make, there: str) -> None:
    with server(answer(b"", "302 Found", more=f"Location: {there}\r\n")) as (url, times):
        with pytest.raises(RefusedError):
            client(url).get_image(f"{url}/a.jpg")
        with pytest.raises(RefusedError):
            client(url).get_api("/x", max_bytes=10)
        assert len(times) == 2


def test_redirects_keep_the_pace(client: Make, tmp_path: Path) -> None:
    with server(answer(b"", "302 Found", more="Location: /x\r\n"), answer(b"{}")) as (url, times):
        made = client(url)
        made.api_limiter = RateLimiter(requests_per_second=5, file=tmp_path / "bucket.db")
        made.get_api("/", max_bytes=10)
        assert times[1] - times[0] >= 0.19


def test_a_host_that_takes_no_connection_is_given_up_soon(client: Make) -> None:
    with pytest.raises(FetchError, match="failed 3 times, the last time: no connection"):
        client("http://127.0.0.1:9", policy=RetryPolicy(first_s=0.01)).get_api("/", max_bytes=10)


def test_a_host_that_has_answered_before_is_not(client: Make) -> None:
    with server(answer(b"{}")) as (url, _):
        made = client(url, policy=RetryPolicy(attempts=5, first_s=0.01))
        made.get_api("/", max_bytes=10)
    with pytest.raises(FetchError, match="failed 5 times"):
        made.get_api("/", max_bytes=10)


def test_a_loop_of_redirects_ends(client: Make) -> None:
    with server(answer(b"", "302 Found", more="Location: /a.jpg\r\n")) as (url, times):
        with pytest.raises(RefusedError, match="more than 5 redirects"):
            client(url).get_image(f"{url}/a.jpg")
        assert len(times) == 5


def test_a_foreign_image_is_not_asked_for(client: Make) -> None:
    with pytest.raises(RefusedError, match=r"https://evil\.example is not one of fetch\.image_hosts"):
        client("http://127.0.0.1:9").get_image("https://evil.example/a.jpg")


def test_a_file_and_its_version(client: Make, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    with server(answer(b"a,b", more='ETag: "1"\r\n'), answer(b"", "304 Not Modified")) as (url, _):
        made = client(url)
        assert made.get_file(f"{url}/x.csv", file, max_bytes=10, etag=None) == (200, '"1"')
        assert made.get_file(f"{url}/x.csv", tmp_path / "y.csv", max_bytes=10, etag='"1"')[0] == 304
    assert file.read_bytes() == b"a,b"
    assert not (tmp_path / "y.csv").exists()


def test_the_user_agent_is_sent(client: Make, api: str) -> None:
    assert client(api)._session.headers["User-Agent"] == "test"
