from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support import ROOT

from met_culture.clean.params import CleanParams
from met_culture.clean.split import split
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.schemas import SPLITS

PARAMS = load("clean", CleanParams, ROOT / "params.yaml")


def paintings(**groups_per_label: int) -> pd.DataFrame:
    rng, rows, group = np.random.default_rng(0), [], 0
    for label, count in groups_per_label.items():
        for _ in range(count):
            group += 1
            rows += [{"label": label, "group": group}] * int(rng.choice([1, 1, 1, 3]))
    return pd.DataFrame(rows)


TABLE = paintings(China=100, Japan=80, America=60, India=8)


def test_groups_are_never_cut() -> None:
    assert TABLE.assign(split=split(TABLE, PARAMS)).groupby("group")["split"].nunique().eq(1).all()


def test_fractions_hold_for_the_groups_of_every_label() -> None:
    table = TABLE.assign(split=split(TABLE, PARAMS)).drop_duplicates("group")
    counts = pd.crosstab(table["label"], table["split"])[list(SPLITS)]
    assert counts.loc["China"].tolist() == [70, 15, 15]
    assert counts.loc["Japan"].tolist() == [56, 12, 12]
    assert counts.loc["India"].tolist() == [6, 1, 1]


def test_the_seed_decides() -> None:
    again, other = split(TABLE, PARAMS), split(TABLE, replace(PARAMS, seed=12))
    assert split(TABLE, PARAMS).equals(again)
    assert not again.equals(other)


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = TABLE.sample(frac=1, random_state=3)
    assert split(shuffled, PARAMS).sort_index().equals(split(TABLE, PARAMS))


@pytest.mark.parametrize("fractions", [(0.15, 0.15), (0.4, 0.4), (0.01, 0.9)])
def test_three_groups_fill_all_three_splits(fractions: tuple[float, float]) -> None:
    table = paintings(China=20, Japan=20, America=20, India=3)
    params = replace(PARAMS, val_fraction=fractions[0], test_fraction=fractions[1])
    counts = pd.crosstab(table["label"], split(table, params))
    assert (counts.loc["India"] > 0).all()


def test_fewer_than_three_groups_are_named() -> None:
    with pytest.raises(UserError, match="India has 2 separate"):
        split(paintings(China=20, Japan=20, America=20, India=2), PARAMS)
    with pytest.raises(UserError, match="Japan has 0 separate"):
        split(paintings(China=20, America=20, India=9), PARAMS)


def test_over_all_folds_every_painting_is_in_test_once() -> None:
    splits = [split(TABLE, replace(PARAMS, folds=5, fold=fold)) for fold in range(5)]
    assert sum((names == "test").astype(int) for names in splits).eq(1).all()
    for names in splits:
        table = TABLE.assign(split=names)
        assert table.groupby("group")["split"].nunique().eq(1).all()
        counts = pd.crosstab(*(table.drop_duplicates("group")[name] for name in ("label", "split")))
        assert counts.loc["China"].tolist() == [20, 65, 15]  # test, train, val
        assert (counts > 0).all(axis=None)


def test_fewer_groups_than_folds_are_named() -> None:
    with pytest.raises(UserError, match=r"India has 4 separate.*clean\.folds are 5"):
        split(paintings(China=20, Japan=20, America=20, India=4), replace(PARAMS, folds=5))


SHUFFLED = replace(PARAMS, split="shuffled", val_fraction=0.18, test_fraction=0.12)


def test_a_shuffled_split_has_the_fractions_of_all_paintings_and_cuts_groups() -> None:
    names = split(TABLE, SHUFFLED)
    fractions = names.value_counts(normalize=True)
    assert fractions[list(SPLITS)].tolist() == pytest.approx([0.70, 0.18, 0.12], abs=0.005)
    assert TABLE.assign(split=names).groupby("group")["split"].nunique().max() > 1
    assert not names.equals(split(TABLE, replace(SHUFFLED, seed=12)))


def test_over_all_shuffled_folds_every_painting_is_in_test_once() -> None:
    splits = [split(TABLE, replace(SHUFFLED, folds=5, fold=fold)) for fold in range(5)]
    assert sum((names == "test").astype(int) for names in splits).eq(1).all()


def test_a_label_that_a_shuffled_split_does_not_train_on_is_named() -> None:
    with pytest.raises(UserError, match=r"clean\.split: shuffled leaves no painting of India for training"):
        split(paintings(China=20, Japan=20, America=20), SHUFFLED)
    with pytest.raises(UserError, match=r"only 2 paintings fit them, and train, val and test need one each"):
        split(TABLE.head(2), SHUFFLED)
