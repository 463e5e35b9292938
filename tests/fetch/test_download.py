import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import answer, server
from support import QUICK, picture, record, write_folder

from met_culture.common.errors import UserError
from met_culture.common.progress import progress
from met_culture.fetch.api_source import ApiSource
from met_culture.fetch.download import Download, Refresh
from met_culture.fetch.folder import FolderSource
from met_culture.fetch.image_state import ImageState
from met_culture.fetch.outputs import rows
from met_culture.fetch.params import CandidateRule
from met_culture.fetch.sources import Source
from met_culture.fetch.state import FetchState
from met_culture.images.check import BrokenImageError
from met_culture.museum.server import serving
from met_culture.web import attempts
from met_culture.web.client import Client
from met_culture.web.errors import BrokenError
from met_culture.web.retry import RetryPolicy

URL = "https://images.metmuseum.org/CRDImages/x.jpg"
Make = Callable[..., Client]


def download(source: Source, folder: Path, ids: list[int], rules: tuple[CandidateRule, ...] = ()) -> list[dict]:
    with FetchState(folder) as state, progress(None, "fetch", "objects", total=len(ids)) as bar:
        Download(source, state, rules, bar).run(ids, Refresh())
        assert bar.n == len(ids)
        state.set_wanted(ids)
        return list(rows(state, rules))


@pytest.fixture(params=["api", "folder"])
def fetch(request: pytest.FixtureRequest, tmp_path: Path, client: Make) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that fetches records, which are served or lie in a folder."""

    def run(*records: dict[str, Any], rules: tuple[CandidateRule, ...] = ()) -> list[dict[str, Any]]:
        folder, ids = write_folder(tmp_path, list(records)), [record["objectID"] for record in records]
        if request.param == "folder":
            return download(FolderSource(folder, 4), tmp_path / "scratch", ids, rules)
        with serving(folder) as api:
            return download(ApiSource(client(api)), tmp_path / "scratch", ids, rules)

    return run


def test_a_good_object(fetch: Callable, tmp_path: Path) -> None:
    file = picture(tmp_path / "images/CRDImages/x.jpg", seed=1, size=(64, 48))
    (row,) = fetch(record(5, primaryImageSmall=URL))
    assert (row["status"], row["reason"]) == ("ok", None)
    assert (row["image_width"], row["image_height"], row["image_bytes"]) == (64, 48, file.stat().st_size)
    assert row["primaryImageSmall"] == URL
    assert row["image_file"] == "images/5.jpg"


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (None, "image_gone", "404: dead link"),
        (b"", "image_refused", "empty"),
        (b"<html>", "image_refused", "HTML, not an image"),
        (b"GIF89a", "image_refused", "GIF; JPEG, PNG and WebP are read, no other format"),
    ],
)
def test_bad_images(fetch: Callable, tmp_path: Path, content: bytes | None, status: str, reason: str) -> None:
    if content is not None:
        (tmp_path / "images/CRDImages").mkdir(parents=True)
        (tmp_path / "images/CRDImages/x.jpg").write_bytes(content)
    (row,) = fetch(record(5, primaryImageSmall=URL))
    assert (row["status"], row["reason"], row["image_file"]) == (status, reason, None)
    assert row["title"] == "Work 5"


def test_no_image(fetch: Callable) -> None:
    (row,) = fetch(record(5, primaryImageSmall=""))
    assert (row["status"], row["reason"]) == ("no_image", "the record names no image")


def test_a_foreign_image(fetch: Callable) -> None:
    (row,) = fetch(record(5, primaryImageSmall="file:///etc/passwd"))
    assert row["status"] == "image_refused"


def test_a_malformed_record(fetch: Callable) -> None:
    (row,) = fetch(record(5, culture=["x"]))
    assert (row["status"], row["title"], row["objectID"]) == ("record_malformed", None, 5)
    assert "culture" in row["reason"]


def test_a_missing_record_is_remembered(client: Make, api: str, tmp_path: Path) -> None:
    (row,) = download(ApiSource(client(api)), tmp_path / "scratch", [99])
    assert (row["status"], row["reason"]) == ("record_gone", "404: the museum has no such object")
    again = client(api)
    download(ApiSource(again), tmp_path / "scratch", [99])
    assert again.api_limiter.requests == 0


def test_what_is_settled_is_not_asked_again(fetch: Callable, tmp_path: Path) -> None:
    picture(tmp_path / "images/CRDImages/x.jpg", seed=1)
    first = fetch(record(5, primaryImageSmall=URL))
    assert fetch(record(5, primaryImageSmall=URL, title="changed")) == first


def test_an_url_of_several_objects_is_downloaded_once(client: Make, tmp_path: Path) -> None:
    picture(tmp_path / "images/CRDImages/x.jpg", seed=1)
    records = [record(object_id, primaryImageSmall=URL) for object_id in range(1, 9)]
    with serving(write_folder(tmp_path, records)) as api:
        made = client(api)
        fetched = download(ApiSource(made), tmp_path / "scratch", list(range(1, 9)))
    assert made.image_limiter.requests == 1
    assert [row["image_file"] for row in fetched] == [f"images/{object_id}.jpg" for object_id in range(1, 9)]
    assert len({row["image_sha256"] for row in fetched}) == 1


def test_what_is_no_candidate_costs_no_image(client: Make, tmp_path: Path) -> None:
    picture(tmp_path / "images/CRDImages/x.jpg", seed=1)
    rules = (CandidateRule(classifications=("Prints",)),)
    with serving(write_folder(tmp_path, [record(5, primaryImageSmall=URL)])) as api:
        made = client(api)
        assert download(ApiSource(made), tmp_path / "scratch", [5], rules) == []
        assert made.image_limiter.requests == 0


def test_a_failure_is_tried_again_by_the_next_run(client: Make, api: str, tmp_path: Path) -> None:
    with FetchState(tmp_path / "scratch") as state:
        state.records.write_failure(5, "status 503")
    (row,) = download(ApiSource(client(api)), tmp_path / "scratch", [5])
    assert row["status"] == "ok"


def test_records_are_asked_for_while_images_are_slow(client: Make, museum: Path, tmp_path: Path) -> None:
    released = threading.Event()
    with serving(museum) as api:
        made = client(api)
        real = made.get_image

        def slow(url: str) -> Any:
            assert released.wait(5)
            return real(url)

        def release(path: str, **options: Any) -> Any:
            if path.endswith("/12"):
                released.set()  # the last record is asked for before the first image has arrived
            return ask(path, **options)

        ask = made.get_api
        made.get_image, made.get_api = slow, release
        assert {row["status"] for row in download(ApiSource(made), tmp_path / "scratch", list(range(1, 13)))} == {"ok"}


@pytest.mark.parametrize("kind", ["record", "image"])
def test_a_host_that_is_down_ends_the_fetch_and_loses_nothing(
    client: Make, api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = client(api, parallel=1, policy=QUICK)
    broken = {"record": "/v1/objects/", "image": "/images/"}[kind]
    real = attempts.follow

    def down(session: Any, request: Any, *more: Any) -> Any:
        if broken in request.url and not request.url.endswith(("/1", "/1.jpg")):
            return 0.0, BrokenError("no connection, or it broke off")
        return real(session, request, *more)

    with (
        monkeypatch.context() as patch,
        pytest.raises(
            UserError, match=f"3 consecutive {kind}s failed, the last one: failed 3 times, the last time: no connection"
        ),
    ):
        patch.setattr(attempts, "follow", down)
        download(ApiSource(made), tmp_path / "scratch", list(range(1, 13)))
    with FetchState(tmp_path / "scratch") as state:
        assert state.records.find(1)["status"] == "ok"
        assert kind == "record" or state.images.status(state.records.find(1)["url"]) == "ok"
    assert {row["status"] for row in download(ApiSource(client(api)), tmp_path / "scratch", list(range(1, 13)))} == {
        "ok"
    }


@pytest.mark.parametrize("kind", ["record", "image"])
def test_three_neighbours_that_always_fail_do_not_keep_the_rest(
    client: Make, api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    broken = {"record": r"/v1/objects/[567]$", "image": r"/[567]\.jpg$"}[kind]
    real = attempts.follow

    def follow(session: Any, request: Any, *more: Any) -> Any:
        if re.search(broken, request.url):
            return 0.0, BrokenError("no connection, or it broke off")
        return real(session, request, *more)

    monkeypatch.setattr(attempts, "follow", follow)
    ids = list(range(1, 13))
    for attempt in range(2):
        try:
            fetched = download(ApiSource(client(api, parallel=1)), tmp_path / "scratch", ids)
        except UserError as error:
            assert attempt == 0, error
    assert [row["objectID"] for row in fetched if row["status"] == "ok"] == [1, 2, 3, 4, *range(8, 13)]
    assert {row["status"] for row in fetched} == {"ok", f"{kind}_failed"}


def test_an_api_that_answers_something_else_ends_the_fetch(client: Make, tmp_path: Path) -> None:
    with server(answer(b"{}", "401 Unauthorized")) as (url, times):
        with pytest.raises(UserError, match="3 consecutive records failed, the last one: answered status 401"):
            download(ApiSource(client(url)), tmp_path / "scratch", list(range(1, 13)))
        assert len(times) == 3


def test_a_block_in_place_of_images_is_not_taken_for_their_state(client: Make, api: str, tmp_path: Path) -> None:
    made = client(api, parallel=1)
    made.get_image = lambda _: (_ for _ in ()).throw(BrokenImageError("HTML, not an image"))
    with pytest.raises(UserError, match="3 consecutive images failed, the last one: HTML, not an image"):
        download(ApiSource(made), tmp_path / "scratch", list(range(1, 13)))
    assert {row["status"] for row in download(ApiSource(client(api)), tmp_path / "scratch", list(range(1, 13)))} == {
        "ok"
    }


def test_a_broken_picture_of_a_folder_stays_what_it_is(museum: Path, tmp_path: Path) -> None:
    (museum / "images/CRDImages/as/web-large/5.jpg").write_bytes(b"<html>")
    download(FolderSource(museum, 4), tmp_path / "scratch", list(range(1, 13)))
    again = FolderSource(museum, 4)
    requested: list[str] = []
    again.image = requested.append
    download(again, tmp_path / "scratch", list(range(1, 13)))
    assert requested == []


def test_an_address_that_utf8_cannot_hold_is_remembered_all_the_same(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.records.store(5, record(5, primaryImageSmall="https://images.metmuseum.org/\udc80.jpg"))
        assert state.records.find(5)["url"] == "https://images.metmuseum.org/?.jpg"


def test_a_full_disk_in_a_thread_ends_the_fetch(
    client: Make, api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(ImageState, "write", full)
    made = client(api)
    made.api_limiter.policy, real = RetryPolicy(first_s=60), made.get_api

    def blocked_at_12(path: str, **options: Any) -> Any:
        if path.endswith("/12"):  # the main thread waits for a block to end
            with made.api_limiter.acquire() as began:
                made.api_limiter.record_failure(began)
        return real(path, **options)

    made.get_api = blocked_at_12
    with pytest.raises(OSError, match="No space left"):
        download(ApiSource(made), tmp_path / "scratch", list(range(1, 13)))
    assert not [thread for thread in threading.enumerate() if thread.name == "met_culture image"]


def test_the_url_of_an_image_is_remembered_as_the_record_has_it(tmp_path: Path) -> None:
    with FetchState(tmp_path) as state:
        state.records.store(5, record(5, primaryImageSmall=URL))
        known = state.records.find(5)
        assert known["url"] == URL
        assert state.records.columns(known)["primaryImageSmall"] == URL
