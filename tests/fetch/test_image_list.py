"""fetch.catalog images: a list of addresses with their labels, and further columns."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from catalogues import write_csv
from support import ask_museum, set_param

from met_culture.clean import __main__ as clean
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.fetch import __main__ as fetch
from met_culture.fetch import image_list
from met_culture.fetch.image_list import ImageList, derive_ids
from met_culture.fetch.params import FetchParams
from met_culture.fetch.state import FetchState
from met_culture.museum.server import MuseumServer, running, serving

OUT = ("data/raw", "metrics/fetch.json")
HEADER = ["", "culture", "primaryImageSmall"]  # as in the article's own list
URL = "https://images.metmuseum.org/CRDImages/as/web-large/{}.jpg".format
LABELS = ["India", "China", "Japan", "America"]


def read(file: Path) -> ImageList:
    return ImageList(file, "primaryImageSmall", "culture")


def listed(*rows: tuple[str, str]) -> list[list[str]]:
    return [[str(number), *row] for number, row in enumerate(rows)]


def choose_list(folder: Path, api: str, rows: list[list[str]], header: list[str] = HEADER) -> None:
    ask_museum(folder, api)
    write_csv(folder / "list.csv", *rows, header=header)
    set_param(folder, "catalog: search", "catalog: images")
    set_param(folder, "catalog_file: null", "catalog_file: list.csv")


def objects(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "data/raw/objects.parquet").set_index("primaryImageSmall")


@pytest.fixture
def server(museum: Path) -> Iterator[MuseumServer]:
    server = MuseumServer.of_folder(museum)
    server.behavior.keep_log = True
    with running(server):
        yield server


def cleaned(stage: Callable[..., None], workspace: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    paintings, rejected = (workspace / f"data/clean/{name}.csv" for name in ("paintings", "rejected"))
    return pd.read_csv(paintings, keep_default_na=False), pd.read_csv(rejected, keep_default_na=False)


def test_a_list_is_fetched_without_the_api_and_its_labels_count(
    workspace: Path, server: MuseumServer, stage: Callable[..., None]
) -> None:
    choose_list(workspace, server.url, listed(*((LABELS[i % 4], URL(i)) for i in range(1, 13))))
    stage(fetch.main, *OUT)
    stage(fetch.main, *OUT)
    assert sorted(request.path for request in server.behavior.requests) == sorted(
        f"/images/https/{URL(i).removeprefix('https://')}" for i in range(1, 13)
    )
    table = objects(workspace)
    assert (table["status"] == "ok").all()
    assert table["objectID"].tolist() == sorted(table["objectID"])
    paintings, rejected = cleaned(stage, workspace)
    assert paintings["label"].value_counts().to_dict() == dict.fromkeys(LABELS, 3)
    assert rejected.empty
    assert read_json(workspace / "data/clean/labels.json")["source"] == "image list list.csv"
    assert read_json(workspace / "metrics/fetch.json")["rows"] == 12


def test_a_hostile_list_goes_on(workspace: Path, server: MuseumServer, stage: Callable[..., None]) -> None:
    good = [(LABELS[i % 4], URL(i)) for i in range(1, 13)]
    odd = [
        ("China", "file:///etc/passwd"),
        ("China", "http://images.metmuseum.org/CRDImages/as/web-large/1.jpg"),
        ("China", "https://images.metmuseum.org.evil.example/1.jpg"),
        ("China", "https://user@images.metmuseum.org/1.jpg"),
        ("China", '=HYPERLINK("https://evil.example")'),
        ("China", "https://images.metmuseum.org/\0\x1b[31m.jpg"),
        ("China", URL("a blank")),
        ("", URL(1) + "?empty"),
        ("=1+1", URL(2) + "?formula"),
        ("american", URL(3) + "?no name"),
        ("China\x1b[2J", URL(4) + "?control"),
        ("Japan", URL(5)),  # a second label
        ("America", URL(7)),  # twice
        ("China", " "),
    ]
    choose_list(workspace, server.url, [*listed(*good, *odd), ["short"]])
    stage(fetch.main, *OUT)
    table = objects(workspace)
    status = table["status"]
    assert {status[url] for _, url in odd[:6]} == {"image_refused", "image_gone"}  # a path is quoted, and not there
    assert (status != "ok").sum() == 7 + 1 + 4
    assert status[URL(5)] == "record_malformed"
    assert status[URL("a blank")] == "image_gone"
    metrics = read_json(workspace / "metrics/fetch.json")
    assert (metrics["rows"], metrics["rows_skipped"], metrics["candidates"]) == (27, 2, 23)
    paths = [request.path for request in server.behavior.requests]
    assert len(paths) == len(set(paths))
    assert f"/images/https/{URL('a%20blank').removeprefix('https://')}" in paths
    assert not any("evil" in path or "passwd" in path for path in paths)


def test_clean_rejects_other_labels_with_a_reason(
    workspace: Path, server: MuseumServer, stage: Callable[..., None]
) -> None:
    good = [(LABELS[i % 4], URL(i)) for i in range(1, 13)]
    odd = [("American", URL(14)), ("", URL(15)), ("China", URL(13)), ("Japan", URL(13))]
    odd += [("China", "https://other.example/1.jpg")]
    choose_list(workspace, server.url, listed(*good, *odd))
    set_param(workspace, "{ label: China, pattern: China }", "{ label: China, pattern: Nowhere }")
    stage(fetch.main, *OUT)
    paintings, rejected = cleaned(stage, workspace)
    assert len(paintings) == 12
    assert dict(zip(rejected["kind"], rejected["reason"], strict=True)) == {
        "other_label": "listed label 'American'",
        "no_target": "listed label is empty",
        "no_record": "record_malformed: the list gives this address the labels 'China', 'Japan'",
        "no_image": "image_refused: https://other.example is not one of fetch.image_hosts over https",
    }


def test_other_names_of_columns_and_fields_of_records(
    workspace: Path, server: MuseumServer, stage: Callable[..., None]
) -> None:
    header = ["objectID", "url", "land", "title", "objectBeginDate", "culture", "nothing"]
    rows = [[str(i), URL(i), LABELS[i % 4], f"Work {i}", "1700.0", "ignored", "x"] for i in range(1, 13)]
    rows += [["x", URL(1), "China", "", "", "", ""], ["9", URL(10), "India", "", "", "", ""]]
    choose_list(workspace, server.url, rows, header)
    set_param(workspace, "image_column: primaryImageSmall", "image_column: url")
    set_param(workspace, "label_column: culture", "label_column: land")
    set_param(workspace, "limit: null", "limit: 12")
    stage(fetch.main, *OUT)
    table = objects(workspace).reset_index().set_index("objectID")
    assert table.index.tolist() == list(range(1, 13))
    assert table.loc[3, ["title", "objectBeginDate", "culture", "primaryImageSmall"]].tolist() == [
        "Work 3",
        1700,
        "America",
        URL(3),
    ]
    assert table.loc[9, "reason"] == "the list gives this objectID several addresses"


def test_a_limit_draws_by_seed_and_since_is_refused(
    workspace: Path, server: MuseumServer, stage: Callable[..., None]
) -> None:
    choose_list(workspace, server.url, listed(*(("China", URL(i)) for i in range(1, 13))))
    set_param(workspace, "limit: null", "limit: 5")
    stage(fetch.main, *OUT)
    assert len(objects(workspace)) == len(server.behavior.requests) == 5
    set_param(workspace, "since: null", 'since: "2026-01-01"')
    with pytest.raises(UserError, match="since must be null with catalog images"):
        load("fetch", FetchParams)


def test_one_column_cannot_be_both(workspace: Path) -> None:
    set_param(workspace, "label_column: culture", "label_column: primaryImageSmall")
    with pytest.raises(UserError, match="image_column and label_column must differ"):
        load("fetch", FetchParams)


def test_ids_do_not_depend_on_the_order_even_where_hashes_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [URL(i) for i in range(12)]
    assert derive_ids(addresses) == derive_ids(reversed(addresses))
    assert max(derive_ids(addresses).values()) < 10**15
    monkeypatch.setattr(image_list, "ID_BITS", 4)
    assert derive_ids(addresses) == derive_ids(reversed(addresses))
    assert len(set(derive_ids(addresses).values()) - {0}) == 12


def test_ids_stay_the_same_in_later_versions() -> None:
    assert derive_ids([URL(1)]) == {URL(1): 25136435549982}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"has no column 'primaryImageSmall', and needs one \(its columns: none\); set fetch\.image_column"),
        (b"\n", "has no column 'primaryImageSmall'"),
        (b"a;b\n1;2\n", r"\(its columns: a;b\); set fetch\.image_column"),
        (b"primaryImageSmall\nx\n", r"has no column 'culture'.*; set fetch\.label_column"),
        (b"primaryImageSmall,culture,culture\n", "has 2 columns 'culture'"),
        (b"objectID,primaryImageSmall,culture,objectID\n", "has 2 columns 'objectID'"),
        ("primaryImageSmall,culture,title\nx,y,Café\n".encode("cp1252"), "is not UTF-8; save it as CSV in UTF-8"),
        ("primaryImageSmall,culture\nx,y\n".encode("utf-16"), "is not UTF-8"),
        (b"<html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"primaryImageSmall,culture\n" + b"x" * 200_000, "line 2: field larger than"),
        (b"primaryImageSmall,culture\n" + b"\xff" * 10, "is not UTF-8"),
    ],
)
def test_another_file_is_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        read(file)
    assert str(file) in str(caught.value)
    assert "fetch.catalog_file" in str(caught.value)


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark(tmp_path: Path, start: str, end: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(end.join([f"{start}primaryImageSmall, culture ", "x,China", "", '"y\n z",Japan', ""]).encode())
    images = read(file)
    assert (images.rows, images.skipped, len(images.ids)) == (2, 0, 2)


def test_only_the_chosen_rows_are_stored(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "list.csv", *listed(*(("China", URL(i)) for i in range(3000))), header=HEADER)
    images = read(file)
    chosen = set(sorted(images.ids)[:2500])
    with FetchState(tmp_path / "scratch") as state:
        images.store(state, chosen)
        assert set(state.records.ids(gone=False)) == chosen


def test_a_list_without_a_valid_row_is_named(workspace: Path, stage: Callable[..., None]) -> None:
    choose_list(workspace, "http://127.0.0.1:9", listed(("China", " ")))
    with pytest.raises(UserError, match=r"the catalogue \(list\.csv\) names no object to fetch; check it\."):
        stage(fetch.main, *OUT)


def test_an_odd_public_domain_loses_no_painting(tmp_path: Path) -> None:
    rows = [[URL(number), "China", value] for number, value in enumerate(["yes", "", "TRUE"])]
    file = write_csv(tmp_path / "list.csv", *rows, header=["primaryImageSmall", "culture", "isPublicDomain"])
    images = read(file)
    with FetchState(tmp_path / "scratch") as state:
        images.store(state, images.ids)
        state.set_wanted(images.ids)
        assert [outcome["record_status"] for outcome in state.outcomes()] == ["ok"] * 3


def test_a_list_that_changes_while_it_is_read(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "list.csv", *listed(("China", "x"), ("China", "y")), header=HEADER)
    images = read(file)
    write_csv(file, *listed(("China", "x")), header=HEADER)
    with FetchState(tmp_path / "scratch") as state, pytest.raises(UserError, match="changed while it was read"):
        images.store(state, images.ids)


def test_the_addresses_of_real_paintings(workspace: Path, real_museum: Path, stage: Callable[..., None]) -> None:
    names = {"China": "China", "Japan": "Japan", "American": "America"}
    rows = []
    for line in (real_museum / "records.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["culture"] in names and record["primaryImageSmall"]:
            rows.append((names[record["culture"]], record["primaryImageSmall"]))
    with serving(real_museum) as api:
        choose_list(workspace, api, listed(*rows))
        set_param(workspace, "limit: null", "limit: 30")
        stage(fetch.main, *OUT)
    assert set(objects(workspace)["status"]) == {"ok"}
