import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import set_param, write_folder

from met_culture import client, fetch, source
from met_culture.command import UserError
from met_culture.files import read_json
from met_culture.museum import serving
from met_culture.records import SCHEMA

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


def test_a_stopped_fetch_continues(
    workspace: Path, museum: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_param(workspace, "source: sample", f"source: {museum}")
    asked: list[int] = []

    def stop_at_7(client: object, object_id: int, scratch: object) -> dict:
        asked.append(object_id)
        if object_id == 7 and len(asked) == 7:
            raise KeyboardInterrupt
        return real(client, object_id, scratch)

    real = fetch.fetch_object
    monkeypatch.setattr(fetch, "fetch_object", stop_at_7)
    with pytest.raises(KeyboardInterrupt):
        stage(fetch.main, *OUT)
    stage(fetch.main, *OUT)
    log = next((workspace / ".scratch").rglob("fetch.log")).read_text()
    assert " 13 requests" in log  # the listing, and record and image of the six that were not settled
    assert read_json(workspace / "metrics/fetch.json")["statuses"] == {"ok": 12}


def test_stale_images_do_not_stay(fetched: Path, museum: Path, stage: Callable[..., None]) -> None:
    lines = (museum / "records.jsonl").read_text().splitlines()
    (museum / "records.jsonl").write_text("\n".join(lines[:4]))
    stage(fetch.main, *OUT)
    assert len(list((fetched / "data/raw/images").iterdir())) == 4


def test_met_is_read_over_the_api_at_its_pace(workspace: Path, museum: Path, stage: Callable[..., None]) -> None:
    with serving(museum) as api:
        set_param(workspace, "source: sample", "source: met")
        set_param(workspace, "https://collectionapi.metmuseum.org/public/collection", api)
        set_param(workspace, "requests_per_second: 1.0", "requests_per_second: 20")
        stage(fetch.main, *OUT)
    log = next((workspace / ".scratch").rglob("fetch.log")).read_text()
    assert float(log.split(" requests, ")[1].split(" s")[0]) >= 0.55  # 13 requests of the API at 20 a second
    objects = pd.read_parquet(workspace / "data/raw/objects.parquet")
    assert objects["primaryImageSmall"].str.startswith("https://images.metmuseum.org/").all()
    assert read_json(workspace / "data/raw/source.json") == {"source": "Metropolitan Museum of Art Collection API"}


def test_a_server_that_is_down_ends_in_one_sentence(
    workspace: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_param(workspace, "source: sample", "source: met")
    set_param(workspace, "https://collectionapi.metmuseum.org/public/collection", "http://127.0.0.1:9")
    monkeypatch.setattr(source, "Client", lambda *a: client.Client(*a, retries=client.RETRIES.new(total=0)))
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9/v1/objects failed 1 times, at last: no connection"):
        stage(fetch.main, *OUT)


def test_a_fetch_gives_up_when_everything_fails(
    workspace: Path, museum: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_param(workspace, "source: sample", f"source: {museum}")
    down = {"status": "record_failed", "reason": "status 503"}
    monkeypatch.setattr(fetch, "fetch_object", lambda *_: down)
    with pytest.raises(UserError, match="5 objects in a row failed, at last status 503; run again to continue"):
        stage(fetch.main, *OUT)


def test_one_failure_is_a_row_with_its_reason(
    workspace: Path, museum: Path, stage: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_param(workspace, "source: sample", f"source: {museum}")
    real = fetch.fetch_object

    def fails_once(client: object, object_id: int, scratch: object) -> dict:
        row = real(client, object_id, scratch)
        if object_id != 3:
            return row
        (scratch.folder / "3.json").unlink()
        return row | {"status": "image_failed", "reason": "status 503", "image_file": None}

    monkeypatch.setattr(fetch, "fetch_object", fails_once)
    stage(fetch.main, *OUT)
    assert read_json(workspace / "metrics/fetch.json")["statuses"] == {"image_failed": 1, "ok": 11}


@pytest.mark.parametrize("lines", [[], ["{}"]])
def test_an_empty_or_broken_museum_is_named(workspace: Path, tmp_path: Path, stage: Callable, lines: list[str]) -> None:
    set_param(workspace, "source: sample", f"source: {write_folder(tmp_path / 'm', lines)}")
    with pytest.raises(UserError):
        stage(fetch.main, *OUT)


def test_every_wart_of_the_sample_has_its_status(sample: Path, workspace: Path, stage: Callable[..., None]) -> None:
    set_param(workspace, "source: sample", f"source: {sample}")
    stage(fetch.main, *OUT)
    objects = pd.read_parquet(workspace / "data/raw/objects.parquet").fillna({"reason": ""})
    reasons = objects.groupby("status")["reason"].agg(set).to_dict()
    assert set(reasons) == {"ok", "no_image", "image_gone", "image_refused"}
    assert reasons["image_refused"] == {"cut off", "HTML, not an image", "empty"}
    listed = [json.loads(line)["objectID"] for line in (sample / "records.jsonl").read_text().splitlines()]
    assert objects["objectID"].tolist() == listed
    assert objects["title"].str.contains("synthetic sample").all()
