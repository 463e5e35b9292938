import os
from dataclasses import replace
from pathlib import Path

import pytest
from support import ROOT, picture, record, write_folder

from met_culture.common.config import load
from met_culture.fetch import sources
from met_culture.fetch.folder import FolderSource
from met_culture.fetch.params import FetchParams
from met_culture.fetch.sources import folder_key
from met_culture.web.errors import GoneError


def params(**changes: object) -> FetchParams:
    return replace(load("fetch", FetchParams, ROOT / "params.yaml"), **changes)


def test_the_museum_is_asked_at_the_rate_of_the_params(workspace: Path) -> None:
    met = params(source="met", parallel_images=3)
    with sources.open_source(met, sources.locate(met)) as source:
        client = source.client
        assert client.api_limiter.requests_per_second == 1.0
        assert (client.api_limiter.parallel, client.image_limiter.parallel, source.parallel) == (1, 3, 3)
        assert client.user_agent == met.user_agent


def test_a_folder_is_read_and_not_asked(workspace: Path, museum: Path) -> None:
    folder = params(source=str(museum), parallel_images=3)
    with sources.open_source(folder, sources.locate(folder)) as source:
        assert isinstance(source, FolderSource)
        assert (source.parallel, source.is_remote) == (3, False)
        assert source.record(3)["objectID"] == 3
        with pytest.raises(GoneError, match="404: the museum has no such object"):
            source.record(99)


def test_names_say_nothing_of_this_machine(workspace: Path, museum: Path) -> None:
    location = sources.locate(params(source=str(museum)))
    assert location.name == "museum folder museum"
    assert sources.locate(params(source=str(museum))) == location


def test_a_dump_and_the_api_have_states_of_their_own(workspace: Path) -> None:
    api = sources.locate(params(source="met"))
    dump = sources.locate(params(source="met", catalog="dump", catalog_file="x/y.parquet"))
    assert dump.name == "dump y.parquet of the Metropolitan Museum of Art"
    secret = params(source="met", catalog="images", catalog_file="https://example.org/a/list.csv?token=secret")
    assert sources.locate(secret).name == "image list list.csv"
    odd = params(source="met", catalog="images", catalog_file="a/what?.csv")
    assert sources.locate(odd).name == "image list what?.csv"
    assert dump.state != api.state


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


def test_files_behind_links_are_counted_in_once(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    file = picture(outside / "x.jpg", seed=5)
    (museum / "images/folder").symlink_to(outside)
    (museum / "images/file.jpg").symlink_to(file)
    (outside / "circle").symlink_to(museum / "images")
    keys = [folder_key(museum)]
    os.utime(file, ns=(1, 1))
    keys.append(folder_key(museum))
    picture(outside / "y.jpg", seed=6)
    keys.append(folder_key(museum))
    assert len(set(keys)) == 3


def test_the_sample_is_drawn_once_per_seed(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def draw(folder: Path, *, seed: int) -> None:
        drawn.append(seed)
        picture(folder / "images/a.jpg", seed)
        write_folder(folder, [record(1)])

    monkeypatch.setattr(sources, "write_museum", draw)
    assert sources.sample_folder(7) == sources.sample_folder(7) != sources.sample_folder(8)
    assert drawn == [7, 8]
