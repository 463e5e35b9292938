import os
from dataclasses import replace
from pathlib import Path

import pytest
from support import ROOT, picture, record, write_folder

from met_culture.common.config import load
from met_culture.fetch import sources as source
from met_culture.fetch.params import FetchParams
from met_culture.fetch.sources import folder_key


def params(**changes: object) -> FetchParams:
    return replace(load("fetch", FetchParams, ROOT / "params.yaml"), **changes)


def test_only_the_museum_itself_is_paced(workspace: Path, museum: Path) -> None:
    for name, pace in (("met", 1.0), (str(museum), None)):
        with source.open_source(params(source=name, parallel_images=3)) as (client, _, _):
            assert client.api_pace.requests_per_second == pace
            assert (client.api_pace.parallel, client.image_pace.parallel) == (1, 3)
            assert client.user_agent == params().user_agent


def test_names_say_nothing_of_this_machine(workspace: Path, museum: Path) -> None:
    with source.open_source(params(source=str(museum))) as (client, name, folder):
        assert name == "museum folder museum"
        assert client.api.startswith("http://127.0.0.1:")
    with source.open_source(params(source=str(museum))) as (_, _, again):
        assert again == folder


def test_a_changed_museum_has_another_key(museum: Path) -> None:
    keys = [folder_key(museum)]
    assert folder_key(museum) == keys[0]
    image = picture(museum / "images/CRDImages/as/web-large/1.jpg", seed=99)
    os.utime(image, ns=(1, 1))
    keys.append(folder_key(museum))
    with (museum / "records.jsonl").open("a") as records:
        records.write("\n")
    keys.append(folder_key(museum))
    (museum / "images/CRDImages/as/web-large/2.jpg").unlink()
    keys.append(folder_key(museum))
    assert len(set(keys)) == 4


def test_odd_files_of_a_museum_are_counted_in(museum: Path) -> None:
    before = folder_key(museum)
    (museum / "images" / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    (museum / "images" / "broken").symlink_to("nowhere")
    assert folder_key(museum) != before


def test_the_sample_is_drawn_once_per_seed(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def draw(folder: Path, *, seed: int) -> None:
        drawn.append(seed)
        picture(folder / "images/a.jpg", seed)
        write_folder(folder, [record(1)])

    monkeypatch.setattr(source, "write_museum", draw)
    assert source.sample_folder(7) == source.sample_folder(7) != source.sample_folder(8)
    assert drawn == [7, 8]
