import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import requests
from catalogues import write_csv, write_lines
from support import ROOT, ask_museum, picture, set_param, write_folder

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.fetch import __main__ as fetch
from met_culture.fetch.params import FetchParams
from met_culture.fetch.records import SCHEMA
from met_culture.fetch.run import NO_CONTACT, plan
from met_culture.museum.behavior import ServerBehavior
from met_culture.museum.server import MuseumServer, running, serving
from met_culture.web import attempts
from met_culture.web.client import Client
from met_culture.web.errors import FetchError, RefusedError
from met_culture.web.retry import RetryPolicy
from met_culture.web.url_policy import Hosts

OUT = ("data/raw", "metrics/fetch.json")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def fetched(workspace: Path, museum: Path, stage: Callable[..., None]) -> Path:
    set_param(workspace, "source: sample", f"source: {museum}")
    stage(fetch.main, *OUT)
    return workspace


def test_outputs(fetched: Path) -> None:
    table = pq.read_table(fetched / "data/raw/objects.parquet")
    assert table.schema.equals(SCHEMA)
    objects = table.to_pandas()
    assert objects["objectID"].tolist() == list(range(1, 13))
    assert set(objects["status"]) == {"ok"}
    assert sorted(p.name for p in (fetched / "data/raw/images").iterdir()) == sorted(f"{i}.jpg" for i in range(1, 13))
    metrics = read_json(fetched / "metrics/fetch.json")
    assert (metrics["objects"], metrics["statuses"], metrics["source"]) == (12, {"ok": 12}, "museum folder museum")


def test_nothing_tracked_varies_between_runs(fetched: Path, stage: Callable[..., None]) -> None:
    first = contents(fetched / "data") | contents(fetched / "metrics")
    shutil.rmtree(fetched / ".scratch")
    stage(fetch.main, *OUT)
    assert contents(fetched / "data") | contents(fetched / "metrics") == first
    assert not any(b"127.0.0.1" in content for content in first.values())


@pytest.fixture
def met(workspace: Path, museum: Path) -> Iterator[str]:
    """Serve `museum` as if it were the Met, at a high rate; yields the API's address."""
    with serving(museum) as api:
        ask_museum(workspace, api)
        yield api


def stop_at_7(stage: Callable[..., None]) -> None:
    """Run the stage until it would ask for object 7, where Ctrl-C is pressed."""
    real = Client.get_api

    def pressed(self: Client, path: str, **options: Any) -> Any:
        if path.endswith("/7"):
            raise KeyboardInterrupt
        return real(self, path, **options)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Client, "get_api", pressed)
        stage(fetch.main, *OUT)


def requests_logged(workspace: Path) -> str:
    return next((workspace / ".scratch").rglob("fetch.log")).read_text().splitlines()[-1]


def test_a_stopped_fetch_says_so_and_continues(
    workspace: Path,
    met: str,
    stage: Callable[..., None],
    capsys: pytest.CaptureFixture,
) -> None:
    stop_at_7(stage)
    assert "of 12 objects; run again to continue" in capsys.readouterr().err
    stage(fetch.main, *OUT)
    assert ": 6 API and" in requests_logged(workspace)  # not the search, nor the six records that are here
    assert read_json(workspace / "metrics/fetch.json")["statuses"] == {"ok": 12}


def test_the_plan_comes_first_and_the_table_last(
    workspace: Path, met: str, stage: Callable[..., None], capsys: pytest.CaptureFixture
) -> None:
    stage(fetch.main, *OUT)
    output = capsys.readouterr()
    plan = next(line for line in output.err.splitlines() if line.startswith("fetch: "))
    assert plan.startswith("fetch: 12 objects. To send: 12 requests to the API, 80 a second; at most 12 to the image")
    assert output.out.splitlines()[0].split() == ["ok", "12"]
    assert Path(output.out.splitlines()[-1].partition(": ")[2]).is_file()


def test_a_dry_run_asks_for_the_catalogue_only_and_writes_nothing(
    workspace: Path,
    met: str,
    stage: Callable[..., None],
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    real = attempts.follow

    def follow(session: Any, request: Any, *more: Any) -> Any:
        sent.append(request.url)
        return real(session, request, *more)

    monkeypatch.setattr(attempts, "follow", follow)
    stage(fetch.main, "--dry-run", *OUT)
    assert len(sent) == 7
    assert all("/v1.1/search?" in url for url in sent)
    assert "12 requests to the API" in capsys.readouterr().err
    assert not (workspace / "data").exists()
    assert not (workspace / "metrics").exists()


def test_a_dry_run_of_a_folder_says_what_is_there(
    fetched: Path, stage: Callable, capsys: pytest.CaptureFixture
) -> None:
    stage(fetch.main, "--dry-run", *OUT)
    assert "12 objects from" in capsys.readouterr().err


def test_every_catalogue_gives_the_same_table(workspace: Path, met: str, museum: Path, stage: Callable) -> None:
    tables = {}
    rows = [[f"19{i:02d}.{i}", "True", str(i), *department(i), "Painting", "", "Paintings"] for i in range(1, 13)]
    write_csv(workspace / "MetObjects.csv", *rows, header=COLUMNS)
    write_lines(
        workspace / "dump.jsonl", [requests.get(f"{met}/v1/objects/{i}", timeout=5).json() for i in range(1, 13)]
    )
    for catalog, file in (("search", "null"), ("listing", "null"), ("csv", "MetObjects.csv"), ("dump", "dump.jsonl")):
        shutil.rmtree(workspace / ".scratch", ignore_errors=True)
        shutil.copy(ROOT / "params.yaml", workspace)
        ask_museum(workspace, met)
        set_param(workspace, "catalog: search", f"catalog: {catalog}")
        set_param(workspace, "catalog_file: null", f"catalog_file: {file}")
        stage(fetch.main, *OUT)
        tables[catalog] = contents(workspace / "data")
        source = tables[catalog].pop("raw/source.json")
        assert (b"dump.jsonl" in source) == (catalog == "dump")
        expected = {"search": 19, "listing": 13, "csv": 12, "dump": 0}[catalog]
        assert f": {expected} API and 12 image requests" in requests_logged(workspace)
        assert read_json(workspace / "metrics/fetch.json")["catalog"] == catalog
    assert all(table == tables["search"] for table in tables.values())


def department(object_id: int) -> list[str]:
    return ["The American Wing" if object_id % 4 == 2 else "Asian Art"]


COLUMNS = ["Object Number", "Is Public Domain", "Object ID", "Department", "Object Name", "Title", "Classification"]


def test_a_refresh_equals_a_fresh_fetch_and_touches_only_what_changed(
    workspace: Path, museum: Path, stage: Callable[..., None]
) -> None:
    works = [json.loads(line) for line in (museum / "records.jsonl").read_text().splitlines()]
    for work in works:
        work["metadataDate"] = "2026-01-01T00:00:00Z"
    write_folder(museum, works)
    server = MuseumServer.of_folder(museum)
    with running(server) as api:
        ask_museum(workspace, api)
        stage(fetch.main, *OUT)
    works[2]["title"], works[4]["primaryImageSmall"] = "A new title", works[5]["primaryImageSmall"]
    picture(museum / "images/CRDImages/as/web-large/8.jpg", seed=88)
    for i in (2, 4, 7):
        works[i]["metadataDate"] = "2026-11-02T00:00:00Z"
    write_folder(museum, [work for work in works if work["objectID"] != 10])
    with running(MuseumServer.of_folder(museum, port=server.server_port)):
        set_param(workspace, "since: null", "since: 2026-11-01")
        stage(fetch.main, *OUT)
        refreshed = contents(workspace / "data") | contents(workspace / "metrics")
        log = requests_logged(workspace)
        set_param(workspace, "since: 2026-11-01", "since: null")
        shutil.rmtree(workspace / ".scratch")
        stage(fetch.main, *OUT)
    assert contents(workspace / "data") | contents(workspace / "metrics") == refreshed
    # Seven searches, two listings, the three records that changed, and the images that these show.
    assert ": 12 API and 3 image requests" in log


def test_a_stopped_refresh_continues_and_a_finished_one_begins_anew(
    workspace: Path, museum: Path, stage: Callable[..., None]
) -> None:
    works = [json.loads(line) for line in (museum / "records.jsonl").read_text().splitlines()]
    write_folder(museum, [work | {"metadataDate": "2026-11-02T00:00:00Z"} for work in works])
    with serving(museum) as api:
        ask_museum(workspace, api)
        stage(fetch.main, *OUT)
        set_param(workspace, "since: null", "since: 2026-11-01")
        stop_at_7(stage)
        stage(fetch.main, *OUT)
        assert ": 6 API and 0 image requests" in requests_logged(workspace)  # the records from 7 on
        stage(fetch.main, *OUT)
        assert ": 21 API and 0 image requests" in requests_logged(workspace)  # catalogue, listings and all records


class Life:
    """A museum whose records change between fetches, served on the same port."""

    def __init__(self, workspace: Path, museum: Path, stage: Callable[..., None]) -> None:
        self.workspace, self.museum, self.stage, self.port = workspace, museum, stage, 0

    def fetched(self, works: list[dict[str, Any]], behavior: ServerBehavior | None = None) -> dict[str, bytes]:
        write_folder(self.museum, works)
        with running(MuseumServer.of_folder(self.museum, self.port, behavior)) as api:
            if not self.port:
                self.port = int(api.rpartition(":")[2])
                ask_museum(self.workspace, api)
                set_param(self.workspace, "since: null", "since: 2026-11-01")
            self.stage(fetch.main, *OUT)
        return contents(self.workspace / "data")

    def fetched_afresh(self, works: list[dict[str, Any]]) -> dict[str, bytes]:
        shutil.rmtree(self.workspace / ".scratch")
        return self.fetched(works)


@pytest.fixture
def life(workspace: Path, museum: Path, stage: Callable[..., None]) -> Life:
    return Life(workspace, museum, stage)


def dated(museum: Path, day: int, **changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the museum's records; those in `changes`, by `_<objectID>`, were changed on a day of November."""
    works = [json.loads(line) for line in (museum / "records.jsonl").read_text().splitlines()]
    for work in works:
        if (change := changes.get(f"_{work['objectID']}")) is not None:
            work |= change | {"metadataDate": f"2026-11-{day:02d}T00:00:00Z"}
    return works


def test_an_image_that_went_and_came_back_is_the_new_one(life: Life, museum: Path) -> None:
    file = museum / "images/CRDImages/as/web-large/5.jpg"
    works = dated(museum, 2)
    url = works[4]["primaryImageSmall"]
    life.fetched(works)
    life.fetched(dated(museum, 3, _5={"primaryImageSmall": ""}))
    picture(file, seed=55)
    works = dated(museum, 4, _5={"primaryImageSmall": url})
    refreshed = life.fetched(works)
    assert refreshed["raw/images/5.jpg"] == file.read_bytes()
    assert refreshed == life.fetched_afresh(works)


def test_an_image_that_another_object_takes_over_is_the_new_one(life: Life, museum: Path) -> None:
    works = dated(museum, 2)
    url = works[4]["primaryImageSmall"]
    life.fetched(works)
    picture(museum / "images/CRDImages/as/web-large/5.jpg", seed=55)
    works = dated(museum, 3, _7={"primaryImageSmall": url})
    assert life.fetched(works) == life.fetched_afresh(works)


def test_a_refresh_that_fails_keeps_what_was_known_and_tries_again(
    life: Life, museum: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = life.fetched(dated(museum, 2))
    works = dated(museum, 3, _5={"title": "New"}, _6={"title": "New"})
    picture(museum / "images/CRDImages/as/web-large/5.jpg", seed=55)
    real = Client.get_api

    def down(self: Client, path: str, **options: Any) -> Any:
        if path.endswith(("/5", "/6")):
            raise FetchError("failed 9 times, the last time: status 503")
        return real(self, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Client, "get_api", down)
        assert life.fetched(works) == before
    assert read_json(workspace / "metrics/fetch.json")["without_answer"] == 2
    assert life.fetched(works) == life.fetched_afresh(works)
    assert read_json(workspace / "metrics/fetch.json")["without_answer"] == 0


def test_what_was_gone_and_is_back_is_found_by_a_refresh(life: Life, museum: Path) -> None:
    works = dated(museum, 2)
    gone = ServerBehavior(gone=0.4, seed=1)
    assert sum(gone.is_gone(i) for i in range(1, 13)) > 2
    life.fetched(works, gone)
    assert life.fetched(works) == life.fetched_afresh(works)


def test_a_url_of_many_objects_is_refreshed_once(life: Life, museum: Path, workspace: Path) -> None:
    url = "https://images.metmuseum.org/CRDImages/as/web-large/1.jpg"
    shared = {f"_{i}": {"primaryImageSmall": url} for i in range(1, 13)}
    life.fetched(dated(museum, 2, **shared))
    picture(museum / "images/CRDImages/as/web-large/1.jpg", seed=55)
    works = dated(museum, 3, **{key: {"title": "New"} for key in shared})
    refreshed = life.fetched(works)
    assert ": 21 API and 1 image requests" in requests_logged(workspace)
    assert refreshed == life.fetched_afresh(works)


def test_other_candidates_cost_only_what_is_new(life: Life, museum: Path, workspace: Path) -> None:
    works = dated(museum, 2, _3={"classification": "Prints"})
    life.fetched(works)
    set_param(workspace, "[Paintings, Screens, Codices]", "[Paintings, Prints]")
    widened = life.fetched(works)
    assert widened == life.fetched_afresh(works)
    assert "raw/images/3.jpg" in widened


def test_a_dump_and_the_api_remember_apart(workspace: Path, met: str, stage: Callable[..., None]) -> None:
    old = [requests.get(f"{met}/v1/objects/{i}", timeout=5).json() | {"title": "OLD"} for i in range(1, 13)]
    write_lines(workspace / "dump.jsonl", old)
    set_param(workspace, "catalog: search", "catalog: dump")
    set_param(workspace, "catalog_file: null", "catalog_file: dump.jsonl")
    stage(fetch.main, "--dry-run", *OUT)
    set_param(workspace, "catalog: dump", "catalog: listing")
    stage(fetch.main, *OUT)
    assert "OLD" not in set(pd.read_parquet(workspace / "data/raw/objects.parquet")["title"])


def test_a_refused_host_is_asked_when_it_is_allowed(workspace: Path, museum: Path, stage: Callable[..., None]) -> None:
    with serving(museum) as api, pytest.MonkeyPatch.context() as patch:
        ask_museum(workspace, api)
        patch.setattr(Hosts, "check_image", refuse)
        with pytest.raises(UserError, match="3 consecutive images failed, the last one: not allowed"):
            stage(fetch.main, *OUT)
        patch.undo()
        stage(fetch.main, *OUT)
    assert read_json(workspace / "metrics/fetch.json")["statuses"] == {"ok": 12}


def refuse(*_: object) -> None:
    raise RefusedError("not allowed")


def test_stale_images_do_not_stay(fetched: Path, museum: Path, stage: Callable[..., None]) -> None:
    lines = (museum / "records.jsonl").read_text().splitlines()
    (museum / "records.jsonl").write_text("\n".join(lines[:4]))
    stage(fetch.main, *OUT)
    assert len(list((fetched / "data/raw/images").iterdir())) == 4


def test_outputs_name_the_museum_and_not_the_server(workspace: Path, met: str, stage: Callable[..., None]) -> None:
    stage(fetch.main, *OUT)
    objects = pd.read_parquet(workspace / "data/raw/objects.parquet")
    assert objects["primaryImageSmall"].str.startswith("https://images.metmuseum.org/").all()
    assert read_json(workspace / "data/raw/source.json") == {"source": "Metropolitan Museum of Art Collection API"}


def test_a_server_that_is_down_ends_in_one_sentence(
    workspace: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_museum(workspace, "http://127.0.0.1:9")
    monkeypatch.setattr(RetryPolicy, "wait_seconds", lambda *_: 0.0)
    with pytest.raises(
        UserError, match=r"127\.0\.0\.1:9/v1\.1/search\?.*: failed 3 times, the last time: no connection"
    ):
        stage(fetch.main, *OUT)


def test_the_museum_is_told_where_to_complain(workspace: Path, met: str, stage: Callable[..., None]) -> None:
    assert "no contact given)" in (workspace / "params.yaml").read_text()
    assert load("fetch", FetchParams).user_agent.endswith(NO_CONTACT)


def test_a_limit_takes_a_seeded_subset(workspace: Path, met: str, stage: Callable[..., None]) -> None:
    set_param(workspace, "limit: null", "limit: 5")
    stage(fetch.main, *OUT)
    metrics = read_json(workspace / "metrics/fetch.json")
    assert (metrics["candidates"], metrics["asked"], metrics["objects"]) == (12, 5, 5)


def test_the_time_of_the_plan_is_the_slower_hosts() -> None:
    params = load("fetch", FetchParams, ROOT / "params.yaml")
    assert plan(params, 5000, 5000, 0).endswith("About 83 min.")
    assert plan(params, 130_000, 130_000, 0).endswith("About 36.1 hours.")
    assert plan(params, 5000, 0, 4800).endswith("About 10 min.")


@pytest.mark.parametrize("lines", [[], ["{}"]])
def test_an_empty_or_broken_museum_is_named(workspace: Path, tmp_path: Path, stage: Callable, lines: list[str]) -> None:
    set_param(workspace, "source: sample", f"source: {write_folder(tmp_path / 'm', lines)}")
    with pytest.raises(UserError):
        stage(fetch.main, *OUT)


def test_every_defect_of_the_sample_has_its_status(sample: Path, workspace: Path, stage: Callable[..., None]) -> None:
    set_param(workspace, "source: sample", f"source: {sample}")
    stage(fetch.main, *OUT)
    objects = pd.read_parquet(workspace / "data/raw/objects.parquet").fillna({"reason": ""})
    reasons = objects.groupby("status")["reason"].agg(set).to_dict()
    assert set(reasons) == {"ok", "no_image", "image_gone", "image_refused"}
    assert reasons["image_refused"] == {"cut off", "HTML, not an image", "empty"}
    listed = [json.loads(line)["objectID"] for line in (sample / "records.jsonl").read_text().splitlines()]
    assert objects["objectID"].tolist() == listed
    assert objects["title"].str.contains("synthetic sample").all()
