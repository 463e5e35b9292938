from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from catalogues import write_csv, write_lines
from servers import answer, server
from support import ROOT, record

from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.fetch.api_source import ApiSource
from met_culture.fetch.catalogue import changed_ids, choose
from met_culture.fetch.folder import FolderSource
from met_culture.fetch.params import FetchParams
from met_culture.fetch.state import FetchState
from met_culture.web.client import Client

Make = Callable[..., Client]
CSV_ROW = ["1.1", "True", "5", "Asian Art", "Hanging scroll", "Pines", "Paintings"]


def params(**changes: object) -> FetchParams:
    return replace(load("fetch", FetchParams, ROOT / "params.yaml"), source="met", **changes)


@pytest.mark.parametrize("catalog", ["search", "listing"])
def test_the_api_is_asked(client: Make, api: str, tmp_path: Path, catalog: str) -> None:
    with FetchState(tmp_path / "scratch") as state:
        ids, known = choose(ApiSource(client(api)), state, params(catalog=catalog))
    assert ids == list(range(1, 13))
    missed = {"missed_by_search": 0} if catalog == "search" else {}
    assert known == {"catalog": catalog, "candidates": 12, "asked": 12} | missed


def test_everything_of_a_folder_is_wanted(museum: Path, tmp_path: Path) -> None:
    with FetchState(tmp_path / "scratch") as state:
        source = FolderSource(museum, 1)
        ids, known = choose(source, state, replace(params(candidates=()), source="sample", limit=5))
    assert len(ids) == 5
    assert known == {"catalog": "folder", "candidates": 12, "asked": 5}


def test_a_csv_chooses_without_a_request(client: Make, tmp_path: Path) -> None:
    print_ = [*CSV_ROW[:2], "6", *CSV_ROW[3:6], "Prints"]
    file = write_csv(tmp_path / "MetObjects.csv", CSV_ROW, print_)
    with FetchState(tmp_path / "scratch") as state:
        assert choose(ApiSource(client("http://127.0.0.1:9")), state, params(catalog="csv", catalog_file=str(file)))[
            0
        ] == [5]


def test_a_dump_settles_records_without_a_request(client: Make, tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "x.jsonl", [record(5), record(6, classification="Prints"), record(7, culture=["bad"])]
    )
    with FetchState(tmp_path / "scratch") as state:
        ids, _ = choose(ApiSource(client("http://127.0.0.1:9")), state, params(catalog="dump", catalog_file=str(file)))
        assert ids == [5, 7]
        assert [state.records.find(object_id)["status"] for object_id in ids] == ["ok", "record_malformed"]
        assert state.records.find(6) is None


def test_a_file_behind_a_url_is_read_once_a_fetch_and_once_a_version(client: Make, tmp_path: Path) -> None:
    body = write_csv(tmp_path / "x.csv", CSV_ROW).read_bytes()
    with server(answer(body, more='ETag: "1"\r\n'), answer(b"", "304 Not Modified")) as (url, times):
        wanted = params(catalog="csv", catalog_file=f"{url}/x.csv")
        with FetchState(tmp_path / "scratch") as state:
            for _ in range(2):
                assert choose(ApiSource(client(url)), state, wanted)[0] == [5]
            assert len(times) == 1
            state.forget_facts("answer ")
            assert choose(ApiSource(client(url)), state, wanted)[0] == [5]
            assert len(times) == 2


@pytest.mark.parametrize(
    ("reply", "says"),
    [(answer(b"", "404 Not Found"), "answered status 404"), (answer(b"", "503 No"), "failed 3 times")],
)
def test_a_file_that_does_not_come_is_named(client: Make, tmp_path: Path, reply: bytes, says: str) -> None:
    with (
        server(reply) as (url, _),
        FetchState(tmp_path / "scratch") as state,
        pytest.raises(UserError, match=rf"fetch\.catalog_file: {url}/x\.csv:? {says}"),
    ):
        choose(ApiSource(client(url)), state, params(catalog="csv", catalog_file=f"{url}/x.csv"))


def test_a_list_of_images_behind_a_url(client: Make, tmp_path: Path) -> None:
    row = ["https://images.metmuseum.org/1.jpg", "China"]
    body = write_csv(tmp_path / "x.csv", row, header=["primaryImageSmall", "culture"]).read_bytes()
    with server(answer(body)) as (url, times), FetchState(tmp_path / "scratch") as state:
        ids, known = choose(ApiSource(client(url)), state, params(catalog="images", catalog_file=f"{url}/x.csv"))
        assert state.records.find(ids[0])["url"] == row[0]
    assert known == {"catalog": "images", "candidates": 1, "rows": 1, "asked": 1}
    assert len(times) == 1


def test_no_candidates_are_an_error(client: Make, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "x.csv")
    with FetchState(tmp_path / "scratch") as state, pytest.raises(UserError, match="names no object"):
        choose(ApiSource(client("http://127.0.0.1:9")), state, params(catalog="csv", catalog_file=str(file)))


def test_changed_is_what_changed_is_no_longer_listed_or_is_back(client: Make, api: str, tmp_path: Path) -> None:
    with FetchState(tmp_path / "scratch") as state:
        for object_id in (1, 99):
            state.records.write(object_id, "ok", None, {"title": ""}, None)
        for object_id in (2, 98):
            state.records.write(object_id, "record_gone", "404", None, None)
        assert changed_ids(client(api), state, "2026-01-01") == {2, 99}  # the records have no metadataDate


def test_two_addresses_are_two_files(client: Make, tmp_path: Path) -> None:
    body = write_csv(tmp_path / "x.csv", CSV_ROW).read_bytes()
    other = write_csv(tmp_path / "y.csv", [*CSV_ROW[:2], "6", *CSV_ROW[3:]]).read_bytes()
    with server(answer(body), answer(other)) as (url, times), FetchState(tmp_path / "scratch") as state:
        chosen = [
            choose(ApiSource(client(url)), state, params(catalog="csv", catalog_file=f"{url}/{name}.csv"))[0]
            for name in ("x", "y", "x")
        ]
        assert chosen == [[5], [6], [5]]
        assert len(times) == 2


def test_only_the_chosen_records_of_a_dump_are_remembered(client: Make, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "x.jsonl", [record(i) for i in range(1, 30)])
    with FetchState(tmp_path / "scratch") as state:
        wanted = params(catalog="dump", catalog_file=str(file), limit=3)
        ids, known = choose(ApiSource(client("http://127.0.0.1:9")), state, wanted)
        assert set(state.records.ids(gone=False)) == set(ids)
        assert known == {"catalog": "dump", "candidates": 29, "rows": 29, "asked": 3}


def test_skipped_rows_are_counted(client: Make, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "x.csv", CSV_ROW, ["short"])
    with FetchState(tmp_path / "scratch") as state:
        known = choose(ApiSource(client("http://127.0.0.1:9")), state, params(catalog="csv", catalog_file=str(file)))[1]
    assert known == {"catalog": "csv", "candidates": 1, "rows": 2, "rows_skipped": 1, "asked": 1}
