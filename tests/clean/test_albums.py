from pathlib import Path

import pandas as pd
import pytest
from support import ROOT

from met_culture.clean.albums import album, leaf_keys, maker_keys, series_keys
from met_culture.clean.params import CleanParams
from met_culture.common.config import load

PARAMS = load("clean", CleanParams, ROOT / "params.yaml")


def works(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Return works of (accession number, artist, object name)."""
    table = pd.DataFrame(rows, columns=["accessionNumber", "artistDisplayName", "objectName"])
    return table.assign(medium="Ink and gold leaf on paper", title="")


@pytest.mark.parametrize(
    ("number", "stem"),
    [
        ("1990.100.7a", "1990.100.7"),
        ("13.220.21a, b", "13.220.21"),
        ("1989.141.4a–rr", "1989.141.4"),
        ("14.76.61.70", "14.76.61"),
        ("2017.50a", "2017.50"),
        ("54.90.513", ""),
        ("63.200.5", ""),
        ("74.3", ""),
        ("", ""),
    ],
)
def test_albums(number: str, stem: str) -> None:
    assert album(number, PARAMS.album) == stem


def test_leaves_of_one_album_share_a_key_whoever_painted_them() -> None:
    table = works(
        ("55.121.10.1", "Mansur", "Illustrated album leaf"),
        ("55.121.10.2", "Bichitr", "Folio from an illustrated manuscript"),
        ("55.121.10.3", "Manohar", "Hanging scroll"),
        ("54.90.513", "Manohar", "Album leaf"),
    )
    assert leaf_keys(table, PARAMS).tolist() == ["55.121.10", "55.121.10", "", ""]
    by_medium = table.assign(objectName="", medium=["Album leaf; ink on silk", "Ink", "Page from a book", "Ink"])
    assert leaf_keys(by_medium, PARAMS).tolist() == ["55.121.10", "", "55.121.10", ""]


def test_works_of_one_artist_share_the_key_of_their_number() -> None:
    table = works(
        ("2015.500.9.15", "Sakai Hōitsu", "Hanging scroll"),
        ("2015.500.9.18", "Yosa Buson", "Hanging scroll"),
        ("2015.500.9.54", "Nagasawa Rosetsu", "Hanging scroll"),
        ("2015.500.9.65", "Sakai Hōitsu", "Hanging scroll"),
        ("74.3", "Yosa Buson", "Hanging scroll"),
    )
    keys = maker_keys(table, PARAMS)
    assert keys.nunique() == 4
    assert keys[0] == keys[3]
    assert keys[4] == ""


def test_parts_of_one_series_share_a_key() -> None:
    table = works(*((f"75.2.{number}", artist, "") for number, artist in zip("6789", "AABA", strict=True)))
    keys = series_keys(table.assign(title=["Wisdom Kings", "Wisdom kings", "Wisdom Kings", ""]))
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == ""


def test_albums_of_the_museum(real_museum: Path) -> None:
    records = pd.read_json(real_museum / "records.jsonl", lines=True, dtype=False).set_index("accessionNumber")
    table = records.reset_index()
    keys = pd.DataFrame({"leaf": leaf_keys(table, PARAMS), "maker": maker_keys(table, PARAMS)}).set_axis(records.index)
    scrolls = ["2015.500.9.15", "2015.500.9.18", "2015.500.9.54", "2015.500.9.65", "14.76.70e", "14.76.70b"]
    assert (keys.loc[scrolls, "leaf"] == "").all()
    assert keys.loc[scrolls, "maker"].is_unique
    leaves = keys.loc[["14.76.61.70", "14.76.61.78"]]
    assert leaves["leaf"].unique().tolist() == ["14.76.61"]
