"""clean.folds_file: groups, folds and splits that are given and not drawn."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from support import ROOT, set_param

from met_culture.clean import __main__ as clean
from met_culture.clean.folds_file import read_folds
from met_culture.clean.params import CleanParams
from met_culture.clean.split import split
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.fetch import __main__ as fetch

PARAMS = load("clean", CleanParams, ROOT / "params.yaml")
FIVE = replace(PARAMS, folds=5, fold=2)
# 12 groups of each label, of one or two paintings.
TABLE = pd.DataFrame(
    [{"label": rule.label, "group": 20 * i + j // 2 * 2} for i, rule in enumerate(PARAMS.labels) for j in range(19)]
)
HEADER = "objectID,group,split,fold_11"


def read(tmp_path: Path, content: str, params: CleanParams) -> pd.DataFrame:
    (tmp_path / "folds.csv").write_text(content, encoding="utf-8")
    table = read_folds(replace(params, folds_file=str(tmp_path / "folds.csv")))
    assert table is not None
    return table


@pytest.mark.parametrize("kind", ["grouped", "shuffled"])
def test_the_folds_that_are_drawn_give_the_same_split_if_they_are_given(kind: str) -> None:
    params = replace(FIVE, split=kind)
    parts = pd.Series(-1, index=TABLE.index)
    for fold in range(5):
        parts[split(TABLE, replace(params, fold=fold)) == "test"] = fold
    assert split(TABLE, params, parts).equals(split(TABLE, params))


def test_the_column_is_that_of_the_seed_or_the_split(tmp_path: Path) -> None:
    content = "title,fold_12,fold_11,group,objectID,split\nx,0,2,7,7,val\ny,1,2,7,8,val\n"
    content += "".join(f"z,{fold},{fold},{fold},{fold},val\n" for fold in range(5))
    assert read(tmp_path, content, FIVE)["part"].to_dict() == {7: 2, 8: 2, **{fold: fold for fold in range(5)}}
    assert read(tmp_path, content, PARAMS).loc[7, "part"] == "val"
    with pytest.raises(UserError, match="group 7 has several values of fold_12"):
        read(tmp_path, content, replace(FIVE, seed=12))
    assert len(read(tmp_path, content, replace(FIVE, seed=12, split="shuffled"))) == 7


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", r"has no column 'objectID'"),
        ("objectID,group\n1,1\n", r"has no column 'fold_11'.*choose a clean\.seed that it has"),
        (f"{HEADER}\n", "has no row"),
        (f"{HEADER}\n1,1,val\n", "line 2: 3 cells instead of 4"),
        (f"{HEADER}\n1,1,val,0\nx,1,val,0\n", "line 3: objectID 'x' is not a whole number"),
        (f"{HEADER}\n1,,val,0\n", "line 2: group '' is not a whole number"),
        (f"{HEADER}\n1,1,val,5\n", r"line 2: fold_11 '5' is not below clean\.folds \(5\)"),
        (f"{HEADER}\n1,1,val,0\n\n1,1,val,0\n", "line 4: objectID '1' appears twice"),
    ],
)
def test_a_fault_is_one_sentence(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        read(tmp_path, content, FIVE)
    assert str(caught.value).startswith(f"clean.folds_file: {tmp_path / 'folds.csv'}")
    assert "\n" not in str(caught.value)


def named_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def test_other_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"clean\.folds_file: '~nobody here/x' is not a valid path"):
        read_folds(replace(PARAMS, folds_file="~nobody here/x"))
    with pytest.raises(UserError, match=r"clean\.folds_file: 'xx+' is not a valid path \(File name too long\)"):
        read_folds(replace(PARAMS, folds_file="x" * 5000))
    with pytest.raises(UserError, match="cannot be read"):
        read_folds(replace(PARAMS, folds_file="\0"))
    with pytest.raises(UserError, match=r"none\.csv cannot be read"):
        read_folds(replace(PARAMS, folds_file=str(tmp_path / "none.csv")))
    with pytest.raises(UserError, match=r"folds is a folder or a device"):
        read_folds(replace(PARAMS, folds_file=str(named_pipe(tmp_path / "folds"))))
    with pytest.raises(UserError, match=r"fold_11 has 3 folds, and clean\.folds is 5"):
        read(tmp_path, f"{HEADER}\n1,1,val,0\n2,2,val,1\n3,3,val,2\n", FIVE)
    with pytest.raises(UserError, match=r"split 'Test' is not one of train, val, test"):
        read(tmp_path, f"{HEADER}\n1,1,Test,0\n", PARAMS)
    with pytest.raises(UserError, match=r"no column 'split'.*set clean\.folds to use its folds"):
        read(tmp_path, "objectID,group,fold_11\n1,1,0\n", PARAMS)


def test_a_label_without_paintings_to_train_on_is_named() -> None:
    parts = pd.Series(0, index=TABLE.index).where(TABLE["label"] != "India", 2)
    with pytest.raises(UserError, match="India has 0 separate pictures or albums outside fold 2"):
        split(TABLE, FIVE, parts)
    names = pd.Series("train", index=TABLE.index)
    with pytest.raises(UserError, match=r"clean\.folds_file: no painting that is kept has the split val"):
        split(TABLE, PARAMS, names)
    names[:2], names[TABLE["label"] == "India"] = "val", "test"
    with pytest.raises(UserError, match=r"clean\.folds_file leaves no painting of India for training"):
        split(TABLE, PARAMS, names)


@pytest.mark.parametrize("kind", ["grouped", "shuffled"])
@pytest.mark.parametrize(("part", "tested"), [(0, 0), (2, 76)])
def test_a_fold_of_no_painting_or_of_all_is_named(kind: str, part: int, tested: int) -> None:
    parts = pd.Series(part, index=TABLE.index)
    with pytest.raises(UserError, match=f"{tested} of the 76 paintings that are kept are in fold 2"):
        split(TABLE, replace(FIVE, split=kind), parts)


def test_paintings_that_the_file_lacks_are_rejected_and_those_that_are_gone_counted(
    workspace: Path, museum: Path, stage: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{number},{100 + number},{('train', 'val', 'test')[number % 3]}" for number in range(2, 14)]
    (workspace / "mine.csv").write_text("\n".join(["objectID,group,split", *rows, ""]))
    set_param(workspace, "source: sample", f"source: {museum}")
    set_param(workspace, "folds_file: null", "folds_file: mine.csv")
    stage(fetch.main, "data/raw", "metrics/fetch.json")
    capsys.readouterr()
    stage(clean.main, "data/raw", "data/clean", "metrics/clean.json")
    said = "11 of the 12 paintings of clean.folds_file are used (missing: 1 not fetched); other paintings, left out: 1"
    assert capsys.readouterr().out.splitlines() == [said]
    paintings = pd.read_csv(workspace / "data/clean/paintings.csv").set_index("objectID")
    assert paintings.loc[4, ["group", "split"]].tolist() == [104, "val"]
    rejected = pd.read_csv(workspace / "data/clean/rejected.csv", keep_default_na=False)
    assert rejected[["objectID", "kind", "reason"]].to_numpy().tolist() == [
        [1, "not_in_folds_file", "clean.folds_file has no row with this objectID"]
    ]
