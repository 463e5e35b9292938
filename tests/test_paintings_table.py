"""benchmarks/paintings.csv: others fetch the same paintings, get the same folds, and learn what has changed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import paintings
import pandas as pd
import pytest
from support import ask_museum, picture, set_param, write_folder

from met_culture.clean import __main__ as clean
from met_culture.fetch import __main__ as fetch
from met_culture.museum.server import serving

TABLE = pd.read_csv(paintings.TABLE)
EACH = 9  # paintings of each label; India has no more
SOME = TABLE.groupby("label").head(EACH)


def test_the_table_holds_the_409_paintings_as_facts_only() -> None:
    assert TABLE["label"].value_counts().to_dict() == {"China": 158, "Japan": 140, "America": 102, "India": 9}
    assert list(TABLE) == [*paintings.FACTS, *(f"fold_{seed}" for seed in range(11, 21))]
    assert TABLE["objectID"].is_unique
    assert TABLE["objectID"].is_monotonic_increasing
    assert TABLE["image_sha256"].str.fullmatch("[0-9a-f]{64}").all()
    for column in TABLE.filter(like="fold_"):
        assert set(TABLE[column]) == set(range(paintings.FOLDS))
        assert TABLE.groupby("group")[column].nunique().eq(1).all()


def image(folder: Path, record: dict) -> Path:
    return folder / record["primaryImageSmall"].removeprefix("https://images.metmuseum.org/")


@pytest.fixture
def changed_museum(real_museum: Path, tmp_path: Path) -> Path:
    """Return a part of the real museum in which a record and an image are gone, and an image and a label are others."""
    lines = (real_museum / "records.jsonl").read_text(encoding="utf-8").splitlines()
    records = {record["objectID"]: record for record in map(json.loads, lines)}
    chosen = {label: rows["objectID"].tolist() for label, rows in SOME.groupby("label")}
    folder = tmp_path / "museum"
    for number in SOME["objectID"]:
        copy = image(folder / "images", records[number])
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(image(real_museum / "images", records[number]), copy)
    picture(image(folder / "images", records[chosen["China"][0]]), seed=1)
    image(folder / "images", records[chosen["China"][1]]).unlink()
    records[chosen["Japan"][0]]["culture"] = "China"
    records[chosen["Japan"][1]]["culture"] = "Korea"
    gone = chosen["America"][0]
    return write_folder(folder, [records[number] for number in SOME["objectID"] if number != gone])


def test_a_museum_that_has_changed_gives_the_same_folds(
    workspace: Path, changed_museum: Path, stage: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    SOME.to_csv(workspace / "some.csv", index=False)
    for old, new in (
        ("catalog: search", "catalog: ids"),
        ("catalog_file: null", "catalog_file: some.csv"),
        ("folds_file: null", f"folds_file: {paintings.TABLE}"),
        ("folds: null", "folds: 5"),
        ("fold: 0", "fold: 2"),
        ("seed: 11", "seed: 13"),
    ):
        set_param(workspace, old, new)
    with serving(changed_museum) as api:
        ask_museum(workspace, api)
        stage(fetch.main, "data/raw", "metrics/fetch.json")
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    rows = pd.read_csv(workspace / "data/clean/paintings.csv").merge(TABLE, on="objectID", suffixes=("", "_then"))
    assert len(rows) == len(SOME) - 3
    assert (rows["group"] == rows["group_then"]).all()
    assert ((rows["split"] == "test") == (rows["fold_13"] == 2)).all()
    said = "33 of the 409 paintings of clean.folds_file are used (missing: 373 not fetched, 1 no_image, 1 no_record, "
    assert said + "1 other_label); other paintings, left out: 0" in capsys.readouterr().out.splitlines()
    rejected = pd.read_csv(workspace / "data/clean/rejected.csv")
    assert sorted(rejected["kind"]) == ["no_image", "no_record", "other_label"]
    stage(paintings.main, "--compare", "data")
    lines = capsys.readouterr().out.splitlines()
    america, china, japan = (
        SOME[SOME["label"] == label]["objectID"].tolist() for label in ("America", "China", "Japan")
    )
    sha = TABLE.set_index("objectID").loc[china[0], "image_sha256"][:12]
    assert len(lines) == 6
    assert set(lines) > {
        f"{america[0]}: gone (record_gone: 404: the museum has no such object)",
        f"{china[1]}: gone (image_gone: 404: dead link)",
        f"{japan[0]}: other label (China instead of Japan)",
        f"{japan[1]}: no label (other_label: culture/country 'Korea')",
    }
    assert any(line.startswith(f"{china[0]}: other bytes (sha256 ") and line.endswith(f" of {sha})") for line in lines)
    assert lines[-1] == (
        "31 of 409 paintings are unchanged; 2 gone, 1 no label, 373 not fetched, 1 other bytes, 1 other label"
    )
