"""fetch.catalog ids: exactly the objects of a list, from the API or a museum folder."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from support import ask_museum, record, set_param, write_folder

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.fetch import __main__ as fetch
from met_culture.fetch.id_list import listed_objects
from met_culture.fetch.params import FetchParams
from met_culture.museum.server import MuseumServer, running

OUT = ("data/raw", "metrics/fetch.json")


def choose_ids(folder: Path, content: str = "title,objectID\nx,3\ny,1\nz,77\n") -> None:
    (folder / "ids.csv").write_text(content)
    set_param(folder, "catalog: search", "catalog: ids")
    set_param(folder, "catalog_file: null", "catalog_file: ids.csv")


def statuses(folder: Path) -> dict[int, str]:
    objects = pd.read_parquet(folder / "data/raw/objects.parquet")
    return dict(zip(objects["objectID"], objects["status"], strict=True))


def test_only_the_listed_objects_are_requested_whatever_they_are(
    workspace: Path, museum: Path, stage: Callable[..., None]
) -> None:
    write_folder(museum, [record(number, classification="Vases") for number in range(1, 13)])
    server = MuseumServer.of_folder(museum)
    server.behavior.keep_log = True
    with running(server):
        ask_museum(workspace, server.url)
        choose_ids(workspace)
        stage(fetch.main, *OUT)
    api = [request.path for request in server.behavior.requests if request.host == "api"]
    assert sorted(api) == ["/v1/objects/1", "/v1/objects/3", "/v1/objects/77"]
    assert statuses(workspace) == {1: "ok", 3: "ok", 77: "record_gone"}
    assert read_json(workspace / "metrics/fetch.json")["rows"] == 3


def test_a_museum_folder_is_filtered_by_the_list(workspace: Path, museum: Path, stage: Callable[..., None]) -> None:
    set_param(workspace, "source: sample", f"source: {museum}")
    choose_ids(workspace)
    stage(fetch.main, *OUT)
    assert statuses(workspace) == {1: "ok", 3: "ok", 77: "record_gone"}
    set_param(workspace, "limit: null", "limit: 1")
    stage(fetch.main, *OUT)
    assert len(statuses(workspace)) == 1


def test_the_sample_has_no_ids_to_choose(workspace: Path) -> None:
    choose_ids(workspace)
    with pytest.raises(UserError, match="catalog ids needs source met or a museum folder"):
        load("fetch", FetchParams)


def test_an_id_may_be_listed_twice_and_be_a_float(tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    file.write_text("\ufeff objectID ,x\n5,\n\n5.0,\n 7,\n", encoding="utf-8")
    assert listed_objects(file) == ({5, 7}, 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"id\n5\n", r"has no column 'objectID'.*\(its columns: id\)"),
        (b"", r"has no column 'objectID'.*\(its columns: none\)"),
        (b"objectID,objectID\n5,5\n", "has 2 columns 'objectID'"),
        (b"objectID\n5\n5.5\n", "line 3: objectID '5.5' is not a positive whole number"),
        (b"objectID,x\n5,\n-5,\n", "line 3: objectID '-5' is not"),
        (b"objectID,x\n5\n", "line 2: 1 cells instead of 2"),
        (b"objectID\n\xff\n", "is not UTF-8"),
        (b"objectID\n" + b"x" * 200_000, "line 2: field larger than"),
        (b"<!DOCTYPE html>", "is a web page"),
    ],
)
def test_a_fault_is_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "ids.csv"
    file.write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        listed_objects(file)
    assert str(caught.value).startswith(f"fetch.catalog_file: {file}")
    assert "\n" not in str(caught.value)
