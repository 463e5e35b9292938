from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, picture, record, write_folder

from met_culture import source
from met_culture.params import FetchParams, load


def params(**changes: object) -> FetchParams:
    return replace(load("fetch", ROOT / "params.yaml"), **changes)


def test_only_the_museum_itself_is_paced(workspace: Path, museum: Path) -> None:
    for name, pace in (("met", 1.0), (str(museum), None)):
        with source.open_source(params(source=name)) as (client, _, _):
            assert client.requests_per_second == pace


def test_names_say_nothing_of_this_machine(workspace: Path, museum: Path) -> None:
    with source.open_source(params(source=str(museum))) as (client, name, key):
        assert name == "museum folder museum"
        assert client.api.startswith("http://127.0.0.1:")
    with source.open_source(params(source=str(museum))) as (_, _, again):
        assert again == key


def test_the_sample_is_drawn_once_per_seed(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def draw(folder: Path, *, seed: int) -> None:
        drawn.append(seed)
        picture(folder / "images/a.jpg", seed)
        write_folder(folder, [record(1)])

    monkeypatch.setattr(source, "write_museum", draw)
    assert source.sample_folder(7) == source.sample_folder(7) != source.sample_folder(8)
    assert drawn == [7, 8]
