from pathlib import Path

import pandas as pd
import pytest
from support import DAMAGES

from met_culture.common.csv_files import check_splits, check_values, read_table
from met_culture.common.errors import UserError

COLUMNS = {"objectID": int, "label": str, "split": str, "p_a": float}
TEXT = "objectID,label,split,title,p_a\n1,1700,train,Pines,0.5\n2,NaN,val,007,0.25\n3,,test,,1\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text(TEXT)
    return tmp_path / "x.csv"


def test_text_stays_text(path: Path) -> None:
    table = read_table(path, COLUMNS, "dvc repro clean")
    assert table["label"].tolist() == ["1700", "NaN", ""]
    assert table["title"].tolist() == ["Pines", "007", ""]
    assert table["p_a"].tolist() == [0.5, 0.25, 1]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_names_file_and_command(path: Path, damage: str) -> None:
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(UserError, match=r"x\.csv is damaged \(.+\); run `dvc repro clean`\.$") as caught:
        read_table(path, COLUMNS, "dvc repro clean")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("objectID,", "objectId,"),
        ("1,1700,train,Pines,0.5", "1,1700,train,Pines"),
        ("1,1700,train,Pines,0.5", "1,1700,train,Pines,0.5,6"),
        ("2,NaN,val,007,0.25", "2,NaN,val,007,0.25,6"),
        ("2,NaN", "x,NaN"),
        ("2,NaN", ",NaN"),
        ("2,NaN", "2.5,NaN"),
        ("2,NaN", f"{10**30},NaN"),
        ("0.25", ""),
        ("0.25", "nan"),
        ("0.25", "inf"),
        ("0.25", "x"),
        ("Pines", '"Pines'),
    ],
)
def test_wrong_columns_types_and_rows_are_refused(path: Path, old: str, new: str) -> None:
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(UserError, match=r"x\.csv is damaged"):
        read_table(path, COLUMNS, "dvc repro clean")


def test_a_missing_table_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.csv is missing; run `dvc repro clean`"):
        read_table(tmp_path / "x.csv", COLUMNS, "dvc repro clean")


def test_misspelt_and_missing_splits_are_refused(path: Path) -> None:
    table = read_table(path, COLUMNS, "dvc repro clean")
    check_splits(path, table, ("train", "val", "test"), "dvc repro clean")
    with pytest.raises(UserError, match="split 'Train' is none of train, val, test"):
        check_splits(path, table.assign(split=["Train", "val", "test"]), (), "dvc repro clean")
    with pytest.raises(UserError, match="no row has the split val"):
        check_splits(path, table.assign(split=["train", "test", "test"]), ("val",), "dvc repro clean")
    with pytest.raises(UserError, match="an objectID appears twice"):
        check_splits(path, table.assign(objectID=1), (), "dvc repro clean")


def test_values_outside_a_list_are_refused(path: Path) -> None:
    with pytest.raises(UserError, match="label 'c' is none of a, b"):
        check_values(path, pd.Series(["a", "c"], name="label"), ["a", "b"], "dvc repro clean")
